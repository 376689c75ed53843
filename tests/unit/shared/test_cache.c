/* A cache: what is computed, by whom, and what the others get. Two caches of one
 * store are two workers. */
#include "shared.h"

static yoke_cache *cache, *other;
static const char *const tags[] = {"users", "a tag", NULL};

/* ---- What the tests see ---- */

/* Computations that have begun. */
static struct {
    yoke_cache_job *jobs[16];
    int begun;
    int freed;
} work;

static void compute(yoke_cache_job *job, const char *key, void *data)
{
    assert_non_null(key);
    assert_ptr_equal(data, &work);
    assert_true(work.begun < 16);
    work.jobs[work.begun++] = job;
}

static void compute_at_once(yoke_cache_job *job, const char *key, void *data)
{
    compute(job, key, data);
    yoke_cache_give(job, key, strlen(key));
}

static void count_free(void *data)
{
    assert_ptr_equal(data, &work);
    work.freed++;
}

struct answer {
    int count;
    int err;
    char value[64];
    enum yoke_cache_how how;
    uint64_t age_ms;
    int64_t fresh_ms;
    uint64_t version;
};

static void on_answer(const struct yoke_cache_result *result, void *data)
{
    struct answer *answer = data;

    answer->count++;
    answer->err = result->err;
    answer->how = result->how;
    answer->age_ms = result->age_ms;
    answer->fresh_ms = result->fresh_ms;
    answer->version = result->version;
    assert_int_equal(strlen(result->value), result->len);
    snprintf(answer->value, sizeof(answer->value), "%s",
             (const char *)result->value);
}

static void on_done(int err, void *data)
{
    struct answer *answer = data;
    answer->count++;
    answer->err = err;
}

#define WORK .compute = compute, .compute_data = &work, .free_data = count_free

static void get(yoke_cache *which, struct answer *answer)
{
    memset(answer, 0, sizeof(*answer));
    yoke_cache_get(which, "key", on_answer, answer, WORK);
    assert_int_equal(answer->count, 0); /* Never from inside the call. */
}

static void expect(const struct answer *answer, int err, const char *value,
                   enum yoke_cache_how how)
{
    assert_int_equal(answer->count, 1);
    assert_int_equal(answer->err, err);
    assert_string_equal(answer->value, value);
    assert_int_equal(answer->how, how);
}

/* Gets the key, which has to be there. */
static void expect_there(yoke_cache *which, const char *value,
                         enum yoke_cache_how how)
{
    struct answer answer;
    int begun = work.begun;

    get(which, &answer);
    wait_count(&answer.count, 1);
    expect(&answer, 0, value, how);
    assert_int_equal(work.begun, begun);
}

/* Gets the key, which is computed to be that. */
static void expect_computed(yoke_cache *which, const char *value)
{
    struct answer answer;
    int begun = work.begun;

    get(which, &answer);
    wait_count(&work.begun, begun + 1);
    yoke_cache_give(work.jobs[begun], value, strlen(value));
    wait_count(&answer.count, 1);
    expect(&answer, 0, value, YOKE_CACHE_COMPUTED);
    run_turns();
}

static struct yoke_cache_stats stats_of(const yoke_cache *which)
{
    struct yoke_cache_stats stats;
    yoke_cache_stats(which, &stats);
    return stats;
}

static yoke_cache *open_with(struct yoke_cache_options options)
{
    if (!options.store)
        options.store = store;
    options.jitter = options.jitter ? options.jitter : -1;
    options.now_ms = tests_now;
    yoke_cache *opened = yoke_cache_open_with(&options);
    assert_non_null(opened);
    return opened;
}

static void open_both(struct yoke_cache_options options)
{
    memset(&work, 0, sizeof(work));
    cache = open_with(options);
    other = open_with(options);
}

/* Every job is over, and whatever computations were given is free. */
static void close_both(void)
{
    run_turns();
    assert_int_equal(stats_of(cache).flights + stats_of(other).flights, 0);
    assert_int_equal(stats_of(cache).waiters + stats_of(other).waiters, 0);
    yoke_cache_close(cache);
    yoke_cache_close(other);
    run_turns();
}

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

/* ---- Void ---- */

static void get_tagged(yoke_cache *which, struct answer *answer)
{
    memset(answer, 0, sizeof(*answer));
    yoke_cache_get(which, "key", on_answer, answer, WORK, .tags = tags);
}

