/* A walk: one request's way through the index of one router (app/index.h). It
 * gives the entries that can match the path, one after the other.
 *
 * Going down the tree finds lists of entries, each in ascending order; they are
 * merged in the order of registration. Merging is lazy: an entry is picked when
 * the layer before it has passed on. Where a literal and a param both fit, the
 * walk follows both, so that order of registration decides and not the shape of
 * the tree. */
#ifndef YK_APP_WALK_H
#define YK_APP_WALK_H

#include <stdint.h>

#include "app/node.h"
#include "core/slice.h"

struct yk_arena;
struct yk_index;

/* A list that the walk has found, and how far it has been used up. */
struct yk_cursor {
    const uint32_t *next; /* Ascending numbers, YK_WALK_END behind them. */
    uint32_t off;         /* Bytes of the path that the list's node matches. */
};

#define YK_WALK_END   YK_NUMBERS_END
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
