#include "app/observe.h"

#include <stdlib.h>

#include "app/app.h"
#include "app/layer.h"
#include "app/listing.h"
#include "app/req.h"
#include "app/router.h"
#include "core/alloc.h"

#include "core/banned.h"

struct yk_observer {
    struct yk_observer *next; /* In the order of registration. */
    void (*fn)(const struct yoke_layer_event *event, void *data);
    void *data;
};

void yoke_app_on_layer(yoke_app *app,
                       void (*fn)(const struct yoke_layer_event *event,
                                  void *data),
                       void *data)
{
    struct yk_observer **last = &app->observers;
    while (*last)
        last = &(*last)->next;
    *last = yk_alloc(sizeof(**last));
    **last = (struct yk_observer){NULL, fn, data};
    app->is_watched = true;
}

void yk_observers_done(struct yk_observer *first)
{
    while (first) {
        struct yk_observer *next = first->next;
        free(first);
        first = next;
    }
}

static void tell(struct yoke_req *req, enum yoke_layer_phase phase)
{
    const struct yk_frame *frame = req->frame;
    const struct yk_entry *entry = &frame->router->index.entries[frame->entry];
    const struct yk_layer *layer = frame->layer;
    struct yoke_layer_event event = {
        .phase = phase,
        .kind = yk_listing_kind(layer->kind),
        .req = req,
        .path = layer->full_paths[entry->variant->path],
        .here = layer->here,
        .err = req->err,
    };
    for (const struct yk_observer *w = req->root->observers; w; w = w->next)
        w->fn(&event, w->data);
}

void yk_observe_start(struct yoke_req *req)
{
    req->is_observed = true;
    tell(req, YOKE_LAYER_START);
}

void yk_observe_end(struct yoke_req *req)
{
    req->is_observed = false;
    tell(req, req->err ? YOKE_LAYER_ERROR : YOKE_LAYER_END);
}
