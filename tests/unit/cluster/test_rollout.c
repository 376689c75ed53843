/* Rollouts: whatever happens meanwhile, each ends, is told once, and leaves a
 * fleet of one generation. */
#include "fake_fleet.h"

static unsigned before; /* The fleet's generation at the beginning. */

static int begin(void **state)
{
    int err = fleet_begin(state);

    before = yk_fleet_generation()->number;
    return err;
}

static void reload(void)
{
    assert_int_equal(yk_rollout_begin(fleet_on_reloaded, NULL), 0);
}

static void assert_ends(int err)
{
    assert_true(fake_run_until(fleet_has_reloaded, HOUR_MS));
    assert_int_equal(fleet_reload.err, err);
    assert_true(fleet_settles());
    assert_int_equal(fleet_reload.count, 1);
    fleet_assert_one_generation();
    if (err < 0)
        assert_int_equal(yk_fleet_generation()->number, before);
    else
        assert_true(yk_fleet_generation()->number > before);
}

static int recycle(int number)
{
    struct yk_slot *slot = yk_fleet_slot(number);

    return yk_fleet_replace(slot, slot->generation, YOKE_CAUSE_RECYCLED, false,
                            fleet_on_replaced);
}

/* What was left half done is mended by the next one, as by an operator. */
static void mend(void)
{
    fake_old = fake_new = fleet_good;
    fake_fork_failures = 0;
    assert_int_equal(yk_fleet_scale(FLEET_SIZE), 0);
    fleet_reload.count = 0;
    reload();
    assert_ends(0);
}

/* ---- One by one ---- */

static void it_follows_a_recycling(void **state)
{
    (void)state;
    for (int number = 1; number <= FLEET_SIZE; number++) {
        fleet_options.max_surge = FLEET_SIZE;
        assert_int_equal(recycle(number), 0);
    }
    fleet_options.max_surge = 1;
    reload();
    assert_ends(0);
}

static void the_limit_is_not_the_systems(void **state)
{
    (void)state;
    assert_int_equal(recycle(1), 0);
    assert_int_equal(recycle(2), -YOKE_EFULL);
    fake_pass(1000);
    fake_fork_failures = -1;
    fake_fork_err = -EAGAIN;
    assert_int_equal(recycle(2), -EAGAIN);
    fake_fork_failures = 0;
}

static const int fork_errors[] = {-EAGAIN, -ENOMEM, -EMFILE};

static void a_fork_that_fails_for_a_moment_is_tried_again(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(fork_errors); i++) {
        begin(state);
        reload();
        fake_pass(500); /* The trial is over. */
        fake_fork_err = fork_errors[i];
        fake_fork_failures = 3;
        assert_ends(0);
    }
}

static void a_fork_that_keeps_failing_ends_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(fork_errors); i++) {
        begin(state);
        reload();
        fake_pass(500);
        fake_fork_err = fork_errors[i];
        fake_fork_failures = -1;
        assert_true(fake_run_until(fleet_has_reloaded, HOUR_MS));
        assert_int_equal(fleet_reload.err, -YOKE_ESTARTUP);
        assert_non_null(strstr(fleet_reload.text, "cannot be started"));
        assert_non_null(strstr(fleet_reload.text, "cannot be replaced now"));
        mend();
    }
}

static void it_is_undone_without_haste(void **state)
{
    unsigned forks;

    (void)state;
    fake_new.lives_ms = 1030; /* The first outlives the probation, and dies. */
    reload();
    fake_pass(1000);
    fake_old.fails = true; /* The old ones do not start any more, either. */
    forks = fake_forks;
    assert_true(fake_run_until(fleet_has_reloaded, HOUR_MS));
    assert_true(fleet_reload.err < 0);
    assert_true(fake_forks - forks < 100);
    mend();
}

static void one_that_dies_when_it_has_been_retired_is_no_failure(void **state)
{
    struct yk_slot *slot = yk_fleet_slot(1);

    (void)state;
    reload();
    while (slot->generation->number == before || !slot->current)
        fake_pass(1);
    struct fake_worker *retired = fleet_worker(1);
    retired->plan.drains_badly = true;
    retired->plan.drain_ms = 100;
    assert_int_equal(yk_slot_replace(slot, slot->generation,
                                     YOKE_CAUSE_RECYCLED, true, false,
                                     fleet_on_replaced),
                     0);
    assert_ends(0);
}

static void the_only_new_one_may_be_scaled_away(void **state)
{
    (void)state;
    /* The trial is in slot 1; it is cleared by a slot that is given up: the
     * fleet shrinks to fewer slots than the trial's number. */
    fleet_options.max_surge = FLEET_SIZE;
    assert_int_equal(recycle(1), 0);
    assert_int_equal(recycle(2), 0);
    fake_pass(5);
    reload();
    fake_pass(5); /* On trial in slot 3. */
    assert_int_equal(yk_fleet_scale(1), 0);
    assert_ends(0);
}

