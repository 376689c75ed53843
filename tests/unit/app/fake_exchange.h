/* An exchange without a connection: what the application is handed in its
 * tests, and what it did with it.
 *
 *     struct fake *f = fake_new("GET /users/7?x=1", "Accept: text/plain\r\n");
 *     fake_run(f, app);
 *     assert_int_equal(f->x.status, 200);
 *     assert_string_equal(f->body, "ada");
 *     fake_free(f);
 *
 * It behaves as the contract in http/exchange.h says: callbacks come only from
 * the functions here, which stand for the loop; and when the answer has been
 * ended and control is back at the loop (fake_settle), the memory of the
 * request is really gone, so that a sanitizer sees whoever still looks. */
#ifndef YK_TESTS_APP_FAKE_EXCHANGE_H
#define YK_TESTS_APP_FAKE_EXCHANGE_H

#include "../unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>
#include <yoke/listen.h>
#include <yoke/log.h>
#include <yoke/yoke.h>

#include "app/handle.h"
#include "http/exchange.h"
#include "http/h1_parse.h"
#include "net/peer.h"

struct fake {
    struct yk_exchange x;
    struct yk_h1_head head;
    char *input; /* The head's bytes, exactly as long. */
    struct yk_blocks pool;
    struct yk_arena arena;
    struct yk_headers trailers;
    struct yk_peer peer;
    struct yoke_limits limits;

    char *body;         /* What was sent; NULL: nothing. */
    size_t body_len;    /* Its length. */
    int send_count;     /* Whole answers. */
    int piece_count;    /* Pieces. */
    bool is_ended;      /* Also after the exchange is gone. */
    bool is_cut;        /* The client sees that there is more. */
    bool has_left;      /* The answer is whole before the exchange ends. */
    bool was_read;      /* The body was asked for. */
    bool is_settled;    /* The exchange is gone. */
    char headers[2048]; /* The answer's head: "Name: value\n" ... */
    int status;
    ssize_t write_result; /* What a piece gives; 0: its length. */
};

/* ---- The log ---- */

/* The lines that were logged since the last fake_new. */
static char fake_log[8192];

static inline void fake_log_line(enum yoke_log_level level, const char *line,
                                 void *data)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    size_t len = strlen(fake_log);
    (void)data;
    snprintf(fake_log + len, sizeof(fake_log) - len, "%s: %s\n", names[level],
             line);
}

static inline void assert_logged(const char *part)
{
    if (!strstr(fake_log, part))
        fail_msg("\"%s\" is not in the log:\n%s", part, fake_log);
}

static inline void assert_not_logged(void)
{
    assert_string_equal(fake_log, "");
}

/* ---- The exchange's functions ---- */

static inline struct fake *fake_of(struct yk_exchange *x)
{
    return (struct fake *)x;
}

static inline void fake_append(struct fake *f, const void *ptr, size_t len)
{
    f->body = realloc(f->body, f->body_len + len + 1);
    memcpy(f->body + f->body_len, ptr, len);
    f->body_len += len;
    f->body[f->body_len] = '\0';
}

static inline void fake_send_head(struct fake *f)
{
    size_t len = 0;
    f->x.is_head_sent = true;
    f->status = f->x.status;
    for (uint32_t i = 0; i < f->x.headers.count; i++) {
        const struct yk_header *h = &f->x.headers.items[i];
        len += (size_t)snprintf(f->headers + len, sizeof(f->headers) - len,
                                "%.*s: %.*s\n", (int)h->name.len, h->name.ptr,
                                (int)h->value.len, h->value.ptr);
    }
}

static inline int fake_send(struct yk_exchange *x, const void *ptr, size_t len)
{
    struct fake *f = fake_of(x);
    fake_send_head(f);
    fake_append(f, ptr, len);
    x->body_len = len;
    x->is_ended = f->is_ended = true;
    f->send_count++;
    return 0;
}

static inline ssize_t fake_write(struct yk_exchange *x, const void *ptr,
                                 size_t len)
{
    struct fake *f = fake_of(x);
    if (!x->is_head_sent)
        fake_send_head(f);
    fake_append(f, ptr, len);
    x->body_len += len;
    f->piece_count++;
    return f->write_result ? f->write_result : (ssize_t)len;
}

static inline void fake_cut(struct yk_exchange *x)
{
    fake_of(x)->is_cut = x->is_aborted = true;
}

static inline void fake_leave(struct yk_exchange *x)
{
    fake_of(x)->has_left = true;
}

static inline int fake_end(struct yk_exchange *x)
{
    struct fake *f = fake_of(x);
    if (!x->is_head_sent)
        return fake_send(x, "", 0);
    x->is_ended = f->is_ended = true;
    f->is_cut |=
        x->content_length >= 0 && x->body_len < (uint64_t)x->content_length;
    return 0;
}

