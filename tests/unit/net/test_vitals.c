/* Vitals: counting, and how a loop that stands still shows. */
#include "../unit.h"

#include <string.h>

#include "net/vitals.h"

#define S UINT64_C(1000000000)

static struct yk_vitals vitals;

static int setup(void **state)
{
    (void)state;
    memset(&vitals, 0, sizeof(vitals));
    yk_vitals_place(&vitals);
    return 0;
}

static void answers_are_counted_by_class_and_time(void **state)
{
    (void)state;
    uint64_t begun_ns = yk_now_ns() - 5000000;
    yk_vitals_answered(begun_ns, 2);
    yk_vitals_answered(begun_ns, 2);
    yk_vitals_answered(begun_ns, 0);
    assert_int_equal(vitals.answers[2], 2);
    assert_int_equal(vitals.answers[0], 1);
    assert_int_equal(yk_histogram_count(&vitals.latency), 3);
    assert_true(yk_histogram_quantile(&vitals.latency, 0) >= 5000);
}

static void counting_goes_to_the_new_place(void **state)
{
    static struct yk_vitals other;

    (void)state;
    yk_vitals_place(&other);
    yk_vitals_add(&yk_vitals->bytes_in, 7);
    assert_int_equal(other.bytes_in, 7);
    assert_int_equal(vitals.bytes_in, 0);
    yk_vitals_place(NULL);
    yk_vitals_add(&yk_vitals->bytes_in, 7);
    assert_int_equal(other.bytes_in, 7);
}

static void a_loop_that_sleeps_does_not_stand_still(void **state)
{
    (void)state;
    assert_int_equal(yk_vitals_stalled_ns(&vitals, 100 * S), 0);
    vitals.due_ns = 101 * S;
    assert_int_equal(yk_vitals_stalled_ns(&vitals, 100 * S), 0);
}

static void a_loop_that_is_busy_stands_still_since_then(void **state)
{
    (void)state;
    vitals.due_ns = 97 * S;
    assert_int_equal(yk_vitals_stalled_ns(&vitals, 100 * S), 3 * S);
    assert_int_equal(yk_vitals_lag_ns(&vitals, 100 * S), 3 * S);
}

static void lag_is_the_longest_turn_of_late(void **state)
{
    (void)state;
    vitals.window_ns = 100 * S;
    vitals.recent_ns = 2;
    vitals.before_ns = 5;
    assert_int_equal(yk_vitals_lag_ns(&vitals, 101 * S), 5);
    /* The window before is forgotten when this one is over, and this one when
     * the next would be. */
    assert_int_equal(yk_vitals_lag_ns(&vitals, 100 * S + YK_VITALS_WINDOW_NS),
                     2);
    assert_int_equal(
        yk_vitals_lag_ns(&vitals, 100 * S + 2 * YK_VITALS_WINDOW_NS), 0);
}

static void a_turn_begins_once(void **state)
{
    (void)state;
    yk_turn_begin();
    uint64_t first_ns = yk_turn_time();
    yk_turn_begin();
    assert_int_equal(yk_turn_time(), first_ns);
    assert_int_equal(vitals.due_ns, first_ns);
    assert_true(yk_turn_now_ns() >= first_ns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(answers_are_counted_by_class_and_time, setup),
        cmocka_unit_test_setup(counting_goes_to_the_new_place, setup),
        cmocka_unit_test_setup(a_loop_that_sleeps_does_not_stand_still, setup),
        cmocka_unit_test_setup(a_loop_that_is_busy_stands_still_since_then,
                               setup),
        cmocka_unit_test_setup(lag_is_the_longest_turn_of_late, setup),
        cmocka_unit_test_setup(a_turn_begins_once, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
