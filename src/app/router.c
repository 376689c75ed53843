#include "app/router.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/log.h>

#include "app/methods.h"
#include "core/alloc.h"
#include "http/chars.h"

#include "core/banned.h"

yoke_router *yoke_router_new(void)
{
    return yk_alloc(sizeof(yoke_router));
}

void yoke_router_free(yoke_router *router)
{
    if (!router)
        return;
    if (router->parent) {
        yoke_log(YOKE_LOG_ERROR, "yoke_router_free: a router that is mounted "
                                 "is freed with its application");
        return;
    }
    yk_layers_done(&router->layers);
    yk_layers_done(&router->refused);
    yk_index_done(&router->index);
    free(router->error);
    free(router);
}

/* ---- Errors ---- */

void yk_router_fail(yoke_router *router, const char *here, const char *fmt,
                    va_list args)
{
    char text[512];
    int head = here ? snprintf(text, sizeof(text), "%s: ", here) : 0;
    if (head < 0 || (size_t)head >= sizeof(text))
        head = 0;
    vsnprintf(text + head, sizeof(text) - (size_t)head, fmt, args);

    /* A route that comes too late is missing in an application that already
     * serves: nobody will ask for the error any more. */
    if (router->is_frozen)
        yoke_log(YOKE_LOG_ERROR, "%s", text);
    for (; router; router = router->parent)
        if (!router->error)
            router->error = yk_strdup(text);
}

static void __attribute__((format(printf, 3, 4)))
fail_at(yoke_router *router, const char *here, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    yk_router_fail(router, here, fmt, args);
    va_end(args);
}

/* ---- Registration ---- */

/* Checks what all layers have in common; returns whether it is well. */
static bool check_path(yoke_router *router, struct yk_layer *layer,
                       const char *path)
{
    const char *problem = yk_pattern_init(&layer->pattern, path);
    if (problem)
        fail_at(router, layer->here, "path \"%s\": %s", path ? path : "(null)",
                problem);
    else if (router->is_frozen)
        fail_at(router, layer->here,
                "path \"%s\" is added after the start of the application; "
                "register everything before yoke_app_listen",
                path);
    return !problem && !router->is_frozen;
}

static bool check_handlers(yoke_router *router, const struct yk_layer *layer,
                           const char *path)
{
    if (layer->handler_count == 0)
        fail_at(router, layer->here, "path \"%s\" has no handler", path);
    for (uint32_t i = 0; i < layer->handler_count; i++) {
        if (layer->handlers[i].fn)
            continue;
        fail_at(router, layer->here, "handler %u of path \"%s\" is NULL", i + 1,
                path);
        return false;
    }
    return layer->handler_count > 0;
}

/* A method is a token. One that only the case sets apart from a common one is
 * a slip: no client would ever send it. */
static bool check_method(yoke_router *router, const struct yk_layer *layer)
{
    static const struct yk_methods none = {.added_count = 0};
    struct yk_slice name = yk_slice_of(layer->method);
    char upper[32];

    if (!yk_chars_are(name, YK_CHAR_TOKEN) || name.len >= sizeof(upper)) {
        fail_at(router, layer->here, "\"%s\" is not the name of a method",
                layer->method);
        return false;
    }
    for (size_t i = 0; i <= name.len; i++) {
        char c = layer->method[i];
        upper[i] = (char)(c >= 'a' && c <= 'z' ? c - 0x20 : c);
    }
    struct yk_slice big = {upper, name.len};
    if (!yk_slice_eq(name, big) &&
        yk_methods_find(&none, big) != YK_METHOD_OTHER) {
        fail_at(router, layer->here,
                "methods know upper and lower case; write \"%s\" instead of "
                "\"%s\"",
                upper, layer->method);
        return false;
    }
    return true;
}

static void add(yoke_router *router, struct yk_layer layer, bool is_well)
{
    *yk_layers_add(is_well ? &router->layers : &router->refused) = layer;
}

void yoke_router_add_route(yoke_router *router, struct yoke_here here,
                           const char *method, const char *path,
                           const struct yoke_handler *handlers, size_t n)
{
    struct yk_layer layer;
    yk_layer_init(&layer, YK_LAYER_ROUTE, here, handlers, n);
    layer.method = yk_strdup(method);
    bool is_well = check_path(router, &layer, path) &&
                   check_handlers(router, &layer, path) &&
                   (!method || check_method(router, &layer));
    add(router, layer, is_well);
}

void yoke_router_add_use(yoke_router *router, struct yoke_here here,
                         const char *path, const struct yoke_handler *handlers,
                         size_t n)
{
    struct yk_layer layer;
    yk_layer_init(&layer, YK_LAYER_USE, here, handlers, n);
    bool is_well = check_path(router, &layer, path) &&
                   check_handlers(router, &layer, path);
    add(router, layer, is_well);
}

void yoke_router_add_catch(yoke_router *router, struct yoke_here here,
                           const char *path, yoke_err_fn *fn)
{
    struct yk_layer layer;
    yk_layer_init(&layer, YK_LAYER_CATCH, here, NULL, 0);
    layer.catch = fn;
    bool is_well = check_path(router, &layer, path);
    if (is_well && !fn)
        fail_at(router, layer.here, "the error handler of \"%s\" is NULL",
                path);
    add(router, layer, is_well && fn);
}

static bool check_child(yoke_router *router, const char *here,
                        const yoke_router *child)
{
    if (!child) {
        fail_at(router, here, "the router is NULL");
        return false;
    }
    if (child->parent) {
        fail_at(router, here,
                "the router is mounted already; a router has one "
                "place");
        return false;
    }
    for (const yoke_router *above = router; above; above = above->parent) {
        if (above != child)
            continue;
        fail_at(router, here, "the router would be mounted below itself");
        return false;
    }
    return true;
}

void yoke_router_add_router(yoke_router *router, struct yoke_here here,
                            const char *path, yoke_router *child)
{
    struct yk_layer layer;
    yk_layer_init(&layer, YK_LAYER_ROUTER, here, NULL, 0);
    bool is_ours = check_child(router, layer.here, child);
    layer.router = is_ours ? child : NULL;
    bool is_well = check_path(router, &layer, path) && is_ours;
    if (is_ours) {
        child->parent = router;
        for (yoke_router *r = router; r && child->error; r = r->parent)
            if (!r->error)
                r->error = yk_strdup(child->error);
    }
    add(router, layer, is_well);
}

/* ---- Freezing ---- */

static void set_methods(yoke_router *router, struct yk_layer *layer,
                        struct yk_methods *methods, uint64_t *all)
{
    if (!layer->method) {
        layer->methods = YK_METHOD_EVERY;
        return;
    }
    layer->methods = layer->allow = yk_methods_add(methods, layer->method);
    *all |= layer->allow;
    if (!layer->methods)
        fail_at(router, layer->here,
                "method \"%s\" is one too many; an application can add %d",
                layer->method, YK_METHODS_MAX_ADDED);
}

void yk_router_freeze(yoke_router *router, struct yk_methods *methods,
                      uint64_t *all)
{
    if (router->is_frozen)
        return;
    for (uint32_t i = 0; i < router->layers.count; i++) {
        struct yk_layer *layer = &router->layers.items[i];
        if (layer->kind == YK_LAYER_ROUTE)
            set_methods(router, layer, methods, all);
        if (layer->kind == YK_LAYER_ROUTER)
            yk_router_freeze(layer->router, methods, all);
    }
    yk_index_init(&router->index, &router->layers);
    router->is_frozen = true;
}
