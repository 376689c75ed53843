/* The timer wheel: deadlines are met on time, moved cheaply, and may be changed
 * from inside the call that meets one. */
#include "../unit.h"

#include "core/random.h"
#include "core/wheel.h"

static struct yk_wheel wheel;

struct probe {
    struct yk_timer timer;
    int met;
    uint64_t met_ms;
    uint64_t again_ms; /* Set again for then, when met. */
};

static void on_met(struct yk_timer *timer, void *data)
{
    struct probe *probe = YK_CONTAINER_OF(timer, struct probe, timer);
    (void)data;
    probe->met++;
    probe->met_ms = wheel.now_ms;
    if (probe->again_ms)
        yk_timer_set(&wheel, timer, probe->again_ms);
    probe->again_ms = 0;
}

static void advance(uint64_t to)
{
    yk_wheel_advance(&wheel, to, on_met, NULL);
}

static int setup(void **state)
{
    (void)state;
    yk_wheel_init(&wheel, 250, 10000);
    return 0;
}

static void meets_a_deadline_once_and_never_early(void **state)
{
    struct probe probe = {.met = 0};
    (void)state;
    yk_timer_init(&probe.timer);
    yk_timer_set(&wheel, &probe.timer, 15100);
    for (uint64_t now = 10000; now < 15100; now += 50)
        advance(now);
    assert_int_equal(probe.met, 0);
    advance(15350);
    assert_int_equal(probe.met, 1);
    advance(99999);
    assert_int_equal(probe.met, 1);
    assert_int_equal(wheel.count, 0);
}

static void meets_a_deadline_many_turns_away(void **state)
{
    struct probe probe = {.met = 0};
    uint64_t deadline = 10000 + 250 * YK_WHEEL_SLOTS * 3 + 77;
    (void)state;
    yk_timer_init(&probe.timer);
    yk_timer_set(&wheel, &probe.timer, deadline);
    uint64_t now = 10000;
    while (!probe.met)
        advance(now += 250);
    assert_in_range(probe.met_ms, deadline, deadline + 250);
}

static void a_later_deadline_replaces_an_earlier_one(void **state)
{
    struct probe probe = {.met = 0};
    (void)state;
    yk_timer_init(&probe.timer);
    yk_timer_set(&wheel, &probe.timer, 11000);
    yk_timer_set(&wheel, &probe.timer, 20000);
    assert_int_equal(wheel.count, 1);
    advance(19900);
    assert_int_equal(probe.met, 0);
    advance(20250);
    assert_int_equal(probe.met, 1);
}

static void an_earlier_deadline_replaces_a_later_one(void **state)
{
    struct probe probe = {.met = 0};
    (void)state;
    yk_timer_init(&probe.timer);
    yk_timer_set(&wheel, &probe.timer, 70000);
    yk_timer_set(&wheel, &probe.timer, 10600);
    advance(11000);
    assert_int_equal(probe.met, 1);
    assert_int_equal(wheel.count, 0);
}

static void a_cleared_timer_is_not_met(void **state)
{
    struct probe probe = {.met = 0};
    (void)state;
    yk_timer_init(&probe.timer);
    yk_timer_set(&wheel, &probe.timer, 11000);
    yk_timer_clear(&wheel, &probe.timer);
    yk_timer_clear(&wheel, &probe.timer);
    advance(90000);
    assert_int_equal(probe.met, 0);
    assert_int_equal(wheel.count, 0);
}

static void a_deadline_in_the_past_is_met_at_the_next_tick(void **state)
{
    struct probe probe = {.met = 0};
    (void)state;
    yk_timer_init(&probe.timer);
    yk_timer_set(&wheel, &probe.timer, 1);
    advance(10250);
    assert_int_equal(probe.met, 1);
}

static void a_timer_set_again_when_met_waits_for_its_turn(void **state)
{
    struct probe probe = {.again_ms = 12000};
    (void)state;
    yk_timer_init(&probe.timer);
    yk_timer_set(&wheel, &probe.timer, 11000);
    advance(11250);
    assert_int_equal(probe.met, 1);
    advance(11750);
    assert_int_equal(probe.met, 1);
    advance(12250);
    assert_int_equal(probe.met, 2);
}

static void a_clock_that_jumps_meets_everything_that_is_due(void **state)
{
    static struct probe probes[500];
    struct yk_random random = {.state = 7};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(probes); i++) {
        probes[i] = (struct probe){.met = 0};
        yk_timer_init(&probes[i].timer);
        yk_timer_set(&wheel, &probes[i].timer,
                     10001 + yk_random_below(&random, 100000));
    }
    advance(50000);
    for (size_t i = 0; i < COUNT_OF(probes); i++)
        assert_true(probes[i].met || probes[i].timer.deadline_ms > 49750);
    advance(200000);
    for (size_t i = 0; i < COUNT_OF(probes); i++)
        assert_int_equal(probes[i].met, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(meets_a_deadline_once_and_never_early, setup),
        cmocka_unit_test_setup(meets_a_deadline_many_turns_away, setup),
        cmocka_unit_test_setup(a_later_deadline_replaces_an_earlier_one, setup),
        cmocka_unit_test_setup(an_earlier_deadline_replaces_a_later_one, setup),
        cmocka_unit_test_setup(a_cleared_timer_is_not_met, setup),
        cmocka_unit_test_setup(a_deadline_in_the_past_is_met_at_the_next_tick,
                               setup),
        cmocka_unit_test_setup(a_timer_set_again_when_met_waits_for_its_turn,
                               setup),
        cmocka_unit_test_setup(a_clock_that_jumps_meets_everything_that_is_due,
                               setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
