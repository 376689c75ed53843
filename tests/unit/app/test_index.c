/* The index finds exactly the layers that matching every pattern finds, in the
 * same order. What matching means is the affair of test_pattern.c. */
#include "../unit.h"

#include <stdio.h>
#include <string.h>

#include "app/index.h"
#include "app/layer.h"
#include "app/router.h"
#include "app/walk.h"
#include "core/arena.h"
#include "core/random.h"

/* ---- Looking at all ---- */

/* Whether the variant matches, and how far. */
static bool matches(const struct yk_entry *entry, struct yk_slice path,
                    uint32_t *ret_off)
{
    struct yk_taken taken[YK_CAPTURES_MAX];
    return yk_variant_match(entry->variant, entry->layer->pattern.flags, path,
                            taken, ret_off);
}

/* ---- Random patterns and paths ---- */

static const char *const words[] = {"a", "b", "A", "ab", "", "%41", "x.y", "c"};

/* What stands in a segment of a pattern besides words. */
static const char *const parts[] = {":p",        ":p-:q", ":p.y", "a:p",
                                    ":p<alpha>", "*p",    "x*p",  ":p-*q",
                                    ":p{-:q}",   "{a}",   "{/b}", ":p"};

static const char *pick(struct yk_random *random, const char *const *from,
                        size_t n)
{
    return from[yk_random_below(random, n)];
}

/* Writes "/segment" up to four times. Of a pattern one may be more than text;
 * only one, for names must differ. */
static void random_path(struct yk_random *random, bool is_pattern, char *out)
{
    uint64_t n = yk_random_below(random, 5);
    uint64_t special = is_pattern ? yk_random_below(random, 5) : n;
    size_t len = 0;
    out[0] = '/';
    out[1] = '\0';
    for (uint64_t i = 0; i < n; i++) {
        const char *text = i == special ? pick(random, parts, COUNT_OF(parts))
                                        : pick(random, words, COUNT_OF(words));
        len += (size_t)snprintf(out + len, 16, "/%s", text);
    }
    if (yk_random_below(random, 4) == 0)
        snprintf(out + strlen(out), 2, "/");
}

static void add_random_layer(struct yk_random *random, yoke_router *router,
                             unsigned flags)
{
    char path[80];
    enum yk_layer_kind kind =
        yk_random_below(random, 4) == 0 ? YK_LAYER_USE : YK_LAYER_ROUTE;
    struct yk_layer *layer =
        yk_layer_new(kind, router, (struct yoke_here){"x", 1, NULL});
    layer->pattern.flags |= flags;
    random_path(random, true, path);
    assert_null(yk_pattern_add(&layer->pattern, path));
    yk_layers_add(&router->layers, layer);
}

/* Of the entries that were found, those that match are those that match among
 * all. */
static void compare(const struct yk_index *index, struct yk_walk *walk,
                    const char *text)
{
    struct yk_slice path = yk_slice_of(text);
    uint32_t naive_off = 0, found = yk_walk_next(walk);
    for (uint32_t i = 0; i < index->entry_count; i++) {
        const struct yk_entry *entry = &index->entries[i];
        bool is_match = matches(entry, path, &naive_off);
        bool is_found = found == i;
        if (is_match && !is_found)
            fail_msg("%s: entry %u is not found, but %u", text, i, found);
        if (is_found && !is_match && !entry->is_candidate)
            fail_msg("%s: entry %u is found and does not match", text, i);
        if (is_found && is_match && !entry->is_candidate &&
            (entry->layer->pattern.flags & YK_PATTERN_PREFIX) &&
            walk->off != naive_off)
            fail_msg("%s: entry %u up to %u, found up to %u", text, i,
                     naive_off, walk->off);
        if (is_found)
            found = yk_walk_next(walk);
    }
    assert_int_equal(found, YK_WALK_END);
}

