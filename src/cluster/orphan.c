#include "cluster/orphan.h"

#include <errno.h>
#include <stdint.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "core/cleanup.h"

/* Written by the functions of this file, in a worker. */
static struct {
    int haven_fd, stderr_fd;
    int limit_ms;
    void (*on_adopted)(int fd);
    void (*on_late)(void);
    uv_poll_t poll;
    uv_timer_t limit;
    bool has_handles;
} orphan = {.haven_fd = -1, .stderr_fd = -1};

void yk_orphan_init(int haven_fd, int stderr_fd)
{
    orphan.haven_fd = haven_fd;
    orphan.stderr_fd = stderr_fd;
}

void yk_orphan_set_limit(int limit_ms)
{
    orphan.limit_ms = limit_ms;
}

bool yk_orphan_can_begin(void)
{
    return orphan.haven_fd >= 0 && orphan.limit_ms > 0;
}

static void stop_waiting(void)
{
    uv_poll_stop(&orphan.poll);
    uv_timer_stop(&orphan.limit);
}

/* Only the user it runs as, or root, may be its primary: the folder sees to
 * that, and so does this. */
static bool may_adopt(int fd)
{
    struct ucred peer;
    socklen_t len = sizeof(peer);

    return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 &&
           (peer.uid == 0 || peer.uid == geteuid());
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
    (void)poll;
    (void)status;
    (void)events;
    YK_CLEANUP(yk_close_fd)
    int fd = accept4(orphan.haven_fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0 || !may_adopt(fd))
        return;
    stop_waiting();
    orphan.on_adopted(yk_take_fd(&fd));
}

static void on_limit(uv_timer_t *timer)
{
    (void)timer;
    stop_waiting();
    orphan.on_late();
}

static int open_handles(void)
{
    int err = 0;

    if (!orphan.has_handles)
        err = uv_poll_init(yoke_loop(), &orphan.poll, orphan.haven_fd);
    if (err < 0)
        return err;
    if (!orphan.has_handles)
        uv_timer_init(yoke_loop(), &orphan.limit);
    orphan.has_handles = true;
    return 0;
}

/* Nobody passes its lines on any more. */
static void take_own_stderr(void)
{
    if (orphan.stderr_fd >= 0)
        dup3(orphan.stderr_fd, STDERR_FILENO, 0);
}

void yk_orphan_begin(void (*on_adopted)(int fd), void (*on_late)(void))
{
    orphan.on_adopted = on_adopted;
    orphan.on_late = on_late;
    take_own_stderr();
    int err = open_handles();
    if (err < 0) {
        yoke_log(YOKE_LOG_ERROR, "cannot wait for another primary: %s",
                 yoke_strerror(err));
        on_late();
        return;
    }
    yoke_log(YOKE_LOG_WARN, "the primary has gone: serving alone for %d s",
             orphan.limit_ms / 1000);
    uv_poll_start(&orphan.poll, UV_READABLE, on_connection);
    uv_timer_start(&orphan.limit, on_limit, (uint64_t)orphan.limit_ms, 0);
}
