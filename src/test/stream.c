/* Answers that have no end, or whose end nobody waits for. */
#include <stdlib.h>
#include <string.h>

#include "core/number.h"
#include "http/h1_state.h"
#include "test/client.h"
#include "test/expect.h"
#include "test/failure.h"

#include "core/banned.h"

void yoke_tr_stream(yoke_tr *r)
{
    r->is_stream = true;
}

/* ---- So much of it ---- */

struct wait {
    yoke_tr *r;
    size_t len;
};

static bool has_len(void *data)
{
    const struct wait *wait = data;
    yk_tr_read(wait->r);
    return wait->r->answer.body.len >= wait->len ||
           wait->r->answer.state != YK_ANSWER_PARTIAL;
}

size_t yoke_tr_wait_len(yoke_tr *r, size_t len)
{
    r->is_stream = true;
    r = yk_tr_end(r);
    struct wait wait = {r, len};
    if (r->link)
        yk_test_wait(r->test, has_len, &wait);
    return r->answer.body.len;
}

void yoke_tr_read_more(yoke_tr *r, size_t n)
{
    yoke_tr_send(r);
    r->pace = 0;
    if (r->link)
        yk_memory_take_more(&r->link->memory, n);
    yk_test_settle(r->test);
}

/* What a connection of the server's holds: in its queue, less what the client
 * has taken of the write under way. */
static size_t backlog_of(const struct yk_h1_conn *conn)
{
    struct yk_transport *t = conn->transport;
    size_t unwritten = conn->is_writing ? t->ops->unwritten(t) : 0;
    size_t taken = 0;
    /* A socket's own buffers count as well. */
    if (conn->is_writing && unwritten < conn->writing_len)
        taken = conn->writing_len - unwritten;
    return taken < conn->out.len ? conn->out.len - taken : 0;
}

size_t yoke_tr_backlog(yoke_tr *r)
{
    size_t len = 0;
    yoke_tr_send(r);
    yk_test_settle(r->test);
    if (!r->link || !r->link->is_open)
        return 0;
    if (r->link->conn)
        return backlog_of(r->link->conn);
    YK_LIST_EACH(node, &r->test->root->server.conns)
    len += backlog_of(YK_CONTAINER_OF(node, struct yk_h1_conn, node));
    return len;
}

/* ---- Server-sent events ----
 *
 * https://html.spec.whatwg.org/multipage/server-sent-events.html, section on
 * interpreting an event stream. */

struct event {
    struct yk_bytes type, data;
    int retry_ms;
    size_t comments;
    bool has_data;
};

static void event_done(struct event *event)
{
    yk_bytes_done(&event->type);
    yk_bytes_done(&event->data);
}

/* Takes a line that has ended off the front; false: there is none. */
static bool take_line(struct yk_slice *rest, struct yk_slice *ret_line)
{
    size_t len = 0;
    while (len < rest->len && rest->ptr[len] != '\n' && rest->ptr[len] != '\r')
        len++;
    if (len == rest->len)
        return false;
    size_t used = len + 1;
    if (rest->ptr[len] == '\r' && used < rest->len && rest->ptr[used] == '\n')
        used++;
    *ret_line = (struct yk_slice){rest->ptr, len};
    rest->ptr += used;
    rest->len -= used;
    return true;
}

static void set_text(struct yk_bytes *bytes, struct yk_slice value)
{
    bytes->len = 0;
    yk_bytes_add_slice(bytes, value);
}

static void read_field(yoke_tr *r, struct event *event, struct yk_slice name,
                       struct yk_slice value)
{
    int retry_ms;
    if (yk_slice_eq(name, YK_LIT("event"))) {
        set_text(&event->type, value);
    } else if (yk_slice_eq(name, YK_LIT("data"))) {
        if (event->has_data)
            yk_bytes_add(&event->data, "\n");
        yk_bytes_add_slice(&event->data, value);
        event->has_data = true;
    } else if (yk_slice_eq(name, YK_LIT("id"))) {
        if (!memchr(value.ptr, '\0', value.len))
            set_text(&r->event_id, value);
    } else if (yk_slice_eq(name, YK_LIT("retry"))) {
        if (yk_parse_int(value, &retry_ms) == 0 && retry_ms >= 0)
            event->retry_ms = retry_ms;
    }
}

