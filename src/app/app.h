/* The application: its routers, its data, and who owns it. */
#ifndef YK_APP_APP_H
#define YK_APP_APP_H

#include <stdbool.h>
#include <stdint.h>

#include <yoke/app.h>

#include "app/methods.h"

struct yoke_app {
    uint32_t refs;       /* Owners. */
    bool is_frozen;      /* Nothing can be added any more. */
    yoke_router *router; /* The outermost one; owned. */
    void *data;          /* yoke_app_data. */
    void (*free_data)(void *data);
    struct yk_methods methods; /* Complete once it is frozen. */
    uint64_t all_methods;      /* Those that routes have, for `OPTIONS *`. */
};

#endif
