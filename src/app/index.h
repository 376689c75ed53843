/* The index: which layers of a router can match a path, without looking at all
 * of them.
 *
 * The patterns of a router, segment by segment, are a tree. A node knows the
 * layers whose whole path it is, and those that cover everything below it; a
 * request walks down the tree along the segments of its path, which costs as
 * much as the path is long, and finds a few short lists of layer numbers:
 *
 *     0 use /            (root)         covers: 0
 *     1 get /users         +- users     ends: 1
 *     2 get /users/:id     |   +- ":"   ends: 2
 *     3 get /users/me      |   +- me    ends: 3
 *     4 use /api           +- api       covers: 4
 *
 *     /users/me  ->  0, 2, 3            merged in the order of registration
 *
 * Merging is lazy: a number is picked when the layer before it has passed on.
 * Where a literal and a param both fit, the walk follows both, so that order of
 * registration decides and not the shape of the tree. */
#ifndef YK_APP_INDEX_H
#define YK_APP_INDEX_H

#include <stdint.h>

#include "core/slice.h"

struct yk_arena;
struct yk_layers;
struct yk_node;

/* Built once, when the router is frozen; then only read. Zeroed, it is empty
 * and finds nothing. */
struct yk_index {
    struct yk_node *nodes; /* The first is the root. */
    uint32_t count, capacity;
};

void yk_index_init(struct yk_index *index, const struct yk_layers *layers);

void yk_index_done(struct yk_index *index);

/* A list that the walk has found, and how far it has been used up. */
struct yk_cursor {
    const uint32_t *next; /* Ascending numbers, YK_WALK_END behind them. */
    uint32_t off;         /* Bytes of the path that the list's node matches. */
};

#define YK_WALK_END   UINT32_MAX
#define YK_WALK_FIRST 4

/* One request's way through one router. */
struct yk_walk {
    struct yk_cursor *cursors; /* `first`, or in the arena when more. */
    uint32_t count, capacity;
    struct yk_arena *arena;
    struct yk_cursor first[YK_WALK_FIRST];
};

/* Prepares a walk that has not been used yet; it must not move afterwards. */
static inline void yk_walk_init(struct yk_walk *walk, struct yk_arena *arena)
{
    walk->cursors = walk->first;
    walk->count = 0;
    walk->capacity = YK_WALK_FIRST;
    walk->arena = arena;
}

/* Finds the layers for a path, which starts with "/" or is empty or "*". Can be
 * called again, for another path. */
void yk_walk_start(struct yk_walk *walk, const struct yk_index *index,
                   struct yk_slice path);

/* The number of the next layer in the order of registration, and the bytes of
 * the path that its pattern has matched; or YK_WALK_END. */
static inline uint32_t yk_walk_next(struct yk_walk *walk, uint32_t *ret_off)
{
    if (walk->count == 0)
        return YK_WALK_END;
    struct yk_cursor *best = walk->cursors;
    for (uint32_t i = 1; i < walk->count; i++)
        if (*walk->cursors[i].next < *best->next)
            best = &walk->cursors[i];

    uint32_t number = *best->next++;
    *ret_off = best->off;
    if (*best->next == YK_WALK_END)
        *best = walk->cursors[--walk->count];
    return number;
}

#endif
