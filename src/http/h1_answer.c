#include "http/h1_state.h"

#include <yoke/error.h>

#include "http/h1_write.h"
#include "http/status.h"
#include "net/flights.h"

/* A body from this size on is offered to the socket before it is copied. */
#define DIRECT_MIN 16384

/* What an exchange that was aborted or cut is answered with: nothing more. */
static int end_unheard(struct yk_h1_conn *conn)
{
    conn->x.is_ended = true;
    yk_h1_touch(conn);
    return 0;
}

/* No memory for output: the connection is of no use any more. It is dropped
 * later, for this is a call from a handler. */
static int fail(struct yk_h1_conn *conn)
{
    conn->must_drop = true;
    yk_h1_touch(conn);
    return -YOKE_ECLOSED;
}

/* The same of what was to be the end of the answer: for the application it is. */
static int fail_at_end(struct yk_h1_conn *conn)
{
    conn->x.is_ended = true;
    return fail(conn);
}

/* Whether the connection can stay open after this answer. */
static enum yk_h1_persist persistence(struct yk_h1_conn *conn)
{
    if (conn->server->is_draining || conn->x.closes ||
        (!conn->is_body_complete && yk_h1_body_is_too_long_to_drain(conn)))
        conn->must_close = true;
    if (conn->must_close)
        return YK_H1_PERSIST_CLOSE;
    return conn->head->request.minor == 0 ? YK_H1_PERSIST_KEEP
                                          : YK_H1_PERSIST_SILENT;
}

/* `body` follows at once, if the answer has one. */
static int write_head(struct yk_h1_conn *conn, enum yk_h1_framing framing,
                      uint64_t content_length, struct yk_slice body)
{
    struct yk_exchange *x = &conn->x;
    if (framing == YK_H1_FRAME_CLOSE)
        conn->must_close = true;
    conn->is_bodiless =
        conn->head->request.is_head || !yk_status_has_body(x->status);
    conn->framing = framing;
    x->is_head_sent = true;
    conn->sent_status = x->status;
    conn->answers_queued++;
    struct yk_h1_answer answer = {
        .status = x->status,
        .headers = &x->headers,
        .date = x->date ? x->date : yk_h1_date(conn),
        .framing = framing,
        .persist = persistence(conn),
        .content_length = content_length,
        .body = {body.ptr, conn->is_bodiless ? 0 : body.len},
    };
    int err = yk_h1_write_head(&conn->out, &answer);
    if (err < 0) /* Whoever answers for this one may. */
        x->is_head_sent = false;
    return err;
}

/* Sends a large piece without copying it first, as far as the peer takes it
 * now. Returns the bytes of it that were sent. */
static __attribute__((noinline)) size_t send_direct(struct yk_h1_conn *conn,
                                                    const void *ptr, size_t len)
{
    struct iovec iov[8];
    size_t waiting = conn->out.len;
    if (conn->is_writing || conn->phase == YK_H1_CLOSED)
        return 0;
    int n = yk_out_vectors(&conn->out, iov, 7);
    size_t queued = 0;
    for (int i = 0; i < n; i++)
        queued += iov[i].iov_len;
    if (queued < waiting)
        return 0;
    iov[n] = (struct iovec){(void *)(uintptr_t)ptr, len};
    yk_flight_set_clear(conn->flight, conn->fd, false);
    ssize_t sent = conn->transport->ops->try_write(conn->transport, iov, n + 1);
    if (sent <= 0)
        return 0;
    conn->progress_ms = yk_h1_now(conn);
    yk_out_consume(&conn->out, (size_t)sent < waiting ? (size_t)sent : waiting);
    return (size_t)sent > waiting ? (size_t)sent - waiting : 0;
}

static int put_bytes(struct yk_h1_conn *conn, const void *ptr, size_t len)
{
    if (len == 0)
        return 0;
    size_t sent = len < DIRECT_MIN ? 0 : send_direct(conn, ptr, len);
    return yk_out_append(&conn->out, (const char *)ptr + sent, len - sent);
}

static int send_whole(struct yk_exchange *x, const void *ptr, size_t len)
{
    struct yk_h1_conn *conn = yk_h1_conn_of(x);
    if (x->is_aborted)
        return end_unheard(conn);

    uint64_t length = yk_status_has_body(x->status) ? len : 0;
    if (conn->head->request.is_head && len == 0 && x->content_length > 0)
        length = (uint64_t)x->content_length;
    enum yk_h1_framing framing =
        yk_status_has_length(x->status) ? YK_H1_FRAME_LENGTH : YK_H1_FRAME_NONE;
    bool is_large = len >= DIRECT_MIN;
    struct yk_slice body = {ptr, is_large ? 0 : len};
    if (write_head(conn, framing, length, body) < 0)
        return fail_at_end(conn);
    x->is_ended = true;
    yk_h1_touch(conn);
    if (conn->is_bodiless)
        return 0;
    x->body_len = len;
    if (is_large && put_bytes(conn, ptr, len) < 0)
        return fail(conn);
    return 0;
}

