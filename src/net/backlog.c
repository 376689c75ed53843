#include "net/backlog.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <yoke/loop.h>

int yk_backlog_open(struct yk_backlog *backlog, int fd,
                    yk_backlog_fn *on_waiting)
{
    *backlog = (struct yk_backlog){.on_waiting = on_waiting,
                                   .fd = fcntl(fd, F_DUPFD_CLOEXEC, 0)};
    if (backlog->fd < 0)
        return -errno;
    int err = uv_poll_init(yoke_loop(), &backlog->poll, backlog->fd);
    if (err < 0) {
        close(backlog->fd);
        return err;
    }
    uv_unref((uv_handle_t *)&backlog->poll);
    backlog->poll.data = backlog;
    return 0;
}

static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct yk_backlog *backlog = poll->data;

    (void)status;
    (void)events;
    uv_poll_stop(poll);
    backlog->on_waiting(backlog);
}

void yk_backlog_start(struct yk_backlog *backlog)
{
    uv_poll_start(&backlog->poll, UV_READABLE, on_ready);
}

void yk_backlog_stop(struct yk_backlog *backlog)
{
    uv_poll_stop(&backlog->poll);
}

/* For a listening socket it is the backlog that the kernel says there. */
unsigned yk_backlog_of(int fd)
{
    struct tcp_info info = {.tcpi_unacked = 0};
    socklen_t len = sizeof(info);

    if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
        return 0;
    return info.tcpi_unacked;
}

unsigned yk_backlog_len(const struct yk_backlog *backlog)
{
    return yk_backlog_of(backlog->fd);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct yk_backlog *backlog = handle->data;

    backlog->on_closed(backlog);
}

void yk_backlog_close(struct yk_backlog *backlog, yk_backlog_fn *on_closed)
{
    backlog->on_closed = on_closed;
    uv_close((uv_handle_t *)&backlog->poll, on_handle_closed);
    close(backlog->fd);
}
