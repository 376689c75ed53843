/* Handlers that leave a trace, for tests of who runs when. */
#ifndef YK_TESTS_APP_HANDLERS_H
#define YK_TESTS_APP_HANDLERS_H

#include "fake_exchange.h"

/* What ran, in order: each handler adds its name. */
static char trace[4096];

static inline void note(const char *name)
{
    size_t len = strlen(trace);
    snprintf(trace + len, sizeof(trace) - len, "%s%s", len ? " " : "", name);
}

/* Notes its data and passes on. */
static inline void pass(yoke_req *req, yoke_res *res)
{
    (void)res;
    note(yoke_data(req));
    yoke_next(req);
}

/* Notes its data and answers with the trace. */
static inline void answer(yoke_req *req, yoke_res *res)
{
    note(yoke_data(req));
    yoke_res_text(res, trace);
}

static inline void leave_route(yoke_req *req, yoke_res *res)
{
    (void)res;
    note(yoke_data(req));
    yoke_next_route(req);
}

static inline void leave_router(yoke_req *req, yoke_res *res)
{
    (void)res;
    note(yoke_data(req));
    yoke_next_router(req);
}

static inline void raise_error(yoke_req *req, yoke_res *res)
{
    (void)res;
    note(yoke_data(req));
    yoke_next_err(req, 418, "no %s here", "coffee");
}

static inline void show_error(const struct yoke_err *err, yoke_req *req,
                              yoke_res *res)
{
    (void)req;
    yoke_res_status(res, err->status);
    yoke_res_text(res, err->message);
}

static inline void rename_error(const struct yoke_err *err, yoke_req *req,
                                yoke_res *res)
{
    (void)res;
    note("renamed");
    yoke_next_err(req, 409, "%s!", err->message);
}

static inline void forgive(const struct yoke_err *err, yoke_req *req,
                           yoke_res *res)
{
    (void)err;
    (void)res;
    note("forgiven");
    yoke_next(req);
}

#define PASS(name)   yoke_with(pass, (void *)(uintptr_t)(name), NULL)
#define ANSWER(name) yoke_with(answer, (void *)(uintptr_t)(name), NULL)
#define ROUTE(name)  yoke_with(leave_route, (void *)(uintptr_t)(name), NULL)
#define ROUTER(name) yoke_with(leave_router, (void *)(uintptr_t)(name), NULL)
#define RAISE(name)  yoke_with(raise_error, (void *)(uintptr_t)(name), NULL)

static inline int fresh(void **state)
{
    trace[0] = '\0';
    *state = yoke_app_new();
    return 0;
}

static inline int done(void **state)
{
    yoke_app_free(*state);
    return 0;
}

/* expect() with a fresh trace. */
static inline void expect_trace(yoke_app *app, const char *start, int status,
                                const char *body)
{
    trace[0] = '\0';
    expect(app, start, status, body);
}

/* A test with an empty application as its state. */
#define APP_TEST(name) cmocka_unit_test_setup_teardown(name, fresh, done)

#endif
