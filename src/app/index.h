/* The index: which layers of a router can match a path, without looking at all
 * of them.
 *
 * The variants of a router's patterns are its entries, in the order of
 * registration. Segment by segment they are a tree (app/node.h). A node knows
 * the entries whose whole path it is, and those that cover everything below it;
 * a request walks down the tree along the segments of its path (app/walk.h),
 * which costs as much as the path is long, and finds a few short lists of
 * entries:
 *
 *     0 use /            (root)         covers: 0
 *     1 get /users         +- users     ends: 1
 *     2 get /users/:id     |   +- ":"   ends: 2
 *     3 get /users/me      |   +- me    ends: 3
 *     4 use /api           +- api       covers: 4
 *     5 get /api *rest                          5 (to be matched)
 *
 *     /users/me  ->  0, 2, 3            merged in the order of registration
 *
 * What is more than literals and whole segments (":a-:b", "*rest", ":id<int>")
 * the tree finds by the literals around it; such an entry is only a candidate,
 * and its variant has to be matched. */
#ifndef YK_APP_INDEX_H
#define YK_APP_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "app/node.h"

struct yk_layer;
struct yk_layers;
struct yk_variant;
struct yoke_handler;

struct yk_entry {
    const struct yk_layer *layer;
    const struct yk_variant *variant;
    const struct yoke_handler *middleware; /* Of middleware with one variant,
                                              for which nothing but the path
                                              has to fit; NULL: it is something
                                              else. */
    const struct yoke_handler *only; /* The one handler of a route for which
                                        path and method have to fit; NULL: it is
                                        something else. */
    bool is_candidate;               /* Found is not matched. */
};

/* Built once, when the router is frozen; then only read. Zeroed, it is empty
 * and finds nothing. */
struct yk_index {
    struct yk_entry *entries; /* In the order of registration. */
    uint32_t entry_count;
    bool is_strict; /* A "/" at the end of a path counts. */
    struct yk_nodes nodes;
};

/* The layers' patterns have these flags (yk_pattern_flag), and PREFIX or not. */
void yk_index_init(struct yk_index *index, const struct yk_layers *layers,
                   unsigned flags);

void yk_index_done(struct yk_index *index);

#endif
