#include "app/dispatch.h"

#include <stdarg.h>

#include <yoke/value.h>

#include "app/app.h"
#include "app/final.h"
#include "app/layer.h"
#include "app/observe.h"
#include "app/params.h"
#include "app/router.h"
#include "app/stall.h"
#include "core/arena.h"

#include "core/banned.h"

/* Most requests pass some middleware, so that way is kept short: what it does
 * not need is not inlined, for its registers and its place on the stack would
 * be paid for. */
#define SELDOM __attribute__((noinline))

/* ---- Frames ---- */

/* The part of the path that the frame's router looks at. Where nothing is left
 * of it, that is the router's root. */
static void set_path(const struct yoke_req *req, struct yk_frame *frame)
{
    struct yk_slice path = yk_req_target_path(req);
    path.ptr += frame->off;
    path.len -= frame->off;
    frame->is_empty = path.len == 0;
    frame->path = frame->is_empty ? YK_LIT("/") : path;
    frame->rewrites = req->rewrites;
    yk_walk_start(&frame->walk, &frame->router->index, frame->path);
}

/* Enters a router whose path starts `off` bytes into the target. */
static void enter(struct yoke_req *req, struct yk_frame *frame,
                  const yoke_router *router, uint32_t off)
{
    frame->parent = req->frame;
    frame->router = router;
    frame->layer = NULL;
    frame->variant = NULL;
    frame->values = NULL;
    frame->handler = NULL;
    frame->is_middleware = false;
    frame->called = NULL;
    frame->run.hook = NULL;
    frame->off = off;
    set_path(req, frame);
    if (router->app)
        req->app = router->app;
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
static bool SELDOM leave(struct yoke_req *req)
{
    struct yk_frame *frame = req->frame;
    if (!frame->parent)
        return false;
    if (frame->router->app)
        req->app = frame->router->app->parent;
    req->frame = frame->parent;
    frame->parent = req->spare;
    req->spare = frame;
    return true;
}

/* The url has changed since the walk began: begins again, behind the entry at
 * which it was. */
static void SELDOM walk_again(const struct yoke_req *req,
                              struct yk_frame *frame)
{
    set_path(req, frame);
    if (frame->layer)
        yk_walk_skip(&frame->walk, frame->entry);
}

/* ---- The handlers of a layer ---- */

static void set_error(struct yoke_req *req, const struct yoke_err *what)
{
    struct yoke_err *err = yk_arena_alloc(req->x->arena, sizeof(*err));
    *err = *what;
    req->err = err;
}

/* The next handler of the route for the request's method, and for its error if
 * there is one; false when there is none left. */
static bool next_step(struct yoke_req *req)
{
    struct yk_frame *frame = req->frame;
    const struct yk_layer *layer = frame->layer;
    while (frame->step < layer->step_count) {
        const struct yk_step *step = &layer->steps[frame->step++];
        bool is_for_errors = step->handler.catch_fn != NULL;
        if (!(step->methods & frame->methods) ||
            is_for_errors != (req->err != NULL))
            continue;
        frame->handler = &step->handler;
        return true;
    }
    return false;
}

/* HEAD is GET where a route has nothing for HEAD itself. */
static uint64_t methods_in(const struct yoke_req *req,
                           const struct yk_layer *layer)
{
    if (!(req->methods & YK_METHOD_HEAD))
        return req->methods;
    return layer->allow & YK_METHOD_HEAD ? YK_METHOD_HEAD : YK_METHOD_GET;
}

/* Makes the frame's layer the one that runs. Returns false when there is no
 * handler to call: a router has been entered. */
static bool begin(struct yoke_req *req)
{
    struct yk_frame *frame = req->frame;
    const struct yk_layer *layer = frame->layer;

    switch (layer->kind) {
    case YK_LAYER_ROUTE:
        req->off = frame->off;
        req->route = layer;
        req->route_path = frame->variant->path;
        frame->methods = methods_in(req, layer);
        frame->step = 0;
        return next_step(req);
    case YK_LAYER_ROUTER:
        frame->handler = NULL;
        enter(req, take_frame(req), layer->router,
              frame->off + frame->layer_len);
        return false;
    case YK_LAYER_USE:
    case YK_LAYER_CATCH:
        break;
    }
    req->off = frame->off + frame->layer_len;
    frame->handler = &layer->steps[0].handler;
    return true;
}

/* Carries out what the hooks of the frame's layer have come to. */
static bool follow_hooks(struct yoke_req *req, enum yk_hook_step step)
{
    struct yk_frame *frame = req->frame;
    switch (step) {
    case YK_HOOK_CALL:
        req->off = frame->off;
        frame->handler = &frame->run.hook->handler;
        return true;
    case YK_HOOK_DONE:
        return begin(req);
    case YK_HOOK_ERROR:
        req->err = frame->run.called->err;
        return false;
    case YK_HOOK_SKIP:
        break;
    }
    return false;
}

/* ---- Finding the next layer ---- */

/* Whether a route is for this method. What others take is noted for Allow. */
static inline bool route_takes(struct yoke_req *req,
                               const struct yk_layer *layer)
{
    if (layer->methods & req->methods) {
        req->has_route |= layer->allow != 0;
        return true;
    }
    req->allow |= layer->allow;
    return false;
}

static bool takes_method(struct yoke_req *req, const struct yk_layer *layer)
{
    return layer->kind != YK_LAYER_ROUTE || route_takes(req, layer);
}

/* Reads the params; `*len` is then how much of the path has matched. A wrong
 * escape becomes an error at this layer, if it is for the request's method. */
static bool read_params(struct yoke_req *req, const struct yk_entry *entry,
                        const struct yk_value **ret_values, uint32_t *len)
{
    struct yk_frame *frame = req->frame;
    enum yk_params_result result =
        yk_params_read(entry, frame->path, req->x->arena, ret_values, len);
    if (result != YK_PARAMS_BAD_ESCAPE || req->err)
        return result == YK_PARAMS_MATCH;
    if (entry->is_candidate && !takes_method(req, entry->layer))
        return false;
    frame->layer = entry->layer;
    frame->values = NULL;
    yk_req_log(req, YOKE_LOG_DEBUG, "400: wrong escape in a param");
    set_error(req, &(struct yoke_err){
                       .status = 400,
                       .message = "a param in the path has a wrong escape"});
    return false;
}

/* Whether the entry's layer is to run now; then it begins. `len` is how much
 * of the path it has matched. */
static bool __attribute__((noinline))
try_entry(struct yoke_req *req, const struct yk_entry *entry, uint32_t len)
{
    struct yk_frame *frame = req->frame;
    const struct yk_layer *layer = entry->layer;
    const struct yk_value *values = NULL;
    bool is_candidate = entry->is_candidate;

    if ((layer->kind == YK_LAYER_CATCH) != (req->err != NULL))
        return false;
    if (!is_candidate && !takes_method(req, layer))
        return false;
    if (entry->variant->capture_count > 0 &&
        !read_params(req, entry, &values, &len))
        return false;
    if (is_candidate && !takes_method(req, layer))
        return false;

    frame->layer = layer;
    frame->variant = entry->variant;
    frame->values = values;
    frame->layer_len = frame->is_empty ? 0 : len;
    if (!layer->has_hooks)
        return begin(req);
    return follow_hooks(req, yk_params_start_hooks(req));
}

/* The same for middleware whose path fits. */
static inline void begin_middleware(struct yoke_req *req,
                                    const struct yk_entry *entry, uint32_t len)
{
    struct yk_frame *frame = req->frame;
    frame->layer = entry->layer;
    frame->handler = entry->middleware;
    req->off = frame->off + (frame->is_empty ? 0 : len);
}

/* The same for a route of one handler whose path fits; false when it is not for
 * the request's method. */
static inline bool begin_only(struct yoke_req *req,
                              const struct yk_entry *entry)
{
    struct yk_frame *frame = req->frame;
    if (!route_takes(req, entry->layer))
        return false;
    frame->layer = req->route = entry->layer;
    frame->variant = entry->variant;
    frame->values = NULL;
    frame->handler = entry->only;
    frame->step = 1;
    req->route_path = entry->variant->path;
    req->off = frame->off;
    return true;
}

/* Goes on to the next layer; false at the end of the outermost stack. */
static bool SELDOM next_layer(struct yoke_req *req)
{
    for (;;) {
        struct yk_frame *frame = req->frame;
        if (frame->rewrites != req->rewrites)
            walk_again(req, frame);
        uint32_t number = yk_walk_next(&frame->walk);
        if (number == YK_WALK_END) {
            if (!leave(req))
                return false;
            continue;
        }
        const struct yk_entry *entry = &frame->router->index.entries[number];
        uint32_t len = frame->walk.off;
        frame->entry = number;
        /* A layer has its turn once, though several of its paths fit. */
        if (entry->layer == frame->layer)
            continue;
        frame->is_middleware = entry->middleware && !req->err;
        if (frame->is_middleware) {
            frame->values = NULL;
            begin_middleware(req, entry, len);
            return true;
        }
        if (entry->only && !req->err) {
            if (begin_only(req, entry))
                return true;
            continue;
        }
        if (!entry->middleware && try_entry(req, entry, len))
            return true;
    }
}

/* The commonest way: from middleware on to middleware. False when there may be
 * another one. Both are of one list of the walk, which matches the same bytes
 * of the path; so the handler's url stays where it begins. */
static inline bool next_middleware(struct yoke_req *req, enum yk_wish wish)
{
    struct yk_frame *frame = req->frame;
    uint32_t number = *frame->walk.next;
    if (wish != YK_WISH_NEXT || !frame->is_middleware || req->err ||
        number >= frame->walk.limit || frame->rewrites != req->rewrites)
        return false;
    const struct yk_entry *entry = &frame->router->index.entries[number];
    if (!entry->middleware)
        return false;
    frame->walk.next++;
    frame->entry = number;
    frame->layer = entry->layer;
    frame->handler = entry->middleware;
    return true;
}

/* A param's hook has passed on. */
static bool SELDOM go_on_from_hook(struct yoke_req *req, enum yk_wish wish)
{
    struct yk_hook_run *run = &req->frame->run;
    run->called->err = req->err;
    run->called->skips = wish == YK_WISH_ROUTE;
    if (!req->err && wish == YK_WISH_NEXT)
        return follow_hooks(req, yk_params_go_on(req)) || next_layer(req);
    run->hook = NULL;
    if (wish == YK_WISH_ROUTER && !leave(req))
        return false;
    return next_layer(req);
}

/* Goes on as the handler has wished; false at the end. */
static bool SELDOM advance(struct yoke_req *req, enum yk_wish wish)
{
    struct yk_frame *frame = req->frame;

    if (frame->run.hook)
        return go_on_from_hook(req, wish);
    if (wish == YK_WISH_ROUTER)
        return leave(req) && next_layer(req);
    if (wish == YK_WISH_NEXT && frame->layer &&
        frame->layer->kind == YK_LAYER_ROUTE && next_step(req))
        return true;
    return next_layer(req);
}

/* ---- Running ---- */

static inline void call(struct yoke_req *req)
{
    const struct yoke_handler *handler = req->frame->handler;
    const struct yoke_err *err = req->err;
    req->is_running = req->has_turn = true;
    if (handler->catch_fn) {
        req->caught = err;
        req->err = NULL;
        handler->catch_fn(err, req, &req->res);
    } else {
        handler->fn(req, &req->res);
    }
    req->is_running = req->has_turn = false;
}

/* The handler has returned and will never be heard of again. */
static void SELDOM raise_lost(struct yoke_req *req)
{
    static const char why[] = "the handler returned without an answer, "
                              "yoke_next or yoke_hold";
    yk_req_log(req, YOKE_LOG_ERROR, "500: %s", why);
    set_error(req, &(struct yoke_err){.status = 500, .message = why});
    req->wish = YK_WISH_NEXT;
}

/* A handler has returned: whether there is more to do now. */
static inline bool goes_on(struct yoke_req *req)
{
    if (!yk_req_is_answered(req)) {
        if (req->wish == YK_WISH_NONE && req->is_held)
            return false;
        if (req->wish == YK_WISH_NONE)
            raise_lost(req);
        return true;
    }
    if (req->wish != YK_WISH_NONE)
        yk_req_log(req, YOKE_LOG_WARN,
                   "answered after yoke_next; the layers below do not run");
    return false;
}

/* Finds the next handler; false when there is none, and the request has been
 * given its last answer. */
static inline bool find_next(struct yoke_req *req)
{
    enum yk_wish wish = req->wish;
    req->wish = YK_WISH_NONE;
    req->is_held = false;
    /* The first one of a router is nobody's wish. */
    if (req->frame->layer ? next_middleware(req, wish) || advance(req, wish)
                          : next_layer(req))
        return true;
    yk_final(req);
    return false;
}

/* Each handler by itself: for observers, and to find out who blocks. */
static void SELDOM run_watched(struct yoke_req *req)
{
    bool is_observed = req->root->observers != NULL, is_more = true;
    uint64_t now = yk_stall_begin();
    while (is_more && find_next(req)) {
        if (is_observed)
            yk_observe_start(req);
        call(req);
        now = yk_stall_end(req, now);
        is_more = goes_on(req);
        if (req->is_observed && (is_more || yk_req_is_answered(req)))
            yk_observe_end(req);
    }
}

static void run(struct yoke_req *req)
{
    if (req->root->is_watched) {
        run_watched(req);
        return;
    }
    uint64_t begun = yk_stall_begin();
    unsigned calls = 0;
    while (find_next(req)) {
        call(req);
        calls++;
        if (!goes_on(req))
            break;
    }
    yk_stall_end_all(req, begun, calls);
}

void yk_dispatch_start(struct yoke_req *req)
{
    yk_walk_init(&req->top.walk, req->x->arena);
    enter(req, &req->top, req->root->router, 0);
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
    req->has_turn = false;
    if (req->is_running)
        return;
    if (req->is_observed)
        yk_observe_end(req);
    run(req);
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
    set_error(req, &err);
    pass(req, YK_WISH_NEXT);
}

void yk_dispatch_error(struct yoke_req *req, int status, const char *message)
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
    yk_dispatch_error(req, status_of_error(status), message);
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
