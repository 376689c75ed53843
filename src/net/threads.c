#include "net/threads.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include <yoke/loop.h>

#include "core/number.h"

#include "core/banned.h"

/* As libuv has it. */
#define COUNT_DEFAULT 4
#define COUNT_MAX     1024

/* The process that has the threads: a child that was only forked has none.
 * Written by yk_threads_queue. */
static pid_t owner;

/* How many libuv will make. What it makes of odd texts may be one. */
static int wanted_count(void)
{
    const char *text = getenv("UV_THREADPOOL_SIZE");
    int count;
    if (!text)
        return COUNT_DEFAULT;
    if (yk_parse_int(yk_slice_of(text), &count) < 0 || count < 1)
        return 1;
    return count < COUNT_MAX ? count : COUNT_MAX;
}

static void wait_for_end(void *end)
{
    uv_sem_wait(end);
}

/* Makes that many at a time, for nothing. */
static int try_threads(int wanted)
{
    uv_thread_t threads[COUNT_MAX];
    uv_sem_t end;
    int made = 0;
    int err = uv_sem_init(&end, 0);
    if (err < 0)
        return err;
    while (made < wanted && err == 0) {
        err = uv_thread_create(&threads[made], wait_for_end, &end);
        made += err == 0;
    }
    for (int i = 0; i < made; i++)
        uv_sem_post(&end);
    for (int i = 0; i < made; i++)
        uv_thread_join(&threads[i]);
    uv_sem_destroy(&end);
    return err;
}

int yk_threads_queue(uv_work_t *work, uv_work_cb fn, uv_after_work_cb after)
{
    int err = owner == getpid() ? 0 : try_threads(wanted_count());
    if (err == 0)
        err = uv_queue_work(yoke_loop(), work, fn, after);
    if (err == 0)
        owner = getpid();
    return err;
}
