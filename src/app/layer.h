/* A layer: one entry in a router's stack, made by one call of registration. */
#ifndef YK_APP_LAYER_H
#define YK_APP_LAYER_H

#include <stdint.h>

#include <yoke/app.h>

#include "app/pattern.h"

enum yk_layer_kind {
    YK_LAYER_ROUTE,  /* Handlers for a method and a whole path. */
    YK_LAYER_USE,    /* Handlers for a path and everything below it. */
    YK_LAYER_ROUTER, /* A mounted router, the same. */
    YK_LAYER_CATCH,  /* An error handler, the same. */
};

struct yk_layer {
    enum yk_layer_kind kind;
    uint32_t handler_count;        /* 0 for a router and for catch. */
    struct yoke_handler *handlers; /* Owned, with their data. */
    union {
        uint64_t methods;    /* ROUTE: bits of methods.h. */
        yoke_router *router; /* ROUTER: owned. */
        yoke_err_fn *catch;  /* CATCH. */
    };
    uint64_t allow; /* ROUTE: what it adds to Allow: its method, or 0. */
    struct yk_pattern pattern;
    char *method; /* ROUTE: its name; NULL for every method. */
    char *here;   /* "app.c:12": where it was registered. */
};

/* A layer without its path: the handlers are copied, their data is taken over.
 * `*layer` is overwritten. */
void yk_layer_init(struct yk_layer *layer, enum yk_layer_kind kind,
                   struct yoke_here here, const struct yoke_handler *handlers,
                   size_t n);

/* Frees what it holds, the handlers' data and a router included. */
void yk_layer_done(struct yk_layer *layer);

/* A growing array of them. Zeroed, it is empty. */
struct yk_layers {
    struct yk_layer *items;
    uint32_t count, capacity;
};

/* Room for one more at the end; valid until the next one is added. */
struct yk_layer *yk_layers_add(struct yk_layers *layers);

void yk_layers_done(struct yk_layers *layers);

#endif
