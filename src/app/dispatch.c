#include "app/dispatch.h"

#include "app/app.h"
#include "app/final.h"
#include "app/layer.h"
#include "app/router.h"
#include "core/arena.h"

#include "core/banned.h"

/* ---- Frames ---- */

/* Enters a router whose path starts `off` bytes into the target. */
static void enter(struct yoke_req *req, struct yk_frame *frame,
                  const yoke_router *router, uint32_t off)
{
    struct yk_slice path = yk_req_target_path(req);
    frame->parent = req->frame;
    frame->router = router;
    frame->layer = NULL;
    frame->handler = NULL;
    frame->handlers_left = 0;
    frame->off = off;
    frame->params = NULL;
    yk_walk_start(&frame->walk, &router->index,
                  (struct yk_slice){path.ptr + off, path.len - off});
    req->frame = frame;
}

static struct yk_frame *take_frame(struct yoke_req *req)
{
    struct yk_frame *frame = req->spare;
    if (frame) {
        req->spare = frame->parent;
        return frame;
    }
    frame = yk_arena_alloc(req->x->arena, sizeof(*frame));
    yk_walk_init(&frame->walk, req->x->arena);
    return frame;
}

/* Leaves the innermost router; false when it was the outermost one, in which
 * the request stays. */
static bool leave(struct yoke_req *req)
{
    struct yk_frame *frame = req->frame;
    if (!frame->parent)
        return false;
    req->frame = frame->parent;
    frame->parent = req->spare;
    req->spare = frame;
    return true;
}

/* ---- Finding the next handler ---- */

static void set_error(struct yoke_req *req, int status, const char *message)
{
    struct yoke_err *err = yk_arena_alloc(req->x->arena, sizeof(*err));
    *err = (struct yoke_err){status, message};
    req->err = err;
}

/* Whether a layer of this kind is for a request in this state, and a route for
 * this method. */
static bool is_wanted(struct yoke_req *req, const struct yk_layer *layer)
{
    if (layer->kind == YK_LAYER_CATCH)
        return req->err != NULL;
    if (req->err)
        return false;
    if (layer->kind != YK_LAYER_ROUTE)
        return true;
    if (layer->methods & req->methods) {
        req->has_route |= layer->allow != 0;
        return true;
    }
    req->allow |= layer->allow;
    return false;
}

/* Decodes the params; a wrong escape becomes an error at this layer. */
static bool set_params(struct yoke_req *req, const struct yk_layer *layer)
{
    struct yk_frame *frame = req->frame;
    struct yk_slice path = yk_req_target_path(req);
    path.ptr += frame->off;
    path.len -= frame->off;
    frame->params = yk_pattern_params(&layer->pattern, path, req->x->arena);
    if (frame->params)
        return true;
    yk_req_log(req, YOKE_LOG_DEBUG, "400: wrong escape in a param");
    set_error(req, 400, "a param in the path has a wrong escape");
    return false;
}

/* Makes the layer the one that runs. `off` is where its path ends; a route's
 * url still has that path. Returns false when there is nothing to run, for an
 * error has come up or a router has been entered. */
static bool accept(struct yoke_req *req, const struct yk_layer *layer,
                   uint32_t off)
{
    struct yk_frame *frame = req->frame;
    frame->layer = layer;
    if (layer->pattern.param_count && !set_params(req, layer))
        return false;
    if (layer->kind == YK_LAYER_ROUTER) {
        frame->handler = NULL;
        enter(req, take_frame(req), layer->router, frame->off + off);
        return false;
    }
    req->off = frame->off + (layer->kind == YK_LAYER_ROUTE ? 0 : off);
    frame->handler = layer->handlers;
    frame->handlers_left = layer->handler_count ? layer->handler_count - 1 : 0;
    return true;
}

