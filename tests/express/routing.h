/* Handlers for the ports of Express's tests of routing. Those with a name for
 * data leave a trace, "a b c", in the request. */
#ifndef YK_TESTS_EXPRESS_ROUTING_H
#define YK_TESTS_EXPRESS_ROUTING_H

#include "express.h"

static inline void leave_trace(yoke_req *req)
{
    const char *before = yoke_req_get_data(req), *name = yoke_data(req);
    if (name)
        yoke_req_set_data(req,
                          yoke_req_printf(req, "%s%s%s", before ? before : "",
                                          before ? " " : "", name));
}

static inline void pass(yoke_req *req, yoke_res *res)
{
    (void)res;
    leave_trace(req);
    yoke_next(req);
}

/* Answers with the trace. */
static inline void answer(yoke_req *req, yoke_res *res)
{
    leave_trace(req);
    express_show(res, yoke_req_get_data(req));
}

static inline void leave_route(yoke_req *req, yoke_res *res)
{
    (void)res;
    leave_trace(req);
    yoke_next_route(req);
}

static inline void leave_router(yoke_req *req, yoke_res *res)
{
    (void)res;
    leave_trace(req);
    yoke_next_router(req);
}

static inline void raise_error(yoke_req *req, yoke_res *res)
{
    (void)res;
    leave_trace(req);
    yoke_next_err(req, 500, "boom");
}

static inline void catch_answer(const struct yoke_err *err, yoke_req *req,
                                yoke_res *res)
{
    leave_trace(req);
    yoke_res_status(res, err->status);
    yoke_res_text(res,
                  yoke_req_printf(req, "%s: %s", (char *)yoke_req_get_data(req),
                                  err->message));
}

static inline void catch_pass(const struct yoke_err *err, yoke_req *req,
                              yoke_res *res)
{
    (void)err;
    (void)res;
    leave_trace(req);
    yoke_next(req);
}

static inline void catch_raise(const struct yoke_err *err, yoke_req *req,
                               yoke_res *res)
{
    (void)res;
    leave_trace(req);
    yoke_next_err(req, err->status, "%s again", err->message);
}

#define DATA(name)        (void *)(uintptr_t)(name)
#define PASS(name)        yoke_with(pass, DATA(name), NULL)
#define ANSWER(name)      yoke_with(answer, DATA(name), NULL)
#define ROUTE(name)       yoke_with(leave_route, DATA(name), NULL)
#define ROUTER(name)      yoke_with(leave_router, DATA(name), NULL)
#define RAISE(name)       yoke_with(raise_error, DATA(name), NULL)
#define CATCH(name)       yoke_catch_with(catch_answer, DATA(name), NULL)
#define CATCH_PASS(name)  yoke_catch_with(catch_pass, DATA(name), NULL)
#define CATCH_RAISE(name) yoke_catch_with(catch_raise, DATA(name), NULL)

/* Answers with every param, "name=value name=value". */
static inline void show_params(yoke_req *req, yoke_res *res)
{
    const char *name, *value, *text = "";
    for (size_t i = 0; yoke_req_param_at(req, i, &name, &value); i++)
        text =
            yoke_req_printf(req, "%s%s%s=%s", text, i ? " " : "", name, value);
    yoke_res_text(res, text);
}

/* Answers with "base url|url|original url". */
static inline void show_url(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_printf(req, "%s|%s|%s", yoke_req_base_url(req),
                                       yoke_req_url(req),
                                       yoke_req_original_url(req)));
}

static inline void show_method(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_method(req));
}

#endif
