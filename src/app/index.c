#include "app/index.h"

#include <stdlib.h>

#include "app/layer.h"
#include "app/pattern.h"
#include "core/alloc.h"
#include "core/arena.h"

/* Numbers of entries, in ascending order. */
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
find_respelled(const struct yk_index *index, const struct yk_node *node,
               uint32_t hash, struct yk_slice text)
{
    bool is_sensitive = index->flags & YK_PATTERN_SENSITIVE;
    for (uint32_t i = hash;; i++) {
        const struct edge *edge = &node->edges[i & (node->edge_capacity - 1)];
        if (!edge->node)
            return 0;
        if (edge->hash == hash &&
            yk_pattern_text_is(index->nodes[edge->node].text, text,
                               is_sensitive))
            return edge->node;
    }
}

/* The literal child of `node`, or 0. Most clients write a path as the application
 * does. */
static __attribute__((noinline)) uint32_t
find_child(const struct yk_index *index, const struct yk_node *node,
           uint32_t hash, struct yk_slice text)
{
    bool is_near = false;
    if (!node->edges)
        return 0;
    for (uint32_t i = hash;; i++) {
        const struct edge *edge = &node->edges[i & (node->edge_capacity - 1)];
        if (!edge->node)
            break;
        if (edge->hash != hash)
            continue;
        if (is_same(index->nodes[edge->node].text, text))
            return edge->node;
        is_near = true;
    }
    return is_near ? find_respelled(index, node, hash, text) : 0;
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
    uint32_t child = find_child(index, &index->nodes[at], hash, text);
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

/* ---- Segments of a variant ---- */

/* A segment of a variant, as far as the tree knows it. */
struct segment {
    struct yk_slice text; /* A literal, if there is no capture. */
    bool has_capture, has_wildcard;
    bool is_exact; /* It is no more than a literal or a capture. */
};

/* Where the next segment starts: at a slash, or at the variant's end. */
struct place {
    uint32_t capture; /* The text is the one before it, or the last. */
    const char *at;
};

static struct yk_slice text_of(const struct yk_variant *variant, uint32_t i)
{
    return i < variant->capture_count ? variant->captures[i].before
                                      : variant->end;
}

static bool is_at_end(const struct yk_variant *variant, struct place place)
{
    struct yk_slice text = text_of(variant, place.capture);
    return place.capture == variant->capture_count &&
           place.at == text.ptr + text.len;
}

/* Takes the segment at `*place`, and moves on to the next. */
static struct segment take_segment(const struct yk_variant *variant,
                                   struct place *place)
{
    struct segment segment = {.is_exact = true};
    const char *start = place->at + 1;

    for (;;) {
        struct yk_slice text = text_of(variant, place->capture);
        const char *end = text.ptr + text.len;
        const char *slash = memchr(start, '/', (size_t)(end - start));
        segment.text =
            (struct yk_slice){start, (size_t)((slash ? slash : end) - start)};
        bool ends = slash || place->capture == variant->capture_count;
        if (segment.text.len > 0 && (segment.has_capture || !ends))
            segment.is_exact = false;
        if (ends) {
            place->at = slash ? slash : end;
            return segment;
        }
        const struct yk_capture *capture = &variant->captures[place->capture++];
        segment.is_exact &= capture->constraint_name.len == 0;
        segment.has_wildcard |= capture->is_wildcard;
        segment.has_capture = true;
        start = text_of(variant, place->capture).ptr;
    }
}

/* Where the entry belongs in the tree; makes the nodes on the way. */
static struct yk_node *add_nodes(struct yk_index *index, struct yk_entry *entry,
                                 bool *ret_has_wildcard)
{
    const struct yk_variant *variant = entry->variant;
    struct place place = {0, text_of(variant, 0).ptr};
    uint32_t at = 0;

    *ret_has_wildcard = false;
    while (!is_at_end(variant, place)) {
        struct segment segment = take_segment(variant, &place);
        entry->is_candidate |= !segment.is_exact || segment.has_wildcard;
        if (segment.has_wildcard) {
            *ret_has_wildcard = true;
            break;
        }
        at = segment.has_capture ? add_any_child(index, at)
                                 : add_literal_child(index, at, segment.text);
    }
    return &index->nodes[at];
}

/* Notes what most entries are, so that it need not be found out for each
 * request. */
static void set_simple(struct yk_entry *entry)
{
    const struct yk_layer *layer = entry->layer;
    if (layer->step_count != 1 || entry->variant->capture_count > 0 ||
        entry->is_candidate)
        return;
    const struct yoke_handler *handler = &layer->steps[0].handler;
    if (layer->kind == YK_LAYER_USE && layer->pattern.count == 1)
        entry->middleware = handler;
    if (layer->kind == YK_LAYER_ROUTE && handler->fn)
        entry->only = handler;
}

static void add_entry(struct yk_index *index, const struct yk_layer *layer,
                      const struct yk_variant *variant)
{
    uint32_t number = index->entry_count++;
    struct yk_entry *entry = &index->entries[number];
    bool has_wildcard;
    *entry = (struct yk_entry){.layer = layer, .variant = variant};
    struct yk_node *node = add_nodes(index, entry, &has_wildcard);
    set_simple(entry);
    bool covers = has_wildcard || layer->kind != YK_LAYER_ROUTE;
    add_number(covers ? &node->covers : &node->ends, number);
}

static uint32_t count_variants(const struct yk_layers *layers)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < layers->count; i++)
        n += layers->items[i]->pattern.count;
    return n;
}

