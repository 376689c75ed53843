#include "http/h1_state.h"

#include <string.h>

#include <yoke/listen.h>

/* Most bytes of a trailer section; fields as in the head. */
#define TRAILERS_MAX 8192

void yk_h1_body_start(struct yk_h1_conn *conn)
{
    const struct yk_request *req = &conn->head->request;
    conn->is_body_complete = req->body == YK_BODY_NONE;
    conn->is_continue_sent = !req->expects_continue;
    conn->body_left = req->content_length;
    conn->drained_len = 0;
    conn->trailer_len = 0;
    /* A body that is not there has no rate to keep. */
    conn->rate_len = 0;
    if (!conn->is_body_complete)
        yk_h1_timeout_body(conn);
    yk_h1_chunked_init(&conn->chunked);
}

bool yk_h1_body_is_too_long_to_drain(const struct yk_h1_conn *conn)
{
    uint64_t limit = conn->server->limits.max_drain_len;
    if (!conn->is_continue_sent && conn->rate_len == 0)
        return true;
    if (conn->head->request.body == YK_BODY_LENGTH)
        return conn->body_left > limit;
    return conn->drained_len > limit;
}

/* A piece of the body, to whoever wants it. */
static void deliver(struct yk_h1_conn *conn, const char *ptr, size_t len)
{
    struct yk_exchange *x = &conn->x;
    conn->rate_len += len;
    if (x->is_ended)
        conn->drained_len += len;
    else if (x->events && x->events->on_data)
        x->events->on_data(x, ptr, len);
}

static bool feed_length(struct yk_h1_conn *conn)
{
    size_t len = yk_h1_input_len(conn);
    const char *ptr = conn->in + conn->in_start;
    if (len == 0)
        return false;
    if (len > conn->body_left)
        len = conn->body_left;
    conn->in_start += (uint32_t)len;
    conn->body_left -= len;
    conn->is_body_complete = conn->body_left == 0;
    deliver(conn, ptr, len);
    return true;
}

/* Adds one trailer field; they are kept apart from the header. */
static enum yk_h1_error take_trailer(struct yk_h1_conn *conn, uint32_t len)
{
    struct yk_field field;
    char *line = conn->in + conn->in_start;
    enum yk_h1_error err = yk_h1_field_parse(line, 0, len, &field);
    if (err)
        return err;
    if (conn->trailers.count >= conn->server->limits.max_fields)
        return YK_H1_FIELDS_MANY;
    yk_headers_add(&conn->trailers, &conn->arena,
                   (struct yk_slice){line + field.name.off, field.name.len},
                   (struct yk_slice){line + field.value.off, field.value.len});
    return YK_H1_OK;
}

/* Uses one line of the trailer section, if it has arrived whole. */
static bool feed_trailers(struct yk_h1_conn *conn)
{
    size_t avail = yk_h1_input_len(conn);
    char *line = conn->in + conn->in_start;
    char *lf = avail ? memchr(line, '\n', avail) : NULL;
    size_t used = lf ? (size_t)(lf - line) + 1 : avail;

    if (conn->trailer_len + used > TRAILERS_MAX) {
        yk_h1_refuse(conn, YK_H1_TRAILER_LONG);
        return true;
    }
    if (!lf)
        return false;
    enum yk_h1_error err = YK_H1_OK;
    if (used < 2 || lf[-1] != '\r')
        err = YK_H1_LINE_END;
    else if (used > 2)
        err = take_trailer(conn, (uint32_t)used - 2);
    if (err) {
        yk_h1_refuse(conn, err);
        return true;
    }
    conn->trailer_len += (uint32_t)used;
    conn->in_start += (uint32_t)used;
    conn->is_body_complete = used == 2;
    return true;
}

static bool feed_chunked(struct yk_h1_conn *conn)
{
    struct yk_slice data;
    if (yk_h1_chunked_is_last(&conn->chunked))
        return feed_trailers(conn);
    if (yk_h1_input_len(conn) == 0)
        return false;
    ssize_t n = yk_h1_chunked_decode(&conn->chunked, conn->in + conn->in_start,
                                     yk_h1_input_len(conn), &data);
    if (n < 0) {
        yk_h1_refuse(conn, (enum yk_h1_error) - n);
        return true;
    }
    conn->in_start += (uint32_t)n;
    if (data.len > 0)
        deliver(conn, data.ptr, data.len);
    return true;
}

static bool tell_end(struct yk_h1_conn *conn)
{
    struct yk_exchange *x = &conn->x;
    if (x->is_ended || x->body_state != YK_READ_STARTED || x->is_paused)
        return false;
    x->body_state = YK_READ_DONE;
    conn->since_ms = yk_h1_now(conn); /* The handler's time starts here. */
    if (x->events && x->events->on_end)
        x->events->on_end(x, 0);
    return true;
}

bool yk_h1_body_feed(struct yk_h1_conn *conn)
{
    const struct yk_exchange *x = &conn->x;
    if (conn->is_body_complete)
        return tell_end(conn);
    bool is_wanted = x->body_state == YK_READ_STARTED && !x->is_paused;
    if (!is_wanted && !x->is_ended)
        return false;
    return conn->head->request.body == YK_BODY_LENGTH ? feed_length(conn)
                                                      : feed_chunked(conn);
}