/* Goes on to the next layer; false at the end of the outermost stack. */
static bool next_layer(struct yoke_req *req)
{
    for (;;) {
        struct yk_frame *frame = req->frame;
        uint32_t off;
        uint32_t number = yk_walk_next(&frame->walk, &off);
        if (number == YK_WALK_END) {
            if (!leave(req))
                return false;
            continue;
        }
        const struct yk_layer *layer = &frame->router->layers.items[number];
        if (is_wanted(req, layer) && accept(req, layer, off))
            return true;
    }
}

/* Goes on as the handler has wished; false at the end. */
static bool advance(struct yoke_req *req, enum yk_wish wish)
{
    struct yk_frame *frame = req->frame;
    uint32_t left = frame->handlers_left;

    frame->handlers_left = 0;
    if (wish == YK_WISH_ROUTER)
        return leave(req) && next_layer(req);
    if (wish == YK_WISH_ROUTE && frame->layer->kind == YK_LAYER_ROUTE)
        left = 0;
    if (left == 0 || req->err)
        return next_layer(req);
    frame->handler++;
    frame->handlers_left = left - 1;
    return true;
}

/* ---- Running ---- */

static void call(struct yoke_req *req)
{
    const struct yk_frame *frame = req->frame;
    req->is_running = true;
    if (frame->layer->kind == YK_LAYER_CATCH) {
        const struct yoke_err *err = req->err;
        req->caught = err;
        req->err = NULL;
        frame->layer->catch (err, req, &req->res);
    } else {
        frame->handler->fn(req, &req->res);
    }
    req->is_running = false;
}

/* The handler has returned and will never be heard of again. */
static bool is_lost(const struct yoke_req *req)
{
    return req->wish == YK_WISH_NONE && !req->is_held &&
           !yk_req_is_answered(req);
}

static void run(struct yoke_req *req)
{
    do {
        enum yk_wish wish = req->wish;
        req->wish = YK_WISH_NONE;
        req->is_held = false;
        if (!advance(req, wish)) {
            yk_final(req);
            return;
        }
        call(req);
        if (is_lost(req)) {
            static const char why[] = "the handler returned without an answer, "
                                      "yoke_next or yoke_hold";
            yk_req_log(req, YOKE_LOG_ERROR, "500: %s", why);
            set_error(req, 500, why);
            req->wish = YK_WISH_NEXT;
        }
    } while (req->wish != YK_WISH_NONE && !yk_req_is_answered(req));

    if (req->wish != YK_WISH_NONE)
        yk_req_log(req, YOKE_LOG_WARN,
                   "answered after yoke_next; the layers below do not run");
}

void yk_dispatch_start(struct yoke_req *req)
{
    yk_walk_init(&req->top.walk, req->x->arena);
    enter(req, &req->top, req->app->router, 0);
    req->wish = YK_WISH_NEXT;
    run(req);
}

/* ---- Passing on ---- */

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
    if (!req->is_running)
        run(req);
}

void yoke_next(yoke_req *req)
{
    if (may_pass(req, "yoke_next"))
        pass(req, YK_WISH_NEXT);
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

/* An error handler that hands its error on has nothing new to say. */
static bool is_known(const struct yoke_req *req, int status,
                     const char *message)
{
    return req->caught && req->caught->status == status &&
           strcmp(req->caught->message, message) == 0;
}

void yk_dispatch_error(struct yoke_req *req, int status, const char *message)
{
    if (!is_known(req, status, message))
        yk_req_log(req, status >= 500 ? YOKE_LOG_ERROR : YOKE_LOG_DEBUG,
                   "%d: %s", status, message);
    set_error(req, status, message);
    pass(req, YK_WISH_NEXT);
}

void yoke_next_err(yoke_req *req, int status, const char *fmt, ...)
{
    if (!may_pass(req, "yoke_next_err"))
        return;
    va_list args;
    va_start(args, fmt);
    const char *message = yk_req_vprintf(req, fmt, args);
    va_end(args);
    yk_dispatch_error(req, status < 400 || status > 599 ? 500 : status,
                      message);
}

void yoke_hold(yoke_req *req)
{
    req->is_held = true;
    req->holds++;
}
