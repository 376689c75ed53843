#include "app/next.h"

#include <stdarg.h>
#include <string.h>

#include <yoke/value.h>

#include "app/dispatch.h"
#include "app/observe.h"
#include "app/req.h"
#include "core/arena.h"

#include "core/banned.h"

/* Whether the handler may pass on now; a slip is logged. */
static bool may_pass(struct yoke_req *req, const char *what)
{
    if (yk_req_is_answered(req)) {
        if (req->late && !req->is_running)
            yk_res_come_back(&req->res);
        else
            yk_req_log(req, YOKE_LOG_WARN, "%s after the answer", what);
        return false;
    }
    if (req->wish != YK_WISH_NONE || (!req->is_running && !req->is_held)) {
        yk_req_log(req, YOKE_LOG_WARN,
                   "%s, but this layer has passed on "
                   "before",
                   what);
        return false;
    }
    return true;
}

static void pass(struct yoke_req *req, enum yk_wish wish)
{
    req->wish = wish;
    req->has_turn = false;
    if (req->is_running)
        return;
    if (req->is_observed)
        yk_observe_end(req);
    yk_dispatch_run(req);
}

void yoke_next(yoke_req *req)
{
    /* As nearly always: the handler is about to return. */
    if (req->has_turn) {
        req->has_turn = false;
        req->wish = YK_WISH_NEXT;
    } else if (may_pass(req, "yoke_next")) {
        pass(req, YK_WISH_NEXT);
    }
}

void yoke_next_route(yoke_req *req)
{
    if (may_pass(req, "yoke_next_route"))
        pass(req, YK_WISH_ROUTE);
}

void yoke_next_router(yoke_req *req)
{
    if (may_pass(req, "yoke_next_router"))
        pass(req, YK_WISH_ROUTER);
}

/* ---- Errors ---- */

void yk_next_set_error(struct yoke_req *req, const struct yoke_err *what)
{
    struct yoke_err *err = yk_arena_alloc(req->x->arena, sizeof(*err));
    *err = *what;
    req->err = err;
}

/* The error that an error handler has got and hands on as it is, or NULL. */
static const struct yoke_err *known_of(const struct yoke_req *req,
                                       const char *message)
{
    const struct yoke_err *caught = req->caught;
    return caught && strcmp(caught->message, message) == 0 ? caught : NULL;
}

/* Handed on by an error handler it is what it was, unless more is said. */
static void pass_error(struct yoke_req *req, struct yoke_err err)
{
    const struct yoke_err *known = known_of(req, err.message);
    /* Such a handler has nothing new to say. */
    if (!known || known->status != err.status)
        yk_req_log(req, err.status >= 500 ? YOKE_LOG_ERROR : YOKE_LOG_DEBUG,
                   "%d: %s", err.status, err.message);
    if (known && !err.detail)
        err.detail = known->detail;
    if (known && !err.type)
        err.type = known->type;
    yk_next_set_error(req, &err);
    pass(req, YK_WISH_NEXT);
}

void yk_next_error(struct yoke_req *req, int status, const char *message)
{
    pass_error(req, (struct yoke_err){.status = status, .message = message});
}

static int status_of_error(int status)
{
    return status < 400 || status > 599 ? 500 : status;
}

void yoke_next_err(yoke_req *req, int status, const char *fmt, ...)
{
    if (!may_pass(req, "yoke_next_err"))
        return;
    va_list args;
    va_start(args, fmt);
    const char *message = yk_req_vprintf(req, fmt, args);
    va_end(args);
    yk_next_error(req, status_of_error(status), message);
}

void yoke_next_problem(yoke_req *req, int status, const char *fmt, ...)
{
    if (!may_pass(req, "yoke_next_problem"))
        return;
    va_list args;
    va_start(args, fmt);
    const char *message = yk_req_vprintf(req, fmt, args);
    va_end(args);
    pass_error(req, (struct yoke_err){.status = status_of_error(status),
                                      .message = message,
                                      .detail = message});
}

void yoke_next_typed(yoke_req *req, int status, const char *type,
                     const char *fmt, ...)
{
    if (!may_pass(req, "yoke_next_typed"))
        return;
    va_list args;
    va_start(args, fmt);
    const char *message = yk_req_vprintf(req, fmt, args);
    va_end(args);
    pass_error(req, (struct yoke_err){.status = status_of_error(status),
                                      .message = message,
                                      .detail = message,
                                      .type = type});
}

void yoke_hold(yoke_req *req)
{
    req->is_held = true;
    req->holds++;
}
