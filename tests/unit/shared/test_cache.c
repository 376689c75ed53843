/* A cache: what is computed, by whom, and what the others get. Two caches of one
 * store are two workers. */
#include "cache.h"

/* ---- Once ---- */

static void what_is_computed_is_there_for_all(void **state)
{
    (void)state;
    open_both((struct yoke_cache_options){.ttl_s = 60});
    expect_computed(cache, "value");
    expect_there(cache, "value", YOKE_CACHE_HIT);
    clock_ms += 59999;
    expect_there(other, "value", YOKE_CACHE_HIT);
    clock_ms += 1;
    expect_computed(other, "new");
    expect_there(cache, "new", YOKE_CACHE_HIT);
    assert_int_equal(work.freed, 5);
    close_both();
}

static void age_and_what_is_left_are_told(void **state)
{
    struct answer answer;
    (void)state;
    open_both((struct yoke_cache_options){.ttl_s = 60});
    expect_computed(cache, "value");
    clock_ms += 20000;
    get(cache, &answer);
    wait_count(&answer.count, 1);
    assert_int_equal(answer.age_ms, 20000);
    assert_int_equal(answer.fresh_ms, 40000);
    close_both();
}

static void of_many_in_a_process_one_computes(void **state)
{
    struct answer answers[5];
    (void)state;
    open_both((struct yoke_cache_options){.ttl_s = 60});
    for (size_t i = 0; i < COUNT_OF(answers); i++)
        get(cache, &answers[i]);
    wait_count(&work.begun, 1);
    run_turns();
    yoke_cache_give(work.jobs[0], "value", 5);
    assert_int_equal(answers[0].count, 0); /* From the loop. */
    wait_count(&answers[4].count, 1);
    expect(&answers[0], 0, "value", YOKE_CACHE_COMPUTED);
    for (size_t i = 1; i < COUNT_OF(answers); i++)
        expect(&answers[i], 0, "value", YOKE_CACHE_SHARED);
    assert_int_equal(work.begun, 1);
    assert_int_equal(work.freed, 5);
    assert_int_equal(stats_of(cache).shared, 4);
    assert_int_equal(stats_of(cache).computed, 1);
    close_both();
}

static void of_two_processes_one_computes(void **state)
{
    struct answer first, second;
    (void)state;
    open_both((struct yoke_cache_options){.ttl_s = 60});
    get(cache, &first);
    wait_count(&work.begun, 1);
    get(other, &second);
    run_turns();
    assert_int_equal(work.begun, 1);
    assert_int_equal(stats_of(other).waits, 1);
    yoke_cache_give(work.jobs[0], "value", 5);
    wait_count(&second.count, 1);
    expect(&first, 0, "value", YOKE_CACHE_COMPUTED);
    expect(&second, 0, "value", YOKE_CACHE_SHARED);
    assert_int_equal(work.begun, 1);
    close_both();
}

/* The lease is over by the store's clock. */
static void when_the_one_dies_another_computes(void **state)
{
    struct answer first, second;
    (void)state;
    open_both((struct yoke_cache_options){.ttl_s = 60, .lease_s = 5});
    get(cache, &first);
    wait_count(&work.begun, 1);
    get(other, &second);
    run_turns();
    clock_ms += 5000;
    wait_count(&work.begun, 2);
    yoke_cache_give(work.jobs[1], "second", 6);
    wait_count(&second.count, 1);
    expect(&second, 0, "second", YOKE_CACHE_COMPUTED);
    run_turns();
    /* It was not dead: its callers get what it says, the others do not. */
    yoke_cache_give(work.jobs[0], "first", 5);
    wait_count(&first.count, 1);
    expect(&first, 0, "first", YOKE_CACHE_COMPUTED);
    run_turns();
    assert_int_equal(stats_of(cache).unkept, 1);
    expect_there(other, "second", YOKE_CACHE_HIT);
    close_both();
}

static void who_has_waited_for_long_computes(void **state)
{
    struct answer first, second;
    (void)state;
    open_both((struct yoke_cache_options){.wait_ms = 50});
    get(cache, &first);
    wait_count(&work.begun, 1);
    get(other, &second);
    wait_count(&work.begun, 2);
    assert_int_equal(stats_of(other).overdue, 1);
    yoke_cache_give(work.jobs[0], "a", 1);
    yoke_cache_give(work.jobs[1], "b", 1);
    wait_count(&second.count, 1);
    expect(&second, 0, "b", YOKE_CACHE_COMPUTED);
    wait_count(&first.count, 1);
    close_both();
}

