#include "app/index.h"

#include <stdlib.h>

#include "app/layer.h"
#include "core/alloc.h"
#include "core/arena.h"

/* Numbers of layers, in ascending order. */
struct numbers {
    uint32_t *items; /* YK_WALK_END behind them; NULL when there are none. */
    uint32_t count;
};

/* A literal child, in a hash table with open addressing. */
struct edge {
    uint32_t hash;
    uint32_t node; /* 0: a free place, for the root is nobody's child. */
};

struct yk_node {
    struct yk_slice text;   /* The segment that leads here. Borrowed. */
    struct edge *edges;     /* NULL when there are none. */
    uint32_t edge_capacity; /* A power of two, at least twice the count. */
    uint32_t edge_count;
    uint32_t any; /* The child for any segment that is not empty, or 0. */
    struct numbers ends, covers;
};

/* ---- Hashing ---- */

#define HASH_SEED UINT32_C(0x9e3779b9)

/* Takes upper and lower case for the same, and a few other characters with
 * them, which the comparison tells apart. */
static inline uint32_t hash_byte(uint32_t hash, char c)
{
    return (hash ^ ((unsigned char)c | 0x20)) * UINT32_C(0x01000193);
}

static inline uint32_t hash_end(uint32_t hash)
{
    return hash ^ hash >> 15;
}

static uint32_t hash_of(struct yk_slice text)
{
    uint32_t hash = HASH_SEED;
    for (size_t i = 0; i < text.len; i++)
        hash = hash_byte(hash, text.ptr[i]);
    return hash_end(hash);
}

/* Most clients write a path as the application does. */
static bool is_same(struct yk_slice a, struct yk_slice b)
{
    return a.len == b.len &&
           (memcmp(a.ptr, b.ptr, a.len) == 0 || yk_slice_eq_nocase(a, b));
}

/* The literal child of `node`, or 0. */
static inline uint32_t find_child(const struct yk_node *nodes,
                                  const struct yk_node *node, uint32_t hash,
                                  struct yk_slice text)
{
    if (!node->edges)
        return 0;
    for (uint32_t i = hash;; i++) {
        const struct edge *edge = &node->edges[i & (node->edge_capacity - 1)];
        if (!edge->node)
            return 0;
        if (edge->hash == hash && is_same(nodes[edge->node].text, text))
            return edge->node;
    }
}

/* ---- Building ---- */

static void add_number(struct numbers *numbers, uint32_t number)
{
    /* One place is for the end; the room doubles at each power of two. */
    uint32_t used = numbers->count + 1;
    if ((used & (used - 1)) == 0)
        numbers->items =
            yk_realloc(numbers->items, (size_t)used * 2, sizeof(uint32_t));
    numbers->items[numbers->count++] = number;
    numbers->items[numbers->count] = YK_WALK_END;
}

static uint32_t add_node(struct yk_index *index, struct yk_slice text)
{
    if (index->count == index->capacity) {
        index->capacity = index->capacity ? index->capacity * 2 : 16;
        index->nodes =
            yk_realloc(index->nodes, index->capacity, sizeof(*index->nodes));
    }
    index->nodes[index->count] = (struct yk_node){.text = text};
    return index->count++;
}

static void put_edge(struct yk_node *node, struct edge edge)
{
    uint32_t i = edge.hash;
    while (node->edges[i & (node->edge_capacity - 1)].node)
        i++;
    node->edges[i & (node->edge_capacity - 1)] = edge;
}

static void add_edge(struct yk_node *node, struct edge edge)
{
    if ((node->edge_count + 1) * 2 > node->edge_capacity) {
        struct edge *old = node->edges;
        uint32_t old_capacity = node->edge_capacity;
        node->edge_capacity = old_capacity ? old_capacity * 2 : 2;
        node->edges = yk_alloc(node->edge_capacity * sizeof(*node->edges));
        for (uint32_t i = 0; i < old_capacity; i++)
            if (old[i].node)
                put_edge(node, old[i]);
        free(old);
    }
    put_edge(node, edge);
    node->edge_count++;
}

