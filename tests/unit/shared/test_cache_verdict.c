/* What calls wish: which values are good enough for them. */
#include "cache.h"

/* ---- Wishes ---- */

static void wishes_are_heard(void **state)
{
    struct answer answer = {.count = 0};
    (void)state;
    open_both((struct yoke_cache_options){.ttl_s = 60, .stale_s = 60});
    expect_computed(cache, "value");
    clock_ms += 20000;
    yoke_cache_get(cache, "key", on_answer, &answer, .max_age_s = 20);
    wait_count(&answer.count, 1);
    expect(&answer, 0, "value", YOKE_CACHE_HIT);
    yoke_cache_get(cache, "key", on_answer, &answer, .max_age_s = 19);
    wait_count(&answer.count, 2);
    assert_int_equal(answer.how, YOKE_CACHE_MISS);
    yoke_cache_get(cache, "key", on_answer, &answer, .min_fresh_s = 40);
    wait_count(&answer.count, 3);
    assert_int_equal(answer.how, YOKE_CACHE_MISS);
    clock_ms += 40000;
    yoke_cache_get(cache, "key", on_answer, &answer, .no_stale = true);
    wait_count(&answer.count, 4);
    assert_int_equal(answer.err, -ENOENT);
    assert_int_equal(answer.how, YOKE_CACHE_MISS);
    yoke_cache_get(cache, "key", on_answer, &answer);
    wait_count(&answer.count, 5);
    assert_int_equal(answer.how, YOKE_CACHE_STALE);
    assert_int_equal(work.begun, 1);
    close_both();
}

static void what_is_old_is_good_for_who_says_so(void **state)
{
    struct answer answer = {.count = 0};
    (void)state;
    open_both((struct yoke_cache_options){.ttl_s = 60, .stale_error_s = 60});
    expect_computed(cache, "value");
    clock_ms += 70000;
    yoke_cache_get(cache, "key", on_answer, &answer, .max_stale_s = 10);
    wait_count(&answer.count, 1);
    expect(&answer, 0, "value", YOKE_CACHE_HIT);
    yoke_cache_get(cache, "key", on_answer, &answer, .max_stale_s = 9);
    wait_count(&answer.count, 2);
    assert_int_equal(answer.how, YOKE_CACHE_MISS);
    yoke_cache_get(cache, "key", on_answer, &answer, .max_stale_s = 10,
                   .no_stale = true);
    wait_count(&answer.count, 3);
    assert_int_equal(answer.how, YOKE_CACHE_MISS);
    close_both();
}

static void an_old_value_can_be_looked_at(void **state)
{
    struct yoke_cache_result old;
    struct answer answer;
    (void)state;
    open_both((struct yoke_cache_options){.ttl_s = 60, .stale_error_s = 60});
    get(cache, &answer);
    wait_count(&work.begun, 1);
    assert_false(yoke_cache_job_old(work.jobs[0], &old));
    yoke_cache_give(work.jobs[0], "old", 3);
    wait_count(&answer.count, 1);
    run_turns();
    clock_ms += 70000;
    get(cache, &answer);
    wait_count(&work.begun, 2);
    assert_true(yoke_cache_job_old(work.jobs[1], &old));
    assert_int_equal(old.err, 0);
    assert_string_equal(old.key, "key");
    assert_string_equal(old.value, "old");
    assert_int_equal(old.len, 3);
    assert_int_equal(old.age_ms, 70000);
    assert_int_equal(old.fresh_ms, -10000);
    clock_ms += 50000;
    assert_false(yoke_cache_job_old(work.jobs[1], &old));
    yoke_cache_give(work.jobs[1], "new", 3);
    run_turns();
    close_both();
}

static void a_value_may_have_an_age(void **state)
{
    struct answer answer;
    (void)state;
    open_both((struct yoke_cache_options){.ttl_s = 60});
    get(cache, &answer);
    wait_count(&work.begun, 1);
    yoke_cache_give(work.jobs[0], "value", 5, .ttl_s = 30, .age_s = 30);
    wait_count(&answer.count, 1);
    run_turns();
    clock_ms += 10000;
    get(other, &answer);
    wait_count(&answer.count, 1);
    assert_int_equal(answer.age_ms, 40000);
    assert_int_equal(answer.fresh_ms, 20000);
    close_both();
}

static void anew_is_computed_and_kept(void **state)
{
    struct answer answer = {.count = 0};
    (void)state;
    open_both((struct yoke_cache_options){.ttl_s = 60});
    expect_computed(cache, "value");
    yoke_cache_get(other, "key", on_answer, &answer, WORK, .anew = true);
    wait_count(&work.begun, 2);
    expect_there(cache, "value", YOKE_CACHE_HIT);
    yoke_cache_give(work.jobs[1], "new", 3);
    wait_count(&answer.count, 1);
    run_turns();
    expect_there(cache, "new", YOKE_CACHE_HIT);
    close_both();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(wishes_are_heard),
        WITH_STORE(what_is_old_is_good_for_who_says_so),
        WITH_STORE(an_old_value_can_be_looked_at),
        WITH_STORE(a_value_may_have_an_age),
        WITH_STORE(anew_is_computed_and_kept),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