static void who_comes_while_it_is_being_kept_gets_it(void **state)
{
    struct answer first, second, third;
    (void)state;
    open_both((struct yoke_cache_options){.ttl_s = 60});
    get(cache, &first);
    wait_count(&work.begun, 1);
    yoke_cache_give(work.jobs[0], "value", 5);
    get(cache, &second); /* Given, not yet answered. */
    while (first.count == 0)
        uv_run(yoke_loop(), UV_RUN_NOWAIT);
    get(cache, &third); /* On its way to the store. */
    wait_count(&third.count, 1);
    wait_count(&second.count, 1);
    assert_int_equal(work.begun, 1);
    assert_string_equal(third.value, "value");
    close_both();
}

static void a_computation_may_answer_at_once(void **state)
{
    struct answer answer = {.count = 0};
    (void)state;
    open_both((struct yoke_cache_options){.ttl_s = 60});
    yoke_cache_get(cache, "some key", on_answer, &answer,
                   .compute = compute_at_once, .compute_data = &work);
    wait_count(&answer.count, 1);
    expect(&answer, 0, "some key", YOKE_CACHE_COMPUTED);
    close_both();
}

/* ---- Limits ---- */

static void what_is_too_large_is_answered_and_not_kept(void **state)
{
    (void)state;
    open_both((struct yoke_cache_options){.max_value_len = 4});
    expect_computed(cache, "large");
    assert_int_equal(stats_of(cache).unkept, 1);
    expect_computed(cache, "tiny");
    expect_there(other, "tiny", YOKE_CACHE_HIT);
    close_both();
}

static void keys_of_any_kind_are_kept_apart(void **state)
{
    static char longest[YOKE_CACHE_KEY_MAX + 2];
    struct answer answer = {.count = 0};
    const char *keys[] = {"plain", "two words", "two\nlines", "\xc3\xa4",
                          longest};
    (void)state;
    memset(longest, 'x', YOKE_CACHE_KEY_MAX);
    open_both((struct yoke_cache_options){.ttl_s = 60});
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        int begun = work.begun;
        yoke_cache_get(cache, keys[i], on_answer, &answer, WORK);
        wait_count(&work.begun, begun + 1);
        char value[2] = {(char)('0' + i), '\0'};
        yoke_cache_give(work.jobs[begun], value, 1);
        wait_count(&answer.count, (int)i + 1);
    }
    run_turns();
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        yoke_cache_get(other, keys[i], on_answer, &answer);
        wait_count(&answer.count, (int)(COUNT_OF(keys) + i) + 1);
        assert_int_equal(answer.value[0], '0' + i);
    }
    close_both();
}

static void what_is_wrong_is_refused(void **state)
{
    static char longest[YOKE_CACHE_KEY_MAX + 2];
    static const char *const many[] = {"1", "2", "3", "4", "5",
                                       "6", "7", "8", "9", NULL};
    static const char *const empty[] = {"", NULL};
    struct answer answer = {.count = 0};
    (void)state;
    memset(longest, 'x', YOKE_CACHE_KEY_MAX + 1);
    open_both((struct yoke_cache_options){.ttl_s = 60});
    yoke_cache_get(cache, "", on_answer, &answer, WORK);
    yoke_cache_get(cache, longest, on_answer, &answer, WORK);
    yoke_cache_get(cache, "key", on_answer, &answer, WORK, .tags = many);
    yoke_cache_get(cache, "key", on_answer, &answer, WORK, .tags = empty);
    assert_int_equal(answer.count, 0);
    wait_count(&answer.count, 4);
    assert_int_equal(answer.err, -EINVAL);
    assert_int_equal(work.freed, 4);
    assert_null(yoke_cache_open(.store = NULL));
    assert_int_equal(errno, EINVAL);
    assert_null(yoke_cache_open(.store = store, .name = "a b"));
    close_both();
}