void yk_index_init(struct yk_index *index, const struct yk_layers *layers,
                   unsigned flags)
{
    *index = (struct yk_index){.flags = flags};
    index->entries =
        yk_alloc((count_variants(layers) + 1) * sizeof(*index->entries));
    add_node(index, YK_LIT(""));
    for (uint32_t i = 0; i < layers->count; i++) {
        const struct yk_layer *layer = layers->items[i];
        for (uint32_t j = 0; j < layer->pattern.count; j++)
            add_entry(index, layer, &layer->pattern.variants[j]);
    }
}

void yk_index_done(struct yk_index *index)
{
    for (uint32_t i = 0; i < index->count; i++) {
        free(index->nodes[i].edges);
        free(index->nodes[i].ends.items);
        free(index->nodes[i].covers.items);
    }
    free(index->nodes);
    free(index->entries);
    *index = (struct yk_index){.count = 0};
}

/* ---- Walking ---- */

static void __attribute__((noinline)) grow(struct yk_walk *walk)
{
    struct yk_cursor *more =
        yk_arena_alloc(walk->arena, (size_t)walk->capacity * 2 * sizeof(*more));
    memcpy(more, walk->cursors, walk->count * sizeof(*more));
    walk->cursors = more;
    walk->capacity *= 2;
}

static inline void add_cursor(struct yk_walk *walk,
                              const struct numbers *numbers, uint32_t off)
{
    if (walk->count == walk->capacity)
        grow(walk);
    walk->cursors[walk->count++] = (struct yk_cursor){numbers->items, off};
}

static inline void add_lists(struct yk_walk *walk, const struct yk_node *node,
                             bool can_end, uint32_t off)
{
    if (node->covers.count)
        add_cursor(walk, &node->covers, off);
    if (can_end && node->ends.count)
        add_cursor(walk, &node->ends, off);
}

/* `node` has matched the path up to `off`, behind which a slash is all. That is
 * an empty segment; or it is nothing, unless the router is strict. The root has
 * no other way to be written. */
static void visit_slash(struct yk_walk *walk, const struct yk_index *index,
                        const struct yk_node *node, uint32_t off)
{
    bool is_strict = index->flags & YK_PATTERN_STRICT;
    add_lists(walk, node, !is_strict || off == 0, off);
    uint32_t child = find_child(index, node, hash_of(YK_LIT("")), YK_LIT(""));
    if (child)
        add_lists(walk, &index->nodes[child], true, off + 1);
}

