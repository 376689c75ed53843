/* Slots: a replacement ends in every case, and exactly once. */
#include "fake_fleet.h"

#include "net/loop.h"

static bool has_stopped; /* The primary was told to. */

static void on_stop(int timeout_ms)
{
    (void)timeout_ms;
    has_stopped = true;
}

static const struct yk_loop_role role = {.stop = on_stop};

static struct yk_slot *slot(int number)
{
    return yk_fleet_slot(number);
}

static int replace(int number, bool surge, bool is_on_trial)
{
    return yk_slot_replace(slot(number), slot(number)->generation,
                           YOKE_CAUSE_RECYCLED, surge, is_on_trial,
                           fleet_on_replaced);
}

static void assert_replaced(int err)
{
    assert_true(fake_run_until(fleet_has_replaced, HOUR_MS));
    assert_int_equal(fleet_replaced.err, err);
    assert_true(fleet_settles());
    assert_int_equal(fleet_replaced.count, 1);
}

static void its_end_is_told_from_the_loop(void **state)
{
    (void)state;
    assert_int_equal(replace(FLEET_SIZE, true, false), 0);
    assert_int_equal(yk_fleet_scale(FLEET_SIZE - 1), 0);
    assert_int_equal(fleet_replaced.count, 0);
    assert_replaced(-ESHUTDOWN);
}

/* However small or large it is; and not all of them have the same. */
static void each_worker_has_a_limit_of_its_own(void **state)
{
    static const uint64_t limits[] = {1, 50, 99, 1000, UINT64_MAX};
    const uint64_t percent = (uint64_t)fleet_options.recycle_jitter;
    unsigned found = 0;

    (void)state;
    for (int i = 0; i < 100; i++) {
        const struct yk_life *life = slot(1)->current;
        for (size_t k = 0; k < COUNT_OF(limits); k++) {
            uint64_t own = yk_life_own_limit(life, limits[k]);
            assert_true(own > 0 && own <= limits[k]);
            assert_true(own >= limits[k] / 100 * (100 - percent));
        }
        found |= 1u << (50 - yk_life_own_limit(life, 50));
        assert_int_equal(replace(1, false, false), 0);
        assert_replaced(0);
        fleet_replaced.count = 0;
    }
    assert_true(found & (found - 1)); /* More than one bit. */
}

static void replacing_one_that_boots_is_no_failure(void **state)
{
    (void)state;
    fake_kill(fleet_worker(1), SIGSEGV);
    while (slot(1)->state != YK_SLOT_STARTING)
        fake_pass(1);
    assert_int_equal(replace(1, false, false), 0);
    assert_replaced(0);
}

static void one_that_crashes_while_it_makes_room_is_no_failure(void **state)
{
    uint32_t restarts = slot(1)->restarts;

    (void)state;
    fleet_worker(1)->plan.drains_badly = true;
    assert_int_equal(replace(1, false, false), 0);
    assert_replaced(0);
    assert_int_equal(slot(1)->restarts, restarts);
}

static void one_that_is_aborted_while_it_boots_makes_room(void **state)
{
    (void)state;
    fake_kill(fleet_worker(1), SIGSEGV);
    while (slot(1)->state != YK_SLOT_STARTING)
        fake_pass(1);
    yk_life_handle(slot(1)->current, YK_LIFE_HANGS, YOKE_CAUSE_HUNG);
    assert_int_equal(replace(1, false, false), 0);
    assert_replaced(0);
}

static void in_place_too_it_is_on_trial(void **state)
{
    (void)state;
    assert_int_equal(replace(1, false, true), 0);
    while (slot(1)->state != YK_SLOT_STARTING)
        fake_pass(1);
    assert_true(slot(1)->current->is_on_trial);
    assert_replaced(0);
    fake_kill(fleet_worker(1), SIGSEGV);
    assert_true(fleet_settles());
    assert_false(slot(1)->current->is_on_trial);
}

static void it_ends_when_its_slot_is_given_up(void **state)
{
    (void)state;
    assert_int_equal(replace(1, false, false), 0);
    fake_fork_err = -EAGAIN;
    fake_fork_failures = -1;
    assert_true(fake_run_until(fleet_has_replaced, HOUR_MS));
    assert_int_equal(fleet_replaced.err, -YOKE_ESTARTUP);
    assert_int_equal(slot(1)->state, YK_SLOT_FAILED);
    fake_fork_failures = 0;
    assert_int_equal(yk_fleet_scale(FLEET_SIZE), 0);
    assert_true(fleet_settles());
    assert_int_equal(fleet_replaced.count, 1);
}

static void give_up(int number)
{
    while (slot(number)->state != YK_SLOT_FAILED) {
        if (fleet_worker(number))
            fake_kill(fleet_worker(number), SIGSEGV);
        fake_pass(1);
    }
}

/* The last slot's own worker dies while another one starts for it. */
static void give_up_all_but_a_successor(void)
{
    give_up(1);
    give_up(2);
    assert_int_equal(replace(3, true, false), 0);
    fake_fork_err = -EAGAIN;
    fake_fork_failures = -1;
    while (slot(3)->state != YK_SLOT_FAILED) {
        if (fleet_worker(3))
            fake_kill(fleet_worker(3), SIGSEGV);
        else
            yk_slot_handle(slot(3), YK_SLOT_DUE);
    }
}

static void the_fleet_waits_for_the_successor_of_the_last_slot(void **state)
{
    (void)state;
    fake_old.boot_ms = 1000;
    give_up_all_but_a_successor();
    assert_false(has_stopped);
    assert_true(fake_run_until(fleet_has_replaced, HOUR_MS));
    assert_int_equal(fleet_replaced.err, 0);
    fake_fork_failures = 0;
    assert_int_equal(yk_fleet_scale(FLEET_SIZE), 0);
}

/* The last test: it is over then. */
static void it_stops_when_the_last_successor_has_died(void **state)
{
    (void)state;
    fake_old.boot_ms = 1000;
    give_up_all_but_a_successor();
    fake_kill((struct fake_worker *)slot(3)->successor->worker, SIGSEGV);
    assert_true(fake_run_until(fleet_has_replaced, HOUR_MS));
    assert_true(has_stopped);
    fake_fork_failures = 0;
    assert_int_equal(yk_fleet_scale(FLEET_SIZE), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fleet_begin, fleet_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(its_end_is_told_from_the_loop),
        TEST(each_worker_has_a_limit_of_its_own),
        TEST(replacing_one_that_boots_is_no_failure),
        TEST(one_that_crashes_while_it_makes_room_is_no_failure),
        TEST(one_that_is_aborted_while_it_boots_makes_room),
        TEST(in_place_too_it_is_on_trial),
        TEST(it_ends_when_its_slot_is_given_up),
        TEST(the_fleet_waits_for_the_successor_of_the_last_slot),
        TEST(it_stops_when_the_last_successor_has_died),
    };

    yk_loop_set_role(&role);
    return cmocka_run_group_tests(tests, fleet_setup, NULL);
}