static void too_many_are_refused(void **state)
{
    struct answer answers[4];
    (void)state;
    open_both((struct yoke_cache_options){.max_flights = 1, .max_waiters = 2});
    get(cache, &answers[0]);
    memset(&answers[1], 0, sizeof(answers[1]));
    yoke_cache_get(cache, "other", on_answer, &answers[1], WORK);
    get(cache, &answers[2]);
    get(cache, &answers[3]);
    wait_count(&answers[1].count, 1);
    assert_int_equal(answers[1].err, -YOKE_EFULL);
    wait_count(&answers[3].count, 1);
    assert_int_equal(answers[3].err, -YOKE_EFULL);
    assert_int_equal(stats_of(cache).refused, 2);
    wait_count(&work.begun, 1);
    yoke_cache_give(work.jobs[0], "value", 5);
    wait_count(&answers[2].count, 1);
    assert_int_equal(answers[2].err, 0);
    close_both();
}

static void times_end_apart(void **state)
{
    struct answer answer = {.count = 0};
    bool differ = false;
    int64_t first = 0;
    (void)state;
    open_both((struct yoke_cache_options){.ttl_s = 1000, .jitter = 20});
    for (int i = 0; i < 10; i++) {
        char key[32];
        snprintf(key, sizeof(key), "%d", i);
        yoke_cache_put(cache, key, "x", 1, NULL, NULL);
        yoke_cache_get(cache, key, on_answer, &answer);
        run_turns();
        yoke_cache_get(cache, key, on_answer, &answer);
        run_turns();
        assert_true(answer.fresh_ms <= 1000000);
        assert_true(answer.fresh_ms >= 800000);
        first = first ? first : answer.fresh_ms;
        differ |= answer.fresh_ms != first;
    }
    assert_true(differ);
    close_both();
}

/* ---- Without the store ---- */

static void without_the_store_each_computes(void **state)
{
    yoke_store *away = open_store_at("memcached+unix:/nonexistent/socket");
    (void)state;
    open_both((struct yoke_cache_options){.store = away});
    expect_computed(cache, "value");
    expect_computed(cache, "again");
    assert_int_equal(stats_of(cache).store_errors, 2);
    close_both();
    close_store(away);
}

static void who_needs_the_store_is_told(void **state)
{
    yoke_store *away = open_store_at("memcached+unix:/nonexistent/socket");
    struct answer answer;
    (void)state;
    open_both((struct yoke_cache_options){.store = away, .needs_store = true});
    get(cache, &answer);
    wait_count(&answer.count, 1);
    assert_int_equal(answer.err, -YOKE_EUNAVAILABLE);
    assert_int_equal(work.begun, 0);
    assert_int_equal(work.freed, 1);
    close_both();
    close_store(away);
}

static void closing_answers_what_is_under_way(void **state)
{
    struct answer answer;
    (void)state;
    open_both((struct yoke_cache_options){.ttl_s = 60});
    get(cache, &answer);
    wait_count(&work.begun, 1);
    yoke_cache_close(cache);
    run_turns();
    yoke_cache_give(work.jobs[0], "value", 5);
    wait_count(&answer.count, 1);
    expect(&answer, 0, "value", YOKE_CACHE_COMPUTED);
    run_turns();
    assert_int_equal(work.freed, 1);
    yoke_cache_close(other);
    yoke_cache_close(NULL);
    run_turns();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(what_is_computed_is_there_for_all),
        WITH_STORE(age_and_what_is_left_are_told),
        WITH_STORE(of_many_in_a_process_one_computes),
        WITH_STORE(of_two_processes_one_computes),
        WITH_STORE(when_the_one_dies_another_computes),
        WITH_STORE(who_has_waited_for_long_computes),
        WITH_STORE(who_comes_while_it_is_being_kept_gets_it),
        WITH_STORE(a_computation_may_answer_at_once),
        WITH_STORE(what_is_too_large_is_answered_and_not_kept),
        WITH_STORE(keys_of_any_kind_are_kept_apart),
        WITH_STORE(what_is_wrong_is_refused),
        WITH_STORE(too_many_are_refused),
        WITH_STORE(times_end_apart),
        WITH_STORE(without_the_store_each_computes),
        WITH_STORE(who_needs_the_store_is_told),
        WITH_STORE(closing_answers_what_is_under_way),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
