/* Header fields of an answer: rule 33 of docs/http-rules.md, and their list. */
#include "../unit.h"

#include <stdio.h>
#include <string.h>

#include <yoke/error.h>

#include "http/headers.h"

static struct yk_blocks pool;
static struct yk_arena arena;
static struct yk_headers headers;

static int setup(void **state)
{
    (void)state;
    yk_blocks_init(&pool, 4096, 4);
    yk_arena_init(&arena, &pool);
    headers = (struct yk_headers){.items = NULL};
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    yk_arena_clear(&arena);
    yk_blocks_done(&pool);
    return 0;
}

static int set(const char *name, const char *value)
{
    return yk_headers_set(&headers, &arena, yk_slice_of(name),
                          yk_slice_of(value));
}

static int add(const char *name, const char *value)
{
    return yk_headers_add(&headers, &arena, yk_slice_of(name),
                          yk_slice_of(value));
}

static const char *get(const char *name)
{
    const struct yk_header *header =
        yk_headers_find(&headers, yk_slice_of(name));
    return header ? header->value.ptr : NULL;
}

static void set_replaces_and_add_keeps(void **state)
{
    (void)state;
    assert_int_equal(add("Vary", "a"), 0);
    assert_int_equal(add("vary", "b"), 0);
    assert_int_equal(headers.count, 2);
    assert_string_equal(get("VARY"), "a");
    assert_int_equal(set("VARY", "c"), 0);
    assert_int_equal(headers.count, 1);
    assert_string_equal(get("vary"), "c");
    assert_int_equal(yk_headers_remove(&headers, YK_LIT("Vary")), 1);
    assert_null(get("vary"));
}

static void a_value_may_be_set_to_itself(void **state)
{
    (void)state;
    set("X", "abc");
    assert_int_equal(set("X", get("X")), 0);
    assert_string_equal(get("X"), "abc");
}

static void refuses_what_would_split_the_answer(void **state)
{
    static const struct {
        const char *name, *value;
    } cases[] = {
        {"X", "a\r\nSet-Cookie: b"},
        {"X", "a\nb"},
        {"X", "a\rb"},
        {"X", "\x01"},
        {"X", "a\x7f"},
        {"", "a"},
        {"X Y", "a"},
        {"X:", "a"},
        {"X\r\nY", "a"},
        {"\xc3\xa4", "a"},
        {"X\n", "a"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(set(cases[i].name, cases[i].value), -YOKE_EHEADER);
        assert_int_equal(add(cases[i].name, cases[i].value), -YOKE_EHEADER);
    }
    assert_int_equal(yk_headers_set(&headers, &arena, YK_LIT("X"),
                                    (struct yk_slice){"a\0b", 3}),
                     -YOKE_EHEADER);
    assert_int_equal(headers.count, 0);
    assert_int_equal(set("X", "a\tb \xc3\xa4"), 0);
}

static void there_is_a_most(void **state)
{
    char name[20];
    (void)state;
    for (int i = 0; i < YK_HEADERS_MAX; i++) {
        snprintf(name, sizeof(name), "X-%d", i);
        assert_int_equal(set(name, "v"), 0);
    }
    assert_int_equal(set("one-more", "v"), -YOKE_ETOOLARGE);
    assert_int_equal(set("X-7", "w"), 0);
    assert_string_equal(get("x-7"), "w");
    assert_string_equal(get("x-255"), "v");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(set_replaces_and_add_keeps),
        TEST(a_value_may_be_set_to_itself),
        TEST(refuses_what_would_split_the_answer),
        TEST(there_is_a_most),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
