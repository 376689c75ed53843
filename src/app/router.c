#include "app/router.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/log.h>

#include "app/app.h"
#include "app/methods.h"
#include "app/params.h"
#include "core/alloc.h"
#include "http/chars.h"

#include "core/banned.h"

yoke_router *yoke_router_new_with(const struct yoke_router_options *options)
{
    yoke_router *router = yk_alloc(sizeof(*router));
    if (options)
        router->options = *options;
    return router;
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
    yk_params_free_hooks(router->hooks);
    free(router->error);
    free(router);
}

yoke_app *yk_router_app(const yoke_router *router)
{
    while (router && !router->app)
        router = router->parent;
    return router ? router->app : NULL;
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

void yk_router_fail_at(yoke_router *router, struct yoke_here here,
                       const char *fmt, ...)
{
    char place[256];
    va_list args;
    snprintf(place, sizeof(place), "%s:%d", here.file ? here.file : "?",
             here.line);
    va_start(args, fmt);
    yk_router_fail(router, place, fmt, args);
    va_end(args);
}

/* ---- Registration ---- */

static const char *path_at(struct yoke_paths paths, size_t n)
{
    return paths.many ? paths.many[n] : paths.one;
}

/* How a path is called in messages. */
static const char *shown(const char *path)
{
    return path ? path : "(null)";
}

/* Reads the layer's paths; returns whether all is well. */
static bool add_paths(struct yk_layer *layer, struct yoke_paths paths)
{
    yoke_router *router = layer->owner;
    if (paths.count == 0)
        fail_at(router, layer->here, "there is no path");
    for (size_t i = 0; i < paths.count; i++) {
        const char *path = path_at(paths, i);
        const char *problem = yk_pattern_add(&layer->pattern, path);
        if (!problem)
            continue;
        fail_at(router, layer->here, "path \"%s\": %s", shown(path), problem);
        return false;
    }
    if (router->is_frozen)
        fail_at(router, layer->here,
                "path \"%s\" is added after the start of the application; "
                "register everything before yoke_app_listen",
                paths.count ? path_at(paths, 0) : "");
    return paths.count > 0 && !router->is_frozen;
}

/* Takes the handlers over, and returns whether they are well. */
static bool add_handlers(struct yk_layer *layer, const char *here,
                         const char *method,
                         const struct yoke_handler *handlers, size_t n)
{
    bool is_well = n > 0;
    if (n == 0)
        fail_at(layer->owner, here, "path \"%s\" has no handler",
                yk_layer_first_path(layer));
    for (size_t i = 0; i < n; i++) {
        yk_layer_add_step(layer, method, &handlers[i]);
        if (handlers[i].fn || handlers[i].catch_fn)
            continue;
        if (is_well)
            fail_at(layer->owner, here, "handler %zu of path \"%s\" is NULL",
                    i + 1, yk_layer_first_path(layer));
        is_well = false;
    }
    return is_well;
}

/* A method is a token. One that only the case sets apart from a common one is
 * a slip: no client would ever send it. */
static bool check_method(yoke_router *router, const char *here,
                         const char *method)
{
    static const struct yk_methods none = {.added_count = 0};
    struct yk_slice name = yk_slice_of(method);
    char upper[32];

    if (!yk_chars_are(name, YK_CHAR_TOKEN) || name.len >= sizeof(upper)) {
        fail_at(router, here, "\"%s\" is not the name of a method", method);
        return false;
    }
    for (size_t i = 0; i <= name.len; i++) {
        char c = method[i];
        upper[i] = (char)(c >= 'a' && c <= 'z' ? c - 0x20 : c);
    }
    struct yk_slice big = {upper, name.len};
    if (!yk_slice_eq(name, big) &&
        yk_methods_find(&none, big) != YK_METHOD_OTHER) {
        fail_at(router, here,
                "methods know upper and lower case; write \"%s\" instead of "
                "\"%s\"",
                upper, method);
        return false;
    }
    return true;
}

static void add(struct yk_layer *layer, bool is_well)
{
    yoke_router *router = layer->owner;
    yk_layers_add(is_well ? &router->layers : &router->refused, layer);
}

void yoke_router_add_route(yoke_router *router, struct yoke_here here,
                           const char *method, struct yoke_paths paths,
                           const struct yoke_handler *handlers, size_t n)
{
    struct yk_layer *layer = yk_layer_new(YK_LAYER_ROUTE, router, here);
    bool is_well = add_paths(layer, paths);
    is_well &= add_handlers(layer, layer->here, method, handlers, n);
    is_well = is_well && (!method || check_method(router, layer->here, method));
    add(layer, is_well);
}

yoke_route *yoke_router_add_empty_route(yoke_router *router,
                                        struct yoke_here here,
                                        struct yoke_paths paths)
{
    struct yk_layer *layer = yk_layer_new(YK_LAYER_ROUTE, router, here);
    add(layer, add_paths(layer, paths));
    return &layer->handle;
}

void yoke_route_add(yoke_route *route, struct yoke_here here,
                    const char *method, const struct yoke_handler *handlers,
                    size_t n)
{
    struct yk_layer *layer = route->layer;
    char place[256];
    snprintf(place, sizeof(place), "%s:%d", here.file ? here.file : "?",
             here.line);
    if (layer->owner->is_frozen) {
        fail_at(layer->owner, place,
                "a handler of path \"%s\" is added after the start of the "
                "application",
                yk_layer_first_path(layer));
        return;
    }
    if (method && !check_method(layer->owner, place, method))
        method = NULL; /* It will not be served. */
    add_handlers(layer, place, method, handlers, n);
    yk_layer_add_text(layer, here.text);
}

/* One layer of those that a call of yoke_app_use makes. Returns false when the
 * next ones would fail in the same way. */
static bool add_one_use(yoke_router *router, struct yoke_here here,
                        struct yoke_paths paths,
                        const struct yoke_handler *handler, size_t n)
{
    bool is_catch = handler && handler->catch_fn;
    struct yk_layer *layer =
        yk_layer_new(is_catch ? YK_LAYER_CATCH : YK_LAYER_USE, router, here);
    bool has_path = add_paths(layer, paths);
    bool is_well = has_path;
    if (!handler || !(handler->fn || handler->catch_fn))
        is_well = false;
    if (has_path && !handler)
        fail_at(router, layer->here, "path \"%s\" has no handler",
                yk_layer_first_path(layer));
    else if (has_path && !is_well)
        fail_at(router, layer->here, "handler %zu of path \"%s\" is NULL", n,
                yk_layer_first_path(layer));
    if (handler)
        yk_layer_add_step(layer, NULL, handler);
    add(layer, is_well);
    return has_path;
}

/* The n-th of the handlers as they are written, or all of them if they cannot
 * be told apart. */
static char *nth_text(const char *text, size_t n)
{
    int depth = 0;
    const char *start = text;
    if (!text)
        return NULL;
    for (const char *at = text;; at++) {
        depth += (*at == '(') - (*at == ')');
        if (*at && (*at != ',' || depth > 0))
            continue;
        if (n-- == 0) {
            char *one = yk_alloc((size_t)(at - start) + 1);
            memcpy(one, start, (size_t)(at - start));
            return one;
        }
        if (!*at)
            return yk_strdup(text);
        start = at + 1 + strspn(at + 1, " ");
    }
}

void yoke_router_add_use(yoke_router *router, struct yoke_here here,
                         struct yoke_paths paths,
                         const struct yoke_handler *handlers, size_t n)
{
    const char *text = here.text;
    if (n == 0)
        add_one_use(router, here, paths, NULL, 0);
    for (size_t i = 0; i < n; i++) {
        char *one = nth_text(text, i);
        here.text = one;
        add_one_use(router, here, paths, &handlers[i], i + 1);
        free(one);
    }
}

void yoke_router_add_catch(yoke_router *router, struct yoke_here here,
                           struct yoke_paths paths, yoke_err_fn *fn)
{
    struct yk_layer *layer = yk_layer_new(YK_LAYER_CATCH, router, here);
    struct yoke_handler handler = {.catch_fn = fn};
    bool is_well = add_paths(layer, paths);
    if (is_well && !fn)
        fail_at(router, layer->here, "the error handler of \"%s\" is NULL",
                yk_layer_first_path(layer));
    yk_layer_add_step(layer, NULL, &handler);
    add(layer, is_well && fn);
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
                "the router is mounted already; a router has one place");
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

void yk_router_mount(yoke_router *router, struct yoke_here here,
                     struct yoke_paths paths, yoke_router *child)
{
    struct yk_layer *layer = yk_layer_new(YK_LAYER_ROUTER, router, here);
    bool is_ours = check_child(router, layer->here, child);
    layer->router = is_ours ? child : NULL;
    bool is_well = add_paths(layer, paths) && is_ours;
    if (is_ours) {
        child->parent = router;
        child->mount = layer;
        for (yoke_router *r = router; r && child->error; r = r->parent)
            if (!r->error)
                r->error = yk_strdup(child->error);
    }
    add(layer, is_well);
}

void yoke_router_add_router(yoke_router *router, struct yoke_here here,
                            struct yoke_paths paths, yoke_router *child)
{
    if (child && child->app)
        yk_router_fail_at(router, here,
                          "the router is an application's own; mount that with "
                          "yoke_app_mount");
    else
        yk_router_mount(router, here, paths, child);
}
