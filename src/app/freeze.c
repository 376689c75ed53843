/* Freezing a router: what can only be known when all has been registered, and
 * need not be found out for each request. */
#include <yoke/app.h>

#include "app/app.h"
#include "app/constraint.h"
#include "app/methods.h"
#include "app/params.h"
#include "app/router.h"
#include "app/settings.h"
#include "core/alloc.h"

#include "core/banned.h"

static void __attribute__((format(printf, 2, 3)))
fail_at(const struct yk_layer *layer, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    yk_router_fail(layer->owner, layer->here, fmt, args);
    va_end(args);
}

static void set_full_paths(struct yk_layer *layer)
{
    uint32_t n = layer->pattern.path_count;
    layer->full_paths = yk_alloc((n + 1) * sizeof(*layer->full_paths));
    for (uint32_t i = 0; i < n; i++)
        layer->full_paths[i] = yk_layer_full_path(layer, i);
}

static void set_constraint(struct yk_layer *layer, struct yk_capture *capture)
{
    const yoke_app *app = yk_router_app(layer->owner);
    char names[256];
    capture->constraint = yk_constraint_find(app, capture->constraint_name);
    if (capture->constraint)
        return;
    yk_constraint_list(app, names, sizeof(names));
    fail_at(layer,
            "path \"%s\": there is no constraint \"%.*s\"; there are: %s; add "
            "one with yoke_app_constraint",
            yk_layer_first_path(layer), (int)capture->constraint_name.len,
            capture->constraint_name.ptr, names);
}

/* Looks at the captures of the layer's variants. */
static void set_captures(struct yk_layer *layer)
{
    for (uint32_t i = 0; i < layer->pattern.count; i++) {
        struct yk_variant *variant = &layer->pattern.variants[i];
        for (uint32_t j = 0; j < variant->capture_count; j++) {
            struct yk_capture *capture = &variant->captures[j];
            if (capture->constraint_name.len > 0)
                set_constraint(layer, capture);
            layer->has_hooks |=
                yk_params_next_hook(layer->owner->hooks, capture->name) != NULL;
        }
    }
}

static void set_methods(struct yk_layer *layer, struct yk_methods *methods,
                        uint64_t *all)
{
    for (uint32_t i = 0; i < layer->step_count; i++) {
        struct yk_step *step = &layer->steps[i];
        step->methods = YK_METHOD_EVERY;
        if (step->method) {
            step->methods = yk_methods_add(methods, step->method);
            layer->allow |= step->methods;
        }
        layer->methods |= step->methods;
        if (!step->methods)
            fail_at(layer,
                    "method \"%s\" is one too many; an application can add %d",
                    step->method, YK_METHODS_MAX_ADDED);
    }
    *all |= layer->allow;
}

/* The flags that all patterns of the router have. An application's are
 * settings. */
static unsigned flags_of(yoke_router *router)
{
    struct yoke_router_options *options = &router->options;
    if (router->app) {
        const yoke_app *app = router->app;
        options->case_sensitive =
            yk_setting_is_enabled(app, YK_SETTING_CASE_SENSITIVE_ROUTING);
        options->strict = yk_setting_is_enabled(app, YK_SETTING_STRICT_ROUTING);
        options->merge_params =
            yk_setting_is_enabled(app, YK_SETTING_MERGE_PARAMS);
    }
    return (options->case_sensitive ? YK_PATTERN_SENSITIVE : 0) |
           (options->strict ? YK_PATTERN_STRICT : 0);
}

void yk_router_freeze(yoke_router *router, struct yk_methods *methods,
                      uint64_t *all)
{
    if (router->is_frozen)
        return;
    unsigned flags = flags_of(router);
    for (uint32_t i = 0; i < router->layers.count; i++) {
        struct yk_layer *layer = router->layers.items[i];
        unsigned is_prefix = layer->pattern.flags & YK_PATTERN_PREFIX;
        yk_pattern_set_flags(&layer->pattern, flags | is_prefix);
        set_full_paths(layer);
        set_captures(layer);
        if (layer->kind == YK_LAYER_ROUTE)
            set_methods(layer, methods, all);
        if (layer->kind == YK_LAYER_ROUTER)
            yk_router_freeze(layer->router, methods, all);
    }
    yk_index_init(&router->index, &router->layers, flags);
    router->is_frozen = true;
    if (router->app)
        router->app->is_frozen = true;
}
