/* Slices: what is equal without regard to case. */
#include "../unit.h"

#include "core/slice.h"

#define LEN_MAX 20

static bool is_letter(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool should_be_equal(int a, int b)
{
    return a == b || (is_letter(a) && is_letter(b) && (a ^ b) == 0x20);
}

static void only_letters_are_equal_to_others_and_only_to_their_own(void **state)
{
    (void)state;
    for (int a = 0; a < 256; a++)
        for (int b = 0; b < 256; b++) {
            char one = (char)a, other = (char)b;
            assert_int_equal(yk_slice_eq_nocase((struct yk_slice){&one, 1},
                                                (struct yk_slice){&other, 1}),
                             should_be_equal(a, b));
        }
}

/* Pairs that differ in one bit, or in nothing. */
static const char pairs[][2] = {
    {'a', 'a'},       {'a', 'A'}, {'z', 'Z'},  {'Q', 'q'},
    {'@', '`'},       {'[', '{'}, {'-', '\r'}, {'\x80', '\xa0'},
    {'\xc1', '\xe1'}, {'a', 'b'}, {'0', '1'},  {'\0', ' '},
};

static void every_byte_of_every_length_counts(void **state)
{
    char a[LEN_MAX], b[LEN_MAX];
    (void)state;
    for (size_t len = 1; len <= LEN_MAX; len++)
        for (size_t at = 0; at < len; at++)
            for (size_t i = 0; i < COUNT_OF(pairs); i++) {
                memset(a, 'x', len);
                memset(b, 'X', len);
                a[at] = pairs[i][0];
                b[at] = pairs[i][1];
                assert_int_equal(yk_slice_eq_nocase((struct yk_slice){a, len},
                                                    (struct yk_slice){b, len}),
                                 should_be_equal((unsigned char)a[at],
                                                 (unsigned char)b[at]));
            }
}

static void a_slice_is_not_equal_to_its_beginning(void **state)
{
    (void)state;
    assert_false(yk_slice_eq_nocase(YK_LIT("Accept"), YK_LIT("Accept-")));
    assert_false(yk_slice_eq_nocase(YK_LIT(""), YK_LIT("a")));
    assert_true(yk_slice_eq_nocase(YK_LIT(""), YK_LIT("")));
    assert_true(yk_slice_eq_nocase((struct yk_slice){NULL, 0}, YK_LIT("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            only_letters_are_equal_to_others_and_only_to_their_own),
        cmocka_unit_test(every_byte_of_every_length_counts),
        cmocka_unit_test(a_slice_is_not_equal_to_its_beginning),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