/* So that whoever asks next is answered by a new one. */
static void its_end_is_told_when_no_old_one_accepts_any_more(void **state)
{
    (void)state;
    for (unsigned i = 0; i < fake_count; i++) {
        fakes[i]->plan.close_ms = 500;
        fakes[i]->plan.drain_ms = 5000;
    }
    reload();
    assert_true(fake_run_until(fleet_has_reloaded, HOUR_MS));
    assert_int_equal(fake_count, 2 * FLEET_SIZE);
    for (unsigned i = 0; i < fake_count; i++)
        if (fakes[i]->was_told)
            assert_true(yk_list_is_empty(&fakes[i]->worker.users));
    assert_ends(0);
}

static void an_old_one_that_is_deaf_does_not_hold_it_up(void **state)
{
    (void)state;
    for (unsigned i = 0; i < fake_count; i++) {
        fakes[i]->plan.close_ms = FAKE_NEVER;
        fakes[i]->plan.drain_ms = FAKE_NEVER;
    }
    reload();
    assert_true(fake_run_until(fleet_has_reloaded, 10000));
    assert_ends(0);
}

static unsigned count_of(unsigned generation)
{
    unsigned count = 0;

    for (unsigned i = 0; i < fake_count; i++)
        count += fakes[i]->worker.life->generation->number == generation;
    return count;
}

/* Begins one more than there may be; all that came before still drain. */
static void the_oldest_of_too_many_generations_is_cut(void **state)
{
    (void)state;
    fleet_options.max_generations = 2;
    fake_old.drain_ms = fake_new.drain_ms = FAKE_NEVER;
    for (unsigned i = 0; i < fake_count; i++)
        fakes[i]->plan.drain_ms = FAKE_NEVER;
    reload();
    assert_true(fake_run_until(fleet_has_reloaded, 10000));
    assert_int_equal(count_of(before), FLEET_SIZE);
    assert_int_equal(count_of(before + 1), FLEET_SIZE);
    fleet_reload.count = 0;
    reload();
    fake_pass(10);
    assert_int_equal(count_of(before), 0);
    assert_int_equal(count_of(before + 1), FLEET_SIZE);
    assert_ends(0);
    fleet_options.max_generations = 4;
}

static void a_second_one_is_refused(void **state)
{
    (void)state;
    reload();
    assert_int_equal(yk_rollout_begin(fleet_on_reloaded, NULL), -EBUSY);
    assert_ends(0);
}

/* The last test: nothing happens after it. */
static void a_stop_ends_it(void **state)
{
    (void)state;
    reload();
    fake_pass(10);
    fake_is_stopping = true;
    assert_true(fake_run_until(fleet_has_reloaded, HOUR_MS));
    assert_int_equal(fleet_reload.err, -ESHUTDOWN);
    assert_int_equal(fleet_reload.count, 1);
    assert_int_equal(yk_rollout_begin(fleet_on_reloaded, NULL), -ESHUTDOWN);
}

/* ---- Everything with everything ---- */

enum verdict {
    SUCCEEDS,
    FAILS,
    ENDS /* In one way or the other. */
};

static const struct version {
    const char *name;
    struct fake_plan plan;
    int fork_err, fork_failures;
    enum verdict verdict;
} versions[] = {
    {"good", {.boot_ms = 20, .drain_ms = 10}, 0, 0, SUCCEEDS},
    {"slow", {.boot_ms = 5000, .drain_ms = 9000}, 0, 0, SUCCEEDS},
    {"crashes in draining",
     {.boot_ms = 20, .drain_ms = 10, .drains_badly = true},
     0,
     0,
     SUCCEEDS},
    {"does not drain", {.boot_ms = 20, .drain_ms = FAKE_NEVER}, 0, 0, SUCCEEDS},
    {"fails", {.boot_ms = 20, .fails = true}, 0, 0, FAILS},
    {"crashes", {.boot_ms = 20, .crashes = true}, 0, 0, FAILS},
    {"waits", {.boot_ms = FAKE_NEVER, .drain_ms = 10}, 0, 0, FAILS},
    {"dies at once",
     {.boot_ms = 20, .lives_ms = 1, .drain_ms = 10},
     0,
     0,
     ENDS},
    {"dies soon",
     {.boot_ms = 20, .lives_ms = 500, .drain_ms = 10},
     0,
     0,
     FAILS},
    {"dies later",
     {.boot_ms = 20, .lives_ms = 1030, .drain_ms = 10},
     0,
     0,
     ENDS},
    {"no processes", {.boot_ms = 20, .drain_ms = 10}, -EAGAIN, 4, ENDS},
    {"no memory", {.boot_ms = 20, .drain_ms = 10}, -ENOMEM, 4, ENDS},
};

static void scale_up(void)
{
    assert_int_equal(yk_fleet_scale(FLEET_SIZE + 2), 0);
}

static void scale_down(void)
{
    assert_int_equal(yk_fleet_scale(1), 0);
}

static void scale_down_and_up(void)
{
    scale_down();
    assert_int_equal(yk_fleet_scale(FLEET_SIZE), 0);
}

static void kill_first(void)
{
    if (fleet_worker(1))
        fake_kill(fleet_worker(1), SIGKILL);
}

