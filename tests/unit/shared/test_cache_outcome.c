/* What a computation gives: values that get old, nothing, errors, and what is for
 * one alone. */
#include "cache.h"

#include "core/alloc.h"

/* ---- Old values ---- */

static void an_old_value_is_answered_while_one_renews_it(void **state)
{
    struct answer answer;
    (void)state;
    open_both((struct yoke_cache_options){.ttl_s = 60, .stale_s = 30});
    get(cache, &answer);
    wait_count(&work.begun, 1);
    assert_false(yoke_cache_job_renews(work.jobs[0]));
    yoke_cache_give(work.jobs[0], "old", 3);
    wait_count(&answer.count, 1);
    clock_ms += 60000;
    get(cache, &answer);
    wait_count(&answer.count, 1);
    expect(&answer, 0, "old", YOKE_CACHE_STALE);
    wait_count(&work.begun, 2);
    assert_true(yoke_cache_job_renews(work.jobs[1]));
    /* Nobody else does, or waits. */
    expect_there(cache, "old", YOKE_CACHE_STALE);
    expect_there(other, "old", YOKE_CACHE_STALE);
    yoke_cache_give(work.jobs[1], "new", 3);
    run_turns();
    expect_there(other, "new", YOKE_CACHE_HIT);
    clock_ms += 90000;
    expect_computed(other, "newer");
    close_both();
}

static void who_likes_to_waits_for_the_new_value(void **state)
{
    struct answer first = {.count = 0}, second = {.count = 0};
    (void)state;
    open_both((struct yoke_cache_options){.ttl_s = 60, .stale_s = 30});
    expect_computed(cache, "old");
    clock_ms += 60000;
    yoke_cache_get(cache, "key", on_answer, &first, WORK,
                   .refreshes_first = true);
    wait_count(&work.begun, 2);
    assert_int_equal(first.count, 0);
    expect_there(cache, "old", YOKE_CACHE_STALE);
    yoke_cache_get(other, "key", on_answer, &second, WORK,
                   .refreshes_first = true);
    wait_count(&second.count, 1); /* Another renews it. */
    expect(&second, 0, "old", YOKE_CACHE_STALE);
    yoke_cache_give(work.jobs[1], "new", 3);
    wait_count(&first.count, 1);
    expect(&first, 0, "new", YOKE_CACHE_COMPUTED);
    close_both();
}

static void an_old_value_helps_when_it_cannot_be_computed(void **state)
{
    struct answer answer;
    (void)state;
    open_both((struct yoke_cache_options){
        .ttl_s = 60, .stale_error_s = 600, .error_ttl_s = 10});
    expect_computed(cache, "old");
    clock_ms += 61000;
    get(cache, &answer);
    wait_count(&work.begun, 2);
    yoke_cache_give_error(work.jobs[1], -EIO, 0);
    wait_count(&answer.count, 1);
    expect(&answer, 0, "old", YOKE_CACHE_STALE);
    run_turns();
    expect_there(other, "old", YOKE_CACHE_HIT); /* Not tried at once again. */
    clock_ms += 10000;
    expect_computed(other, "new");
    close_both();
}

/* Each of those who wait says how old it may be then. */
static void what_helps_is_as_old_as_each_allows(void **state)
{
    struct answer any, young, none;
    (void)state;
    open_both((struct yoke_cache_options){.ttl_s = 60, .stale_error_s = 600});
    expect_computed(cache, "old");
    clock_ms += 70000;
    get(cache, &any);
    memset(&young, 0, sizeof(young));
    memset(&none, 0, sizeof(none));
    yoke_cache_get(cache, "key", on_answer, &young, WORK, .stale_error_s = 9);
    yoke_cache_get(cache, "key", on_answer, &none, WORK,
                   .stale_error_s = YOKE_CACHE_NONE);
    wait_count(&work.begun, 2);
    yoke_cache_give_error(work.jobs[1], -EIO, 0);
    wait_count(&none.count, 1);
    expect(&any, 0, "old", YOKE_CACHE_STALE);
    expect(&young, -EIO, "", YOKE_CACHE_SHARED);
    expect(&none, -EIO, "", YOKE_CACHE_SHARED);
    assert_int_equal(work.begun, 2);
    close_both();
}

/* ---- Nothing, and errors ---- */

