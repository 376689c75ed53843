#include "app/dispatch.h"

#include "app/app.h"
#include "app/final.h"
#include "app/layer.h"
#include "app/next.h"
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

/* ---- The handlers of a layer ---- */

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
        yk_frame_enter(req, yk_frame_take(req), layer->router,
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
    yk_next_set_error(req,
                      &(struct yoke_err){
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
            yk_frame_walk_again(req, frame);
        uint32_t number = yk_walk_next(&frame->walk);
        if (number == YK_WALK_END) {
            if (!yk_frame_leave(req))
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
    if (wish == YK_WISH_ROUTER && !yk_frame_leave(req))
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
        return yk_frame_leave(req) && next_layer(req);
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
    yk_next_set_error(req, &(struct yoke_err){.status = 500, .message = why});
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

void yk_dispatch_run(struct yoke_req *req)
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
    yk_frame_enter(req, &req->top, req->root->router, 0);
    req->wish = YK_WISH_NEXT;
    yk_dispatch_run(req);
}
