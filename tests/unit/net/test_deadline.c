/* A deadline counts the time for which the process was awake. */
#include "../unit.h"

#include "net/deadline.h"

/* Each slice ends `late_ms` after its time. Returns how long it took until the
 * deadline had passed. */
static uint64_t pass(uint64_t length_ms, uint64_t late_ms)
{
    struct yk_deadline deadline = {.left_ms = length_ms, .begun_ms = 5000};
    uint64_t now_ms = deadline.begun_ms;

    do
        now_ms += yk_deadline_slice_ms(&deadline) + late_ms;
    while (!yk_deadline_end_slice(&deadline, now_ms));
    return now_ms - 5000;
}

static void time_awake_counts(void **state)
{
    static const uint64_t lengths_ms[] = {0, 1, 999, 1000, 1001, 30000, 30001};

    (void)state;
    for (size_t i = 0; i < sizeof(lengths_ms) / sizeof(*lengths_ms); i++)
        assert_int_equal(pass(lengths_ms[i], 0), lengths_ms[i]);
}

static void a_slow_machine_does_not_make_it_longer(void **state)
{
    (void)state;
    assert_in_range(pass(30000, YK_DEADLINE_GAP_MS), 30000, 32000);
}

static void time_in_which_all_was_frozen_does_not_count(void **state)
{
    struct yk_deadline deadline = {.left_ms = 3500, .begun_ms = 0};

    (void)state;
    assert_false(yk_deadline_end_slice(&deadline, 1000));
    assert_false(yk_deadline_end_slice(&deadline, 3600000));
    assert_int_equal(deadline.left_ms, 2500);
    assert_false(yk_deadline_end_slice(&deadline, 3601000));
    assert_false(yk_deadline_end_slice(&deadline, 3602000));
    /* The last slice, too, is given again. */
    assert_int_equal(yk_deadline_slice_ms(&deadline), 500);
    assert_false(yk_deadline_end_slice(&deadline, 9000000));
    assert_true(yk_deadline_end_slice(&deadline, 9000500));
}

/* ---- On the loop ---- */

static void count(struct yk_deadline *deadline)
{
    (void)deadline;
    uv_stop(uv_default_loop());
}

static void it_runs_on_the_loop_and_can_be_stopped(void **state)
{
    static struct yk_deadline deadline, never;

    (void)state;
    yk_deadline_init(&deadline, count);
    yk_deadline_init(&never, count);
    yk_deadline_start(&never, 3600000);
    assert_in_range(yk_deadline_left_ms(&never), 3599000, 3600000);
    yk_deadline_stop(&never);
    yk_deadline_start(&deadline, 3600000);
    yk_deadline_start(&deadline, 2);
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    assert_int_equal(yk_deadline_left_ms(&deadline), 0);
    uv_close((uv_handle_t *)&deadline.timer, NULL);
    uv_close((uv_handle_t *)&never.timer, NULL);
    uv_run(uv_default_loop(), UV_RUN_DEFAULT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(time_awake_counts),
        cmocka_unit_test(a_slow_machine_does_not_make_it_longer),
        cmocka_unit_test(time_in_which_all_was_frozen_does_not_count),
        cmocka_unit_test(it_runs_on_the_loop_and_can_be_stopped),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
