/* What a Redis cluster says about itself: slots, maps, redirections, cursors. */
#include "../unit.h"

#include <string.h>

#include "store/redis_cursor.h"
#include "store/redis_slots.h"

/* ---- Slots ---- */

static void a_key_has_the_slot_of_the_specification(void **state)
{
    const struct {
        const char *key;
        unsigned slot;
    } cases[] = {
        {"123456789", 0x31c3},          {"", 0}, {"foo", 12182}, {"bar", 5061},
        {"{user1000}.following", 3443},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(yk_redis_slot(yk_slice_of(cases[i].key)),
                         cases[i].slot);
}

static void only_what_is_in_braces_counts(void **state)
{
    const char *const same[][2] = {
        {"{user1000}.following", "{user1000}.followers"},
        {"a{b}c", "b"},
        {"foo{bar}{zap}", "bar"},
        {"foo{{bar}}zap", "{bar"},
        {"lock {.a}b}", "fence {.a}b}"},
        {"lock {.}", "fence {.}"},
    };
    const char *const other[][2] = {
        {"foo{}{bar}", "bar"}, {"foo{bar", "bar"}, {"foo}bar{", "bar"}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(same); i++)
        assert_int_equal(yk_redis_slot(yk_slice_of(same[i][0])),
                         yk_redis_slot(yk_slice_of(same[i][1])));
    for (size_t i = 0; i < COUNT_OF(other); i++)
        assert_int_not_equal(yk_redis_slot(yk_slice_of(other[i][0])),
                             yk_redis_slot(yk_slice_of(other[i][1])));
}

/* ---- Maps ---- */

#define INT(n) (&(redisReply){.type = REDIS_REPLY_INTEGER, .integer = (n)})
#define NIL    (&(redisReply){.type = REDIS_REPLY_NIL})
#define TEXT(text)                                                             \
    (&(redisReply){.type = REDIS_REPLY_STRING,                                 \
                   .str = (char *)(uintptr_t)(text),                           \
                   .len = sizeof(text) - 1})
#define LIST(...)                                                              \
    (&(redisReply){.type = REDIS_REPLY_ARRAY,                                  \
                   .elements = COUNT_OF(((redisReply *[]){__VA_ARGS__})),      \
                   .element = (redisReply *[]){__VA_ARGS__}})

struct told {
    unsigned count;
    struct yk_redis_range ranges[4];
};

static void on_range(const struct yk_redis_range *range, void *data)
{
    struct told *told = data;
    assert_true(told->count < COUNT_OF(told->ranges));
    told->ranges[told->count++] = *range;
}

static int parse(redisReply *reply, struct told *told)
{
    memset(told, 0, sizeof(*told));
    return yk_redis_slots_parse(reply, "teller", on_range, told);
}

static void a_map_is_told_range_by_range(void **state)
{
    struct told told;
    (void)state;
    assert_int_equal(
        parse(LIST(LIST(INT(0), INT(99), LIST(TEXT("a"), INT(1), TEXT("x")),
                        LIST(TEXT("b"), INT(2), TEXT("y"), LIST(TEXT("")))),
                   LIST(INT(16383), INT(16383),
                        LIST(TEXT("::1"), INT(65535), TEXT("z")))),
              &told),
        101);
    assert_int_equal(told.count, 2);
    assert_int_equal(told.ranges[0].first, 0);
    assert_int_equal(told.ranges[0].last, 99);
    assert_int_equal(told.ranges[0].copy_count, 2);
    assert_string_equal(told.ranges[0].id, "x");
    assert_string_equal(told.ranges[0].copies[0].host, "a");
    assert_int_equal(told.ranges[0].copies[1].port, 2);
    assert_string_equal(told.ranges[1].copies[0].host, "::1");
}

static void a_node_without_a_host_is_the_one_that_tells(void **state)
{
    struct told told;
    (void)state;
    parse(LIST(LIST(INT(0), INT(0), LIST(NIL, INT(1), TEXT("x"))),
               LIST(INT(1), INT(1), LIST(TEXT(""), INT(2), TEXT("y")))),
          &told);
    assert_string_equal(told.ranges[0].copies[0].host, "teller");
    assert_string_equal(told.ranges[1].copies[0].host, "teller");
}

static void a_primary_that_cannot_be_reached_is_left_out(void **state)
{
    struct told told;
    (void)state;
    assert_int_equal(
        parse(LIST(LIST(INT(0), INT(9), LIST(TEXT("?"), INT(1), TEXT("x")),
                        LIST(TEXT("b"), INT(1), TEXT("y"))),
                   LIST(INT(10), INT(10), LIST(TEXT("b"), INT(0), TEXT("x"))),
                   LIST(INT(11), INT(12), LIST(TEXT("b"), INT(7), TEXT("z")))),
              &told),
        2);
    assert_int_equal(told.count, 1);
    assert_int_equal(told.ranges[0].first, 11);
}

static void what_is_no_map_is_refused(void **state)
{
    redisReply *const wrong[] = {
        NIL,
        INT(1),
        LIST(INT(1)),
        LIST(LIST(INT(0), INT(1))),
        LIST(LIST(INT(2), INT(1), LIST(TEXT("a"), INT(1), TEXT("x")))),
        LIST(LIST(INT(-1), INT(1), LIST(TEXT("a"), INT(1), TEXT("x")))),
        LIST(LIST(INT(0), INT(16384), LIST(TEXT("a"), INT(1), TEXT("x")))),
        LIST(LIST(INT(0), TEXT("1"), LIST(TEXT("a"), INT(1), TEXT("x")))),
        LIST(LIST(INT(0), INT(1), TEXT("a"))),
        LIST(LIST(INT(0), INT(1), LIST(TEXT("a"), INT(1)))),
        LIST(LIST(INT(0), INT(1), LIST(TEXT("a"), TEXT("1"), TEXT("x")))),
        LIST(LIST(INT(0), INT(1), LIST(TEXT("a"), INT(1), TEXT("")))),
        LIST(LIST(INT(0), INT(1),
                  LIST(TEXT("a"), INT(1),
                       TEXT("0123456789012345678901234567890123456789x")))),
    };
    struct told told;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_int_equal(parse(wrong[i], &told), -1);
}

/* ---- Redirections ---- */

static void a_redirection_names_slot_and_node(void **state)
{
    struct yk_redis_redirect redirect;
    (void)state;
    assert_true(
        yk_redis_redirect_parse("MOVED 3999 10.0.0.1:6381", "t", &redirect));
    assert_false(redirect.is_ask);
    assert_int_equal(redirect.slot, 3999);
    assert_string_equal(redirect.address.host, "10.0.0.1");
    assert_int_equal(redirect.address.port, 6381);
    assert_true(yk_redis_redirect_parse("ASK 0 ::1:7", "t", &redirect));
    assert_true(redirect.is_ask);
    assert_string_equal(redirect.address.host, "::1");
    assert_true(yk_redis_redirect_parse("MOVED 16383 :8", "t", &redirect));
    assert_string_equal(redirect.address.host, "t");
}

static void what_is_no_redirection_is_refused(void **state)
{
    const char *const wrong[] = {
        "",           "MOVED",           "MOVED ",          "MOVED 1",
        "MOVED 1 ",   "MOVED 1 a",       "MOVED x a:1",     "MOVED 16384 a:1",
        "MOVED 1 a:", "MOVED 1 a:0",     "MOVED 1 a:65536", "MOVED 1 ?:1",
        "ASKING",     "ERR MOVED 1 a:1", "moved 1 a:1",
    };
    struct yk_redis_redirect redirect;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_false(yk_redis_redirect_parse(wrong[i], "t", &redirect));
}

static void addresses_are_shown_as_urls_have_them(void **state)
{
    struct yk_redis_address address;
    char text[YK_REDIS_ADDRESS_TEXT_MAX];
    (void)state;
    assert_true(yk_redis_address_set(&address, YK_LIT("::1"), 7));
    assert_string_equal(yk_redis_address_text(&address, text), "[::1]:7");
    assert_true(yk_redis_address_set(&address, YK_LIT("host"), 7));
    assert_string_equal(yk_redis_address_text(&address, text), "host:7");
}

/* ---- Cursors ---- */

static void a_cursor_comes_back_as_it_was(void **state)
{
    struct yk_redis_cursor cursor = {0xfedcba98, 3, 1023,
                                     "18446744073709551615"};
    struct yk_redis_cursor again;
    char text[YK_REDIS_CURSOR_MAX];
    (void)state;
    yk_redis_cursor_format(&cursor, text);
    assert_true(yk_redis_cursor_parse(text, &again));
    assert_int_equal(again.map, cursor.map);
    assert_int_equal(again.restarts, 3);
    assert_int_equal(again.index, 1023);
    assert_string_equal(again.own, cursor.own);
}

static void what_is_no_cursor_is_refused(void **state)
{
    const char *const wrong[] = {"",
                                 "0",
                                 "1-2-3",
                                 "1-2-3-",
                                 "1-2-3-x",
                                 "-2-3-4",
                                 "123456789-2-3-4",
                                 "G-2-3-4",
                                 "1-2-3-18446744073709551616"};
    struct yk_redis_cursor cursor;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_false(yk_redis_cursor_parse(wrong[i], &cursor));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_has_the_slot_of_the_specification),
        cmocka_unit_test(only_what_is_in_braces_counts),
        cmocka_unit_test(a_map_is_told_range_by_range),
        cmocka_unit_test(a_node_without_a_host_is_the_one_that_tells),
        cmocka_unit_test(a_primary_that_cannot_be_reached_is_left_out),
        cmocka_unit_test(what_is_no_map_is_refused),
        cmocka_unit_test(a_redirection_names_slot_and_node),
        cmocka_unit_test(what_is_no_redirection_is_refused),
        cmocka_unit_test(addresses_are_shown_as_urls_have_them),
        cmocka_unit_test(a_cursor_comes_back_as_it_was),
        cmocka_unit_test(what_is_no_cursor_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
