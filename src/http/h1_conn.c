#include "http/h1_conn.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include <yoke/error.h>

#include "http/h1_state.h"
#include "net/flights.h"

/* Room that a body should have behind the head: more than its trailer section
 * may take. */
#define BODY_ROOM_MIN 12288

size_t yk_h1_conn_size(void)
{
    return sizeof(struct yk_h1_conn);
}

/* As yk_h1_enter, in the steps of each request, for which the clock is asked
 * once. */
static inline void step_to(struct yk_h1_conn *conn, enum yk_h1_phase phase)
{
    conn->phase = phase;
    conn->since_ms = conn->now_ms;
}

static void end_of_life(struct yk_h1_conn *conn)
{
    struct yk_http_server *server = conn->server;
    struct yk_transport *transport = conn->transport;

    yk_timer_clear(&server->wheel, &conn->timer);
    yk_list_remove(&conn->node);
    yk_list_remove(&conn->pending);
    yk_out_clear(&conn->out);
    yk_arena_clear(&conn->arena);
    yk_blocks_give(&server->buffers, conn->in);
    yk_http_server_forget(server, &conn->peer, conn->is_peer_counted);
    conn->on_gone(transport);
    yk_http_server_tell_if_empty(server);
}

/* ---- Exchanges ---- */

/* The exchange's fields, for a new request; the application's part is empty. */
static void init_exchange(struct yk_h1_conn *conn)
{
    memset(&conn->x, 0, offsetof(struct yk_exchange, trailers));
    conn->x.request = &conn->head->request;
    conn->x.status = 200;
    conn->x.content_length = -1;
    conn->has_exchange = true;
    conn->is_finish_told = conn->is_close_told = false;
    conn->framing = YK_H1_FRAME_NONE;
    conn->is_bodiless = conn->must_cut = false;
    conn->is_over_high_water = false;
    conn->is_file_over = false;
    conn->file_fd = -1;
    conn->wake_ms = 0;
}

/* A head that came behind other requests may leave little room for its body:
 * then it moves to the front of the buffer, while nobody points into it. */
static void make_body_room(struct yk_h1_conn *conn)
{
    struct yk_request *req = &conn->head->request;
    uint32_t start = (uint32_t)(req->base - conn->in);
    size_t room = conn->server->buffers.block_size - conn->in_keep;
    if (req->body == YK_BODY_NONE || room >= BODY_ROOM_MIN)
        return;
    memmove(conn->in, conn->in + start, conn->in_end - start);
    req->base = conn->in;
    conn->in_keep -= start;
    conn->in_start -= start;
    conn->in_end -= start;
}

static void begin_exchange(struct yk_h1_conn *conn, uint32_t head_len)
{
    conn->in_start += head_len;
    conn->in_keep = conn->in_start;
    make_body_room(conn);
    init_exchange(conn);
    yk_h1_body_start(conn);
    conn->must_close = conn->head->request.wants_close;
    step_to(conn, YK_H1_EXCHANGE);
    yk_h1_flight_begin(conn);
    conn->server->on_request(&conn->x, conn->server->data);
    yk_h1_flight_returned(conn);
}

static void tell_finish(struct yk_h1_conn *conn)
{
    struct yk_exchange *x = &conn->x;
    if (conn->is_finish_told)
        return;
    conn->is_finish_told = true;
    if (x->events && x->events->on_finish)
        x->events->on_finish(x);
}

/* The exchange is over: its memory is used again. */
static void release_exchange(struct yk_h1_conn *conn)
{
    tell_finish(conn);
    yk_h1_flight_end(conn);
    conn->has_exchange = conn->is_over_high_water = false;
    conn->head = NULL;
    conn->trailers = (struct yk_headers){.items = NULL};
    conn->in_keep = 0;
    yk_arena_clear(&conn->arena);
}

static void end_exchange(struct yk_h1_conn *conn)
{
    bool is_complete = conn->is_body_complete;
    release_exchange(conn);
    if (conn->must_close) {
        conn->must_linger |= !is_complete || yk_h1_input_len(conn) > 0;
        yk_h1_enter(conn, YK_H1_CLOSING);
        return;
    }
    step_to(conn, YK_H1_HEAD);
}

