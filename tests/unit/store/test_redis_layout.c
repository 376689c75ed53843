/* What is kept in Redis: versions, numbers, and patterns. */
#include "../unit.h"

#include <string.h>

#include "store/redis_layout.h"

static void a_value_and_its_version_come_back(void **state)
{
    const uint64_t versions[] = {1, 255, 256, INT64_MAX,
                                 UINT64_C(0x0102030405060708)};
    char kept[YK_REDIS_HEAD_LEN + 3];
    struct yk_slice value;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(versions); i++) {
        yk_redis_head(kept, versions[i]);
        memcpy(kept + YK_REDIS_HEAD_LEN, "abc", 3);
        uint64_t version =
            yk_redis_parse((struct yk_slice){kept, sizeof(kept)}, &value);
        assert_true(version == versions[i]);
        assert_true(yk_slice_eq(value, YK_LIT("abc")));
    }
}

static void versions_are_never_those_of_numbers(void **state)
{
    struct yk_random random = {.state = 1};
    char head[YK_REDIS_HEAD_LEN];
    int64_t numbers[2];
    (void)state;
    for (int i = 0; i < 1000; i++) {
        uint64_t version = yk_redis_make_head(head, &random);
        assert_true(version != 0);
        assert_false(yk_redis_version_numbers(version, numbers));
    }
}

static void a_number_is_told_by_its_version(void **state)
{
    const int64_t cases[] = {0, 1, -1, 42, -5, INT64_MAX, INT64_MIN};
    int64_t numbers[2];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint64_t version = yk_redis_number_version(cases[i]);
        assert_true(version != 0);
        assert_true(yk_redis_version_numbers(version, numbers));
        assert_true(numbers[0] == cases[i] || numbers[1] == cases[i]);
    }
}

static void only_what_redis_counts_is_a_number(void **state)
{
    const char *const wrong[] = {
        "", "-", "007", "-0", "+1", "1 ", "a1", "1.0", "9223372036854775808"};
    int64_t number;
    struct yk_slice value;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        assert_false(yk_redis_parse_number(yk_slice_of(wrong[i]), &number));
        assert_true(yk_redis_parse(yk_slice_of(wrong[i]), &value) == 0);
    }
    assert_true(yk_redis_parse_number(YK_LIT("-9223372036854775808"), &number));
    assert_true(number == INT64_MIN);
}

static void a_prefix_becomes_a_pattern_for_itself(void **state)
{
    char out[64];
    (void)state;
    size_t len = yk_redis_pattern(out, YK_LIT("a*[b]?\\c"));
    assert_true(yk_slice_eq((struct yk_slice){out, len},
                            YK_LIT("a\\*\\[b\\]\\?\\\\c*")));
    assert_int_equal(yk_redis_pattern(out, YK_LIT("")), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_and_its_version_come_back),
        cmocka_unit_test(versions_are_never_those_of_numbers),
        cmocka_unit_test(a_number_is_told_by_its_version),
        cmocka_unit_test(only_what_redis_counts_is_a_number),
        cmocka_unit_test(a_prefix_becomes_a_pattern_for_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
