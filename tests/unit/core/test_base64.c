/* Base64: the examples of RFC 4648 section 10, and what is none. */
#include "../unit.h"

#include <errno.h>

#include "core/base64.h"

static const struct {
    const char *bytes, *text, *padded;
} pairs[] = {
    {"", "", ""},
    {"f", "Zg", "Zg=="},
    {"fo", "Zm8", "Zm8="},
    {"foo", "Zm9v", "Zm9v"},
    {"foob", "Zm9vYg", "Zm9vYg=="},
    {"fooba", "Zm9vYmE", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy", "Zm9vYmFy"},
    {"\xfb\xff\xfe", "+//+", "+//+"},
};

static void assert_decodes(const char *text, const char *bytes)
{
    struct yk_slice slice = yk_slice_of(text);
    char out[YK_BASE64_BYTES_MAX(64)];
    size_t len = 77;

    assert_int_equal(yk_base64_decode(slice, out, &len), 0);
    assert_int_equal(len, strlen(bytes));
    assert_memory_equal(out, bytes, len);
}

static void bytes_become_text_without_padding(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        char out[YK_BASE64_MAX(8)];
        size_t len = yk_base64_encode((const uint8_t *)pairs[i].bytes,
                                      strlen(pairs[i].bytes), out);
        assert_int_equal(len, strlen(pairs[i].text));
        assert_memory_equal(out, pairs[i].text, len);
    }
}

static void text_becomes_bytes_with_padding_or_without(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        assert_decodes(pairs[i].text, pairs[i].bytes);
        assert_decodes(pairs[i].padded, pairs[i].bytes);
    }
}

static void line_feeds_do_not_count(void **state)
{
    (void)state;
    assert_decodes("Zm9v\nYm\nFy\n", "foobar");
}

static void what_is_no_base64_is_refused(void **state)
{
    static const char *const wrong[] = {"Z",    "Zm9vY",  "Zm 9v",   "Zg==Zg",
                                        "Zm-_", "Zm9v\r", "\xff\xff"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        char out[YK_BASE64_BYTES_MAX(8)];
        size_t len;
        assert_int_equal(yk_base64_decode(yk_slice_of(wrong[i]), out, &len),
                         -EINVAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_become_text_without_padding),
        cmocka_unit_test(text_becomes_bytes_with_padding_or_without),
        cmocka_unit_test(line_feeds_do_not_count),
        cmocka_unit_test(what_is_no_base64_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
