/* The part of the conformance suite that is about numbers. */
#include "numbers.h"
#include "fixture.h"

static void incr_counts_from_nothing(void **state)
{
    (void)state;
    assert_int_equal(incr(store, "n", 5, 0)->number, 5);
    assert_int_equal(incr(store, "n", 0, 0)->number, 5);
    assert_int_equal(incr(store, "n", -2, 0)->number, 3);
    assert_string_equal(get(store, "n")->value, "3");
    if (!kind->has_negative)
        return;
    assert_int_equal(incr(store, "n", -10, 0)->number, -7);
    assert_string_equal(get(store, "n")->value, "-7");
    assert_int_equal(incr(store, "m", -1, 0)->number, -1);
}

static void incr_counts_on_from_what_was_set(void **state)
{
    (void)state;
    set(store, "n", "41", 0);
    assert_int_equal(incr(store, "n", 1, 0)->number, 42);
    assert_string_equal(get(store, "n")->value, "42");
    set(store, "n", "7", 0);
    assert_int_equal(incr(store, "n", 1, 0)->number, 8);
}

static void assert_is_no_number(const char *text)
{
    set(store, "n", text, 0);
    assert_int_equal(incr(store, "n", 1, 0)->err, -EDOM);
    assert_int_equal(incr(store, "n", -1, 0)->err, -EDOM);
    assert_string_equal(get(store, "n")->value, text);
}

static void incr_refuses_what_is_no_number(void **state)
{
    const char *const wrong[] = {"",     "abc",  "1.5",
                                 "0x10", "--1",  "1e3",
                                 "-",    "-007", "99999999999999999999999999"};
    /* That memcached counts on from. */
    const char *const lax[] = {" 1",
                               "1 ",
                               "1\n",
                               "+1",
                               "007",
                               "-0",
                               "9223372036854775808",
                               "-9223372036854775809",
                               "18446744073709551615"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong); i++)
        assert_is_no_number(wrong[i]);
    for (size_t i = 0; i < COUNT_OF(lax) && !kind->is_lax; i++)
        assert_is_no_number(lax[i]);
}

static void incr_has_64_bits_and_does_not_wrap(void **state)
{
    (void)state;
    set(store, "n", "9223372036854775806", 0);
    assert_true(incr(store, "n", 1, 0)->number == INT64_MAX);
    assert_string_equal(get(store, "n")->value, "9223372036854775807");
    assert_int_equal(incr(store, "n", 1, 0)->err, -ERANGE);
    assert_int_equal(incr(store, "n", INT64_MAX, 0)->err, -ERANGE);
    assert_string_equal(get(store, "n")->value, "9223372036854775807");
    assert_true(incr(store, "n", -7, 0)->number == INT64_MAX - 7);
    assert_true(incr(store, "n", INT64_MIN, 0)->number == -8);
    assert_true(incr(store, "n", INT64_MAX, 0)->number == INT64_MAX - 8);
    set(store, "n", "9007199254740993", 0);
    assert_true(incr(store, "n", 1, 0)->number == 9007199254740994);
    if (!kind->has_negative)
        return;
    set(store, "n", "-9223372036854775808", 0);
    assert_int_equal(incr(store, "n", -1, 0)->err, -ERANGE);
    assert_true(incr(store, "n", 0, 0)->number == INT64_MIN);
}

static void a_counter_can_be_replaced_unless_it_has_counted(void **state)
{
    (void)state;
    incr(store, "n", 5, 0);
    uint64_t seen = get(store, "n")->version;
    incr(store, "n", 1, 0);
    assert_int_equal(replace(store, "n", seen, "0")->err, -YOKE_ECONFLICT);
    seen = get(store, "n")->version;
    assert_int_equal(replace(store, "n", seen, "100")->err, 0);
    assert_int_equal(incr(store, "n", 1, 0)->number, 101);
}

struct tally {
    int count;
    int failed;
};

static void on_tally(const struct yoke_store_result *result, void *data)
{
    struct tally *tally = data;
    tally->failed += result->err != 0;
    tally->count++;
}

static void no_increment_is_lost(void **state)
{
    struct tally tally = {0, 0};
    (void)state;
    for (int i = 0; i < 2000; i++)
        yoke_store_incr(store, "n", 1, 0, on_tally, &tally);
    wait_count(&tally.count, 2000);
    assert_int_equal(tally.failed, 0);
    assert_int_equal(incr(store, "n", 0, 0)->number, 2000);
}

int run_number_tests(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(incr_counts_from_nothing),
        WITH_STORE(incr_counts_on_from_what_was_set),
        WITH_STORE(incr_refuses_what_is_no_number),
        WITH_STORE(incr_has_64_bits_and_does_not_wrap),
        WITH_STORE(a_counter_can_be_replaced_unless_it_has_counted),
        WITH_STORE(no_increment_is_lost),
    };
    return cmocka_run_group_tests_name("numbers", tests, NULL, NULL);
}
