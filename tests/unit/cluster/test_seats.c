/* Seats: each worker has one, and what stands there is only a hint. */
#include "../unit.h"

#include <string.h>

#include <yoke/error.h>

#include "cluster/loads.h"
#include "cluster/seats.h"

static void the_lowest_free_seat_is_given(void **state)
{
    (void)state;
    assert_int_equal(yk_seats_take(), 0);
    assert_int_equal(yk_seats_take(), 1);
    assert_int_equal(yk_seats_take(), 2);
    yk_seats_free(1);
    assert_int_equal(yk_seats_take(), 1);
    for (int i = 0; i < 3; i++)
        yk_seats_free(i);
    assert_true(yk_seats_fd() >= 0);
}

static void a_seat_is_clean_when_it_is_taken(void **state)
{
    (void)state;
    int seat = yk_seats_take();
    struct yk_load *load = yk_seats_load(seat);
    yk_seats_serve(seat, true);
    load->open = 7;
    load->coming = 8;
    load->busy_since_ns = 9;
    yk_seats_free(seat);
    assert_int_equal(load->state, YK_SEAT_FREE);
    assert_int_equal(yk_seats_take(), seat);
    assert_int_equal(load->state, YK_SEAT_TAKEN);
    assert_int_equal(load->open + load->coming, 0);
    assert_int_equal(load->busy_since_ns, 0);
    yk_seats_free(seat);
}

static void rubbish_in_the_table_confuses_nobody(void **state)
{
    (void)state;
    int first = yk_seats_take();
    /* A worker may write anywhere. */
    struct yk_load *load = yk_seats_load(0);
    memset(load, 0, sizeof(*load) * 8);
    assert_int_equal(yk_seats_take(), first + 1);
    memset(load, 0xff, sizeof(*load) * 8);
    assert_int_equal(yk_seats_take(), first + 2);
    for (int i = 0; i < 3; i++)
        yk_seats_free(first + i);
}

static void there_are_only_so_many(void **state)
{
    (void)state;
    for (int i = 0; i < YK_SEATS_MAX; i++)
        assert_int_equal(yk_seats_take(), i);
    assert_int_equal(yk_seats_take(), -YOKE_EFULL);
    for (int i = 0; i < YK_SEATS_MAX; i++)
        yk_seats_free(i);
}

static void a_worker_without_a_seat_serves_without(void **state)
{
    (void)state;
    yk_seats_serve(-1, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_lowest_free_seat_is_given),
        cmocka_unit_test(a_seat_is_clean_when_it_is_taken),
        cmocka_unit_test(rubbish_in_the_table_confuses_nobody),
        cmocka_unit_test(there_are_only_so_many),
        cmocka_unit_test(a_worker_without_a_seat_serves_without),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
