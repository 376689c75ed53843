#include "app/node.h"

#include <stdlib.h>

#include "app/pattern.h"
#include "core/alloc.h"

#include "core/banned.h"

void yk_numbers_add(struct yk_numbers *numbers, uint32_t number)
{
    /* One place is for the end; the room doubles at each power of two. */
    uint32_t used = numbers->count + 1;
    if ((used & (used - 1)) == 0)
        numbers->items =
            yk_realloc(numbers->items, (size_t)used * 2, sizeof(uint32_t));
    numbers->items[numbers->count++] = number;
    numbers->items[numbers->count] = YK_NUMBERS_END;
}

/* ---- Finding ---- */

/* Without a call, for segments are short. */
static inline bool is_same(struct yk_slice a, struct yk_slice b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++)
        if (a.ptr[i] != b.ptr[i])
            return false;
    return true;
}

/* The literal child of `node` that is `text` in another spelling, or 0. */
static __attribute__((noinline)) uint32_t
find_respelled(const struct yk_nodes *nodes, const struct yk_node *node,
               uint32_t hash, struct yk_slice text)
{
    for (uint32_t i = hash;; i++) {
        const struct yk_edge *edge =
            &node->edges[i & (node->edge_capacity - 1)];
        if (!edge->node)
            return 0;
        if (edge->hash == hash &&
            yk_pattern_text_is(nodes->items[edge->node].text, text,
                               nodes->is_sensitive))
            return edge->node;
    }
}

/* Most clients write a path as the application does. */
uint32_t yk_nodes_find(const struct yk_nodes *nodes, const struct yk_node *node,
                       uint32_t hash, struct yk_slice text)
{
    bool is_near = false;
    if (!node->edges)
        return 0;
    for (uint32_t i = hash;; i++) {
        const struct yk_edge *edge =
            &node->edges[i & (node->edge_capacity - 1)];
        if (!edge->node)
            break;
        if (edge->hash != hash)
            continue;
        if (is_same(nodes->items[edge->node].text, text))
            return edge->node;
        is_near = true;
    }
    return is_near ? find_respelled(nodes, node, hash, text) : 0;
}

/* ---- Growing ---- */

static uint32_t add_node(struct yk_nodes *nodes, struct yk_slice text)
{
    if (nodes->count == nodes->capacity) {
        nodes->capacity = nodes->capacity ? nodes->capacity * 2 : 16;
        nodes->items =
            yk_realloc(nodes->items, nodes->capacity, sizeof(*nodes->items));
    }
    nodes->items[nodes->count] = (struct yk_node){.text = text};
    return nodes->count++;
}

static void put_edge(struct yk_node *node, struct yk_edge edge)
{
    uint32_t i = edge.hash;
    while (node->edges[i & (node->edge_capacity - 1)].node)
        i++;
    node->edges[i & (node->edge_capacity - 1)] = edge;
}

static void add_edge(struct yk_node *node, struct yk_edge edge)
{
    if ((node->edge_count + 1) * 2 > node->edge_capacity) {
        struct yk_edge *old = node->edges;
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

uint32_t yk_nodes_add_literal(struct yk_nodes *nodes, uint32_t at,
                              struct yk_slice text)
{
    uint32_t hash = yk_segment_hash(text);
    uint32_t child = yk_nodes_find(nodes, &nodes->items[at], hash, text);
    if (child)
        return child;
    child = add_node(nodes, text);
    add_edge(&nodes->items[at], (struct yk_edge){hash, child});
    return child;
}

uint32_t yk_nodes_add_any(struct yk_nodes *nodes, uint32_t at)
{
    if (!nodes->items[at].any) {
        uint32_t child = add_node(nodes, YK_LIT(""));
        nodes->items[at].any = child;
    }
    return nodes->items[at].any;
}

void yk_nodes_init(struct yk_nodes *nodes, bool is_sensitive)
{
    *nodes = (struct yk_nodes){.is_sensitive = is_sensitive};
    add_node(nodes, YK_LIT(""));
}

void yk_nodes_done(struct yk_nodes *nodes)
{
    for (uint32_t i = 0; i < nodes->count; i++) {
        free(nodes->items[i].edges);
        free(nodes->items[i].ends.items);
        free(nodes->items[i].covers.items);
    }
    free(nodes->items);
    *nodes = (struct yk_nodes){.count = 0};
}
