/* Routers and paths: what the index and the matcher find is what a slow, simple
 * matcher finds, which is written here from the meaning of the syntax alone: a
 * pattern is tried as a regular expression would, character by character.
 *
 * The input is lines. The first is flags (one byte) and a path; each of the
 * others is the pattern of a layer, a prefix if it starts with ">". */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "app/index.h"
#include "app/layer.h"
#include "app/router.h"
#include "app/walk.h"
#include "core/arena.h"

/* Trying everything takes long; more than this is not compared. */
#define TEXT_MAX   48
#define STEPS_MAX  200000
#define LAYERS_MAX 24

struct slow {
    const struct yk_variant *variant;
    const char *path;
    size_t len;
    bool is_prefix, is_strict, is_sensitive;
    struct yk_taken taken[YK_CAPTURES_MAX];
    long steps;
};

static bool slow_is(const struct slow *s, char a, char b)
{
    return s->is_sensitive
               ? a == b
               : yk_lower((unsigned char)a) == yk_lower((unsigned char)b);
}

static bool slow_has(const struct slow *s, size_t at, struct yk_slice text)
{
    if (text.len > s->len - at)
        return false;
    for (size_t i = 0; i < text.len; i++)
        if (!slow_is(s, s->path[at + i], text.ptr[i]))
            return false;
    return true;
}

static bool slow_ends(const struct slow *s, size_t at)
{
    bool is_last_slash = at + 1 == s->len && s->path[at] == '/';
    if (at == s->len)
        return true;
    if (s->is_prefix)
        return s->path[at] == '/';
    return is_last_slash && !s->is_strict;
}

/* Whether the capture may be these bytes: what it must not contain does not
 * start anywhere in them. */
static bool slow_may_be(const struct slow *s, const struct yk_capture *capture,
                        size_t at, size_t len)
{
    bool has_slash = memchr(s->path + at, '/', len) != NULL;
    bool has_stop = false;
    for (size_t i = 0; i < len && capture->stop.len > 0; i++)
        has_stop |= slow_has(s, at + i, capture->stop);
    if (capture->may_be_stop && len == capture->stop.len &&
        slow_has(s, at, capture->stop))
        return true;
    if (has_slash && !capture->has_slash)
        return false;
    return !has_stop || (capture->may_be_segment && !has_slash);
}

/* All ways, the longest captures first. */
static bool slow_match(struct slow *s, uint32_t i, size_t at, size_t *ret_end)
{
    const struct yk_variant *variant = s->variant;
    if (++s->steps > STEPS_MAX)
        return false;
    if (i == variant->capture_count) {
        *ret_end = at + variant->end.len;
        return slow_has(s, at, variant->end) && slow_ends(s, *ret_end);
    }
    const struct yk_capture *capture = &variant->captures[i];
    if (!slow_has(s, at, capture->before))
        return false;
    at += capture->before.len;
    /* Without its stop first, as the alternatives of an expression are. */
    for (int second = 0; second < 2; second++) {
        for (size_t len = s->len - at; len > 0; len--) {
            struct yk_capture first = *capture;
            first.may_be_stop = first.may_be_segment = false;
            if (!slow_may_be(s, second ? capture : &first, at, len))
                continue;
            s->taken[i] = (struct yk_taken){(uint32_t)at, (uint32_t)len};
            if (slow_match(s, i + 1, at + len, ret_end))
                return true;
        }
    }
    return false;
}

static bool is_root(const struct yk_variant *variant, struct yk_slice path)
{
    return variant->capture_count == 0 && variant->end.len == 0 &&
           path.len == 1;
}

/* Both matchers say the same. */
static bool compare(const struct yk_entry *entry, struct yk_slice path,
                    uint32_t *ret_len)
{
    unsigned flags = entry->layer->pattern.flags;
    struct yk_taken taken[YK_CAPTURES_MAX];
    struct slow slow = {
        .variant = entry->variant,
        .path = path.ptr,
        .len = path.len,
        .is_prefix = flags & YK_PATTERN_PREFIX,
        .is_strict = flags & YK_PATTERN_STRICT,
        .is_sensitive = flags & YK_PATTERN_SENSITIVE,
    };
    size_t end = 0;
    bool is_fast =
        yk_variant_match(entry->variant, flags, path, taken, ret_len);
    bool is_slow =
        is_root(entry->variant, path) || slow_match(&slow, 0, 0, &end);
    if (slow.steps > STEPS_MAX)
        return is_fast;
    MUST(is_fast == is_slow, "whether it matches");
    if (!is_fast)
        return false;
    MUST(*ret_len == end, "how much of the path it is");
    for (uint32_t i = 0; i < entry->variant->capture_count; i++)
        MUST(taken[i].off == slow.taken[i].off &&
                 taken[i].len == slow.taken[i].len,
             "what the captures are");
    return true;
}

/* The walk finds every entry that matches, in order, and nothing that does not
 * but candidates. */
static void check_walk(const struct yk_index *index, struct yk_slice path,
                       struct yk_arena *arena)
{
    struct yk_walk walk;
    uint32_t len = 0;
    yk_walk_init(&walk, arena);
    yk_walk_start(&walk, index, path);
    uint32_t found = yk_walk_next(&walk);
    for (uint32_t i = 0; i < index->entry_count; i++) {
        const struct yk_entry *entry = &index->entries[i];
        bool is_match = compare(entry, path, &len);
        bool is_prefix = entry->layer->pattern.flags & YK_PATTERN_PREFIX;
        MUST(!is_match || found == i, "what matches is found");
        if (found != i)
            continue;
        MUST(is_match || entry->is_candidate, "what is found matches");
        MUST(entry->is_candidate || !is_prefix || walk.off == len,
             "how much of the path it is, by the index");
        found = yk_walk_next(&walk);
    }
    MUST(found == YK_WALK_END, "nothing else is found");
}

static void add_layer(yoke_router *router, const char *line, unsigned flags)
{
    enum yk_layer_kind kind = *line == '>' ? YK_LAYER_USE : YK_LAYER_ROUTE;
    struct yk_layer *layer =
        yk_layer_new(kind, router, (struct yoke_here){"fuzz", 1, NULL});
    layer->pattern.flags |= flags;
    if (yk_pattern_add(&layer->pattern, line + (*line == '>')))
        yk_layer_free(layer);
    else
        yk_layers_add(&router->layers, layer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct yk_blocks pool;
    struct yk_arena arena;
    if (size < 2)
        return 0;
    char *text = calloc(1, size);
    yoke_router *router = yoke_router_new();
    unsigned flags = data[0] & (YK_PATTERN_SENSITIVE | YK_PATTERN_STRICT);
    if (!text)
        abort();
    memcpy(text, data + 1, size - 1);
    yk_blocks_init(&pool, 4096, 0);
    yk_arena_init(&arena, &pool);

    char *rest = text, *path = strsep(&rest, "\n"), *line;
    while ((line = strsep(&rest, "\n")) && router->layers.count < LAYERS_MAX)
        if (strlen(line) <= TEXT_MAX)
            add_layer(router, line, flags);
    yk_index_init(&router->index, &router->layers, flags);
    /* In escapes the case of digits never counts, which the slow one does not
     * know. */
    if (path[0] == '/' && strlen(path) <= TEXT_MAX && !strchr(path, '%'))
        check_walk(&router->index, yk_slice_of(path), &arena);

    yoke_router_free(router);
    yk_arena_clear(&arena);
    yk_blocks_done(&pool);
    free(text);
    return 0;
}
