#include "app/index.h"

#include <stdlib.h>

#include "app/layer.h"
#include "app/pattern.h"
#include "app/segment.h"
#include "core/alloc.h"

#include "core/banned.h"

/* The node where the entry belongs; makes those on the way. */
static struct yk_node *add_nodes(struct yk_index *index, struct yk_entry *entry,
                                 bool *ret_has_wildcard)
{
    struct yk_nodes *nodes = &index->nodes;
    struct yk_place place = yk_segment_first(entry->variant);
    struct yk_segment segment;
    uint32_t at = 0;

    *ret_has_wildcard = false;
    while (!*ret_has_wildcard &&
           yk_segment_take(entry->variant, &place, &segment)) {
        *ret_has_wildcard = segment.has_wildcard;
        entry->is_candidate |= !segment.is_exact || segment.has_wildcard;
        if (segment.has_wildcard)
            continue;
        at = segment.has_capture
                 ? yk_nodes_add_any(nodes, at)
                 : yk_nodes_add_literal(nodes, at, segment.text);
    }
    return &nodes->items[at];
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
    yk_numbers_add(covers ? &node->covers : &node->ends, number);
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
    *index = (struct yk_index){.is_strict = flags & YK_PATTERN_STRICT};
    index->entries =
        yk_alloc((count_variants(layers) + 1) * sizeof(*index->entries));
    yk_nodes_init(&index->nodes, flags & YK_PATTERN_SENSITIVE);
    for (uint32_t i = 0; i < layers->count; i++) {
        const struct yk_layer *layer = layers->items[i];
        for (uint32_t j = 0; j < layer->pattern.count; j++)
            add_entry(index, layer, &layer->pattern.variants[j]);
    }
}

void yk_index_done(struct yk_index *index)
{
    yk_nodes_done(&index->nodes);
    free(index->entries);
    *index = (struct yk_index){.entry_count = 0};
}
