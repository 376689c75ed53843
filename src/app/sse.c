/* A stream of events is an answer in pieces, one piece for each event. Output
 * of one turn of the loop leaves at its end, so events need no flush. */
#include "app/sse.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include <yoke/error.h>
#include <yoke/req.h>
#include <yoke/res.h>
#include <yoke/sse.h>

#include "app/alarm.h"
#include "app/req.h"
#include "core/alloc.h"
#include "core/arena.h"

#include "core/banned.h"

#define KEEP_ALIVE_MS 15000

/* An event up to this size is put together on the stack. */
#define SMALL_EVENT 1024

struct yoke_sse {
    yoke_res *res;
    void (*on_close)(yoke_sse *sse, void *data);
    void *data;
    struct yk_alarm keep_alive;
    uint32_t keep_alive_ms; /* UINT32_MAX: never. */
    bool was_silent;        /* Since the timer was set. */
    bool is_over;
};

/* ---- Life ---- */

static void set_timer(yoke_sse *sse)
{
    sse->was_silent = true;
    if (sse->keep_alive_ms != UINT32_MAX)
        yk_alarm_set(sse->res->req, &sse->keep_alive, sse->keep_alive_ms);
}

static void tell_close(yoke_sse *sse)
{
    void (*fn)(yoke_sse *, void *) = sse->on_close;
    sse->on_close = NULL;
    if (fn)
        fn(sse, sse->data);
}

void yoke_sse_end(yoke_sse *sse)
{
    if (sse->is_over)
        return;
    sse->is_over = true;
    sse->res->req->sse = NULL;
    yoke_req_on_close(sse->res->req, NULL, NULL);
    yoke_res_end(sse->res);
}

/* Whatever the handler does in on_close, the stream is over. */
static void close_stream(yoke_sse *sse)
{
    tell_close(sse);
    yoke_sse_end(sse);
}

static void on_client_gone(yoke_req *req, void *data)
{
    (void)req;
    close_stream(data);
}

void yk_sse_on_stop(struct yoke_req *req)
{
    if (req->sse)
        close_stream(req->sse);
}

static void on_time(yoke_req *req, void *data)
{
    yoke_sse *sse = data;
    if (req->sse != sse)
        return;
    if (sse->was_silent)
        yoke_sse_comment(sse, "");
    set_timer(sse);
}

/* ---- The beginning ---- */

static void set_headers(yoke_res *res)
{
    yoke_res_set(res, "Content-Type", "text/event-stream");
    if (!yoke_res_get(res, "Cache-Control"))
        yoke_res_set(res, "Cache-Control", "no-cache");
    yoke_res_set(res, "X-Accel-Buffering", "no");
}

static yoke_sse *sse_new(yoke_res *res, const struct yoke_sse_options *options)
{
    yoke_sse *sse = yk_arena_alloc(res->req->x->arena, sizeof(*sse));
    *sse = (struct yoke_sse){
        .res = res,
        .keep_alive = {.fn = on_time, .data = sse},
        .keep_alive_ms =
            options->keep_alive_ms ? options->keep_alive_ms : KEEP_ALIVE_MS,
    };
    return sse;
}

yoke_sse *yoke_res_sse_with(yoke_res *res,
                            const struct yoke_sse_options *options)
{
    yoke_req *req = res->req;
    if (yoke_res_is_sent(res)) {
        yk_res_answer(res, YK_TYPE_TEXT, "", 0); /* Refused, and logged. */
        return NULL;
    }
    set_headers(res);
    if (req->x->request->is_head) {
        yoke_res_end(res);
        return NULL;
    }
    /* The head goes now: the page learns that it is connected. A broken answer
     * becomes a 500 here. */
    bool was_broken = res->broken;
    if (yoke_res_write(res, "", 0) < 0 || was_broken) {
        yoke_res_end(res);
        return NULL;
    }
    yoke_sse *sse = req->sse = sse_new(res, options);
    yoke_req_on_close(req, on_client_gone, sse);
    yk_exchange_ask_stop(req->x);
    if (options->retry_ms)
        yoke_sse_send_event(
            sse, &(struct yoke_sse_event){.retry_ms = options->retry_ms});
    set_timer(sse);
    return sse;
}