/* ---- Steps ---- */

static bool start_head(struct yk_h1_conn *conn)
{
    conn->head = yk_arena_try_alloc(&conn->arena, sizeof(*conn->head));
    if (!conn->head)
        return false;
    yk_h1_head_init(conn->head);
    conn->request_ms = conn->now_ms;
    return true;
}

static bool step_head(struct yk_h1_conn *conn)
{
    size_t len = yk_h1_input_len(conn);
    if (yk_h1_is_output_full(conn))
        return false;
    if (len > 0 && !conn->head && !start_head(conn)) {
        yk_h1_drop(conn);
        return true;
    }
    int n = len == 0 ? 0
                     : yk_h1_head_parse(conn->head, &conn->server->limits,
                                        conn->in + conn->in_start, len);
    if (n > 0)
        begin_exchange(conn, (uint32_t)n);
    else if (n < 0)
        yk_h1_refuse(conn, (enum yk_h1_error) - n);
    else if (conn->is_peer_closed)
        yk_h1_enter(conn, YK_H1_CLOSING);
    else
        return false;
    return true;
}

/* The peer has closed, and what is left of the body cannot come any more. While
 * nobody reads a chunked one, it may still lie in the input whole. */
static inline bool is_body_cut_off(const struct yk_h1_conn *conn)
{
    const struct yk_exchange *x = &conn->x;
    if (!conn->is_peer_closed || conn->is_body_complete)
        return false;
    if (conn->head->request.body == YK_BODY_LENGTH)
        return yk_h1_input_len(conn) < conn->body_left;
    return x->is_ended || (x->body_state == YK_READ_STARTED && !x->is_paused);
}

/* What the application has to be told while it holds the exchange. */
static bool tell_news(struct yk_h1_conn *conn)
{
    const struct yk_exchange_events *events = conn->x.events;
    if (conn->is_file_over) {
        conn->is_file_over = false;
        if (events && events->on_file)
            events->on_file(&conn->x, conn->file_err);
        return true;
    }
    if (conn->is_peer_closed && !conn->is_close_told) {
        yk_h1_tell_close(conn);
        return true;
    }
    if (conn->server->is_draining && !conn->x.is_stop_told) {
        conn->x.is_stop_told = true;
        if (events && events->on_stop)
            events->on_stop(&conn->x);
        return true;
    }
    return false;
}

static bool step_exchange(struct yk_h1_conn *conn)
{
    if (conn->is_over_high_water && !conn->x.is_ended &&
        conn->out.len <= conn->server->limits.high_water) {
        conn->is_over_high_water = false;
        if (conn->x.events && conn->x.events->on_drain)
            conn->x.events->on_drain(&conn->x);
        return true;
    }
    bool has_moved = yk_h1_body_feed(conn);
    if (!has_moved && is_body_cut_off(conn)) {
        yk_h1_refuse(conn, YK_H1_TRUNCATED);
        return true;
    }
    if (conn->phase != YK_H1_EXCHANGE)
        return has_moved;
    if (!conn->x.is_ended)
        return tell_news(conn) || has_moved;
    tell_finish(conn);
    if (!conn->is_body_complete && yk_h1_body_is_too_long_to_drain(conn))
        conn->must_close = true;
    if (!conn->is_body_complete && !conn->must_close)
        return has_moved;
    end_exchange(conn);
    /* Most clients wait for the answer: then there is nothing to do yet. */
    return conn->phase != YK_H1_HEAD || yk_h1_input_len(conn) > 0 ||
           conn->is_peer_closed;
}

/* Input that nobody wants any more. */
static void discard_input(struct yk_h1_conn *conn)
{
    conn->drained_len += yk_h1_input_len(conn);
    conn->in_start = conn->in_end;
}

