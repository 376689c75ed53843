/* What tests of middleware share: an application of one middleware, whose
 * errors are shown by their type. */
#ifndef YK_TESTS_MIDDLEWARE_H
#define YK_TESTS_MIDDLEWARE_H

#include "../unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/yoke.h>

static inline void show_error(const struct yoke_err *err, yoke_req *req,
                              yoke_res *res)
{
    (void)req;
    yoke_res_status(res, err->status);
    yoke_res_text(res, err->type ? err->type : err->message);
}

static inline void answer_ok(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "ok");
}

/* `handler` behind a middleware, for every method and path. */
static inline yoke_app *app_behind(struct yoke_handler middleware,
                                   yoke_fn *handler)
{
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, middleware);
    yoke_app_use(app, handler);
    yoke_app_catch(app, show_error);
    return app;
}

/* Whether to use it is an error of registration. */
static inline bool is_refused(struct yoke_handler middleware)
{
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, middleware);
    bool is_wrong = yoke_app_error(app) != NULL;
    yoke_app_free(app);
    return is_wrong;
}

static inline int be_quiet(void **state)
{
    (void)state;
    yoke_log_set_level(YOKE_LOG_OFF);
    return 0;
}

#endif