/* ---- Events ---- */

/* Text that is being put together: measured first, then written. */
struct text {
    char *at; /* NULL: only measured. */
    size_t len;
};

static void put(struct text *text, const char *ptr, size_t len)
{
    if (text->at) {
        memcpy(text->at, ptr, len);
        text->at += len;
    }
    text->len += len;
}

static void put_text(struct text *text, const char *ptr)
{
    put(text, ptr, strlen(ptr));
}

static void put_field(struct text *text, const char *name, const char *value,
                      size_t len)
{
    put_text(text, name);
    put(text, value, len);
    put_text(text, "\n");
}

/* Each line is a field of its own; the line ends are CR LF, LF or CR, and the
 * page sees LF for any of them. */
static void put_lines(struct text *text, const char *name, const char *lines)
{
    for (;;) {
        size_t len = strcspn(lines, "\r\n");
        put_field(text, name, lines, len);
        lines += len;
        if (!*lines)
            return;
        lines += lines[0] == '\r' && lines[1] == '\n' ? 2 : 1;
    }
}

static void put_event(struct text *text, const struct yoke_sse_event *event)
{
    char retry[24];
    if (event->event)
        put_field(text, "event: ", event->event, strlen(event->event));
    if (event->id)
        put_field(text, "id: ", event->id, strlen(event->id));
    if (event->retry_ms) {
        int len = snprintf(retry, sizeof(retry), "%u", event->retry_ms);
        put_field(text, "retry: ", retry, (size_t)len);
    }
    if (event->data)
        put_lines(text, "data: ", event->data);
    put_text(text, "\n");
}

ssize_t yoke_sse_send_written(yoke_sse *sse, const void *ptr, size_t len)
{
    if (sse->is_over)
        return -YOKE_EANSWERED;
    sse->was_silent = false;
    return yoke_res_write(sse->res, ptr, len);
}

static bool is_one_line(const char *text)
{
    return !text || !strpbrk(text, "\r\n");
}

ssize_t yoke_sse_write(const struct yoke_sse_event *event, char *out,
                       size_t size)
{
    struct text text = {.at = NULL};
    if (!is_one_line(event->event) || !is_one_line(event->id))
        return -YOKE_EHEADER;
    put_event(&text, event);
    size_t len = text.len;
    if (len <= size) {
        text.at = out;
        put_event(&text, event);
    }
    return (ssize_t)len;
}

ssize_t yoke_sse_send_event(yoke_sse *sse, const struct yoke_sse_event *event)
{
    char small[SMALL_EVENT];
    ssize_t len = yoke_sse_write(event, small, sizeof(small));
    if (len < 0)
        return len;
    if ((size_t)len <= sizeof(small))
        return yoke_sse_send_written(sse, small, (size_t)len);
    /* Not the arena: a stream lives long. */
    char *large = yk_try_alloc((size_t)len);
    if (!large)
        return -ENOMEM;
    yoke_sse_write(event, large, (size_t)len);
    ssize_t waiting = yoke_sse_send_written(sse, large, (size_t)len);
    free(large);
    return waiting;
}

ssize_t yoke_sse_send(yoke_sse *sse, const char *event, const char *data)
{
    return yoke_sse_send_event(
        sse, &(struct yoke_sse_event){.event = event, .data = data});
}

ssize_t yoke_sse_comment(yoke_sse *sse, const char *text)
{
    char line[SMALL_EVENT];
    size_t len = strcspn(text, "\r\n");
    if (len > sizeof(line) - 4)
        len = sizeof(line) - 4;
    int n = snprintf(line, sizeof(line), ":%s%.*s\n\n", len ? " " : "",
                     (int)len, text);
    return n < 0 ? 0 : yoke_sse_send_written(sse, line, (size_t)n);
}

/* ---- What can be asked ---- */

const char *yoke_sse_last_id(const yoke_sse *sse)
{
    return yoke_req_get(sse->res->req, "Last-Event-ID");
}

void yoke_sse_on_close(yoke_sse *sse, void (*fn)(yoke_sse *sse, void *data),
                       void *data)
{
    sse->on_close = fn;
    sse->data = data;
}

yoke_req *yoke_sse_req(const yoke_sse *sse)
{
    return sse->res->req;
}
