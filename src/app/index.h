/* The index: which layers of a router can match a path, without looking at all
 * of them.
 *
 * The variants of a router's patterns are its entries, in the order of
 * registration. Segment by segment they are a tree. A node knows the entries
 * whose whole path it is, and those that cover everything below it; a request
 * walks down the tree along the segments of its path, which costs as much as
 * the path is long, and finds a few short lists of entries:
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
 * Merging is lazy: an entry is picked when the layer before it has passed on.
 * Where a literal and a param both fit, the walk follows both, so that order of
 * registration decides and not the shape of the tree.
 *
 * What is more than literals and whole segments (":a-:b", "*rest", ":id<int>")
 * the tree finds by the literals around it; such an entry is only a candidate,
 * and its variant has to be matched. */
#ifndef YK_APP_INDEX_H
#define YK_APP_INDEX_H

#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"

struct yk_arena;
struct yk_layer;
struct yk_layers;
struct yk_node;
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
    struct yk_entry *entries;
    uint32_t entry_count;
    struct yk_node *nodes; /* The first is the root. */
    uint32_t count, capacity;
    unsigned flags; /* SENSITIVE and STRICT of yk_pattern_flag. */
};

/* The layers' patterns have these flags, and PREFIX or not. */
void yk_index_init(struct yk_index *index, const struct yk_layers *layers,
                   unsigned flags);

void yk_index_done(struct yk_index *index);

/* A list that the walk has found, and how far it has been used up. */
struct yk_cursor {
    const uint32_t *next; /* Ascending numbers, YK_WALK_END behind them. */
    uint32_t off;         /* Bytes of the path that the list's node matches. */
};

#define YK_WALK_END   UINT32_MAX
#define YK_WALK_FIRST 4

/* One request's way through one router. Numbers are taken from one list as long
 * as they are below `limit`, where another list's numbers begin. */
struct yk_walk {
    const uint32_t *next; /* In the list of `current`. */
    uint32_t limit;
    uint32_t off;              /* That of `current`. */
    uint32_t current;          /* Place of its cursor; or YK_WALK_END. */
    uint32_t count, capacity;  /* Of the cursors. */
    struct yk_cursor *cursors; /* `first`, or in the arena when more. */
    struct yk_arena *arena;
    struct yk_cursor first[YK_WALK_FIRST];
};

/* Prepares a walk that has not been used yet; it must not move afterwards. */
static inline void yk_walk_init(struct yk_walk *walk, struct yk_arena *arena)
{
    walk->cursors = walk->first;
    walk->capacity = YK_WALK_FIRST;
    walk->arena = arena;
}

/* Finds the entries for a path, which starts with "/", or is "*". Can be called
 * again, for another path. */
void yk_walk_start(struct yk_walk *walk, const struct yk_index *index,
                   struct yk_slice path);

/* Leaves out the entries up to `number`, that one included. Only before the
 * first one has been taken. */
void yk_walk_skip(struct yk_walk *walk, uint32_t number);

/* For yk_walk_next, when the list at hand has no more to give for now. */
uint32_t yk_walk_switch(struct yk_walk *walk);

/* The number of the next entry in the order of registration, or YK_WALK_END.
 * `walk->off` is then the bytes of the path that it has matched, unless it is a
 * candidate. */
static inline uint32_t yk_walk_next(struct yk_walk *walk)
{
    uint32_t number = *walk->next;
    if (number >= walk->limit)
        return yk_walk_switch(walk);
    walk->next++;
    return number;
}

#endif
