#include "net/exclusive.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include "core/cleanup.h"

/* What the stand-in hears is the socket's. */
static void on_event(uv_poll_t *poll, int status, int events)
{
    struct yk_exclusive *exclusive = poll->data;

    (void)events;
    /* libuv has stopped the stand-in because the socket has an error pending:
     * the socket must not go on calling it. */
    if (status < 0)
        yk_exclusive_stop(exclusive);
    exclusive->on_ready(exclusive);
}

int yk_exclusive_open(struct yk_exclusive *exclusive, uv_loop_t *loop, int fd)
{
    YK_CLEANUP(yk_close_fd)
    int stand_in = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

    if (stand_in < 0)
        return -errno;
    *exclusive = (struct yk_exclusive){.stand_in = stand_in, .fd = fd};
    int err = uv_poll_init(loop, &exclusive->poll, stand_in);
    if (err < 0)
        return err;
    exclusive->poll.data = exclusive;
    exclusive->stand_in = yk_take_fd(&stand_in);
    return 0;
}

static int add(struct yk_exclusive *exclusive)
{
    struct epoll_event event = {.events = EPOLLIN | EPOLLEXCLUSIVE,
                                .data.fd = exclusive->stand_in};

    if (epoll_ctl(uv_backend_fd(exclusive->poll.loop), EPOLL_CTL_ADD,
                  exclusive->fd, &event) < 0)
        return -errno;
    exclusive->is_watching = true;
    return 0;
}

static void drop(struct yk_exclusive *exclusive)
{
    /* Not NULL: old kernels read it. */
    struct epoll_event unused = {.events = 0};

    epoll_ctl(uv_backend_fd(exclusive->poll.loop), EPOLL_CTL_DEL, exclusive->fd,
              &unused);
    exclusive->is_watching = false;
}

int yk_exclusive_start(struct yk_exclusive *exclusive,
                       yk_exclusive_fn *on_ready)
{
    exclusive->on_ready = on_ready;
    if (exclusive->is_watching)
        return 0;
    int err = uv_poll_start(&exclusive->poll, UV_READABLE, on_event);
    if (err == 0)
        err = add(exclusive);
    if (err < 0)
        uv_poll_stop(&exclusive->poll);
    return err;
}

void yk_exclusive_stop(struct yk_exclusive *exclusive)
{
    if (exclusive->is_watching)
        drop(exclusive);
    uv_poll_stop(&exclusive->poll);
}

int yk_exclusive_rotate(struct yk_exclusive *exclusive)
{
    if (!exclusive->is_watching)
        return 0;
    drop(exclusive);
    int err = add(exclusive);
    if (err < 0)
        uv_poll_stop(&exclusive->poll);
    return err;
}

static void on_poll_closed(uv_handle_t *handle)
{
    struct yk_exclusive *exclusive = handle->data;

    yk_close_fd(&exclusive->stand_in);
    exclusive->on_closed(exclusive);
}

void yk_exclusive_close(struct yk_exclusive *exclusive,
                        yk_exclusive_fn *on_closed)
{
    yk_exclusive_stop(exclusive);
    exclusive->on_closed = on_closed;
    uv_close((uv_handle_t *)&exclusive->poll, on_poll_closed);
}
