/* A layer: one entry in a router's stack, made by one call of registration.
 *
 * A route has steps, its handlers, each for a method or for all; every other
 * layer has one handler, or a router. `yoke_app_use` of several handlers is as
 * many layers, so that each looks at the url that the one before it left. */
#ifndef YK_APP_LAYER_H
#define YK_APP_LAYER_H

#include <stdbool.h>
#include <stdint.h>

#include <yoke/app.h>

#include "app/pattern.h"

enum yk_layer_kind {
    YK_LAYER_ROUTE,  /* Handlers for methods and a whole path. */
    YK_LAYER_USE,    /* A handler for a path and everything below it. */
    YK_LAYER_ROUTER, /* A mounted router, the same. */
    YK_LAYER_CATCH,  /* An error handler, the same. */
};

struct yk_step {
    struct yoke_handler handler; /* Its data is owned. */
    uint64_t methods;            /* Bits of methods.h, when it is frozen. */
    char *method;                /* NULL: every one. */
};

/* What yoke_app_route returns. */
struct yoke_route {
    struct yk_layer *layer;
};

struct yk_layer {
    enum yk_layer_kind kind;
    uint32_t number;  /* Its place in the router. */
    uint64_t methods; /* ROUTE: of all its steps. */
    uint64_t allow;   /* ROUTE: of those with a method. */
    struct yk_step *steps;
    uint32_t step_count;
    bool has_hooks;      /* The router has hooks for one of its params. */
    yoke_router *router; /* ROUTER: what is mounted; owned. */
    yoke_router *owner;  /* The router that it is a layer of. */
    struct yk_pattern pattern;
    char *here;        /* "app.c:12": where it was registered. */
    char *text;        /* The handlers as they are written there; or NULL. */
    char **full_paths; /* Of each path: behind those of the routers around it,
                          when it is frozen. */
    struct yoke_route handle;
};

/* A layer without path and handlers. */
struct yk_layer *yk_layer_new(enum yk_layer_kind kind, yoke_router *owner,
                              struct yoke_here here);

/* Adds a handler, whose data it takes over; `method` NULL is every one. */
void yk_layer_add_step(struct yk_layer *layer, const char *method,
                       const struct yoke_handler *handler);

/* Adds to the text of its handlers; NULL is nothing. */
void yk_layer_add_text(struct yk_layer *layer, const char *text);

/* As it is called in messages: its first path, "" when it has none. */
const char *yk_layer_first_path(const struct yk_layer *layer);

/* The layer's n-th path behind those of the routers around it, of which the
 * first counts where there are several. Released with free(3). */
char *yk_layer_full_path(const struct yk_layer *layer, uint32_t n);

/* Frees it and what it holds, the handlers' data and a router included. NULL
 * is allowed. */
void yk_layer_free(struct yk_layer *layer);

/* A growing array of them. Zeroed, it is empty. */
struct yk_layers {
    struct yk_layer **items;
    uint32_t count, capacity;
};

/* Adds one at the end, which is owned from then on. */
void yk_layers_add(struct yk_layers *layers, struct yk_layer *layer);

void yk_layers_done(struct yk_layers *layers);

#endif
