#include "app/layer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/handler_data.h"
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

struct yk_layer *yk_layer_new(enum yk_layer_kind kind, yoke_router *owner,
                              struct yoke_here here)
{
    struct yk_layer *layer = yk_alloc(sizeof(*layer));
    layer->kind = kind;
    layer->owner = owner;
    layer->here = here_text(here);
    layer->text = yk_strdup(here.text);
    layer->pattern.flags = kind == YK_LAYER_ROUTE ? 0 : YK_PATTERN_PREFIX;
    layer->handle.layer = layer;
    return layer;
}

void yk_layer_add_step(struct yk_layer *layer, const char *method,
                       const struct yoke_handler *handler)
{
    yk_handler_data_hold(handler);
    layer->steps =
        yk_realloc(layer->steps, layer->step_count + 1, sizeof(*layer->steps));
    layer->steps[layer->step_count++] = (struct yk_step){
        .handler = *handler,
        .method = yk_strdup(method),
    };
}

void yk_layer_add_text(struct yk_layer *layer, const char *text)
{
    if (!text)
        return;
    if (!layer->text) {
        layer->text = yk_strdup(text);
        return;
    }
    size_t size = strlen(layer->text) + strlen(text) + 3;
    char *both = yk_alloc(size);
    snprintf(both, size, "%s, %s", layer->text, text);
    free(layer->text);
    layer->text = both;
}

/* The router goes with its application, if it is one's own. */
static void free_router(yoke_router *router)
{
    if (!router)
        return;
    router->mount = NULL;
    router->parent = NULL;
    if (router->app)
        yk_app_unmount(router->app);
    else
        yoke_router_free(router);
}

void yk_layer_free(struct yk_layer *layer)
{
    if (!layer)
        return;
    for (uint32_t i = 0; i < layer->step_count; i++) {
        yk_handler_data_release(&layer->steps[i].handler);
        free(layer->steps[i].method);
    }
    free_router(layer->router);
    for (uint32_t i = 0; layer->full_paths && i < layer->pattern.path_count;
         i++)
        free(layer->full_paths[i]);
    yk_pattern_done(&layer->pattern);
    free(layer->full_paths);
    free(layer->steps);
    free(layer->here);
    free(layer->text);
    free(layer);
}

const char *yk_layer_first_path(const struct yk_layer *layer)
{
    return layer->pattern.path_count ? layer->pattern.paths[0] : "";
}

/* Writes the paths of the routers around it, and its own, one behind the
 * other; returns the length. */
static size_t write_full_path(const struct yk_layer *layer, uint32_t n,
                              char *out)
{
    const struct yk_layer *mount = layer->owner->mount;
    size_t len = mount ? write_full_path(mount, 0, out) : 0;
    const char *path = layer->pattern.path_count ? layer->pattern.paths[n] : "";
    size_t path_len = strlen(path);

    /* "/" behind something is nothing, and one of two is enough. */
    while (out && len > 0 && out[len - 1] == '/')
        len--;
    if (len > 0 && strcmp(path, "/") == 0)
        path_len = 0;
    if (out)
        memcpy(out + len, path, path_len);
    if (out)
        out[len + path_len] = '\0';
    return len + path_len;
}

char *yk_layer_full_path(const struct yk_layer *layer, uint32_t n)
{
    char *text = yk_alloc(write_full_path(layer, n, NULL) + 1);
    write_full_path(layer, n, text);
    return text;
}

void yk_layers_add(struct yk_layers *layers, struct yk_layer *layer)
{
    if (layers->count == layers->capacity) {
        layers->capacity = layers->capacity ? layers->capacity * 2 : 8;
        layers->items =
            yk_realloc(layers->items, layers->capacity, sizeof(*layers->items));
    }
    layer->number = layers->count;
    layers->items[layers->count++] = layer;
}

void yk_layers_done(struct yk_layers *layers)
{
    for (uint32_t i = 0; i < layers->count; i++)
        yk_layer_free(layers->items[i]);
    free(layers->items);
}
