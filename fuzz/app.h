/* The application that h1_conn.c puts behind the connection it fuzzes. It has
 * no routes: the path of a request says, letter by letter, what is to be done
 * with it, so that the fuzzer writes programs.
 *
 *     r   read the body             s S   send a short, a long answer
 *     p   pause the body            w W   write a short, a long piece
 *     u   let it come again         z     write nothing: the head alone
 *     a   await its end             l L   promise a length before writing
 *     d   await on_drain            e     end the answer
 *     h   go on in a later turn     f F   a field more, many long fields
 *     c   end in on_close           i     a field that must be refused
 *     v   leave: the client has     3 4 5 status 304, 204, 500
 *         all, the exchange goes on
 *
 * Other bytes do nothing, and an answer that was not ended at the path's end is
 * ended there. What was promised to the application (each callback in its
 * place, none from inside a call, on_finish once and last, the head where it
 * was) is checked here; what was sent, in h1_conn.c. */
#ifndef YK_FUZZ_APP_H
#define YK_FUZZ_APP_H

#include <errno.h>
#include <stdbool.h>

#include <yoke/error.h>

#include "core/list.h"
#include "fuzz.h"
#include "http/exchange.h"
#include "http/h1_state.h"
#include "test/bytes.h"
#include "wire.h"

/* Fewer fields of this length than `F` adds do not fit into a block. */
#define APP_LONG_FIELD  1000
#define APP_LONG_FIELDS 40
/* Long enough to be offered to the transport without a copy, and to be more
 * than the connection may queue when there are a few of them. */
#define APP_LONG_BODY   20000

struct app {
    const struct wire *wire; /* The connection. */
    struct yk_list visits;   /* In the order in which they came. */
    bool is_calling;         /* In a call that must not call back. */
    bool has_broken_promise;
};

enum app_wait {
    APP_RUNS,
    APP_WAITS_FOR_TURN,
    APP_WAITS_FOR_BODY,
    APP_WAITS_FOR_DRAIN,
};

/* One exchange, and what remains of it. */
struct visit {
    struct yk_list node; /* In app->visits. */
    struct app *app;
    struct yk_exchange *x; /* NULL after on_finish. */
    enum app_wait wait;
    uint16_t at; /* Next letter of the path. */
    bool ends_on_close;

    /* The request. */
    uint64_t digest; /* Of the head. */
    bool is_head, is_http10, wants_close, expects_continue;
    struct yk_bytes body;
    bool is_end_told, is_close_told;
    bool is_body_complete;
    bool is_aborted;
    size_t end; /* Of a complete body: where it ends in the text. */

    /* The answer. */
    bool has_head;          /* Its head was queued, with... */
    int status;             /* ...this status. */
    bool is_heard;          /* It was ended while the client was there. */
    bool has_left;          /* By yk_exchange_leave. */
    struct yk_bytes answer; /* The body that was queued. */
};

/* ---- The head, which must stay as it was ---- */

static inline uint64_t app_digest_bytes(uint64_t digest, struct yk_slice bytes)
{
    /* FNV-1a; the length keeps the strings apart. */
    for (size_t i = 0; i < bytes.len; i++)
        digest = (digest ^ (unsigned char)bytes.ptr[i]) * 0x100000001b3;
    return (digest ^ bytes.len) * 0x100000001b3;
}

static inline uint64_t app_digest(const struct yk_request *req)
{
    uint64_t digest = 0xcbf29ce484222325;
    digest = app_digest_bytes(digest, yk_request_slice(req, req->method));
    digest = app_digest_bytes(digest, yk_request_slice(req, req->target));
    digest = app_digest_bytes(digest, yk_request_slice(req, req->host));
    for (uint16_t i = 0; i < req->field_count; i++) {
        const struct yk_field *field = &req->fields[i];
        digest = app_digest_bytes(digest, yk_request_slice(req, field->name));
        digest = app_digest_bytes(digest, yk_request_slice(req, field->value));
    }
    return digest;
}

/* ---- Answering ---- */

static inline bool app_is_bodiless(const struct visit *v)
{
    return v->is_head || v->status == 204 || v->status == 304;
}

