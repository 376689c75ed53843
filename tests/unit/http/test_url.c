/* Percent-encoding and query strings. */
#include "../unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>

#include "http/url.h"

/* A copy that is exactly as long, so that a sanitizer sees a look beyond. */
static struct yk_slice exact(const char *text)
{
    size_t len = strlen(text);
    char *copy = malloc(len);
    memcpy(copy, text, len);
    return (struct yk_slice){copy, len};
}

static void release(struct yk_slice text)
{
    free((void *)(uintptr_t)text.ptr);
}

static void segments_are_decoded_strictly(void **state)
{
    static const struct {
        const char *text, *decoded; /* NULL: refused. */
    } cases[] = {
        {"", ""},
        {"a", "a"},
        {"a%20b", "a b"},
        {"a+b", "a+b"},
        {"%2F%2f", "//"},
        {"%25%32%35", "%25"},
        {"%2525", "%25"},
        {"%C3%a9", "\xc3\xa9"},
        {"%C0%AF", "\xc0\xaf"}, /* Overlong: bytes, never a slash. */
        {"%", NULL},
        {"a%", NULL},
        {"%4", NULL},
        {"%4g", NULL},
        {"%g4", NULL},
        {"%%41", NULL},
        {"% 41", NULL},
        {"%+4", NULL},
        {"%0x", NULL},
        {"%00", NULL},
        {"a%00b", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char out[64];
        size_t len = 99;
        struct yk_slice text = exact(cases[i].text);
        int err = yk_url_decode(text, out, &len);
        if (cases[i].decoded) {
            assert_int_equal(err, 0);
            assert_int_equal(len, strlen(cases[i].decoded));
            assert_memory_equal(out, cases[i].decoded, len);
        } else {
            assert_int_equal(err, -YOKE_EESCAPE);
            assert_int_equal(len, 99);
        }
        release(text);
    }
}

static void decoding_may_be_in_place(void **state)
{
    char text[] = "a%41%42c";
    size_t len;
    (void)state;
    assert_int_equal(yk_url_decode(yk_slice_of(text), text, &len), 0);
    assert_int_equal(len, 4);
    assert_memory_equal(text, "aABc", 4);
}

static void query_text_is_decoded_leniently(void **state)
{
    static const struct {
        const char *text, *decoded;
    } cases[] = {
        {"", ""},         {"a+b", "a b"},   {"a%2Bb", "a+b"}, {"%zz", "%zz"},
        {"%", "%"},       {"%4", "%4"},     {"%%41", "%A"},   {"%00", "%00"},
        {"%2541", "%41"}, {"%7e%7E", "~~"}, {"+%20+", "   "}, {"%+1", "% 1"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char out[64];
        struct yk_slice text = exact(cases[i].text);
        size_t len = yk_url_decode_query(text, out);
        assert_int_equal(len, strlen(cases[i].decoded));
        assert_memory_equal(out, cases[i].decoded, len);
        release(text);
    }
}

static void encoding_leaves_alone_what_is_legal(void **state)
{
    (void)state;
    for (int byte = 1; byte < 256; byte++) {
        char text[1] = {(char)byte}, out[3], wanted[4];
        bool is_legal = byte > 0x20 && byte < 0x7f && !strchr("\"<>`{}%", byte);
        size_t len = yk_url_encode((struct yk_slice){text, 1}, out);
        snprintf(wanted, sizeof(wanted), is_legal ? "%c" : "%%%02X", byte);
        assert_int_equal(len, strlen(wanted));
        assert_memory_equal(out, wanted, len);
    }
}

static void encoding_twice_is_encoding_once(void **state)
{
    static const char text[] = "/a b%20%zz%\xff<\"%4";
    char once[64], twice[64 * 3];
    (void)state;
    size_t len = yk_url_encode(yk_slice_of(text), once);
    assert_int_equal(len, strlen("/a%20b%20%25zz%25%FF%3C%22%254"));
    assert_memory_equal(once, "/a%20b%20%25zz%25%FF%3C%22%254", len);
    assert_int_equal(yk_url_encode((struct yk_slice){once, len}, twice), len);
    assert_memory_equal(once, twice, len);
}

static void pairs_are_taken_one_by_one(void **state)
{
    struct yk_slice rest = YK_LIT("&a=1&&b&=&c=d=e&");
    struct yk_url_pair pair;
    (void)state;
    assert_true(yk_url_next_pair(&rest, &pair));
    assert_true(yk_slice_eq(pair.name, YK_LIT("a")));
    assert_true(yk_slice_eq(pair.value, YK_LIT("1")));
    assert_true(yk_url_next_pair(&rest, &pair));
    assert_true(yk_slice_eq(pair.name, YK_LIT("b")));
    assert_null(pair.value.ptr);
    assert_true(yk_url_next_pair(&rest, &pair));
    assert_int_equal(pair.name.len, 0);
    assert_non_null(pair.value.ptr);
    assert_int_equal(pair.value.len, 0);
    assert_true(yk_url_next_pair(&rest, &pair));
    assert_true(yk_slice_eq(pair.name, YK_LIT("c")));
    assert_true(yk_slice_eq(pair.value, YK_LIT("d=e")));
    assert_false(yk_url_next_pair(&rest, &pair));
    assert_false(yk_url_next_pair(&rest, &pair));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(segments_are_decoded_strictly),
        cmocka_unit_test(decoding_may_be_in_place),
        cmocka_unit_test(query_text_is_decoded_leniently),
        cmocka_unit_test(encoding_leaves_alone_what_is_legal),
        cmocka_unit_test(encoding_twice_is_encoding_once),
        cmocka_unit_test(pairs_are_taken_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
