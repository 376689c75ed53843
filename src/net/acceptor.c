#include "net/acceptor.h"

#include <errno.h>
#include <sys/socket.h>

#include <yoke/loop.h>

#include "net/handshakes.h"

#define BATCH   64
#define REST_MS 100

/* How often a finishing acceptor looks for handshakes, and for how long at
 * most: a client further away than that has waited for its answer too long. */
#define LOOK_MS   5
#define FINISH_MS 1000
/* How long it waits if the kernel does not tell. */
#define BLIND_MS  50

static void on_ready(uv_poll_t *poll, int status, int events);
static void look(uv_timer_t *timer);

static void update_poll(struct yk_acceptor *a)
{
    if (a->is_paused || a->is_resting)
        uv_poll_stop(&a->poll);
    else
        uv_poll_start(&a->poll, UV_READABLE, on_ready);
}

static void on_rested(uv_timer_t *timer)
{
    struct yk_acceptor *a = timer->data;

    a->is_resting = false;
    update_poll(a);
    if (a->is_finishing)
        uv_timer_start(timer, look, 0, LOOK_MS);
}

static void rest(struct yk_acceptor *a)
{
    a->is_resting = true;
    uv_timer_start(&a->rest, on_rested, REST_MS, 0);
    update_poll(a);
}

/* Errors of one connection, which went away before it was accepted, or of the
 * network it came from (accept(2)): the next one may be fine. */
static bool is_of_connection(int err)
{
    switch (err) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ENOPROTOOPT:
    case ENETDOWN:
    case EHOSTDOWN:
    case ENONET:
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EOPNOTSUPP:
        return true;
    }
    return false;
}

/* True: go on accepting. */
static bool cope(struct yk_acceptor *a, int err)
{
    if (is_of_connection(err))
        return true;
    if (err == EAGAIN)
        return false;
    if (!a->is_short && a->ops->on_shortage && a->ops->on_shortage(a, -err))
        return true;
    a->is_short = true;
    rest(a);
    return false;
}

/* Accepts one connection; 0 or an error number. */
static int accept_one(struct yk_acceptor *a)
{
    struct sockaddr_storage addr;
    socklen_t len = sizeof(addr);
    struct yk_peer peer;
    int fd = accept4(a->fd, (struct sockaddr *)&addr, &len,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0)
        return errno;
    a->is_short = false;
    yk_peer_from_sockaddr(&peer, (struct sockaddr *)&addr);
    a->ops->on_accept(a, fd, &peer);
    return 0;
}

static void accept_batch(struct yk_acceptor *a)
{
    int err = 0;

    for (int i = 0; i < BATCH && !a->is_paused && !a->is_resting; i++) {
        err = accept_one(a);
        if (err && !cope(a, err))
            break;
    }
    if (a->ops->on_batch)
        a->ops->on_batch(a);
}

/* libuv stops the handle when the socket has an error pending (status < 0);
 * accepting clears it. */
static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct yk_acceptor *a = poll->data;

    (void)events;
    accept_batch(a);
    if (status < 0 && !uv_is_closing((uv_handle_t *)poll))
        rest(a);
}

int yk_acceptor_open(struct yk_acceptor *a, int fd,
                     const struct yk_acceptor_ops *ops)
{
    *a = (struct yk_acceptor){.ops = ops, .fd = fd, .open_count = 2};
    int err = uv_poll_init(yoke_loop(), &a->poll, fd);
    if (err < 0)
        return err;
    uv_timer_init(yoke_loop(), &a->rest);
    a->poll.data = a->rest.data = a;
    update_poll(a);
    return 0;
}

void yk_acceptor_pause(struct yk_acceptor *a)
{
    if (a->is_paused)
        return;
    a->is_paused = true;
    update_poll(a);
}

void yk_acceptor_resume(struct yk_acceptor *a)
{
    if (!a->is_paused)
        return;
    a->is_paused = false;
    update_poll(a);
}

void yk_acceptor_drain(struct yk_acceptor *a, int max)
{
    int err = 0;

    yk_handshakes_stop(a->fd);
    for (int i = 0; i < max && (!err || is_of_connection(err)); i++)
        err = accept_one(a);
    if (a->ops->on_batch)
        a->ops->on_batch(a);
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct yk_acceptor *a = handle->data;

    if (--a->open_count == 0)
        a->ops->on_closed(a);
}

void yk_acceptor_close(struct yk_acceptor *a)
{
    a->is_paused = true;
    uv_close((uv_handle_t *)&a->poll, on_handle_closed);
    uv_close((uv_handle_t *)&a->rest, on_handle_closed);
}

/* ---- Finishing ---- */

static bool is_finished(const struct yk_acceptor *a)
{
    uint64_t waited_ms = uv_now(yoke_loop()) - a->finish_ms;
    int count = yk_handshakes_count(a->fd);

    return count == 0 || waited_ms >= (count < 0 ? BLIND_MS : FINISH_MS);
}

static void look(uv_timer_t *timer)
{
    struct yk_acceptor *a = timer->data;

    if (is_finished(a))
        yk_acceptor_close(a);
}

void yk_acceptor_finish(struct yk_acceptor *a)
{
    yk_handshakes_stop(a->fd);
    a->is_paused = a->is_resting = false;
    a->is_finishing = true;
    a->finish_ms = uv_now(yoke_loop());
    update_poll(a);
    uv_timer_start(&a->rest, look, 0, LOOK_MS);
}
