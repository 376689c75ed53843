/* What a worker is blamed for: time during which the primary was there. */
#include "../unit.h"

#include "cluster/attention.h"

#define GAP_MAX 20

/* Rounds each 10, from `from` to `to`. */
static void look(struct yk_attention *attention, uint64_t from, uint64_t to)
{
    for (uint64_t now = from; now <= to; now += 10)
        yk_attention_round(attention, now, GAP_MAX);
}

static void nothing_counts_before_the_first_round(void **state)
{
    struct yk_attention attention = {.since = 0};

    (void)state;
    look(&attention, 1000, 1000);
    assert_int_equal(yk_attention_lasted(&attention, 10), 0);
    look(&attention, 1010, 1030);
    assert_int_equal(yk_attention_lasted(&attention, 10), 30);
}

static void all_time_counts_while_rounds_go_on(void **state)
{
    struct yk_attention attention = {.since = 0};

    (void)state;
    look(&attention, 1000, 2000);
    assert_int_equal(yk_attention_lasted(&attention, 1500), 500);
    assert_int_equal(yk_attention_lasted(&attention, 2000), 0);
    assert_int_equal(yk_attention_lasted(&attention, 3000), 0);
}

static void a_round_that_is_a_little_late_is_no_gap(void **state)
{
    struct yk_attention attention = {.since = 0};

    (void)state;
    look(&attention, 1000, 2000);
    look(&attention, 2000 + GAP_MAX, 2100);
    assert_int_equal(yk_attention_lasted(&attention, 1500), 600);
}

static void time_in_which_all_was_frozen_does_not_count(void **state)
{
    struct yk_attention attention = {.since = 0};

    (void)state;
    look(&attention, 1000, 2000);
    look(&attention, 90000, 90000);
    assert_int_equal(yk_attention_lasted(&attention, 1500), 0);
    look(&attention, 90010, 90500);
    assert_int_equal(yk_attention_lasted(&attention, 1500), 500);
    assert_int_equal(yk_attention_lasted(&attention, 90400), 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_counts_before_the_first_round),
        cmocka_unit_test(all_time_counts_while_rounds_go_on),
        cmocka_unit_test(a_round_that_is_a_little_late_is_no_gap),
        cmocka_unit_test(time_in_which_all_was_frozen_does_not_count),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