/* Notes what has been queued; `was_heard` says that the client was there. */
static inline void app_note(struct visit *v, bool was_heard, const char *ptr,
                            size_t len)
{
    if (!was_heard)
        return;
    if (!v->has_head)
        v->status = v->x->status;
    v->has_head = true;
    if (!app_is_bodiless(v))
        yk_bytes_append(&v->answer, ptr, len);
}

static inline void app_send(struct visit *v, const char *ptr, size_t len)
{
    struct yk_exchange *x = v->x;
    bool was_open = !x->is_ended && !x->is_head_sent;
    bool was_heard = !x->is_aborted;

    v->app->is_calling = true;
    int err = yk_exchange_send(x, ptr, len);
    v->app->is_calling = false;
    MUST(err == (was_open ? 0 : -YOKE_EANSWERED), "what send returns");
    MUST(err || x->is_ended, "send ends the answer");
    if (err)
        return;
    app_note(v, was_heard, ptr, len);
    v->is_heard = was_heard;
}

static inline void app_write(struct visit *v, const char *ptr, size_t len)
{
    struct yk_exchange *x = v->x;
    bool was_ended = x->is_ended || x->has_left, was_heard = !x->is_aborted;

    v->app->is_calling = true;
    ssize_t queued = yk_exchange_write(x, ptr, len);
    v->app->is_calling = false;
    if (was_ended)
        MUST(queued == -YOKE_EANSWERED, "nothing is written behind the end");
    else if (!was_heard)
        MUST(queued == -YOKE_ECLOSED, "nothing is written to nobody");
    else if (queued < 0)
        MUST(queued == -YOKE_ELENGTH || queued == -YOKE_EFULL,
             "why write fails");
    else
        app_note(v, true, ptr, len);
}

static inline void app_end(struct visit *v)
{
    struct yk_exchange *x = v->x;
    bool was_ended = x->is_ended, was_heard = !x->is_aborted;

    v->app->is_calling = true;
    int err = yk_exchange_end(x);
    v->app->is_calling = false;
    MUST(x->is_ended, "end ends the answer");
    if (was_ended) {
        MUST(err == -YOKE_EANSWERED, "an answer ends once");
        return;
    }
    if (v->has_left) {
        MUST(err == 0, "what was left is ended quietly");
        return;
    }
    MUST(err == 0 || err == -YOKE_ELENGTH, "what end returns");
    v->app->has_broken_promise |= err != 0;
    app_note(v, was_heard, "", 0);
    v->is_heard = was_heard && err == 0;
}

/* Whether as much has been written as was promised. */
static inline bool app_keeps_promise(const struct visit *v)
{
    const struct yk_exchange *x = v->x;
    return app_is_bodiless(v) || x->content_length < 0 ||
           (uint64_t)x->content_length == x->body_len;
}

static inline void app_leave(struct visit *v)
{
    struct yk_exchange *x = v->x;
    if (!x->is_head_sent) {
        x->closes = true;
        app_write(v, NULL, 0);
    }
    if (x->is_ended || x->is_aborted || x->has_left || !x->is_head_sent)
        return;
    v->app->is_calling = true;
    yk_exchange_leave(x);
    v->app->is_calling = false;
    v->has_left = true;
    v->is_heard = app_keeps_promise(v);
    v->app->has_broken_promise |= !v->is_heard;
}

static inline void app_add_field(struct visit *v, struct yk_slice value,
                                 int wanted)
{
    int err =
        yk_headers_add(&v->x->headers, v->x->arena, YK_LIT("X-Field"), value);
    MUST(err == wanted || err == -YOKE_ETOOLARGE, "adding a field");
}

static inline void app_add_long_fields(struct visit *v)
{
    char value[APP_LONG_FIELD];
    memset(value, 'v', sizeof(value));
    for (int i = 0; i < APP_LONG_FIELDS; i++)
        app_add_field(v, (struct yk_slice){value, sizeof(value)}, 0);
}

/* ---- The path as a program ---- */

static inline void app_read(struct visit *v)
{
    bool was_started = v->x->body_state != YK_READ_NOT_STARTED;
    v->app->is_calling = true;
    int err = yk_exchange_read(v->x);
    v->app->is_calling = false;
    MUST(err == (was_started ? -EALREADY : 0), "a body is read once");
}

