#include "app/frame.h"

#include "app/app.h"
#include "app/req.h"
#include "app/router.h"
#include "core/arena.h"

#include "core/banned.h"

/* Not to be inlined where each request passes. */
#define SELDOM __attribute__((noinline))

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

void yk_frame_enter(struct yoke_req *req, struct yk_frame *frame,
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

struct yk_frame *yk_frame_take(struct yoke_req *req)
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

bool SELDOM yk_frame_leave(struct yoke_req *req)
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

void SELDOM yk_frame_walk_again(const struct yoke_req *req,
                                struct yk_frame *frame)
{
    set_path(req, frame);
    if (frame->layer)
        yk_walk_skip(&frame->walk, frame->entry);
}