static void kill_all(void)
{
    while (fake_count)
        fake_kill(fakes[0], SIGKILL);
}

static void kill_last(void)
{
    if (fleet_worker(FLEET_SIZE))
        fake_kill(fleet_worker(FLEET_SIZE), SIGKILL);
}

static void recycle_all(void)
{
    for (int number = 1; number <= FLEET_SIZE; number++)
        recycle(number);
}

static void recycle_and_scale(void)
{
    recycle_all();
    scale_down();
}

static void reload_again(void)
{
    if (yk_rollout_is_under_way())
        assert_int_equal(yk_rollout_begin(fleet_on_reloaded, NULL), -EBUSY);
}

static void let_drain(void)
{
    struct yk_slot *slot;

    YK_FLEET_EACH(slot)
    if (slot->current)
        yk_life_handle(slot->current, YK_LIFE_HANGS, YOKE_CAUSE_HUNG);
}

static const struct disturbance {
    const char *name;
    void (*fn)(void);
    bool may_fail; /* A good version with it. */
} disturbances[] = {
    {"scale up", scale_up, false},
    {"scale down", scale_down, false},
    {"scale down and up", scale_down_and_up, false},
    {"kill the first", kill_first, true},
    {"kill the last", kill_last, true},
    {"kill all", kill_all, true},
    {"recycle all", recycle_all, false},
    {"recycle and scale", recycle_and_scale, false},
    {"reload again", reload_again, false},
    {"all hang", let_drain, true},
};

static const struct {
    int max_surge, max_unavailable;
} manners[] = {{1, 0}, {0, 1}, {2, 0}, {1, 1}};

/* Before it begins (-1), and after so long. */
static const int moments[] = {-1, 0, 5, 25, 40, 500, 1015, 1025, 1045, 1060};

static enum verdict verdict_of(const struct version *version,
                               const struct disturbance *what, int moment)
{
    if (version->verdict == SUCCEEDS && what->may_fail)
        return moment < 0 ? SUCCEEDS : ENDS;
    return version->verdict;
}

static void try(const struct version *version, const struct disturbance *what,
                int moment)
{
    if (moment < 0)
        what->fn();
    fake_new = version->plan;
    reload();
    if (moment >= 0)
        fake_pass((uint64_t)moment);
    fake_fork_err = version->fork_err;
    fake_fork_failures = version->fork_failures;
    if (moment >= 0)
        what->fn();
    if (!fake_run_until(fleet_has_reloaded, HOUR_MS))
        fail_msg("%s, %s after %d ms: it does not end", version->name,
                 what->name, moment);
}

static void judge(const struct version *version, const struct disturbance *what,
                  int moment)
{
    enum verdict verdict = verdict_of(version, what, moment);
    bool has_failed = fleet_reload.err < 0;

    if (verdict != ENDS && has_failed != (verdict == FAILS))
        fail_msg("%s, %s after %d ms: %s", version->name, what->name, moment,
                 fleet_reload.text);
    if (has_failed && yk_fleet_generation()->number != before)
        fail_msg("%s, %s after %d ms: failed, and is there", version->name,
                 what->name, moment);
    fake_old = fake_new = fleet_good;
    fake_fork_failures = 0;
    assert_int_equal(yk_fleet_scale(yk_fleet_size()), 0);
    if (!fleet_settles())
        fail_msg("%s, %s after %d ms: the fleet is not whole again",
                 version->name, what->name, moment);
    fleet_assert_one_generation();
    assert_int_equal(fleet_reload.count, 1);
}

static void each_version_with_each_disturbance_at_each_moment_ends(void **state)
{
    for (size_t v = 0; v < COUNT_OF(versions); v++)
        for (size_t d = 0; d < COUNT_OF(disturbances); d++)
            for (size_t m = 0; m < COUNT_OF(moments); m++)
                for (size_t i = 0; i < COUNT_OF(manners); i++) {
                    begin(state);
                    fleet_options.max_surge = manners[i].max_surge;
                    fleet_options.max_unavailable = manners[i].max_unavailable;
                    try(&versions[v], &disturbances[d], moments[m]);
                    judge(&versions[v], &disturbances[d], moments[m]);
                    fleet_end(state);
                }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, fleet_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(it_follows_a_recycling),
        TEST(the_limit_is_not_the_systems),
        TEST(a_fork_that_fails_for_a_moment_is_tried_again),
        TEST(a_fork_that_keeps_failing_ends_it),
        TEST(it_is_undone_without_haste),
        TEST(one_that_dies_when_it_has_been_retired_is_no_failure),
        TEST(the_only_new_one_may_be_scaled_away),
        TEST(its_end_is_told_when_no_old_one_accepts_any_more),
        TEST(an_old_one_that_is_deaf_does_not_hold_it_up),
        TEST(the_oldest_of_too_many_generations_is_cut),
        TEST(a_second_one_is_refused),
        TEST(each_version_with_each_disturbance_at_each_moment_ends),
        cmocka_unit_test_setup(a_stop_ends_it, begin),
    };

    return cmocka_run_group_tests(tests, fleet_setup, NULL);
}