static void compare_many(struct yk_random *random, const struct yk_index *index,
                         struct yk_arena *arena)
{
    struct yk_walk walk;
    yk_walk_init(&walk, arena);
    for (int i = 0; i < 100; i++) {
        char path[80];
        random_path(random, false, path);
        yk_walk_start(&walk, index, yk_slice_of(path));
        compare(index, &walk, path);
    }
}

static void finds_what_looking_at_all_finds(void **state)
{
    struct yk_random random = {.state = 1};
    struct yk_blocks pool;
    struct yk_arena arena;
    (void)state;
    yk_blocks_init(&pool, 4096, 4);
    yk_arena_init(&arena, &pool);
    for (unsigned round = 0; round < 400; round++) {
        unsigned flags = (round & 1 ? YK_PATTERN_SENSITIVE : 0) |
                         (round & 2 ? YK_PATTERN_STRICT : 0);
        yoke_router *router = yoke_router_new();
        uint64_t n = 1 + yk_random_below(&random, 60);
        for (uint64_t i = 0; i < n; i++)
            add_random_layer(&random, router, flags);
        yk_index_init(&router->index, &router->layers, flags);
        compare_many(&random, &router->index, &arena);
        yoke_router_free(router);
        yk_arena_clear(&arena);
    }
    yk_blocks_done(&pool);
}

/* A router with 5,000 routes, ready to be walked. */
static yoke_router *many_routes(void)
{
    yoke_router *router = yoke_router_new();
    char path[64];
    for (int i = 0; i < 5000; i++) {
        struct yk_layer *layer = yk_layer_new(YK_LAYER_ROUTE, router,
                                              (struct yoke_here){"x", 1, NULL});
        snprintf(path, sizeof(path), "/v1/things/%d/parts", i);
        assert_null(yk_pattern_add(&layer->pattern, path));
        yk_layers_add(&router->layers, layer);
    }
    yk_index_init(&router->index, &router->layers, 0);
    return router;
}

static void thousands_of_literals_are_told_apart(void **state)
{
    yoke_router *router = many_routes();
    struct yk_walk walk;
    char path[64];
    (void)state;
    yk_walk_init(&walk, NULL); /* It must not need the arena. */
    for (uint32_t i = 0; i < 5000; i++) {
        snprintf(path, sizeof(path), "/V1/Things/%u/parts/", i);
        yk_walk_start(&walk, &router->index, yk_slice_of(path));
        assert_int_equal(yk_walk_next(&walk), i);
        assert_int_equal(yk_walk_next(&walk), YK_WALK_END);
    }
    yk_walk_start(&walk, &router->index, YK_LIT("/v1/things/5000/parts"));
    assert_int_equal(yk_walk_next(&walk), YK_WALK_END);
    yoke_router_free(router);
}

static void a_walk_can_go_on_behind_an_entry(void **state)
{
    static const char *const paths[] = {"/a/:x", "/:x/b", "/a/b", "/", "/a/b"};
    yoke_router *router = yoke_router_new();
    struct yk_walk walk;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        struct yk_layer *layer = yk_layer_new(YK_LAYER_USE, router,
                                              (struct yoke_here){"x", 1, NULL});
        assert_null(yk_pattern_add(&layer->pattern, paths[i]));
        yk_layers_add(&router->layers, layer);
    }
    yk_index_init(&router->index, &router->layers, 0);
    for (uint32_t skipped = 0; skipped < COUNT_OF(paths); skipped++) {
        yk_walk_init(&walk, NULL);
        yk_walk_start(&walk, &router->index, YK_LIT("/a/b"));
        yk_walk_skip(&walk, skipped);
        for (uint32_t i = skipped + 1; i < COUNT_OF(paths); i++)
            assert_int_equal(yk_walk_next(&walk), i);
        assert_int_equal(yk_walk_next(&walk), YK_WALK_END);
    }
    yoke_router_free(router);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_looking_at_all_finds),
        cmocka_unit_test(thousands_of_literals_are_told_apart),
        cmocka_unit_test(a_walk_can_go_on_behind_an_entry),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
