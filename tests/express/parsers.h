/* What the ports of Express's tests of body parsers share: a row is a request
 * with a body, and what has become of it. Rows that are answered 200 are sent
 * in every way of cutting them in two, too. */
#ifndef YK_TESTS_PARSERS_H
#define YK_TESTS_PARSERS_H

#include "express.h"

#include <jansson.h>

/* ---- Rows ---- */

struct parser_case {
    const char *name;
    struct yoke_body_options options;
    const char *type;   /* Content-Type; NULL: none. */
    const char *coding; /* Content-Encoding; NULL: none. */
    const char *sent;   /* The body; a "~" stands for `dots` dots. */
    size_t dots;
    const char *hex; /* Or its bytes. */
    bool is_chunked;
    bool has_no_body;  /* Neither length nor chunks. */
    bool is_twice;     /* The parser stands there twice. */
    int status;        /* 0: 200 */
    const char *body;  /* The answer; NULL: not looked at. */
    const char *error; /* The error's type; NULL: not looked at. */
};

/* The file's own: its parser, and a handler that shows what it has read, or ""
 * when it has read nothing. */
static struct yoke_handler make_parser(const struct yoke_body_options *options);
static void show(yoke_req *req, yoke_res *res);

/* ---- Bodies ---- */

static inline size_t from_hex(const char *hex, char *out)
{
    size_t n = 0;
    for (unsigned byte; sscanf(hex + 2 * n, "%2x", &byte) == 1; n++)
        out[n] = (char)byte;
    return n;
}

static inline void send_text(yoke_tr *r, const struct parser_case *c)
{
    const char *tilde = strchr(c->sent, '~');
    size_t before = tilde ? (size_t)(tilde - c->sent) : strlen(c->sent);
    char *text = calloc(1, strlen(c->sent) + c->dots + 1);
    memcpy(text, c->sent, before);
    if (tilde) {
        memset(text + before, '.', c->dots);
        memcpy(text + before + c->dots, tilde + 1, strlen(tilde + 1));
    }
    yoke_tr_body(r, text);
    free(text);
}

static inline void send_hex(yoke_tr *r, const struct parser_case *c)
{
    char bytes[1024];
    assert_true(strlen(c->hex) <= 2 * sizeof(bytes));
    size_t n = from_hex(c->hex, bytes);
    yoke_tr_body_bytes(r, bytes, n);
}

static inline yoke_tr *send_case(yoke_test *t, const struct parser_case *c)
{
    yoke_tr *r = yoke_test_post(t, "/");
    if (c->type)
        yoke_tr_type(r, c->type);
    if (c->coding)
        yoke_tr_set(r, "Content-Encoding", c->coding);
    if (c->hex)
        send_hex(r, c);
    else if (c->sent)
        send_text(r, c);
    if (c->has_no_body)
        yoke_tr_unset(r, "Content-Length");
    if (c->is_chunked)
        yoke_tr_chunked(r, 512);
    return r;
}

/* ---- Running them ---- */

static inline void show_error(const struct yoke_err *err, yoke_req *req,
                              yoke_res *res)
{
    (void)req;
    yoke_res_status(res, err->status);
    yoke_res_set(res, "X-Message", err->message);
    yoke_res_text(res, err->type ? err->type : "(none)");
}

static inline yoke_app *app_for(const struct parser_case *c)
{
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, make_parser(&c->options));
    if (c->is_twice)
        yoke_app_use(app, make_parser(&c->options));
    yoke_app_catch(app, show_error);
    yoke_app_post(app, "/", show);
    return app;
}

static inline void run_parser_case(void **state)
{
    const struct parser_case *c = *state;
    int status = c->status ? c->status : 200;
    yoke_test *t = yoke_test_new(app_for(c));
    yoke_tr *r = send_case(t, c);
    if (status == 200 && yoke_tr_request_len(r) < 400)
        yoke_tr_split_everywhere(r);
    yoke_expect_status(r, status);
    if (c->body)
        yoke_expect_body(r, c->body);
    if (c->error)
        yoke_expect_body(r, c->error);
    yoke_test_free(t);
}

/* Makes tests of the rows; what main returns. */
static inline int run_parser_cases(const char *group,
                                   const struct parser_case *cases, size_t n)
{
    return express_run_rows(group, run_parser_case, cases, sizeof(*cases), n);
}

/* ---- Options that are functions ---- */

static inline bool is_vendor_type(yoke_req *req, void *data)
{
    const char *type = yoke_req_get(req, "Content-Type");
    (void)data;
    return type && strncmp(type, "application/vnd.", 16) == 0;
}

static inline bool is_untyped(yoke_req *req, void *data)
{
    (void)data;
    return !yoke_req_get(req, "Content-Type");
}

/* Nobody is asked about a body that is not there. */
static inline bool must_not_be_asked(yoke_req *req, void *data)
{
    (void)req, (void)data;
    fail_msg("asked for the type of a request without a body");
    return true;
}

/* What a body must not begin with: `data` of the next functions. */
static char first_chars[] = "[{ ";
#define A_BRACKET (&first_chars[0])
#define A_BRACE   (&first_chars[1])
#define A_SPACE   (&first_chars[2])
#define A_NUL     (&first_chars[3])

/* Refuses such a body. */
static inline bool begins_well(yoke_req *req, const char *ptr, size_t len,
                               const char *charset, struct yoke_err *err,
                               void *data)
{
    (void)req, (void)charset, (void)err;
    return len == 0 || *ptr != *(const char *)data;
}

/* The same with an error of its own. */
static inline bool begins_well_or_400(yoke_req *req, const char *ptr,
                                      size_t len, const char *charset,
                                      struct yoke_err *err, void *data)
{
    err->status = 400;
    return begins_well(req, ptr, len, charset, err, data);
}

static inline bool begins_well_or_foo(yoke_req *req, const char *ptr,
                                      size_t len, const char *charset,
                                      struct yoke_err *err, void *data)
{
    err->type = "foo.bar";
    return begins_well(req, ptr, len, charset, err, data);
}

static inline bool must_not_verify(yoke_req *req, const char *ptr, size_t len,
                                   const char *charset, struct yoke_err *err,
                                   void *data)
{
    (void)req, (void)ptr, (void)len, (void)charset, (void)err, (void)data;
    fail_msg("asked to verify a body whose charset is not known");
    return true;
}

#endif
