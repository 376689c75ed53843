/* Times and sizes, as an operator writes them. */
#include "../unit.h"

#include "cli/values.h"

#define DAY_MS 86400000

static void times_have_units(void **state)
{
    static const struct {
        const char *text;
        int ms;
    } cases[] = {{"0", 0},          {"30", 30000}, {"1.5", 1500},
                 {"500ms", 500},    {"2s", 2000},  {"5m", 300000},
                 {"0.5h", 1800000}, {"1d", DAY_MS}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int ms = -1;
        assert_int_equal(yk_value_time("-t", cases[i].text, 0, DAY_MS, &ms), 0);
        assert_int_equal(ms, cases[i].ms);
    }
}

static void what_is_no_time_is_refused(void **state)
{
    static const char *const cases[] = {
        "", "s", "-1", "1 s", "1x", "1e3", "0x1", "nan", "inf", "25h", "1.2.3"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int ms = 7;
        assert_int_equal(yk_value_time("-t", cases[i], 0, DAY_MS, &ms), -1);
        assert_int_equal(ms, 7);
    }
}

static void a_time_may_have_to_be_more_than_none(void **state)
{
    int ms;

    (void)state;
    assert_int_equal(yk_value_time("-t", "0", 1, DAY_MS, &ms), -1);
    assert_int_equal(yk_value_time("-t", "1ms", 1, DAY_MS, &ms), 0);
}

static void sizes_have_units(void **state)
{
    static const struct {
        const char *text;
        size_t size;
    } cases[] = {
        {"1", 1}, {"64K", 65536}, {"1.5M", 1572864}, {"2G", (size_t)2 << 30}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t size = 0;
        assert_int_equal(yk_value_size("-m", cases[i].text, &size), 0);
        assert_int_equal(size, cases[i].size);
    }
}

static void what_is_no_size_is_refused(void **state)
{
    static const char *const cases[] = {
        "", "0", "-1", "1KB", "1k", "K", "99999999999999999999G"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        size_t size = 7;
        assert_int_equal(yk_value_size("-m", cases[i], &size), -1);
        assert_int_equal(size, 7);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(times_have_units),
        cmocka_unit_test(what_is_no_time_is_refused),
        cmocka_unit_test(a_time_may_have_to_be_more_than_none),
        cmocka_unit_test(sizes_have_units),
        cmocka_unit_test(what_is_no_size_is_refused),
    };
    return cmocka_run_group_tests_name("values", tests, NULL, NULL);
}