static bool step_closing(struct yk_h1_conn *conn)
{
    discard_input(conn);
    if (conn->out.len > 0)
        return false;
    if (!conn->must_linger || conn->is_peer_closed) {
        yk_h1_drop(conn);
        return true;
    }
    conn->transport->ops->shutdown(conn->transport);
    conn->drained_len = 0;
    yk_h1_enter(conn, YK_H1_LINGER);
    return true;
}

static bool step_linger(struct yk_h1_conn *conn)
{
    discard_input(conn);
    if (!conn->is_peer_closed && conn->drained_len <= YK_H1_LINGER_MAX)
        return false;
    yk_h1_drop(conn);
    return true;
}

/* Whether something has happened that comes before what the phase has to do. */
static inline bool is_disturbed(const struct yk_h1_conn *conn)
{
    return conn->must_drop | conn->must_cut | conn->x.has_left |
           conn->x.is_aborted;
}

static void __attribute__((noinline)) settle(struct yk_h1_conn *conn)
{
    if (conn->must_drop)
        yk_h1_drop(conn);
    if (conn->must_cut && conn->phase == YK_H1_EXCHANGE)
        yk_h1_cut(conn);
    if (conn->x.has_left && conn->phase == YK_H1_EXCHANGE && !conn->x.is_ended)
        yk_h1_leave(conn);
    if (conn->has_exchange && conn->x.is_aborted && conn->x.is_ended)
        release_exchange(conn);
}

/* One step; false when there is nothing to do until something happens. */
static bool step(struct yk_h1_conn *conn)
{
    if (is_disturbed(conn))
        settle(conn);
    switch (conn->phase) {
    case YK_H1_HEAD:
        return step_head(conn);
    case YK_H1_EXCHANGE:
        return step_exchange(conn);
    case YK_H1_CLOSING:
        return step_closing(conn);
    case YK_H1_LINGER:
        return step_linger(conn);
    case YK_H1_CLOSED:
        return false;
    }
    return false;
}

/* ---- After the steps ---- */

static void release_input(struct yk_h1_conn *conn)
{
    if (conn->in_start < conn->in_end)
        return;
    conn->in_start = conn->in_end = conn->in_keep;
    if (conn->in_keep > 0)
        return;
    yk_blocks_give(&conn->server->buffers, conn->in);
    conn->in = NULL;
}

/* Reads as long as there is room: that is the back-pressure on requests. */
static void set_reading(struct yk_h1_conn *conn)
{
    size_t used = conn->in_keep + yk_h1_input_len(conn);
    bool wants = !conn->is_peer_closed && conn->phase != YK_H1_CLOSED &&
                 (!conn->in || used < conn->server->buffers.block_size);
    if (wants == conn->is_reading)
        return;
    conn->is_reading = wants;
    if (wants)
        conn->transport->ops->read_start(conn->transport);
    else
        conn->transport->ops->read_stop(conn->transport);
}

void yk_h1_advance(struct yk_h1_conn *conn)
{
    if (conn->is_busy)
        return;
    int round = 0;
    conn->is_busy = true;
    conn->now_ms = yk_h1_now(conn);
    yk_flight_enter(conn->flight);
    do {
        while (step(conn))
            continue;
    } while (yk_h1_flush(conn, ++round));
    conn->is_busy = false;
    yk_flight_leave();

    if (conn->is_transport_closed) {
        if (!conn->has_exchange)
            end_of_life(conn);
        return;
    }
    release_input(conn);
    if (conn->phase == YK_H1_CLOSED)
        return;
    set_reading(conn);
    yk_h1_timeout_set(conn);
    if (conn->transport->may_rest && yk_h1_is_at_boundary(conn))
        conn->transport->ops->rest(conn->transport);
}

void yk_h1_touch(struct yk_h1_conn *conn)
{
    if (!conn->is_busy && yk_list_is_empty(&conn->pending))
        yk_list_add(&conn->server->pending, &conn->pending);
}

/* ---- Events of the transport ---- */