static enum yk_h1_framing stream_framing(const struct yk_h1_conn *conn)
{
    if (!yk_status_has_length(conn->x.status))
        return YK_H1_FRAME_NONE;
    if (conn->x.content_length >= 0 || !yk_status_has_body(conn->x.status))
        return YK_H1_FRAME_LENGTH;
    return conn->head->request.minor > 0 ? YK_H1_FRAME_CHUNKED
                                         : YK_H1_FRAME_CLOSE;
}

static int put_piece(struct yk_h1_conn *conn, const void *ptr, size_t len)
{
    conn->x.body_len += len;
    if (conn->is_bodiless || len == 0)
        return 0;
    return conn->framing == YK_H1_FRAME_CHUNKED
               ? yk_h1_write_chunk(&conn->out, ptr, len)
               : put_bytes(conn, ptr, len);
}

static ssize_t write_piece(struct yk_exchange *x, const void *ptr, size_t len)
{
    struct yk_h1_conn *conn = yk_h1_conn_of(x);
    if (conn->out.len > YK_H1_OUT_MAX)
        return -YOKE_EFULL;
    uint64_t length =
        yk_status_has_body(x->status) ? (uint64_t)x->content_length : 0;
    if (!x->is_head_sent &&
        write_head(conn, stream_framing(conn), length, YK_LIT("")) < 0)
        return fail(conn);
    if (put_piece(conn, ptr, len) < 0)
        return fail(conn);
    if (conn->out.len > conn->server->limits.high_water)
        conn->is_over_high_water = true;
    yk_h1_touch(conn);
    return (ssize_t)conn->out.len;
}

/* Fewer bytes have been written than Content-Length promised. */
static bool is_promise_open(const struct yk_h1_conn *conn)
{
    const struct yk_exchange *x = &conn->x;
    return x->content_length > (int64_t)x->body_len &&
           !conn->head->request.is_head && yk_status_has_body(x->status);
}

/* Writes what shows that the answer, whose head has been sent, is whole. */
static int finish_framing(struct yk_h1_conn *conn)
{
    /* A promise that was not kept can only be shown by closing: otherwise the
     * next answer would be taken for the rest. */
    if (is_promise_open(conn)) {
        conn->must_close = true;
        return -YOKE_ELENGTH;
    }
    if (conn->framing == YK_H1_FRAME_CHUNKED && !conn->is_bodiless &&
        yk_h1_write_last_chunk(&conn->out, conn->x.answer_trailers) < 0)
        return fail(conn);
    return 0;
}

static int end_answer(struct yk_exchange *x)
{
    struct yk_h1_conn *conn = yk_h1_conn_of(x);
    if (x->is_aborted || conn->must_cut || x->has_left)
        return end_unheard(conn);
    if (!x->is_head_sent && !is_promise_open(conn))
        return send_whole(x, NULL, 0);
    if (!x->is_head_sent && write_piece(x, NULL, 0) < 0)
        return fail_at_end(conn);
    x->is_ended = true;
    yk_h1_touch(conn);
    return finish_framing(conn);
}

static void leave(struct yk_exchange *x)
{
    struct yk_h1_conn *conn = yk_h1_conn_of(x);
    if (!conn->must_cut)
        finish_framing(conn);
    yk_h1_touch(conn);
}

static void cut(struct yk_exchange *x)
{
    struct yk_h1_conn *conn = yk_h1_conn_of(x);
    conn->must_cut = true;
    yk_h1_touch(conn);
}

static void start_reading(struct yk_exchange *x)
{
    struct yk_h1_conn *conn = yk_h1_conn_of(x);
    yk_h1_timeout_body(conn);
    /* A half of it would be taken for the beginning of the answer. */
    if (!conn->is_continue_sent && !x->is_head_sent &&
        yk_h1_input_len(conn) == 0 && yk_h1_write_continue(&conn->out) < 0)
        fail(conn);
    conn->is_continue_sent = true;
    yk_h1_touch(conn);
}

static void resume_reading(struct yk_exchange *x)
{
    struct yk_h1_conn *conn = yk_h1_conn_of(x);
    yk_h1_timeout_body(conn);
    yk_h1_touch(conn);
}

static void set_timer(struct yk_exchange *x, uint64_t ms)
{
    struct yk_h1_conn *conn = yk_h1_conn_of(x);
    conn->wake_ms = ms ? yk_h1_now(conn) + ms : 0;
    yk_h1_touch(conn);
}

static int inform(struct yk_exchange *x, int status,
                  const struct yk_headers *headers)
{
    struct yk_h1_conn *conn = yk_h1_conn_of(x);
    if (conn->head->request.minor == 0)
        return 0;
    if (yk_h1_write_interim(&conn->out, status, headers) < 0)
        return fail(conn);
    yk_h1_touch(conn);
    return 0;
}

const struct yk_exchange_ops yk_h1_exchange_ops = {
    .send = send_whole,
    .write = write_piece,
    .end = end_answer,
    .cut = cut,
    .leave = leave,
    .read = start_reading,
    .resume = resume_reading,
    .inform = inform,
    .send_file = yk_h1_send_file,
    .set_timer = set_timer,
};
