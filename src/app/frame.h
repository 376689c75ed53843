/* A frame: where a request stands in one router. Mounted routers stack up, the
 * innermost one on top; the outermost one's frame is part of the request, the
 * others lie in its arena, and are used again when they have been left. */
#ifndef YK_APP_FRAME_H
#define YK_APP_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#include <yoke/app.h>

#include "app/params.h"
#include "app/walk.h"
#include "core/slice.h"

struct yk_layer;

struct yk_frame {
    struct yk_frame *parent; /* The router around it; NULL at the top. */
    const yoke_router *router;
    const struct yk_layer *layer;       /* Which runs, or ran last; or NULL. */
    const struct yk_variant *variant;   /* That of its values. */
    const struct yk_value *values;      /* Of the variant's captures. */
    const struct yoke_handler *handler; /* The one that runs, or ran last. */
    uint64_t methods;     /* In a route: steps for these are taken. */
    uint32_t step;        /* In a route: the next of its steps. */
    uint32_t entry;       /* The number of the layer's entry in the index. */
    uint32_t layer_len;   /* Bytes of `path` that the layer has matched. */
    uint32_t off;         /* Bytes of the target before `path`. */
    uint32_t rewrites;    /* Of the request, when the walk began. */
    bool is_middleware;   /* `layer` is, and has no params and no hooks. */
    bool is_empty;        /* Nothing is left of the path for this router, */
    struct yk_slice path; /* which looks at "/" then; else at the rest. */
    struct yk_walk walk;  /* The entries that are still to come. */
    struct yk_called *called; /* Values whose hooks have been called. */
    struct yk_hook_run run;   /* Hooks that are running for `layer`. */
};

/* One that is not in use; to be entered. */
struct yk_frame *yk_frame_take(struct yoke_req *req);

/* Enters a router whose path starts `off` bytes into the target. */
void yk_frame_enter(struct yoke_req *req, struct yk_frame *frame,
                    const yoke_router *router, uint32_t off);

/* Leaves the innermost router; false when it was the outermost one, in which
 * the request stays. */
bool yk_frame_leave(struct yoke_req *req);

/* The url has changed since the walk began: begins again, behind the entry at
 * which it was. */
void yk_frame_walk_again(const struct yoke_req *req, struct yk_frame *frame);

#endif
