/* A connection always waits for something: for a head, for a body, for its
 * handler, for the peer to take what is sent, or for the peer to close. Each
 * has its limit (rule 38 of docs/http-rules.md). There is one timer; when it
 * passes, what the connection waits for is looked at again. */
#include "http/h1_state.h"

#include <yoke/listen.h>

#define NEVER         UINT64_MAX
/* How often a body's rate is looked at. */
#define RATE_CHECK_MS 1000
/* How often in a write timeout it is looked whether the peer has taken some. */
#define WRITE_LOOKS   4

static uint64_t earlier(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static bool is_idle(const struct yk_h1_conn *conn)
{
    return conn->phase == YK_H1_HEAD && !conn->head && conn->out.len == 0;
}

/* While the server drains: it has been idle for a moment, and it is its turn. */
static uint64_t drain_deadline(const struct yk_h1_conn *conn)
{
    uint64_t deadline = conn->since_ms + YK_H1_DRAIN_IDLE_MS;
    return deadline > conn->close_ms ? deadline : conn->close_ms;
}

/* An idle connection is closed silently; one that has never sent anything, not
 * to another worker either, has as long as a head may take. */
static uint64_t idle_deadline(const struct yk_h1_conn *conn)
{
    const struct yoke_limits *limits = &conn->server->limits;
    uint64_t timeout = conn->was_read || conn->was_used
                           ? limits->idle_timeout_ms
                           : limits->head_timeout_ms;
    uint64_t deadline = conn->since_ms + timeout;
    if (conn->server->is_draining)
        deadline = earlier(deadline, drain_deadline(conn));
    return deadline;
}

static uint64_t head_deadline(const struct yk_h1_conn *conn)
{
    if (conn->phase != YK_H1_HEAD || !conn->head)
        return NEVER;
    return conn->request_ms + conn->server->limits.head_timeout_ms;
}

/* True while it is the client who keeps us waiting for the body. */
static bool is_body_awaited(const struct yk_h1_conn *conn)
{
    const struct yk_exchange *x = &conn->x;
    if (conn->phase != YK_H1_EXCHANGE || conn->is_body_complete)
        return false;
    return x->is_ended || (x->body_state == YK_READ_STARTED && !x->is_paused);
}

static uint64_t request_deadline(const struct yk_h1_conn *conn)
{
    if (!is_body_awaited(conn))
        return NEVER;
    return conn->request_ms + conn->server->limits.request_timeout_ms;
}

static bool is_body_too_slow(const struct yk_h1_conn *conn, uint64_t now)
{
    uint64_t grace_end = conn->rate_ms + YK_H1_RATE_GRACE_MS;
    if (!is_body_awaited(conn) || now <= grace_end)
        return false;
    uint64_t owed =
        (now - grace_end) * conn->server->limits.min_body_rate / 1000;
    return conn->rate_len < owed;
}

static uint64_t handler_deadline(const struct yk_h1_conn *conn)
{
    const struct yk_exchange *x = &conn->x;
    if (conn->phase != YK_H1_EXCHANGE || x->is_ended || x->is_head_sent ||
        is_body_awaited(conn))
        return NEVER;
    return conn->since_ms + conn->server->limits.handler_timeout_ms;
}

static uint64_t write_deadline(const struct yk_h1_conn *conn)
{
    if (conn->out.len == 0)
        return NEVER;
    return conn->progress_ms + conn->server->limits.write_timeout_ms;
}

/* The sooner of the times at which a body's rate and a write's progress are to
 * be looked at. They stay where they are until then: a peer that keeps us busy
 * must not push them ahead of itself. */
static uint64_t look_time(const struct yk_h1_conn *conn)
{
    uint64_t look_ms = NEVER;
    if (is_body_awaited(conn))
        look_ms = conn->rate_look_ms;
    if (conn->is_writing)
        look_ms = earlier(look_ms, conn->write_look_ms);
    return look_ms;
}

static uint64_t linger_deadline(const struct yk_h1_conn *conn)
{
    return conn->phase == YK_H1_LINGER ? conn->since_ms + YK_H1_LINGER_MS
                                       : NEVER;
}

/* What the application wants to be woken at. */
static uint64_t wake_time(const struct yk_h1_conn *conn)
{
    if (!conn->has_exchange || !conn->wake_ms || conn->x.is_ended)
        return NEVER;
    return conn->wake_ms;
}

void yk_h1_timeout_set(struct yk_h1_conn *conn)
{
    uint64_t deadline;
    if (is_idle(conn)) {
        deadline = idle_deadline(conn);
    } else {
        deadline = earlier(head_deadline(conn), request_deadline(conn));
        deadline = earlier(deadline, handler_deadline(conn));
        deadline = earlier(deadline, write_deadline(conn));
        deadline = earlier(deadline, linger_deadline(conn));
        deadline = earlier(deadline, look_time(conn));
        deadline = earlier(deadline, wake_time(conn));
    }
    if (deadline == NEVER)
        yk_timer_clear(&conn->server->wheel, &conn->timer);
    else
        yk_timer_set(&conn->server->wheel, &conn->timer, deadline);
}

bool yk_h1_timeout_is_idle_over(const struct yk_h1_conn *conn)
{
    return is_idle(conn) && yk_h1_now(conn) >= idle_deadline(conn);
}

void yk_h1_timeout_write(struct yk_h1_conn *conn)
{
    uint64_t pause_ms = conn->server->limits.write_timeout_ms / WRITE_LOOKS;
    conn->write_look_ms = yk_h1_now(conn) + pause_ms;
    conn->unwritten_len = conn->transport->ops->unwritten(conn->transport);
}

void yk_h1_timeout_body(struct yk_h1_conn *conn)
{
    conn->rate_ms = yk_h1_now(conn);
    conn->rate_look_ms = conn->rate_ms + RATE_CHECK_MS;
    conn->rate_len = 0;
}

/* A slow peer takes a long write bit by bit, unseen by us: the system says that
 * there is room for more only when much of its buffer has emptied. */
static void look_at_write(struct yk_h1_conn *conn, uint64_t now)
{
    if (!conn->is_writing || now < conn->write_look_ms)
        return;
    size_t before = conn->unwritten_len;
    yk_h1_timeout_write(conn);
    if (conn->unwritten_len < before)
        conn->progress_ms = now;
}

/* Lets the application answer 503. The handler still holds the exchange, which
 * ends when it comes back; a client that sent its next request here would wait
 * for that, so it is told not to. */
static void tell_handler(struct yk_h1_conn *conn, uint64_t now)
{
    struct yk_exchange *x = &conn->x;
    conn->must_close = true;
    conn->since_ms = now;
    if (x->events && x->events->on_timeout)
        x->events->on_timeout(x);
}

static void wake(struct yk_h1_conn *conn)
{
    struct yk_exchange *x = &conn->x;
    conn->wake_ms = 0;
    if (!x->is_aborted && x->events && x->events->on_timer)
        x->events->on_timer(x);
}

/* A request has come that is not read yet: the loop has stood still, in a
 * handler that blocks or with the whole process, and its timers are first. */
static bool has_unread(const struct yk_h1_conn *conn)
{
    const struct yk_transport_ops *ops = conn->transport->ops;

    return ops->is_ready && ops->is_ready(conn->transport);
}

static void act(struct yk_h1_conn *conn, uint64_t now)
{
    if (is_idle(conn)) {
        if (now >= idle_deadline(conn) && !has_unread(conn))
            yk_h1_drop(conn);
        return;
    }
    look_at_write(conn, now);
    if (now >= wake_time(conn))
        wake(conn);
    if (now >= conn->rate_look_ms)
        conn->rate_look_ms = now + RATE_CHECK_MS;
    if (now >= write_deadline(conn))
        yk_h1_reset(conn);
    else if (now >= linger_deadline(conn))
        yk_h1_drop(conn);
    else if (now >= head_deadline(conn) || now >= request_deadline(conn))
        yk_h1_refuse(conn, YK_H1_TIMEOUT);
    else if (is_body_too_slow(conn, now))
        yk_h1_refuse(conn, YK_H1_TOO_SLOW);
    else if (now >= handler_deadline(conn))
        tell_handler(conn, now);
}

void yk_h1_timeout_met(struct yk_timer *timer, void *unused)
{
    struct yk_h1_conn *conn = YK_CONTAINER_OF(timer, struct yk_h1_conn, timer);
    (void)unused;
    conn->is_busy = true;
    act(conn, yk_h1_now(conn));
    conn->is_busy = false;
    yk_h1_advance(conn);
}