static void read_event_line(yoke_tr *r, struct event *event,
                            struct yk_slice line)
{
    const char *colon = memchr(line.ptr, ':', line.len);
    size_t name_len = colon ? (size_t)(colon - line.ptr) : line.len;
    size_t used = colon ? name_len + 1 : line.len;
    if (colon == line.ptr) {
        event->comments++;
        return;
    }
    if (used < line.len && line.ptr[used] == ' ')
        used++;
    read_field(r, event, (struct yk_slice){line.ptr, name_len},
               (struct yk_slice){line.ptr + used, line.len - used});
}

/* Lines up to an empty one that ends an event with data. */
static bool read_event(yoke_tr *r, struct event *event)
{
    struct yk_slice rest = yk_bytes_slice(&r->answer.body), line;
    size_t at = r->event_at < rest.len ? r->event_at : rest.len;

    rest.ptr += at;
    rest.len -= at;
    while (take_line(&rest, &line)) {
        if (line.len > 0) {
            read_event_line(r, event, line);
            continue;
        }
        if (event->has_data) {
            r->event_at = r->answer.body.len - rest.len;
            return true;
        }
        event->type.len = 0; /* What has no data is no event. */
    }
    return false;
}

static bool has_event(void *data)
{
    yoke_tr *r = data;
    struct event event = {.retry_ms = -1};
    struct yk_bytes id = {0};

    yk_tr_read(r);
    size_t at = r->event_at;
    yk_bytes_add_slice(&id, yk_bytes_slice(&r->event_id));
    bool is_there = read_event(r, &event);
    r->event_at = at;
    set_text(&r->event_id, yk_bytes_slice(&id));
    yk_bytes_done(&id);
    event_done(&event);
    return is_there || r->answer.state != YK_ANSWER_PARTIAL;
}

bool yoke_tr_sse_next(yoke_tr *r, struct yoke_tr_event *ret_event)
{
    struct event event = {.retry_ms = -1};

    r->is_stream = true;
    r = yk_tr_end(r);
    if (!r->link || !yk_expect_is_sound(r))
        return false;
    yk_test_wait(r->test, has_event, r);
    bool is_there = read_event(r, &event);
    if (is_there) {
        r->event.len = 0;
        yk_bytes_add(&r->event,
                     event.type.len > 0 ? event.type.ptr : "message");
        size_t data_at = r->event.len + 1;
        yk_bytes_append(&r->event, "", 1);
        yk_bytes_add_slice(&r->event, yk_bytes_slice(&event.data));
        *ret_event = (struct yoke_tr_event){
            .event = r->event.ptr,
            .data = r->event.ptr + data_at,
            .id = yk_bytes_text(&r->event_id),
            .retry_ms = event.retry_ms,
            .comments = event.comments,
        };
    }
    event_done(&event);
    return is_there;
}

void yoke_expect_sse_at(yoke_tr *r, const char *event, const char *data,
                        const char *file, int line)
{
    struct yk_bytes text = {0};
    struct yoke_tr_event got;
    bool is_there = yoke_tr_sse_next(r, &got);

    if (is_there && (!event || strcmp(got.event, event) == 0) &&
        strcmp(got.data, data) == 0)
        return;
    r = yk_tr_end(r);
    yk_bytes_printf(&text, "expected the event \"%s\" of ",
                    event ? event : "*");
    yk_failure_add_quoted(&text, data, strlen(data));
    if (is_there) {
        yk_bytes_printf(&text, ", got \"%s\" of ", got.event);
        yk_failure_add_quoted(&text, got.data, strlen(got.data));
    } else if (yk_expect_add_got(r, &text)) {
        yk_bytes_add(&text, r->answer.state == YK_ANSWER_PARTIAL
                                ? "none"
                                : "the end of the stream");
    }
    yk_expect_fail(r, &text, file, line);
}
