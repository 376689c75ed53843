#include "app/listing.h"

#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/router.h"
#include "core/alloc.h"

#include "core/banned.h"

#define NAMES_MAX 512

enum yoke_layer_kind yk_listing_kind(enum yk_layer_kind kind)
{
    switch (kind) {
    case YK_LAYER_USE:
        return YOKE_LAYER_MIDDLEWARE;
    case YK_LAYER_CATCH:
        return YOKE_LAYER_CATCH;
    case YK_LAYER_ROUTER:
        return YOKE_LAYER_ROUTER;
    case YK_LAYER_ROUTE:
        break;
    }
    return YOKE_LAYER_ROUTE;
}

static bool has(const char *text, const char *name)
{
    size_t len = strlen(name);
    for (const char *at = text; (at = strstr(at, name)); at += len) {
        bool starts = at == text || at[-1] == ' ';
        if (starts && (at[len] == '\0' || at[len] == ','))
            return true;
    }
    return false;
}

/* Adds a name to a list, which has NAMES_MAX bytes; one that does not fit is
 * left out. */
static void append(char *text, struct yk_slice name)
{
    size_t len = strlen(text);
    if (len + name.len + 3 > NAMES_MAX)
        return;
    if (len > 0) {
        memcpy(text + len, ", ", 2);
        len += 2;
    }
    memcpy(text + len, name.ptr, name.len);
    text[len + name.len] = '\0';
}

/* The methods of the layer, each once; "*" if one handler takes all, or it is
 * no route. */
static void write_methods(const struct yk_layer *layer, char *out)
{
    out[0] = '\0';
    for (uint32_t i = 0; i < layer->step_count; i++)
        if (layer->steps[i].method && !has(out, layer->steps[i].method))
            append(out, yk_slice_of(layer->steps[i].method));
    if (!*out)
        append(out, YK_LIT("*"));
}

/* The symbol of a function, if it has one: those that are static have none. */
static const char *symbol_of(const struct yoke_handler *handler)
{
    union {
        yoke_fn *fn;
        yoke_err_fn *catch_fn;
        void *address;
    } of = {.fn = handler->fn};
    Dl_info info;
    if (!handler->fn)
        of.catch_fn = handler->catch_fn;
    if (dladdr(of.address, &info) == 0 || info.dli_saddr != of.address)
        return NULL;
    return info.dli_sname;
}

static void write_symbols(const struct yk_layer *layer, char *out)
{
    out[0] = '\0';
    for (uint32_t i = 0; i < layer->step_count; i++) {
        const char *symbol = symbol_of(&layer->steps[i].handler);
        if (symbol)
            append(out, yk_slice_of(symbol));
    }
}

/* ---- Handlers as they are written ---- */

static size_t item_len(const char *text)
{
    int depth = 0;
    const char *at = text;
    for (; *at && (*at != ',' || depth > 0); at++)
        depth += (*at == '(') - (*at == ')');
    return (size_t)(at - text);
}

/* "show" of "yoke_with(show, data, NULL)". */
static struct yk_slice name_in(struct yk_slice item)
{
    static const char *const makers[] = {"yoke_with(", "yoke_catch_with("};
    for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
        size_t len = strlen(makers[i]);
        if (item.len <= len || memcmp(item.ptr, makers[i], len) != 0)
            continue;
        const char *name = item.ptr + len;
        return (struct yk_slice){name, item_len(name)};
    }
    return item;
}

/* The names of what was written, "check, show". */
static void write_names(const char *text, char *out)
{
    out[0] = '\0';
    while (*text) {
        size_t len = item_len(text);
        append(out, name_in((struct yk_slice){text, len}));
        text += len;
        text += strspn(text, ", ");
    }
}

/* ---- Going through ---- */

struct listing {
    void (*fn)(const struct yoke_layer_info *info, void *data);
    void *data;
    int depth;
};

static void list_layer(const struct listing *listing,
                       const struct yk_layer *layer)
{
    char methods[NAMES_MAX], handlers[NAMES_MAX];
    write_methods(layer, methods);
    if (layer->text)
        write_names(layer->text, handlers);
    else
        write_symbols(layer, handlers);
    for (uint32_t i = 0; i < layer->pattern.path_count; i++) {
        char *path = yk_layer_full_path(layer, i);
        struct yoke_layer_info info = {
            .kind = yk_listing_kind(layer->kind),
            .methods = methods,
            .path = path,
            .handlers = handlers,
            .here = layer->here,
            .depth = listing->depth,
        };
        listing->fn(&info, listing->data);
        free(path);
    }
}

static void list_router(struct listing *listing, const yoke_router *router)
{
    for (uint32_t i = 0; i < router->layers.count; i++) {
        const struct yk_layer *layer = router->layers.items[i];
        list_layer(listing, layer);
        if (layer->kind != YK_LAYER_ROUTER)
            continue;
        listing->depth++;
        list_router(listing, layer->router);
        listing->depth--;
    }
}

void yoke_app_routes(const yoke_app *app,
                     void (*fn)(const struct yoke_layer_info *info, void *data),
                     void *data)
{
    struct listing listing = {fn, data, 0};
    list_router(&listing, app->router);
}
