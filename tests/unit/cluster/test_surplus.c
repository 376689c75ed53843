/* Surplus: when a worker has clearly more than the others. */
#include "../unit.h"

#include <stdbool.h>
#include <string.h>

#include "cluster/loads.h"
#include "cluster/surplus.h"
#include "net/stream.h"
#include "net/vitals.h"

static struct yk_loads loads;

static int setup(void **state)
{
    (void)state;
    memset(&loads, 0, sizeof(loads));
    loads.head.limit = 3;
    for (int i = 0; i < 3; i++)
        loads.seats[i].state = YK_SEAT_SERVES;
    yk_surplus_init(&loads, 0, NULL, NULL);
    return 0;
}

/* Whether a worker with `own` connections gives the next one away. */
static bool gives(uint32_t own, uint32_t second, uint32_t third)
{
    yk_stream_count = own;
    loads.seats[1].open = second;
    loads.seats[2].open = third;
    bool has = yk_surplus_has();
    yk_stream_count = 0;
    return has;
}

/* First: it cannot be started twice. */
static void who_is_not_balanced_keeps_everything(void **state)
{
    (void)state;
    yk_surplus_start(false);
    assert_false(gives(1000, 0, 0));
}

static void who_has_clearly_more_gives(void **state)
{
    (void)state;
    yk_surplus_start(true);
    assert_true(gives(50, 10, 50));
    assert_true(gives(8, 0, 8));
    assert_false(gives(1, 0, 0));
    assert_false(gives(50, 50, 50));
    assert_false(gives(10, 50, 60));
}

static void what_is_clearly_more_grows_with_the_load(void **state)
{
    (void)state;
    assert_false(gives(1000, 990, 1000));
    assert_true(gives(1000, 950, 1000));
}

static void connections_on_their_way_count_as_well(void **state)
{
    (void)state;
    loads.seats[1].coming = 40;
    assert_false(gives(50, 10, 50));
}

static void nobody_gives_to_a_worker_that_is_stuck_or_leaves(void **state)
{
    (void)state;
    loads.seats[1].busy_since_ns = yk_now_ns() - 1000000000;
    assert_false(gives(50, 0, 50));
    loads.seats[1].busy_since_ns = 0;
    assert_true(gives(50, 0, 50));
    loads.seats[1].state = YK_SEAT_TAKEN;
    assert_false(gives(50, 0, 50));
}

static void the_worker_tells_how_many_it_has(void **state)
{
    (void)state;
    gives(17, 0, 0);
    assert_int_equal(loads.seats[0].open, 17);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(who_is_not_balanced_keeps_everything, setup),
        cmocka_unit_test_setup(who_has_clearly_more_gives, setup),
        cmocka_unit_test_setup(what_is_clearly_more_grows_with_the_load, setup),
        cmocka_unit_test_setup(connections_on_their_way_count_as_well, setup),
        cmocka_unit_test_setup(nobody_gives_to_a_worker_that_is_stuck_or_leaves,
                               setup),
        cmocka_unit_test_setup(the_worker_tells_how_many_it_has, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