/* Goes down from `node`, which has matched the path up to `off`, where a
 * segment ends. Recursion is as deep as the application's patterns are. */
static void visit(struct yk_walk *walk, const struct yk_index *index,
                  const struct yk_node *node, struct yk_slice path,
                  uint32_t off)
{
    for (;;) {
        if (off + 1 == path.len) {
            visit_slash(walk, index, node, off);
            return;
        }
        add_lists(walk, node, off == path.len, off);
        if (off == path.len)
            return;

        uint32_t start = off + 1, hash = HASH_SEED;
        for (off = start; off < path.len && path.ptr[off] != '/'; off++)
            hash = hash_byte(hash, path.ptr[off]);
        struct yk_slice text = {path.ptr + start, off - start};
        uint32_t child = find_child(index, node, hash_end(hash), text);
        uint32_t any = text.len > 0 ? node->any : 0;
        if (child && any)
            visit(walk, index, &index->nodes[any], path, off);
        else if (!child && !any)
            return;
        node = &index->nodes[child ? child : any];
    }
}

/* A list of nothing. */
static const uint32_t no_numbers[] = {YK_WALK_END};

/* No list is at hand. */
static void rest(struct yk_walk *walk)
{
    walk->next = no_numbers;
    walk->limit = 0;
    walk->current = YK_WALK_END;
}

/* There is one list, as for most paths: nothing is to be merged. */
static void take_only(struct yk_walk *walk)
{
    walk->next = walk->cursors[0].next;
    walk->off = walk->cursors[0].off;
    walk->limit = YK_WALK_END;
    walk->current = 0;
}

void yk_walk_start(struct yk_walk *walk, const struct yk_index *index,
                   struct yk_slice path)
{
    const struct yk_node *root = &index->nodes[0];
    walk->count = 0;
    if (path.ptr[0] == '/')
        visit(walk, index, root, path, 0);
    else if (root->covers.count)
        add_cursor(walk, &root->covers, 0);
    if (walk->count == 1)
        take_only(walk);
    else
        rest(walk);
}

void yk_walk_skip(struct yk_walk *walk, uint32_t number)
{
    uint32_t kept = 0;
    rest(walk);
    for (uint32_t i = 0; i < walk->count; i++) {
        struct yk_cursor cursor = walk->cursors[i];
        while (*cursor.next <= number)
            cursor.next++;
        if (*cursor.next != YK_WALK_END)
            walk->cursors[kept++] = cursor;
    }
    walk->count = kept;
}

/* Notes how far the list at hand has been used up. */
static void put_back(struct yk_walk *walk)
{
    if (walk->current == YK_WALK_END)
        return;
    struct yk_cursor *cursor = &walk->cursors[walk->current];
    cursor->next = walk->next;
    if (*cursor->next == YK_WALK_END)
        *cursor = walk->cursors[--walk->count];
    rest(walk);
}

/* Makes the list with the least number the one at hand, up to where the next
 * one begins. */
static void take_least(struct yk_walk *walk)
{
    uint32_t least = YK_WALK_END, second = YK_WALK_END;
    for (uint32_t i = 0; i < walk->count; i++) {
        uint32_t number = *walk->cursors[i].next;
        if (number < least) {
            second = least;
            least = number;
            walk->current = i;
        } else if (number < second) {
            second = number;
        }
    }
    const struct yk_cursor *cursor = &walk->cursors[walk->current];
    walk->next = cursor->next;
    walk->off = cursor->off;
    walk->limit = second;
}

__attribute__((noinline)) uint32_t yk_walk_switch(struct yk_walk *walk)
{
    put_back(walk);
    if (walk->count == 0)
        return YK_WALK_END;
    if (walk->count == 1)
        take_only(walk);
    else
        take_least(walk);
    return *walk->next++;
}
