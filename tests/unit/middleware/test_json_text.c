#include "../unit.h"

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "middleware/json_text.h"

static json_t *read_exactly(const char *text, size_t len)
{
    char *copy = malloc(len + 1); /* Nobody may rely on a NUL behind it. */
    assert_non_null(copy);
    memcpy(copy, text, len);
    copy[len] = '"';
    json_t *value = yk_json_text_read(copy, len);
    free(copy);
    return value;
}

/* What jansson makes of it is right. */
static void check_read(const char *text, size_t len)
{
    json_t *value = read_exactly(text, len);
    json_t *wanted = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    assert_int_equal(!value, !wanted);
    assert_true(!value || json_equal(value, wanted));
    json_decref(value);
    json_decref(wanted);
}

static const char *const texts[] = {
    "{}",
    "[]",
    "{\"begun\":1700000000,\"values\":{\"n\":7,\"who\":\"Ada\"},\"age\":60}",
    "{\"a\":[1,-2,0,-0,true,false,null,[],{}],\"\":\"\"}",
    " {\"a\" : [ 1 , 2 ],\n\"b\": \"x\" } ",
    "{\"a\":\"1\\n2\\\"3\\\\\",\"b\\t\":\"\\u00e4\\ud83d\\ude00\"}",
    "{\"\xc3\xa4\":\"\xe2\x82\xac \xf0\x9f\x98\x80 \x7f\"}",
    "[1.5,1e3,-2.5E-3,999999999999999999,9223372036854775807]",
    "[-9223372036854775808,0.0,100000000000000000]",
    "[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]",
    "{\"a\":{\"b\":{\"c\":[{\"d\":1},{\"d\":2}]}}}",
};

static const char *const bad_texts[] = {
    "",
    "1",
    "\"a\"",
    "true",
    "{",
    "[",
    "{\"a\"",
    "{\"a\":",
    "{\"a\":1",
    "{\"a\":1,",
    "{\"a\":1,}",
    "{\"a\":}",
    "{\"a\" 1}",
    "{a:1}",
    "[1,]",
    "[,1]",
    "[1 2]",
    "[1}",
    "[01]",
    "[-]",
    "[+1]",
    "[1.]",
    "[1e999]",
    "[12345678901234567890]",
    "[tru]",
    "[truex]",
    "[nul",
    "[\"a]",
    "[\"a\\",
    "[\"a\\\"",
    "[\"\\x\"]",
    "[\"\\u0000\"]",
    "[\"\\ud800\"]",
    "[\"a\nb\"]",
    "[\"\x80\"]",
    "[\"\xc0\x80\"]",
    "[\"\xed\xa0\x80\"]",
    "[\"\xf4\x90\x80\x80\"]",
    "{\"a\":1,\"a\":2}",
    "{\"x\":{\"a\":1,\"b\":2,\"a\":1}}",
    "{}{}",
    "[] x",
    "{\"a\":1}\"",
};

static void what_jansson_reads_is_read_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        json_t *value = read_exactly(texts[i], strlen(texts[i]));
        assert_non_null(value);
        json_decref(value);
        check_read(texts[i], strlen(texts[i]));
    }
}

static void what_jansson_refuses_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad_texts); i++) {
        assert_null(read_exactly(bad_texts[i], strlen(bad_texts[i])));
        check_read(bad_texts[i], strlen(bad_texts[i]));
    }
    check_read("[\"a\0b\"]", 7);
    check_read("[1\0]", 4);
    check_read("[\0]", 3);
    check_read("{\"a\0\":1}", 8);
}

static void every_beginning_of_a_text_is_read_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        for (size_t len = 0; len < strlen(texts[i]); len++)
            check_read(texts[i], len);
}

static void values_are_written_as_jansson_writes_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct yk_json_text text = {.len = 0};
        json_t *value = json_loads(texts[i], 0, NULL);
        char *wanted = json_dumps(value, JSON_COMPACT);
        yk_json_text_put_value(&text, value);
        assert_false(text.is_broken);
        assert_int_equal(text.len, strlen(wanted));
        assert_memory_equal(text.ptr, wanted, text.len);
        assert_int_equal(yk_json_text_len(value), text.len);
        free(text.ptr);
        free(wanted);
        json_decref(value);
    }
}

/* Bytes are looked at eight at a time. */
static void every_byte_at_every_place_is_read_the_same(void **state)
{
    (void)state;
    for (size_t place = 0; place < 20; place++)
        for (int c = 0; c < 256; c++) {
            char text[] = "[\"abcdefghijklmnopqrst\"]";
            text[2 + place] = (char)c;
            check_read(text, sizeof(text) - 1);
            /* So it is UTF-8, if it is the beginning of two bytes. */
            text[3 + place] = place < 19 ? '\x80' : '"';
            check_read(text, sizeof(text) - 1);
        }
}

static void long_text_finds_room(void **state)
{
    static char long_text[5000];
    struct yk_json_text text = {.len = 0};
    json_t *value = json_array();
    (void)state;
    memset(long_text, 'x', sizeof(long_text) - 1);
    for (int i = 0; i < 3; i++)
        json_array_append_new(value, json_string(long_text));
    yk_json_text_put_value(&text, value);
    assert_false(text.is_broken);
    assert_int_equal(text.len, 3 * (sizeof(long_text) - 1 + 2) + 2 + 2);
    json_t *again = yk_json_text_read(text.ptr, text.len);
    assert_true(json_equal(again, value));
    json_decref(again);
    json_decref(value);
    free(text.ptr);
}

/* Without an end, or with every member twice and so on. */
static void a_value_inside_itself_is_none(void **state)
{
    json_t *outer = json_object(), *inner = json_object();
    (void)state;
    json_object_set(outer, "a", inner);
    json_object_set(outer, "b", inner);
    json_object_set(inner, "a", outer);
    json_object_set(inner, "b", outer);
    assert_int_equal(yk_json_text_len(outer), 0);
    json_object_clear(inner);
    json_decref(inner);
    json_decref(outer);
}

static void text_that_is_not_utf8_is_none(void **state)
{
    struct yk_json_text text = {.len = 0};
    json_t *value = json_pack("[o]", json_stringn_nocheck("a\xff", 2));
    (void)state;
    yk_json_text_put_value(&text, value);
    assert_true(text.is_broken);
    assert_int_equal(yk_json_text_len(value), 0);
    json_decref(value);
    value = json_object();
    json_object_set_new_nocheck(value, "\xff", json_null());
    assert_int_equal(yk_json_text_len(value), 0);
    json_decref(value);
    free(text.ptr);
}

static void numbers_are_written_to_their_ends(void **state)
{
    struct yk_json_text text = {.len = 0};
    (void)state;
    yk_json_text_put_int(&text, INT64_MIN);
    yk_json_text_put(&text, " ", 1);
    yk_json_text_put_int(&text, INT64_MAX);
    yk_json_text_put(&text, " 0", 3);
    assert_string_equal(text.ptr, "-9223372036854775808 9223372036854775807 0");
    free(text.ptr);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_jansson_reads_is_read_the_same),
        cmocka_unit_test(what_jansson_refuses_is_refused),
        cmocka_unit_test(every_beginning_of_a_text_is_read_the_same),
        cmocka_unit_test(values_are_written_as_jansson_writes_them),
        cmocka_unit_test(every_byte_at_every_place_is_read_the_same),
        cmocka_unit_test(long_text_finds_room),
        cmocka_unit_test(a_value_inside_itself_is_none),
        cmocka_unit_test(text_that_is_not_utf8_is_none),
        cmocka_unit_test(numbers_are_written_to_their_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
