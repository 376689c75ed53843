/* The router: a stack of layers, and what registration does to it.
 *
 * Layers are added until the application is started; then the router is frozen:
 * methods get their bits, constraints their functions, and the index is built.
 * What is refused is kept in a second list, so that its data is freed with
 * everything else and not under the hands of whoever registers it. */
#ifndef YK_APP_ROUTER_H
#define YK_APP_ROUTER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include <yoke/app.h>

#include "app/index.h"
#include "app/layer.h"

struct yk_methods;
struct yk_param_hook;

struct yoke_router {
    yoke_router *parent;     /* Where it is mounted; NULL: nowhere. */
    struct yk_layer *mount;  /* The layer by which it is; or NULL. */
    yoke_app *app;           /* Whose own router it is; or NULL. */
    struct yk_layers layers; /* In the order of registration. */
    struct yk_layers refused;
    struct yk_param_hook *hooks; /* In the order of registration. */
    struct yk_index index;       /* Over `layers`, once frozen. */
    struct yoke_router_options options;
    char *error; /* The first error, here or in a router below. */
    bool is_frozen;
};

/* Records an error for this router and those it is mounted in; each keeps its
 * first. `here` NULL: the message stands alone. */
void yk_router_fail(yoke_router *router, const char *here, const char *fmt,
                    va_list args) __attribute__((format(printf, 3, 0)));
void yk_router_fail_at(yoke_router *router, struct yoke_here here,
                       const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* yoke_router_add_router, also for an application's own router. */
void yk_router_mount(yoke_router *router, struct yoke_here here,
                     struct yoke_paths paths, yoke_router *child);

/* The application whose router this is, or in one of whose routers it is
 * mounted; NULL when it is mounted nowhere. */
yoke_app *yk_router_app(const yoke_router *router);

/* Freezes the router and those mounted in it (app/freeze.c). Adds their methods to `methods`,
 * and to `*all` the bits of those that routes have. May fail by recording an
 * error. Does nothing the second time. */
void yk_router_freeze(yoke_router *router, struct yk_methods *methods,
                      uint64_t *all);

#endif
