/* The index finds exactly the layers that a look at every pattern finds, in the
 * same order. */
#include "../unit.h"

#include <stdio.h>
#include <string.h>

#include "app/index.h"
#include "app/layer.h"
#include "core/arena.h"
#include "core/random.h"

/* ---- The naive matcher ---- */

/* The end of the segment that starts behind the slash at `off`. */
static size_t segment_end(struct yk_slice path, size_t off)
{
    size_t end = off + 1;
    while (end < path.len && path.ptr[end] != '/')
        end++;
    return end;
}

/* Whether the layer matches, and how far. */
static bool matches(const struct yk_layer *layer, struct yk_slice path,
                    uint32_t *ret_off)
{
    size_t off = 0;
    for (uint32_t i = 0; i < layer->pattern.count; i++) {
        const struct yk_segment *segment = &layer->pattern.segments[i];
        if (off + 1 > path.len)
            return false;
        size_t end = segment_end(path, off);
        struct yk_slice text = {path.ptr + off + 1, end - off - 1};
        if (segment->is_param ? text.len == 0
                              : !yk_slice_eq_nocase(segment->text, text))
            return false;
        off = end;
    }
    *ret_off = (uint32_t)off;
    return layer->kind != YK_LAYER_ROUTE || path.len - off <= 1;
}

/* ---- Random patterns and paths ---- */

static const char *const words[] = {"a", "b", "A", "ab", "", "%41", "x.y", "c"};

static const char *word(struct yk_random *random)
{
    return words[yk_random_below(random, COUNT_OF(words))];
}

/* Writes "/segment" up to four times, a param now and then. */
static void random_path(struct yk_random *random, bool has_params, char *out)
{
    uint64_t n = yk_random_below(random, 5);
    out[0] = '/';
    out[1] = '\0';
    for (uint64_t i = 0; i < n; i++) {
        size_t len = i == 0 ? 0 : strlen(out);
        if (has_params && yk_random_below(random, 3) == 0)
            snprintf(out + len, 8, "/:p%d", (int)i);
        else
            snprintf(out + len, 8, "/%s", word(random));
    }
    if (!has_params && yk_random_below(random, 4) == 0)
        strncat(out, "/", 2);
}

static void add_random_layer(struct yk_random *random, struct yk_layers *layers)
{
    char path[64];
    struct yk_layer *layer = yk_layers_add(layers);
    enum yk_layer_kind kind =
        yk_random_below(random, 4) == 0 ? YK_LAYER_USE : YK_LAYER_ROUTE;
    yk_layer_init(layer, kind, (struct yoke_here){"x", 1}, NULL, 0);
    random_path(random, true, path);
    assert_null(yk_pattern_init(&layer->pattern, path));
}

static void compare(const struct yk_layers *layers, struct yk_walk *walk,
                    const char *path)
{
    uint32_t off = 0, naive_off = 0;
    for (uint32_t i = 0; i < layers->count; i++) {
        if (!matches(&layers->items[i], yk_slice_of(path), &naive_off))
            continue;
        uint32_t number = yk_walk_next(walk, &off);
        if (number != i || off != naive_off)
            fail_msg("%s: expected layer %u up to %u, found %u up to %u", path,
                     i, naive_off, number, off);
    }
    assert_int_equal(yk_walk_next(walk, &off), YK_WALK_END);
}

static void finds_what_looking_at_all_finds(void **state)
{
    struct yk_random random = {.state = 1};
    struct yk_blocks pool;
    struct yk_arena arena;
    (void)state;
    yk_blocks_init(&pool, 4096, 4);
    yk_arena_init(&arena, &pool);
    for (int round = 0; round < 300; round++) {
        struct yk_layers layers = {.count = 0};
        struct yk_index index;
        struct yk_walk walk;
        uint64_t n = 1 + yk_random_below(&random, 60);
        for (uint64_t i = 0; i < n; i++)
            add_random_layer(&random, &layers);
        yk_index_init(&index, &layers);
        yk_walk_init(&walk, &arena);
        for (int i = 0; i < 100; i++) {
            char path[64];
            random_path(&random, false, path);
            yk_walk_start(&walk, &index, yk_slice_of(path));
            compare(&layers, &walk, path);
        }
        yk_index_done(&index);
        yk_layers_done(&layers);
        yk_arena_clear(&arena);
    }
    yk_blocks_done(&pool);
}

static void thousands_of_literals_are_told_apart(void **state)
{
    struct yk_layers layers = {.count = 0};
    struct yk_index index;
    struct yk_walk walk;
    char path[64];
    uint32_t off = 0;
    (void)state;
    for (int i = 0; i < 5000; i++) {
        struct yk_layer *layer = yk_layers_add(&layers);
        yk_layer_init(layer, YK_LAYER_ROUTE, (struct yoke_here){"x", 1}, NULL,
                      0);
        snprintf(path, sizeof(path), "/v1/things/%d/parts", i);
        assert_null(yk_pattern_init(&layer->pattern, path));
    }
    yk_index_init(&index, &layers);
    yk_walk_init(&walk, NULL); /* It must not need the arena. */
    for (uint32_t i = 0; i < 5000; i++) {
        snprintf(path, sizeof(path), "/V1/Things/%u/parts/", i);
        yk_walk_start(&walk, &index, yk_slice_of(path));
        assert_int_equal(yk_walk_next(&walk, &off), i);
        assert_int_equal(yk_walk_next(&walk, &off), YK_WALK_END);
    }
    yk_walk_start(&walk, &index, YK_LIT("/v1/things/5000/parts"));
    assert_int_equal(yk_walk_next(&walk, &off), YK_WALK_END);
    yk_index_done(&index);
    yk_layers_done(&layers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_looking_at_all_finds),
        cmocka_unit_test(thousands_of_literals_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
