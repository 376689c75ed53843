#include "cluster/rescue.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "cluster/conn_queue.h"
#include "cluster/connection.h"
#include "cluster/port.h"
#include "cluster/worker.h"
#include "cluster/workers.h"
#include "core/alloc.h"
#include "core/cleanup.h"
#include "net/threads.h"
#include "net/unread.h"

#include "core/banned.h"

/* A look that takes longer is not waited for. */
#define LOOK_MAX_MS 1000

struct yk_rescue {
    uv_work_t work;
    struct yoke_worker *worker;               /* NULL: it has died. */
    void (*then)(struct yoke_worker *worker); /* NULL: nobody waits. */
    uint64_t since_ms;
    bool is_over; /* The look. */

    /* What the thread has to do with, and finds. */
    int pidfd; /* A copy, for the worker's may be closed meanwhile. */
    pid_t pid;
    int err;
    unsigned count;
    int fds[YK_RESCUE_MAX];
};

/* ---- The look: in a thread, which touches nothing but the rescue ---- */

static bool is_socket(int folder, const char *name)
{
    char target[16];
    ssize_t len = readlinkat(folder, name, target, sizeof(target));

    return len > 8 && strncmp(target, "socket:[", 8) == 0;
}

/* Returns false when there is no use in going on. */
static bool fetch(struct yk_rescue *rescue, int number)
{
    int fd = pidfd_getfd(rescue->pidfd, number, 0);

    if (fd < 0) {
        if (errno == EBADF)
            return true;
        rescue->err = -errno;
        return false;
    }
    if (yk_unread_is_all(fd))
        rescue->fds[rescue->count++] = fd;
    else
        close(fd);
    return rescue->count < YK_RESCUE_MAX;
}

static void look(uv_work_t *work)
{
    struct yk_rescue *rescue = work->data;
    const struct dirent *entry;
    char path[32];

    snprintf(path, sizeof(path), "/proc/%d/fd", (int)rescue->pid);
    DIR *folder = opendir(path);
    if (!folder) {
        rescue->err = -errno;
        return;
    }
    while ((entry = readdir(folder)))
        if (entry->d_name[0] != '.' &&
            is_socket(dirfd(folder), entry->d_name) &&
            !fetch(rescue, (int)strtol(entry->d_name, NULL, 10)))
            break;
    closedir(folder);
}

/* ---- In the loop ---- */

static void free_rescue(struct yk_rescue *rescue)
{
    for (unsigned i = 0; i < rescue->count; i++)
        yk_close_fd(&rescue->fds[i]);
    yk_close_fd(&rescue->pidfd);
    free(rescue);
}

static void on_looked(uv_work_t *work, int status)
{
    struct yk_rescue *rescue = work->data;

    rescue->is_over = true;
    if (status < 0 || rescue->err < 0)
        yoke_log(YOKE_LOG_DEBUG,
                 "connections of worker %d cannot all be rescued: %s",
                 (int)rescue->pid,
                 yoke_strerror(status < 0 ? status : rescue->err));
    if (!rescue->worker)
        free_rescue(rescue);
    else if (rescue->then)
        rescue->then(rescue->worker);
}

/* It was begun before. */
static int wait_on(struct yk_rescue *rescue)
{
    if (rescue->is_over || !rescue->then ||
        uv_now(yoke_loop()) - rescue->since_ms < LOOK_MAX_MS)
        return -EALREADY;
    rescue->then = NULL;
    return -ETIMEDOUT;
}

int yk_rescue_begin(struct yoke_worker *worker,
                    void (*then)(struct yoke_worker *worker))
{
    if (worker->rescue)
        return wait_on(worker->rescue);
    struct yk_rescue *rescue = yk_try_alloc(sizeof(*rescue));
    if (!rescue)
        return -ENOMEM;
    rescue->worker = worker;
    rescue->then = then;
    rescue->since_ms = uv_now(yoke_loop());
    rescue->is_over = false;
    rescue->pid = worker->pid;
    rescue->err = 0;
    rescue->count = 0;
    rescue->work.data = rescue;
    rescue->pidfd = fcntl(worker->pidfd, F_DUPFD_CLOEXEC, 0);
    int err = rescue->pidfd < 0 ? -errno : 0;
    if (err == 0)
        err = yk_threads_queue(&rescue->work, look, on_looked);
    if (err < 0) {
        free_rescue(rescue);
        return err;
    }
    worker->rescue = rescue;
    return 0;
}

/* ---- When it is dead ---- */

/* The worker gave it, and may have had no time to close it. */
static bool was_given(const struct yoke_worker *worker,
                      const struct yk_peer *peer)
{
    for (int i = 0; i < YK_BOARD_GIFTS; i++)
        if (worker->given[i].family && yk_peer_is_same(&worker->given[i], peer))
            return true;
    return false;
}

/* Somebody has it, or is going to have it, besides the one that is dead: it had
 * been taken back from that one, or was its gift. */
static bool is_spoken_for(const struct yoke_worker *dead,
                          const struct yk_conn *conn)
{
    struct yoke_worker *worker;

    if (was_given(dead, &conn->peer) ||
        yk_conn_queue_has(&conn->port->line, &conn->peer))
        return true;
    YK_WORKERS_EACH(worker)
    if (yk_copies_have(&worker->copies, conn))
        return true;
    return false;
}

/* A copy that was given up is its worker's alone. It may wait there in silence,
 * and a worker that it had been taken back from may have it, too. */
static bool may_be_anybodys(int fd)
{
    struct yoke_worker *worker;

    YK_WORKERS_EACH(worker)
    if (worker->copies.has_evicted)
        return yk_unread_count(fd) == 0;
    return false;
}

/* Returns true when it has been given. */
static bool deal_again(const struct yoke_worker *dead, int fd, yk_give_fn *give,
                       void *data)
{
    struct yk_conn conn;

    if (!yk_unread_is_all(fd) || !yk_conn_describe(&conn, fd) ||
        is_spoken_for(dead, &conn) || may_be_anybodys(fd))
        return false;
    conn.deaths = 1;
    give(data, &conn);
    return true;
}

void yk_rescue_finish(struct yoke_worker *worker, yk_give_fn *give, void *data)
{
    struct yk_rescue *rescue = worker->rescue;
    unsigned count = 0;

    if (!rescue)
        return;
    worker->rescue = NULL;
    rescue->worker = NULL;
    if (!rescue->is_over)
        return;
    for (unsigned i = 0; i < rescue->count; i++)
        if (deal_again(worker, rescue->fds[i], give, data)) {
            rescue->fds[i] = -1;
            count++;
        }
    if (count)
        yoke_log(
            YOKE_LOG_INFO,
            "worker %d: %u connection%s that it had not begun go to others",
            (int)worker->pid, count, count == 1 ? "" : "s");
    free_rescue(rescue);
}