static size_t on_room(struct yk_transport *t, char **ret_room)
{
    struct yk_h1_conn *conn = t->owner;
    size_t size = conn->server->buffers.block_size;

    if (!conn->in) {
        conn->in = yk_blocks_take(&conn->server->buffers);
        conn->in_keep = conn->in_start = conn->in_end = 0;
        if (!conn->in) {
            conn->must_drop = true;
            return 0;
        }
    }
    if (conn->in_end == size && conn->in_start > conn->in_keep) {
        size_t len = yk_h1_input_len(conn);
        memmove(conn->in + conn->in_keep, conn->in + conn->in_start, len);
        conn->in_start = conn->in_keep;
        conn->in_end = (uint32_t)(conn->in_start + len);
    }
    *ret_room = conn->in + conn->in_end;
    return size - conn->in_end;
}

static void see_peer_close(struct yk_h1_conn *conn)
{
    conn->is_peer_closed = true;
    if (conn->phase == YK_H1_EXCHANGE && is_body_cut_off(conn))
        yk_h1_refuse(conn, YK_H1_TRUNCATED);
    else
        yk_h1_tell_close(conn);
}

static void on_read(struct yk_transport *t, ssize_t n)
{
    struct yk_h1_conn *conn = t->owner;
    conn->is_busy = true;
    if (n > 0) {
        conn->in_end += (uint32_t)n;
        conn->was_read = true;
    } else if (n == -YOKE_ECLOSED) {
        see_peer_close(conn);
    } else if (n < 0) {
        yk_h1_drop(conn);
    }
    conn->is_busy = false;
    yk_h1_advance(conn);
}

static void on_written(struct yk_transport *t, int err)
{
    struct yk_h1_conn *conn = t->owner;
    conn->is_writing = false;
    if (conn->phase == YK_H1_CLOSED)
        return;
    if (err < 0)
        yk_h1_drop(conn);
    else
        yk_out_consume(&conn->out, conn->writing_len);
    conn->progress_ms = yk_h1_now(conn);
    yk_h1_advance(conn);
}

static void on_closed(struct yk_transport *t)
{
    struct yk_h1_conn *conn = t->owner;
    conn->is_transport_closed = true;
    conn->phase = YK_H1_CLOSED;
    yk_h1_advance(conn);
}

static const struct yk_transport_user user = {
    .on_room = on_room,
    .on_read = on_read,
    .on_written = on_written,
    .on_closed = on_closed,
};

/* What another worker has admitted, and answered, is not refused because it has
 * been moved here: its client would lose a request. */
static bool is_admitted(struct yk_h1_conn *conn)
{
    bool has_room =
        yk_http_server_admit(conn->server, &conn->peer, &conn->is_peer_counted);

    return has_room || conn->was_used;
}

void yk_h1_conn_start(struct yk_h1_conn *conn, struct yk_http_server *server,
                      struct yk_transport *transport,
                      const struct yk_peer *peer,
                      void (*on_gone)(struct yk_transport *transport))
{
    *conn = (struct yk_h1_conn){
        .server = server,
        .transport = transport,
        .on_gone = on_gone,
        .peer = *peer,
        .x = {.trailers = &conn->trailers,
              .arena = &conn->arena,
              .peer = &conn->peer,
              .limits = &server->limits,
              .clock = &server->clock,
              .ops = &yk_h1_exchange_ops},
        .fd = transport->ops->fd ? transport->ops->fd(transport) : -1,
    };
    transport->user = &user;
    transport->owner = conn;
    yk_list_init(&conn->pending);
    yk_list_add(&server->conns, &conn->node);
    yk_timer_init(&conn->timer);
    yk_arena_init(&conn->arena, &server->arenas);
    yk_out_init(&conn->out, &server->buffers);
    yk_h1_enter(conn, YK_H1_HEAD);
    conn->request_ms = conn->progress_ms = conn->since_ms;
    conn->was_used =
        transport->ops->was_used && transport->ops->was_used(transport);
    if (!is_admitted(conn)) {
        yk_vitals_add(&yk_vitals->conns_rejected, 1);
        yk_h1_refuse(conn, YK_H1_OVERLOADED);
    }
    yk_h1_advance(conn);
}
