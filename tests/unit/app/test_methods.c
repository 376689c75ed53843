/* Methods as bits, and what Allow says. */
#include "../unit.h"

#include <stdio.h>
#include <string.h>

#include "app/methods.h"
#include "core/arena.h"

static const char *const common[] = {"GET",   "HEAD",   "POST",    "PUT",
                                     "PATCH", "DELETE", "OPTIONS", "QUERY"};

static void common_methods_have_their_own_bits(void **state)
{
    static const struct yk_methods none = {.added_count = 0};
    uint64_t seen = 0;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(common); i++) {
        uint64_t bit = yk_methods_find(&none, yk_slice_of(common[i]));
        assert_int_equal(bit, UINT64_C(1) << i);
        seen |= bit;
    }
    assert_int_equal(seen, YK_METHOD_GET | YK_METHOD_HEAD | YK_METHOD_POST |
                               YK_METHOD_PUT | YK_METHOD_PATCH |
                               YK_METHOD_DELETE | YK_METHOD_OPTIONS |
                               YK_METHOD_QUERY);
}

static void what_is_not_known_is_other(void **state)
{
    static const char *const others[] = {"get",  "GETS",   "GE",  "",
                                         "PUSH", "OPTION", "XET", "PROPFIND"};
    static const struct yk_methods none = {.added_count = 0};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(others); i++)
        assert_int_equal(yk_methods_find(&none, yk_slice_of(others[i])),
                         YK_METHOD_OTHER);
}

static void added_methods_are_found_again(void **state)
{
    struct yk_methods methods = {.added_count = 0};
    static char names[YK_METHODS_MAX_ADDED + 1][8];
    uint64_t seen = 0;
    (void)state;
    assert_int_equal(yk_methods_add(&methods, "GET"), YK_METHOD_GET);
    for (uint32_t i = 0; i < YK_METHODS_MAX_ADDED; i++) {
        snprintf(names[i], sizeof(names[i]), "M%u", i);
        uint64_t bit = yk_methods_add(&methods, names[i]);
        assert_true(bit != 0 && !(seen & bit) && bit != YK_METHOD_OTHER);
        assert_int_equal(yk_methods_add(&methods, names[i]), bit);
        assert_int_equal(yk_methods_find(&methods, yk_slice_of(names[i])), bit);
        seen |= bit;
    }
    assert_int_equal(yk_methods_add(&methods, "ONE-MORE"), 0);
    assert_int_equal(yk_methods_add(&methods, "M7"),
                     yk_methods_find(&methods, YK_LIT("M7")));
}

static void allow_is_sorted_and_has_head_beside_get(void **state)
{
    struct yk_methods methods = {.added_count = 0};
    struct yk_blocks pool;
    struct yk_arena arena;
    (void)state;
    yk_blocks_init(&pool, 4096, 0);
    yk_arena_init(&arena, &pool);
    uint64_t copy = yk_methods_add(&methods, "COPY");
    const struct {
        uint64_t set;
        const char *allow;
    } cases[] = {
        {0, ""},
        {YK_METHOD_GET, "GET, HEAD"},
        {YK_METHOD_HEAD, "HEAD"},
        {YK_METHOD_GET | YK_METHOD_HEAD, "GET, HEAD"},
        {YK_METHOD_PUT | YK_METHOD_POST | copy, "COPY, POST, PUT"},
        {UINT64_MAX, "COPY, DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT, "
                     "QUERY"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct yk_slice allow =
            yk_methods_allow(&methods, cases[i].set, &arena);
        assert_string_equal(allow.ptr, cases[i].allow);
        assert_int_equal(allow.len, strlen(cases[i].allow));
    }
    yk_arena_clear(&arena);
    yk_blocks_done(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(common_methods_have_their_own_bits),
        cmocka_unit_test(what_is_not_known_is_other),
        cmocka_unit_test(added_methods_are_found_again),
        cmocka_unit_test(allow_is_sorted_and_has_head_beside_get),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