static void a_tag_makes_its_values_void(void **state)
{
    struct answer answer, done = {.count = 0};
    (void)state;
    open_both((struct yoke_cache_options){.ttl_s = 60});
    get_tagged(cache, &answer);
    wait_count(&work.begun, 1);
    yoke_cache_give(work.jobs[0], "one", 3);
    wait_count(&answer.count, 1);
    run_turns();
    get_tagged(other, &answer);
    wait_count(&answer.count, 1);
    expect(&answer, 0, "one", YOKE_CACHE_HIT);
    yoke_cache_invalidate(other, "a tag", on_done, &done);
    wait_count(&done.count, 1);
    assert_int_equal(done.err, 0);
    get_tagged(cache, &answer);
    wait_count(&work.begun, 2);
    yoke_cache_give(work.jobs[1], "two", 3);
    wait_count(&answer.count, 1);
    run_turns();
    get_tagged(other, &answer);
    wait_count(&answer.count, 1);
    expect(&answer, 0, "two", YOKE_CACHE_HIT);
    close_both();
}

/* It may have been computed from what was before. */
static void what_is_computed_when_its_tag_ends_is_void(void **state)
{
    struct answer answer, done = {.count = 0};
    (void)state;
    open_both((struct yoke_cache_options){.ttl_s = 60});
    get_tagged(cache, &answer);
    wait_count(&work.begun, 1);
    yoke_cache_invalidate(other, "users", on_done, &done);
    wait_count(&done.count, 1);
    yoke_cache_give(work.jobs[0], "old", 3);
    wait_count(&answer.count, 1);
    expect(&answer, 0, "old", YOKE_CACHE_COMPUTED);
    run_turns();
    get_tagged(cache, &answer);
    wait_count(&work.begun, 2);
    yoke_cache_give(work.jobs[1], "new", 3);
    wait_count(&answer.count, 1);
    close_both();
}

/* With a forgotten tag its values are void, not valid for ever. */
static void a_tag_that_the_store_has_lost_makes_void(void **state)
{
    struct answer answer;
    (void)state;
    open_both((struct yoke_cache_options){.ttl_s = 60});
    get_tagged(cache, &answer);
    wait_count(&work.begun, 1);
    yoke_cache_give(work.jobs[0], "one", 3);
    wait_count(&answer.count, 1);
    run_turns();
    yoke_store_delete(store, "cache:t:k:users", NULL, NULL);
    run_turns();
    get_tagged(cache, &answer);
    wait_count(&work.begun, 2);
    yoke_cache_give(work.jobs[1], "two", 3);
    wait_count(&answer.count, 1);
    close_both();
}

static void what_is_deleted_is_computed_anew(void **state)
{
    struct answer answer, done = {.count = 0};
    (void)state;
    open_both((struct yoke_cache_options){.ttl_s = 60, .stale_s = 60});
    expect_computed(cache, "one");
    yoke_cache_delete(other, "key", on_done, &done);
    wait_count(&done.count, 1);
    assert_int_equal(done.err, 0);
    get(cache, &answer);
    wait_count(&work.begun, 2);
    /* Deleted again while it is being computed: not kept. */
    yoke_cache_delete(other, "key", on_done, &done);
    wait_count(&done.count, 2);
    yoke_cache_give(work.jobs[1], "two", 3);
    wait_count(&answer.count, 1);
    run_turns();
    assert_int_equal(stats_of(cache).unkept, 1);
    expect_computed(cache, "three");
    expect_there(other, "three", YOKE_CACHE_HIT);
    close_both();
}

static void a_value_can_be_put(void **state)
{
    struct answer answer, done = {.count = 0};
    (void)state;
    open_both((struct yoke_cache_options){.ttl_s = 60});
    yoke_cache_put(cache, "key", "put", 3, on_done, &done, .ttl_s = 5);
    wait_count(&done.count, 1);
    get(other, &answer);
    wait_count(&answer.count, 1);
    expect(&answer, 0, "put", YOKE_CACHE_HIT);
    yoke_cache_put(cache, "key", "more", 4, on_done, &done,
                   .version = answer.version);
    wait_count(&done.count, 2);
    assert_int_equal(done.err, 0);
    yoke_cache_put(cache, "key", "late", 4, on_done, &done,
                   .version = answer.version);
    wait_count(&done.count, 3);
    assert_int_equal(done.err, -YOKE_ECONFLICT);
    expect_there(other, "more", YOKE_CACHE_HIT);
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
        WITH_STORE(an_old_value_is_answered_while_one_renews_it),
        WITH_STORE(who_likes_to_waits_for_the_new_value),
        WITH_STORE(an_old_value_helps_when_it_cannot_be_computed),
        WITH_STORE(nothing_and_errors_have_their_own_time),
        WITH_STORE(a_value_for_one_is_nobody_elses),
        WITH_STORE(wishes_are_heard),
        WITH_STORE(anew_is_computed_and_kept),
        WITH_STORE(a_tag_makes_its_values_void),
        WITH_STORE(what_is_computed_when_its_tag_ends_is_void),
        WITH_STORE(a_tag_that_the_store_has_lost_makes_void),
        WITH_STORE(what_is_deleted_is_computed_anew),
        WITH_STORE(a_value_can_be_put),
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
