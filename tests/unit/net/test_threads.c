/* Threads that the system does not give: pthread_create(3) of this program fails
 * when the test says so. */
#include "../unit.h"

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdbool.h>

#include <yoke/loop.h>

#include "net/threads.h"

/* So many are left; more cannot be had at a time. */
static int left;
static bool has_run, is_over;

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes,
                   void *(*fn)(void *), void *data)
{
    static __typeof__(pthread_create) *next;
    if (!next)
        *(void **)&next = dlsym(RTLD_NEXT, "pthread_create");
    return left-- > 0 ? next(thread, attributes, fn, data) : EAGAIN;
}

static void run(uv_work_t *work)
{
    (void)work;
    has_run = true;
}

static void end(uv_work_t *work, int status)
{
    (void)work;
    is_over = status == 0;
}

static void a_job_is_refused_when_there_are_no_threads(void **state)
{
    uv_work_t work;
    (void)state;
    for (left = 0; left < 4;) {
        int there = left;
        assert_int_equal(yk_threads_queue(&work, run, end), -EAGAIN);
        left = there + 1;
    }
    assert_int_equal(uv_run((uv_loop_t *)yoke_loop(), UV_RUN_DEFAULT), 0);
    assert_false(has_run || is_over);
}

static void it_can_be_asked_for_again(void **state)
{
    uv_work_t work;
    (void)state;
    left = 100;
    assert_int_equal(yk_threads_queue(&work, run, end), 0);
    assert_int_equal(uv_run((uv_loop_t *)yoke_loop(), UV_RUN_DEFAULT), 0);
    assert_true(has_run && is_over);
}

static void the_look_is_taken_once(void **state)
{
    uv_work_t work;
    (void)state;
    left = 0;
    assert_int_equal(yk_threads_queue(&work, run, end), 0);
    assert_int_equal(uv_run((uv_loop_t *)yoke_loop(), UV_RUN_DEFAULT), 0);
    assert_true(is_over);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_job_is_refused_when_there_are_no_threads),
        cmocka_unit_test(it_can_be_asked_for_again),
        cmocka_unit_test(the_look_is_taken_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