static inline void app_resume(struct visit *v)
{
    v->app->is_calling = true;
    yk_exchange_resume(v->x);
    v->app->is_calling = false;
}

/* Letters that write. */
static inline bool app_do_output(struct visit *v, char letter)
{
    static char long_body[APP_LONG_BODY];
    switch (letter) {
    case 's':
        app_send(v, "hello", 5);
        return true;
    case 'S':
        app_send(v, long_body, sizeof(long_body));
        return true;
    case 'w':
        app_write(v, "piece\n", 6);
        return true;
    case 'W':
        app_write(v, long_body, sizeof(long_body));
        return true;
    case 'z':
        app_write(v, NULL, 0);
        return true;
    case 'e':
        app_end(v);
        return true;
    case 'v':
        app_leave(v);
        return true;
    }
    return false;
}

/* Letters that say what the head will be; too late when it has been sent. */
static inline void app_do_head(struct visit *v, char letter)
{
    struct yk_exchange *x = v->x;
    if (x->is_head_sent || x->is_ended)
        return;
    switch (letter) {
    case 'l':
        x->content_length = 12;
        return;
    case 'L':
        x->content_length = 2 * APP_LONG_BODY;
        return;
    case '3':
        x->status = 304;
        return;
    case '4':
        x->status = 204;
        return;
    case '5':
        x->status = 500;
        return;
    case 'f':
        app_add_field(v, YK_LIT("value"), 0);
        return;
    case 'F':
        app_add_long_fields(v);
        return;
    case 'i':
        app_add_field(v, YK_LIT("a\r\nSet-Cookie: b"), -YOKE_EHEADER);
        return;
    }
}

static inline void app_do(struct visit *v, char letter)
{
    struct yk_exchange *x = v->x;
    switch (letter) {
    case 'r':
        app_read(v);
        return;
    case 'p':
        yk_exchange_pause(x);
        return;
    case 'u':
        app_resume(v);
        return;
    case 'a':
        if (x->body_state == YK_READ_STARTED)
            v->wait = APP_WAITS_FOR_BODY;
        return;
    case 'd':
        v->wait = APP_WAITS_FOR_DRAIN;
        return;
    case 'h':
        v->wait = APP_WAITS_FOR_TURN;
        return;
    case 'c':
        v->ends_on_close = true;
        return;
    default:
        if (!app_do_output(v, letter))
            app_do_head(v, letter);
    }
}

/* Goes on with the path until it has to wait, or the answer is ended. */
static inline void app_run(struct visit *v)
{
    struct yk_exchange *x = v->x;
    v->wait = APP_RUNS;
    while (v->wait == APP_RUNS && !x->is_ended) {
        const struct yk_request *req = x->request;
        if (v->at < req->path_len)
            app_do(v, yk_request_slice(req, req->target).ptr[v->at++]);
        else
            app_end(v);
    }
}

/* ---- What the protocol calls ---- */

static inline struct visit *app_visit_of(struct yk_exchange *x)
{
    struct visit *v = x->owner;
    MUST(v->x == x, "on_finish is the last callback");
    MUST(!v->app->is_calling, "no call calls back");
    return v;
}

static inline void app_on_data(struct yk_exchange *x, const char *ptr,
                               size_t len)
{
    struct visit *v = app_visit_of(x);
    MUST(len > 0, "a piece is not empty");
    MUST(x->body_state == YK_READ_STARTED, "only who reads gets data");
    MUST(!x->is_paused, "no data while paused");
    MUST(!x->is_ended, "no data behind the end of the answer");
    MUST(!v->is_end_told, "no data behind on_end");
    yk_bytes_append(&v->body, ptr, len);
    if (x->request->body == YK_BODY_LENGTH)
        MUST(v->body.len <= x->request->content_length, "too much body");
}

