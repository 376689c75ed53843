/* Totals: what a worker had counted stays when it dies. */
#include "../unit.h"

#include <stdlib.h>

#include "cluster/totals.h"

static void a_dead_workers_counters_stay(void **state)
{
    struct yk_vitals *vitals = calloc(2, sizeof(*vitals));

    (void)state;
    assert_non_null(vitals);
    for (int i = 0; i < 2; i++) {
        vitals[i].answers[2] = 10;
        vitals[i].bytes_out = 1000;
        vitals[i].conns_opened = 5;
        vitals[i].conns_closed = 3;
        yk_histogram_add(&vitals[i].latency, 100);
        yk_totals_retire(&vitals[i]);
    }
    const struct yk_tally *retired = yk_totals_retired();
    assert_int_equal(retired->answers[2], 20);
    assert_int_equal(retired->bytes_out, 2000);
    assert_int_equal(yk_histogram_count(&retired->latency), 2);
    /* Its connections went with it. */
    assert_int_equal(retired->conns_opened, 10);
    assert_int_equal(retired->conns_closed, 10);
    free(vitals);
}

static void totals_can_be_handed_on(void **state)
{
    struct yk_tally *tally = calloc(1, sizeof(*tally));

    (void)state;
    assert_non_null(tally);
    tally->answers[5] = 3;
    yk_totals_restore(tally);
    assert_int_equal(yk_totals_retired()->answers[5], 3);
    assert_int_equal(yk_totals_retired()->answers[2], 0);
    free(tally);
}

static void tallies_add_up(void **state)
{
    struct yk_tally *tallies = calloc(2, sizeof(*tallies));

    (void)state;
    assert_non_null(tallies);
    tallies[0].turns = 1;
    tallies[1].turns = 2;
    yk_histogram_add(&tallies[1].latency, 7);
    yk_tally_add(&tallies[0], &tallies[1]);
    assert_int_equal(tallies[0].turns, 3);
    assert_int_equal(yk_histogram_count(&tallies[0].latency), 1);
    free(tallies);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_dead_workers_counters_stay),
        cmocka_unit_test(totals_can_be_handed_on),
        cmocka_unit_test(tallies_add_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