static inline void fake_read(struct yk_exchange *x)
{
    fake_of(x)->was_read = true;
}

static inline void fake_resume(struct yk_exchange *x)
{
    (void)x;
}

static const struct yk_exchange_ops fake_ops = {
    .send = fake_send,
    .write = fake_write,
    .end = fake_end,
    .cut = fake_cut,
    .leave = fake_leave,
    .read = fake_read,
    .resume = fake_resume,
};

/* ---- Life ---- */

static inline void fake_parse(struct fake *f, const char *start,
                              const char *fields)
{
    char text[16384];
    bool has_host = strstr(fields, "Host:") != NULL;
    int len = snprintf(text, sizeof(text), "%s HTTP/1.1\r\n%s%s\r\n", start,
                       has_host ? "" : "Host: test\r\n", fields);
    f->input = malloc((size_t)len);
    memcpy(f->input, text, (size_t)len);
    yk_h1_head_init(&f->head);
    int used = yk_h1_head_parse(&f->head, &f->limits, f->input, (size_t)len);
    if (used != len)
        fail_msg("not a request: %s", text);
}

/* A request: "GET /path", and its fields. */
static inline struct fake *fake_new(const char *start, const char *fields)
{
    struct fake *f = calloc(1, sizeof(*f));
    f->limits = (struct yoke_limits){
        .max_target_len = 8192,
        .max_head_len = 16384,
        .max_fields = 100,
        .max_line_len = 8192,
        .max_body_len = 1000,
    };
    fake_parse(f, start, fields);
    yk_blocks_init(&f->pool, 4096, 0);
    yk_arena_init(&f->arena, &f->pool);
    yk_peer_parse(&f->peer, "127.0.0.1");
    f->x = (struct yk_exchange){
        .request = &f->head.request,
        .trailers = &f->trailers,
        .arena = &f->arena,
        .peer = &f->peer,
        .limits = &f->limits,
        .ops = &fake_ops,
        .status = 200,
        .content_length = -1,
    };
    fake_log[0] = '\0';
    yoke_log_set_sink(fake_log_line, NULL);
    return f;
}

/* Control is back at the loop: what has been ended is gone. */
static inline void fake_settle(struct fake *f)
{
    if (!f->x.is_ended || f->is_settled)
        return;
    if (f->x.events && f->x.events->on_finish)
        f->x.events->on_finish(&f->x);
    f->is_settled = true;
    yk_arena_clear(&f->arena);
    free(f->input);
    f->input = NULL;
}

/* Hands the request to the application, which has been prepared or has no
 * error. */
static inline void fake_run(struct fake *f, yoke_app *app)
{
    const char *error = yk_app_prepare(app);
    if (error)
        fail_msg("%s", error);
    yk_app_handle(&f->x, app);
    fake_settle(f);
}

static inline void fake_free(struct fake *f)
{
    if (!f->is_settled)
        fail_msg("the exchange was never ended");
    yk_blocks_done(&f->pool);
    free(f->body);
    free(f);
    yoke_log_set_sink(NULL, NULL);
}

/* ---- What else comes from the loop ---- */

static inline void fake_data(struct fake *f, const char *text)
{
    size_t len = strlen(text);
    char *piece = malloc(len); /* Exactly as long, and gone afterwards. */
    memcpy(piece, text, len);
    f->x.events->on_data(&f->x, piece, len);
    free(piece);
    fake_settle(f);
}

static inline void fake_data_end(struct fake *f, int err)
{
    f->x.body_state = YK_READ_DONE;
    if (err < 0)
        f->x.is_aborted = true;
    f->x.events->on_end(&f->x, err);
    fake_settle(f);
}

static inline void fake_close(struct fake *f)
{
    f->x.is_aborted = true;
    f->x.events->on_close(&f->x);
    fake_settle(f);
}

static inline void fake_timeout(struct fake *f)
{
    f->x.events->on_timeout(&f->x);
    fake_settle(f);
}

/* The answer's head has this line. */
static inline void assert_header(const struct fake *f, const char *line)
{
    char wanted[512];
    snprintf(wanted, sizeof(wanted), "%s\n", line);
    if (!strstr(f->headers, wanted))
        fail_msg("\"%s\" is not among the headers:\n%s", line, f->headers);
}

static inline void assert_no_header(const struct fake *f, const char *name)
{
    if (strstr(f->headers, name))
        fail_msg("\"%s\" is among the headers:\n%s", name, f->headers);
}

/* One request, whole: status and body. */
static inline void expect(yoke_app *app, const char *start, int status,
                          const char *body)
{
    struct fake *f = fake_new(start, "");
    fake_run(f, app);
    if (!f->is_ended || f->status != status || strcmp(f->body, body) != 0)
        fail_msg("%s: expected %d \"%s\", got %d \"%s\"", start, status, body,
                 f->status, f->body ? f->body : "(no answer)");
    fake_free(f);
}

#endif
