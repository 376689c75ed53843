/* What the ports of Express's own tests share. A file here stands for one file
 * of theirs, which its first comment names; the scenarios are theirs, the words
 * and the code are not. A case is one row:
 *
 *     {"a quality is taken into account", show_type,
 *      .fields = {{"Accept", "text/html;q=.5, application/json"}},
 *      .body = "application/json"},
 *
 * Each row is a test of its own, with its own application and no port. */
#ifndef YK_TESTS_EXPRESS_H
#define YK_TESTS_EXPRESS_H

#include "../unit/unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/yoke.h>

#define FIELDS_MAX 8

struct express_case {
    const char *name;
    yoke_fn *handler;               /* Gets every request, unless
                                        prepare adds routes of its own. */
    void (*prepare)(yoke_app *app); /* Before the handler; may be NULL. */
    const char *method;             /* NULL: GET */
    const char *path;               /* NULL: "/" */
    const char *fields[FIELDS_MAX][2];
    const char *sent; /* The request's body; NULL: none. */
    int status;       /* 0: 200 */
    const char *body; /* NULL: not looked at. */
    const char *has;  /* A part of the body; NULL: not looked at. */
    const char *answered[FIELDS_MAX][2]; /* Fields of the answer; value NULL:
                                            there is no such field. */
    const void *data;                    /* The handler's, by `yoke_data`. */
};

static inline yoke_tr *express_ask(yoke_test *t, const struct express_case *c)
{
    yoke_tr *r = yoke_test_request(t, c->method ? c->method : "GET",
                                   c->path ? c->path : "/");
    for (size_t i = 0; i < FIELDS_MAX && c->fields[i][0]; i++)
        yoke_tr_set(r, c->fields[i][0], c->fields[i][1]);
    if (c->sent)
        yoke_tr_body(r, c->sent);
    return r;
}

static inline void express_look(yoke_tr *r, const struct express_case *c)
{
    yoke_expect_status(r, c->status ? c->status : 200);
    for (size_t i = 0; i < FIELDS_MAX && c->answered[i][0]; i++) {
        if (c->answered[i][1])
            yoke_expect_header(r, c->answered[i][0], c->answered[i][1]);
        else
            yoke_expect_no_header(r, c->answered[i][0]);
    }
    if (c->body)
        yoke_expect_body(r, c->body);
    if (c->has)
        yoke_expect_body_has(r, c->has);
}

static inline void express_run_case(void **state)
{
    const struct express_case *c = *state;
    yoke_app *app = yoke_app_new();
    if (c->prepare)
        c->prepare(app);
    if (c->handler)
        yoke_app_use(app,
                     yoke_with(c->handler, (void *)(uintptr_t)c->data, NULL));
    yoke_test *t = yoke_test_new(app);
    express_look(express_ask(t, c), c);
    yoke_test_free(t);
}

/* Runs a test for each row of `size` bytes, which begins with its name; what
 * main returns. */
static inline int express_run_rows(const char *group, CMUnitTestFunction run,
                                   const void *rows, size_t size, size_t n)
{
    struct CMUnitTest *tests = calloc(n, sizeof(*tests));
    yoke_log_set_level(YOKE_LOG_OFF);
    yoke_test_on_fail(_fail);
    for (size_t i = 0; i < n; i++) {
        const char *row = (const char *)rows + i * size;
        tests[i] = (struct CMUnitTest){
            .name = *(const char *const *)(const void *)row,
            .test_func = run,
            .initial_state = (void *)(uintptr_t)row,
        };
    }
    int failed = _cmocka_run_group_tests(group, tests, n, NULL, NULL);
    free(tests);
    return failed;
}

/* Runs a table; what main returns. */
static inline int express_run(const char *group,
                              const struct express_case *cases, size_t n)
{
    return express_run_rows(group, express_run_case, cases, sizeof(*cases), n);
}

#define EXPRESS_MAIN(group)                                                    \
    int main(void)                                                             \
    {                                                                          \
        return express_run(group, cases, COUNT_OF(cases));                     \
    }

/* ---- The same of several kinds, of every method ---- */

/* A way to make an application, of which all cases of a table hold. */
struct express_kind {
    const char *name;
    void (*prepare)(yoke_app *app);
};

/* Runs each case with each kind: "kind: case". */
static inline int express_run_each(const char *group,
                                   const struct express_kind *kinds,
                                   size_t kind_count,
                                   const struct express_case *cases, size_t n)
{
    struct express_case *all = calloc(kind_count * n, sizeof(*all));
    char(*names)[128] = calloc(kind_count * n, sizeof(*names));
    for (size_t i = 0; i < kind_count * n; i++) {
        const struct express_kind *kind = &kinds[i / n];
        all[i] = cases[i % n];
        snprintf(names[i], sizeof(names[i]), "%s: %s", kind->name, all[i].name);
        all[i].name = names[i];
        all[i].prepare = kind->prepare;
    }
    int failed = express_run(group, all, kind_count * n);
    free(names);
    free(all);
    return failed;
}

/* The methods of Node but CONNECT, of which Express's tests make a case each.
 * HEAD has no body and stands alone. */
#define METHODS_WITH_BODY(each)                                                \
    each("ACL"), each("BIND"), each("CHECKOUT"), each("COPY"), each("DELETE"), \
        each("GET"), each("LINK"), each("LOCK"), each("M-SEARCH"),             \
        each("MERGE"), each("MKACTIVITY"), each("MKCALENDAR"), each("MKCOL"),  \
        each("MOVE"), each("NOTIFY"), each("OPTIONS"), each("PATCH"),          \
        each("POST"), each("PROPFIND"), each("PROPPATCH"), each("PURGE"),      \
        each("PUT"), each("QUERY"), each("REBIND"), each("REPORT"),            \
        each("SEARCH"), each("SOURCE"), each("SUBSCRIBE"), each("TRACE"),      \
        each("UNBIND"), each("UNLINK"), each("UNLOCK"), each("UNSUBSCRIBE")

/* ---- What a table prepares, and answers ---- */

static inline void trust_all(yoke_app *app)
{
    yoke_app_enable(app, "trust proxy");
}

/* Somebody whom no request here comes from. */
static inline void trust_another(yoke_app *app)
{
    yoke_app_set_str(app, "trust proxy", "10.0.0.1");
}

static inline void trust_one(yoke_app *app)
{
    yoke_app_set_int(app, "trust proxy", 1);
}

/* Answers with a text, or "(none)" for NULL. */
static inline void express_show(yoke_res *res, const char *text)
{
    yoke_res_text(res, text ? text : "(none)");
}

#endif