static void nothing_and_errors_have_their_own_time(void **state)
{
    struct answer answer;
    (void)state;
    open_both((struct yoke_cache_options){.nothing_ttl_s = 7});
    get(cache, &answer);
    wait_count(&work.begun, 1);
    yoke_cache_give_nothing(work.jobs[0], 0);
    wait_count(&answer.count, 1);
    expect(&answer, -ENOENT, "", YOKE_CACHE_COMPUTED);
    run_turns();
    get(other, &answer);
    wait_count(&answer.count, 1);
    expect(&answer, -ENOENT, "", YOKE_CACHE_HIT);
    clock_ms += 7000;
    get(other, &answer);
    wait_count(&work.begun, 2);
    yoke_cache_give_error(work.jobs[1], -ECONNREFUSED, 3);
    wait_count(&answer.count, 1);
    expect(&answer, -ECONNREFUSED, "", YOKE_CACHE_COMPUTED);
    run_turns();
    get(cache, &answer);
    wait_count(&answer.count, 1);
    expect(&answer, -ECONNREFUSED, "", YOKE_CACHE_HIT);
    clock_ms += 3000;
    expect_computed(cache, "at last");
    close_both();
}

static void a_value_for_one_is_nobody_elses(void **state)
{
    struct answer answers[3];
    (void)state;
    open_both((struct yoke_cache_options){.ttl_s = 60});
    for (size_t i = 0; i < 3; i++)
        get(cache, &answers[i]);
    wait_count(&work.begun, 1);
    yoke_cache_give_unshared(work.jobs[0], 10);
    wait_count(&work.begun, 3);
    expect(&answers[0], -ENOENT, "", YOKE_CACHE_COMPUTED);
    yoke_cache_give(work.jobs[1], "one", 3);
    yoke_cache_give(work.jobs[2], "two", 3);
    wait_count(&answers[2].count, 1);
    expect(&answers[1], 0, "one", YOKE_CACHE_COMPUTED);
    expect(&answers[2], 0, "two", YOKE_CACHE_COMPUTED);
    run_turns();
    /* And those that come soon do not wait for one another. */
    get(other, &answers[0]);
    get(other, &answers[1]);
    wait_count(&work.begun, 5);
    yoke_cache_give_unshared(work.jobs[3], 10);
    yoke_cache_give_unshared(work.jobs[4], 10);
    wait_count(&answers[1].count, 1);
    /* Until one of them is for all again. */
    expect_computed(other, "shared");
    expect_there(cache, "shared", YOKE_CACHE_HIT);
    close_both();
}

/* Keys are as long as clients like, and there may be no memory for another one:
 * some are told so, and nothing worse. */
static void without_memory_some_are_told_so(void **state)
{
    struct answer answers[3];
    char key[1000];
    (void)state;
    memset(key, 'k', sizeof(key));
    key[sizeof(key) - 1] = '\0';
    for (int n = 0; n < 2; n++) {
        open_both((struct yoke_cache_options){.ttl_s = 60});
        memset(answers, 0, sizeof(answers));
        for (size_t i = 0; i < 3; i++)
            yoke_cache_get(cache, key, on_answer, &answers[i], WORK);
        wait_count(&work.begun, 1);
        yk_alloc_fail_after(n);
        yoke_cache_give_unshared(work.jobs[0], 10);
        wait_count(&work.begun, 2);
        yk_alloc_fail_after(-1);
        yoke_cache_give_unshared(work.jobs[1], 10);
        run_turns();
        for (size_t i = 0; i < 3; i++)
            assert_int_equal(answers[i].count, 1);
        assert_int_equal(answers[1].err, -YOKE_EFULL);
        assert_int_equal(answers[2].err, -ENOENT);
        assert_int_equal(work.freed, 3);
        close_both();
        close_store(store);
        store = open_store_at("memory:");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(an_old_value_is_answered_while_one_renews_it),
        WITH_STORE(who_likes_to_waits_for_the_new_value),
        WITH_STORE(an_old_value_helps_when_it_cannot_be_computed),
        WITH_STORE(what_helps_is_as_old_as_each_allows),
        WITH_STORE(nothing_and_errors_have_their_own_time),
        WITH_STORE(a_value_for_one_is_nobody_elses),
        WITH_STORE(without_memory_some_are_told_so),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
