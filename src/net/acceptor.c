#include "net/acceptor.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "core/alloc.h"
#include "core/list.h"
#include "net/handshakes.h"
#include "net/vitals.h"

#define BATCH        64
#define REST_MS      100
/* How long others have to take what is there. */
#define YIELD_MS     1
/* How long a batch may take whose connections are served as they come. */
#define BATCH_MAX_NS 1000000

/* How often a finishing acceptor looks for handshakes, and for how long at
 * most: until the kernel has asked those again who have not spoken yet, which it
 * does after a second, by a coarse clock. A client further away than that has
 * waited for its answer too long. */
#define LOOK_MS   5
#define FINISH_MS 2000
/* How long it waits if the kernel does not tell. */
#define BLIND_MS  50

static void on_ready(uv_poll_t *poll, int status, int events);
static void on_ready_shared(struct yk_exclusive *exclusive);
static void look(uv_timer_t *timer);
static void rest(struct yk_acceptor *a);

static void stop_watching(struct yk_acceptor *a)
{
    if (a->is_shared)
        yk_exclusive_stop(&a->watch.exclusive);
    else
        uv_poll_stop(&a->watch.poll);
}

static void watch(struct yk_acceptor *a)
{
    if (!a->is_shared)
        uv_poll_start(&a->watch.poll, UV_READABLE, on_ready);
    else if (yk_exclusive_start(&a->watch.exclusive, on_ready_shared) < 0)
        rest(a);
}

static void update_poll(struct yk_acceptor *a)
{
    if (a->is_paused || a->is_resting)
        stop_watching(a);
    else
        watch(a);
}

static void on_rested(uv_timer_t *timer)
{
    struct yk_acceptor *a = timer->data;

    a->is_resting = false;
    update_poll(a);
    if (a->is_finishing)
        uv_timer_start(timer, look, 0, LOOK_MS);
}

static void rest_for(struct yk_acceptor *a, uint64_t time_ms)
{
    a->is_resting = true;
    uv_timer_start(&a->rest, on_rested, time_ms, 0);
    stop_watching(a);
}

static void rest(struct yk_acceptor *a)
{
    rest_for(a, REST_MS);
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

/* Nobody takes it meanwhile. The pointer is volatile so that no compiler finds
 * that the memory is not used. */
bool yk_acceptor_has_memory(size_t size)
{
    void *volatile ptr = size ? yk_try_alloc(size) : NULL;
    bool has_some = !size || ptr;

    free(ptr);
    return has_some;
}

/* Accepts one connection; 0 or an error number. */
static int accept_one(struct yk_acceptor *a)
{
    struct sockaddr_storage addr;
    socklen_t len = sizeof(addr);
    struct yk_peer peer;

    if (!yk_acceptor_has_memory(a->ops->needs_bytes))
        return ENOMEM;
    int fd = accept4(a->fd, (struct sockaddr *)&addr, &len,
                     SOCK_NONBLOCK | SOCK_CLOEXEC);

    if (fd < 0)
        return errno;
    a->is_short = false;
    yk_peer_from_sockaddr(&peer, (struct sockaddr *)&addr);
    a->ops->on_accept(a, fd, &peer);
    return 0;
}

/* Returns how many it accepted. */
static int accept_batch(struct yk_acceptor *a)
{
    int count = 0;

    for (int i = 0; i < BATCH && !a->is_paused && !a->is_resting; i++) {
        int err = accept_one(a);
        if (err && !cope(a, err))
            break;
        count += !err;
        if (a->is_shared && yk_now_ns() - yk_turn_time() >= BATCH_MAX_NS)
            break;
    }
    if (a->ops->on_batch)
        a->ops->on_batch(a);
    return count;
}

/* libuv stops the handle when the socket has an error pending (status < 0);
 * accepting clears it. */
static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct yk_acceptor *a = poll->data;

    (void)events;
    yk_turn_begin();
    accept_batch(a);
    if (status < 0 && !uv_is_closing((uv_handle_t *)poll))
        rest(a);
}

/* Who has accepted goes to the end of the kernel's queue, so that the next
 * connection wakes another. */
static void on_ready_shared(struct yk_exclusive *exclusive)
{
    struct yk_acceptor *a =
        YK_CONTAINER_OF(exclusive, struct yk_acceptor, watch.exclusive);

    yk_turn_begin();
    int count = accept_batch(a);
    if (uv_is_closing((uv_handle_t *)&exclusive->poll) || a->is_paused ||
        a->is_resting)
        return;
    if (!exclusive->is_watching ||
        (count > 0 && yk_exclusive_rotate(exclusive) < 0))
        rest(a);
}

static int open_watch(struct yk_acceptor *a)
{
    if (a->is_shared)
        return yk_exclusive_open(&a->watch.exclusive, yoke_loop(), a->fd);
    int err = uv_poll_init(yoke_loop(), &a->watch.poll, a->fd);
    a->watch.poll.data = a;
    return err;
}

static int open_acceptor(struct yk_acceptor *a)
{
    int err = open_watch(a);

    if (err < 0)
        return err;
    uv_timer_init(yoke_loop(), &a->rest);
    a->rest.data = a;
    update_poll(a);
    return 0;
}

int yk_acceptor_open(struct yk_acceptor *a, int fd,
                     const struct yk_acceptor_ops *ops)
{
    *a = (struct yk_acceptor){.ops = ops, .fd = fd, .open_count = 2};
    return open_acceptor(a);
}

int yk_acceptor_open_shared(struct yk_acceptor *a, int fd,
                            const struct yk_acceptor_ops *ops)
{
    *a = (struct yk_acceptor){
        .ops = ops, .fd = fd, .open_count = 2, .is_shared = true};
    return open_acceptor(a);
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

void yk_acceptor_yield(struct yk_acceptor *a)
{
    if (!a->is_finishing && !a->is_paused && !a->is_resting)
        rest_for(a, YIELD_MS);
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

bool yk_acceptor_tell_shortage(struct yk_acceptor *a, int err)
{
    (void)a;
    yoke_log(YOKE_LOG_WARN, "connections have to wait: %s", yoke_strerror(err));
    return false;
}

static void handle_closed(struct yk_acceptor *a)
{
    if (--a->open_count == 0)
        a->ops->on_closed(a);
}

static void on_handle_closed(uv_handle_t *handle)
{
    handle_closed(handle->data);
}

static void on_exclusive_closed(struct yk_exclusive *exclusive)
{
    handle_closed(
        YK_CONTAINER_OF(exclusive, struct yk_acceptor, watch.exclusive));
}

void yk_acceptor_close(struct yk_acceptor *a)
{
    a->is_paused = true;
    if (a->is_shared)
        yk_exclusive_close(&a->watch.exclusive, on_exclusive_closed);
    else
        uv_close((uv_handle_t *)&a->watch.poll, on_handle_closed);
    uv_close((uv_handle_t *)&a->rest, on_handle_closed);
}

/* ---- Finishing ---- */

static bool is_finished(const struct yk_acceptor *a)
{
    uint64_t waited_ms = uv_now(yoke_loop()) - a->finish_ms;
    int count = a->is_hurried ? -EOPNOTSUPP : yk_handshakes_count(a->fd);

    return count == 0 || waited_ms >= (count < 0 ? BLIND_MS : FINISH_MS);
}

static void look(uv_timer_t *timer)
{
    struct yk_acceptor *a = timer->data;

    if (is_finished(a))
        yk_acceptor_close(a);
}

void yk_acceptor_hurry(struct yk_acceptor *a)
{
    a->is_hurried = true;
    yk_acceptor_finish(a);
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
