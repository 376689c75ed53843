/* Blocks and the arena on them. */
#include "../unit.h"

#include <string.h>

#include "core/alloc.h"
#include "core/arena.h"

static struct yk_blocks pool;
static struct yk_arena arena;

static int setup(void **state)
{
    (void)state;
    yk_blocks_init(&pool, 1024, 2);
    yk_arena_init(&arena, &pool);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    yk_alloc_fail_after(-1);
    yk_arena_clear(&arena);
    assert_int_equal(pool.used_count, 0);
    yk_blocks_done(&pool);
    return 0;
}

static void an_empty_arena_holds_no_memory(void **state)
{
    (void)state;
    assert_int_equal(pool.used_count, 0);
    yk_arena_alloc(&arena, 1);
    assert_int_equal(pool.used_count, 1);
    yk_arena_clear(&arena);
    assert_int_equal(pool.used_count, 0);
}

static void allocations_are_aligned_and_do_not_overlap(void **state)
{
    char *previous = NULL;
    size_t previous_len = 0;
    (void)state;
    for (size_t len = 1; len < 200; len++) {
        char *ptr = yk_arena_alloc(&arena, len);
        assert_int_equal((uintptr_t)ptr % _Alignof(max_align_t), 0);
        memset(ptr, (int)len, len);
        for (size_t i = 0; i < previous_len; i++)
            assert_int_equal((unsigned char)previous[i], previous_len);
        previous = ptr;
        previous_len = len;
    }
}

static void what_is_larger_than_a_block_is_freed_with_the_rest(void **state)
{
    (void)state;
    char *large = yk_arena_alloc(&arena, 100000);
    memset(large, 1, 100000);
    char *small = yk_arena_alloc(&arena, 8);
    memset(small, 2, 8);
    assert_int_equal(large[99999], 1);
    yk_arena_clear(&arena);
    assert_int_equal(pool.used_count, 0);
}

static void a_block_that_came_back_is_used_again(void **state)
{
    (void)state;
    void *first = yk_blocks_take(&pool);
    yk_blocks_give(&pool, first);
    assert_in_range(pool.free_count, 0, 1); /* 0 under AddressSanitizer. */
    for (int i = 0; i < 5; i++)
        yk_blocks_give(&pool, yk_blocks_take(&pool));
    assert_in_range(pool.free_count, 0, 1);
    assert_int_equal(pool.used_count, 0);
}

static void no_more_blocks_wait_than_the_limit(void **state)
{
    void *blocks[10];
    (void)state;
    for (int i = 0; i < 10; i++)
        blocks[i] = yk_blocks_take(&pool);
    for (int i = 0; i < 10; i++)
        yk_blocks_give(&pool, blocks[i]);
    assert_in_range(pool.free_count, 0, 2);
}

static void without_memory_the_try_door_returns_null(void **state)
{
    (void)state;
    yk_alloc_fail_after(0);
    assert_null(yk_arena_try_alloc(&arena, 10));
    yk_alloc_fail_after(0);
    assert_null(yk_arena_try_alloc(&arena, 10000));
    yk_alloc_fail_after(-1);
    assert_non_null(yk_arena_try_alloc(&arena, 10));
    assert_null(yk_arena_try_alloc(&arena, SIZE_MAX - 3));
}

static void no_bytes_are_an_allocation_too(void **state)
{
    (void)state;
    assert_non_null(yk_arena_alloc(&arena, 0));
    yk_arena_alloc(&arena, 1);
    assert_non_null(yk_arena_alloc(&arena, 0));
    assert_null(yk_arena_try_alloc(&arena, SIZE_MAX));
}

static void copies_end_in_nul(void **state)
{
    (void)state;
    assert_string_equal(yk_arena_strndup(&arena, "hello world", 5), "hello");
    assert_string_equal(yk_arena_strndup(&arena, "", 0), "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(an_empty_arena_holds_no_memory),
        TEST(allocations_are_aligned_and_do_not_overlap),
        TEST(what_is_larger_than_a_block_is_freed_with_the_rest),
        TEST(a_block_that_came_back_is_used_again),
        TEST(no_more_blocks_wait_than_the_limit),
        TEST(without_memory_the_try_door_returns_null),
        TEST(no_bytes_are_an_allocation_too),
        TEST(copies_end_in_nul),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
