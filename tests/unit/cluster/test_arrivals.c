/* Arrivals: what the kernel's program learns of what it has sent. */
#include "../unit.h"

#include "cluster/arrivals.h"
#include "cluster/loads.h"

#define SECOND UINT64_C(1000000000)

static struct yk_load load;
static struct yk_arrivals arrivals;

static int setup(void **state)
{
    (void)state;
    load = (struct yk_load){.state = 0};
    arrivals = (struct yk_arrivals){.load = &load};
    return 0;
}

static void what_is_accepted_has_arrived(void **state)
{
    (void)state;
    load.routed = 10;
    yk_arrivals_add(&arrivals, 3, 7, SECOND);
    assert_int_equal(load.arrived, 3);
    assert_int_equal(load.open, 7);
}

static void no_more_arrive_than_were_sent(void **state)
{
    (void)state;
    load.routed = 2;
    yk_arrivals_add(&arrivals, 3, 3, SECOND);
    assert_int_equal(load.arrived, 2);
}

static void
what_does_not_come_within_two_seconds_counts_as_arrived(void **state)
{
    (void)state;
    load.routed = 10;
    yk_arrivals_add(&arrivals, 1, 1, 10 * SECOND);
    load.routed = 14;
    yk_arrivals_add(&arrivals, 1, 1, 11 * SECOND);
    assert_int_equal(load.arrived, 2);
    yk_arrivals_add(&arrivals, 1, 1, 12 * SECOND);
    /* The ten that had been sent at the first look; not the four since. */
    assert_int_equal(load.arrived, 10);
    yk_arrivals_add(&arrivals, 1, 1, 14 * SECOND);
    assert_int_equal(load.arrived, 14);
}

static void counters_go_round(void **state)
{
    (void)state;
    load.routed = 1;
    load.arrived = UINT32_MAX - 1;
    yk_arrivals_add(&arrivals, 2, 1, SECOND);
    assert_int_equal(load.arrived, 0);
    yk_arrivals_add(&arrivals, 9, 1, SECOND);
    assert_int_equal(load.arrived, 1);
}

static void a_worker_without_a_place_is_harmless(void **state)
{
    (void)state;
    arrivals.load = NULL;
    yk_arrivals_add(&arrivals, 1, 1, SECOND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_accepted_has_arrived, setup),
        cmocka_unit_test_setup(no_more_arrive_than_were_sent, setup),
        cmocka_unit_test_setup(
            what_does_not_come_within_two_seconds_counts_as_arrived, setup),
        cmocka_unit_test_setup(counters_go_round, setup),
        cmocka_unit_test_setup(a_worker_without_a_place_is_harmless, setup),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
