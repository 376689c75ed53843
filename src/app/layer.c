#include "app/layer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/router.h"
#include "core/alloc.h"

#include "core/banned.h"

static char *here_text(struct yoke_here here)
{
    const char *file = here.file ? here.file : "?";
    int len = snprintf(NULL, 0, "%s:%d", file, here.line);
    char *text = yk_alloc((size_t)len + 1);
    snprintf(text, (size_t)len + 1, "%s:%d", file, here.line);
    return text;
}

void yk_layer_init(struct yk_layer *layer, enum yk_layer_kind kind,
                   struct yoke_here here, const struct yoke_handler *handlers,
                   size_t n)
{
    *layer = (struct yk_layer){.kind = kind, .here = here_text(here)};
    if (n == 0)
        return;
    layer->handlers = yk_alloc(n * sizeof(*handlers));
    memcpy(layer->handlers, handlers, n * sizeof(*handlers));
    layer->handler_count = (uint32_t)n;
}

void yk_layer_done(struct yk_layer *layer)
{
    for (uint32_t i = 0; i < layer->handler_count; i++)
        if (layer->handlers[i].free)
            layer->handlers[i].free(layer->handlers[i].data);
    if (layer->kind == YK_LAYER_ROUTER && layer->router) {
        layer->router->parent = NULL;
        yoke_router_free(layer->router);
    }
    free(layer->handlers);
    free(layer->method);
    free(layer->here);
    yk_pattern_done(&layer->pattern);
}

struct yk_layer *yk_layers_add(struct yk_layers *layers)
{
    if (layers->count == layers->capacity) {
        layers->capacity = layers->capacity ? layers->capacity * 2 : 8;
        layers->items =
            yk_realloc(layers->items, layers->capacity, sizeof(*layers->items));
    }
    return &layers->items[layers->count++];
}

void yk_layers_done(struct yk_layers *layers)
{
    for (uint32_t i = 0; i < layers->count; i++)
        yk_layer_done(&layers->items[i]);
    free(layers->items);
}
