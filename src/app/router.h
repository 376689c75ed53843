/* The router: a stack of layers, and what registration does to it.
 *
 * Layers are added until the application is started; then the router is frozen:
 * methods get their bits, and the index is built. What is refused is kept in a
 * second list, so that its data is freed with everything else and not under
 * the hands of whoever registers it. */
#ifndef YK_APP_ROUTER_H
#define YK_APP_ROUTER_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include <yoke/app.h>

#include "app/index.h"
#include "app/layer.h"

struct yk_methods;

struct yoke_router {
    yoke_router *parent;     /* Where it is mounted; NULL: nowhere. */
    struct yk_layers layers; /* In the order of registration. */
    struct yk_layers refused;
    struct yk_index index; /* Over `layers`, once frozen. */
    char *error;           /* The first error, here or in a router below. */
    bool is_frozen;
};

/* Records an error for this router and those it is mounted in; each keeps its
 * first. `here` NULL: the message stands alone. */
void yk_router_fail(yoke_router *router, const char *here, const char *fmt,
                    va_list args) __attribute__((format(printf, 3, 0)));

/* Freezes the router and those mounted in it. Adds their methods to `methods`,
 * and to `*all` the bits of those that routes have. May fail by recording an
 * error. Does nothing the second time. */
void yk_router_freeze(yoke_router *router, struct yk_methods *methods,
                      uint64_t *all);

#endif