static uint32_t add_literal_child(struct yk_index *index, uint32_t at,
                                  struct yk_slice text)
{
    uint32_t hash = hash_of(text);
    uint32_t child = find_child(index->nodes, &index->nodes[at], hash, text);
    if (child)
        return child;
    child = add_node(index, text);
    add_edge(&index->nodes[at], (struct edge){hash, child});
    return child;
}

static uint32_t add_any_child(struct yk_index *index, uint32_t at)
{
    if (!index->nodes[at].any) {
        uint32_t child = add_node(index, YK_LIT(""));
        index->nodes[at].any = child;
    }
    return index->nodes[at].any;
}

static void add_layer(struct yk_index *index, const struct yk_layer *layer,
                      uint32_t number)
{
    uint32_t at = 0;
    for (uint32_t i = 0; i < layer->pattern.count; i++) {
        const struct yk_segment *segment = &layer->pattern.segments[i];
        at = segment->is_param ? add_any_child(index, at)
                               : add_literal_child(index, at, segment->text);
    }
    struct yk_node *node = &index->nodes[at];
    add_number(layer->kind == YK_LAYER_ROUTE ? &node->ends : &node->covers,
               number);
}

void yk_index_init(struct yk_index *index, const struct yk_layers *layers)
{
    *index = (struct yk_index){.count = 0};
    add_node(index, YK_LIT(""));
    for (uint32_t i = 0; i < layers->count; i++)
        add_layer(index, &layers->items[i], i);
}

void yk_index_done(struct yk_index *index)
{
    for (uint32_t i = 0; i < index->count; i++) {
        free(index->nodes[i].edges);
        free(index->nodes[i].ends.items);
        free(index->nodes[i].covers.items);
    }
    free(index->nodes);
    *index = (struct yk_index){.count = 0};
}

/* ---- Walking ---- */

static void add_cursor(struct yk_walk *walk, const struct numbers *numbers,
                       uint32_t off)
{
    if (walk->count == walk->capacity) {
        struct yk_cursor *more = yk_arena_alloc(
            walk->arena, (size_t)walk->capacity * 2 * sizeof(*more));
        memcpy(more, walk->cursors, walk->count * sizeof(*more));
        walk->cursors = more;
        walk->capacity *= 2;
    }
    walk->cursors[walk->count++] = (struct yk_cursor){numbers->items, off};
}

/* Goes down from `node`, which has matched the path up to `off`, where a
 * segment ends. Recursion is as deep as the application's patterns are. */
static void visit(struct yk_walk *walk, const struct yk_node *nodes,
                  const struct yk_node *node, struct yk_slice path,
                  uint32_t off)
{
    for (;;) {
        if (node->covers.count)
            add_cursor(walk, &node->covers, off);
        /* A slash at the end of the path is optional. */
        if (off + 1 >= path.len) {
            if (node->ends.count)
                add_cursor(walk, &node->ends, off);
            return;
        }

        uint32_t start = off + 1, hash = HASH_SEED;
        for (off = start; off < path.len && path.ptr[off] != '/'; off++)
            hash = hash_byte(hash, path.ptr[off]);
        struct yk_slice text = {path.ptr + start, off - start};
        uint32_t child = find_child(nodes, node, hash_end(hash), text);
        uint32_t any = text.len > 0 ? node->any : 0;
        if (child && any)
            visit(walk, nodes, &nodes[any], path, off);
        else if (!child && !any)
            return;
        node = &nodes[child ? child : any];
    }
}

void yk_walk_start(struct yk_walk *walk, const struct yk_index *index,
                   struct yk_slice path)
{
    const struct yk_node *root = &index->nodes[0];
    walk->count = 0;
    if (path.len == 0 || path.ptr[0] == '/')
        visit(walk, index->nodes, root, path, 0);
    else if (root->covers.count)
        add_cursor(walk, &root->covers, 0);
}
