/* A node of the index's tree (app/index.h): the place behind some segments of a
 * path, and the numbers of the entries that belong there.
 *
 * Nodes refer to each other by their place in one growing array, of which the
 * first is the root. Literal children are found by a hash of the segment, so
 * that a thousand of them cost no more than ten. */
#ifndef YK_APP_NODE_H
#define YK_APP_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"

/* Numbers of entries, in ascending order. */
struct yk_numbers {
    uint32_t *items; /* YK_NUMBERS_END behind them; NULL: there are none. */
    uint32_t count;
};

#define YK_NUMBERS_END UINT32_MAX

void yk_numbers_add(struct yk_numbers *numbers, uint32_t number);

/* A literal child, in a hash table with open addressing. */
struct yk_edge {
    uint32_t hash;
    uint32_t node; /* 0: a free place, for the root is nobody's child. */
};

struct yk_node {
    struct yk_slice text;   /* The segment that leads here. Borrowed. */
    struct yk_edge *edges;  /* NULL when there are none. */
    uint32_t edge_capacity; /* A power of two, at least twice the count. */
    uint32_t edge_count;
    uint32_t any; /* The child for any segment that is not empty, or 0. */
    struct yk_numbers ends;   /* Entries whose whole path leads here. */
    struct yk_numbers covers; /* Those that cover everything below it, too. */
};

struct yk_nodes {
    struct yk_node *items; /* The first is the root. */
    uint32_t count, capacity;
    bool is_sensitive; /* Upper and lower case differ. */
};

/* Makes the root. */
void yk_nodes_init(struct yk_nodes *nodes, bool is_sensitive);

void yk_nodes_done(struct yk_nodes *nodes);

/* The child of the node at place `at` for a segment that is `text`, which stays
 * borrowed, or for any segment; made unless it is there. Returns its place.
 * Nodes may move: pointers to them hold until then. */
uint32_t yk_nodes_add_literal(struct yk_nodes *nodes, uint32_t at,
                              struct yk_slice text);
uint32_t yk_nodes_add_any(struct yk_nodes *nodes, uint32_t at);

/* The place of the literal child of `node` for the segment `text`, whose hash
 * is `hash`; 0: there is none. */
uint32_t yk_nodes_find(const struct yk_nodes *nodes, const struct yk_node *node,
                       uint32_t hash, struct yk_slice text);

/* ---- The hash of a segment, here so that it is taken while the segment is
 * looked through ---- */

#define YK_SEGMENT_HASH UINT32_C(0x9e3779b9) /* Of no byte, yet. */

/* Takes upper and lower case for the same, and a few other characters with
 * them, which the comparison tells apart. */
static inline uint32_t yk_segment_hash_byte(uint32_t hash, char c)
{
    return (hash ^ ((unsigned char)c | 0x20)) * UINT32_C(0x01000193);
}

static inline uint32_t yk_segment_hash_end(uint32_t hash)
{
    return hash ^ hash >> 15;
}

/* The whole of it. */
static inline uint32_t yk_segment_hash(struct yk_slice text)
{
    uint32_t hash = YK_SEGMENT_HASH;
    for (size_t i = 0; i < text.len; i++)
        hash = yk_segment_hash_byte(hash, text.ptr[i]);
    return yk_segment_hash_end(hash);
}

#endif