static inline void app_on_end(struct yk_exchange *x, int err)
{
    struct visit *v = app_visit_of(x);
    MUST(!v->is_end_told, "on_end comes once");
    MUST(!x->is_ended, "no on_end behind the end of the answer");
    MUST(err == 0 || err == -YOKE_ECLOSED || err == -EPROTO ||
             err == -ETIMEDOUT,
         "why a body ends");
    MUST((err != 0) == x->is_aborted, "a body that fails ends the exchange");
    MUST(err || !x->is_paused, "no on_end while paused");
    v->is_end_told = true;
    v->is_body_complete = err == 0;
    v->end =
        v->app->wire->memory.in_taken - yk_h1_input_len(v->app->wire->conn);
    if (err == 0 && x->request->body != YK_BODY_CHUNKED)
        MUST(v->body.len == x->request->content_length, "the body is whole");
    if (v->wait == APP_WAITS_FOR_BODY)
        app_run(v);
}

static inline void app_on_close(struct yk_exchange *x)
{
    struct visit *v = app_visit_of(x);
    MUST(!v->is_close_told, "on_close comes once");
    MUST(!x->is_ended, "no on_close behind the end of the answer");
    v->is_close_told = true;
    v->is_aborted = x->is_aborted && !v->has_left;
    if (v->ends_on_close)
        app_end(v);
}

static inline void app_on_drain(struct yk_exchange *x)
{
    struct visit *v = app_visit_of(x);
    MUST(!x->is_ended, "no on_drain behind the end of the answer");
    MUST(x->is_head_sent, "on_drain follows a write");
    if (v->wait == APP_WAITS_FOR_DRAIN)
        app_run(v);
}

static inline void app_on_timeout(struct yk_exchange *x)
{
    struct visit *v = app_visit_of(x);
    MUST(!x->is_head_sent && !x->is_ended, "503 can still be answered");
    x->status = 503;
    app_send(v, "late", 4);
}

static inline void app_on_finish(struct yk_exchange *x)
{
    struct visit *v = app_visit_of(x);
    MUST(x->is_ended, "what is finished has been ended");
    MUST(app_digest(x->request) == v->digest, "the head has not changed");
    v->x = NULL;
}

static const struct yk_exchange_events app_events = {
    .on_data = app_on_data,
    .on_end = app_on_end,
    .on_close = app_on_close,
    .on_drain = app_on_drain,
    .on_timeout = app_on_timeout,
    .on_finish = app_on_finish,
};

static inline void app_on_request(struct yk_exchange *x, void *data)
{
    const struct yk_request *req = x->request;
    struct visit *v = calloc(1, sizeof(*v));
    if (!v)
        abort();
    *v = (struct visit){
        .app = data,
        .x = x,
        .digest = app_digest(req),
        .is_head = req->is_head,
        .is_http10 = req->minor == 0,
        .wants_close = req->wants_close,
        .expects_continue = req->expects_continue,
    };
    MUST(!v->app->is_calling, "no call calls back");
    MUST(yk_list_is_empty(&v->app->visits) ||
             !YK_CONTAINER_OF(v->app->visits.prev, struct visit, node)->x,
         "one exchange at a time");
    yk_list_add(&v->app->visits, &v->node);
    x->owner = v;
    x->events = &app_events;
    app_run(v);
}

/* ---- The whole ---- */

static inline void app_init(struct app *app, const struct wire *wire)
{
    *app = (struct app){.wire = wire};
    yk_list_init(&app->visits);
}

/* The exchange that is open, or NULL: there is one at most. */
static inline struct visit *app_open_visit(const struct app *app)
{
    struct visit *v = YK_CONTAINER_OF(app->visits.prev, struct visit, node);
    return yk_list_is_empty(&app->visits) || !v->x ? NULL : v;
}

/* A turn of the loop: goes on with what has waited for one. */
static inline bool app_turn(struct app *app)
{
    struct visit *v = app_open_visit(app);
    if (!v || v->wait != APP_WAITS_FOR_TURN || v->x->is_ended)
        return false;
    app_run(v);
    return true;
}

/* Ends what is open, whatever it waits for. */
static inline bool app_give_up(struct app *app)
{
    struct visit *v = app_open_visit(app);
    if (!v || v->x->is_ended)
        return false;
    app_end(v);
    return true;
}

static inline void app_done(struct app *app)
{
    struct yk_list *node;
    while ((node = yk_list_take(&app->visits))) {
        struct visit *v = YK_CONTAINER_OF(node, struct visit, node);
        MUST(!v->x, "every exchange gets its on_finish");
        yk_bytes_done(&v->body);
        yk_bytes_done(&v->answer);
        free(v);
    }
}

#endif
