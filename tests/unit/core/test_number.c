/* Numbers as text: digits only, no overflow. */
#include "../unit.h"

#include <errno.h>

#include "core/number.h"

static void reads_digits_up_to_the_limit(void **state)
{
    static const struct {
        const char *text;
        uint64_t max;
        int err;
        uint64_t value;
    } cases[] = {
        {"0", 10, 0, 0},
        {"10", 10, 0, 10},
        {"11", 10, -ERANGE, 0},
        {"9", 3, -ERANGE, 0},
        {"007", 10, 0, 7},
        {"", 10, -EINVAL, 0},
        {"+5", 10, -EINVAL, 0},
        {"-1", 10, -EINVAL, 0},
        {" 5", 10, -EINVAL, 0},
        {"5 ", 10, -EINVAL, 0},
        {"0x5", 10, -EINVAL, 0},
        {"18446744073709551615", UINT64_MAX, 0, UINT64_MAX},
        {"18446744073709551616", UINT64_MAX, -ERANGE, 0},
        {"99999999999999999999999", UINT64_MAX, -ERANGE, 0},
        {"9223372036854775807", INT64_MAX, 0, INT64_MAX},
        {"9223372036854775808", INT64_MAX, -ERANGE, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint64_t value = 77;
        assert_int_equal(
            yk_parse_u64(yk_slice_of(cases[i].text), cases[i].max, &value),
            cases[i].err);
        assert_int_equal(value, cases[i].err ? 77 : cases[i].value);
    }
}

static void reads_ints_with_a_sign(void **state)
{
    static const struct {
        const char *text;
        int err, value;
    } cases[] = {
        {"1337", 0, 1337},
        {"-1", 0, -1},
        {"2147483647", 0, INT32_MAX},
        {"2147483648", -ERANGE, 0},
        {"-2147483648", 0, INT32_MIN},
        {"-2147483649", -ERANGE, 0},
        {"-", -EINVAL, 0},
        {"1e3", -EINVAL, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int value = 77;
        assert_int_equal(yk_parse_int(yk_slice_of(cases[i].text), &value),
                         cases[i].err);
        assert_int_equal(value, cases[i].err ? 77 : cases[i].value);
    }
}

static void writes_what_it_reads(void **state)
{
    static const uint64_t values[] = {0,     1,          9,         10,
                                      99,    100,        255,       1000,
                                      10000, 1000000007, INT64_MAX, UINT64_MAX};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        char text[YK_DIGITS_MAX];
        uint64_t back = 77;
        size_t len = yk_format_u64(text, values[i]);
        assert_int_equal(
            yk_parse_u64((struct yk_slice){text, len}, UINT64_MAX, &back), 0);
        assert_int_equal(back, values[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_digits_up_to_the_limit),
        cmocka_unit_test(reads_ints_with_a_sign),
        cmocka_unit_test(writes_what_it_reads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
