/* What the tests of caches have in common: two caches of one store, which are two
 * workers, and what was computed, by whom, and answered. */
#ifndef YK_TESTS_CACHE_H
#define YK_TESTS_CACHE_H

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

static inline void compute(yoke_cache_job *job, const char *key, void *data)
{
    assert_non_null(key);
    assert_ptr_equal(data, &work);
    assert_true(work.begun < 16);
    work.jobs[work.begun++] = job;
}

static inline void compute_at_once(yoke_cache_job *job, const char *key,
                                   void *data)
{
    compute(job, key, data);
    yoke_cache_give(job, key, strlen(key));
}

static inline void count_free(void *data)
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

static inline void on_answer(const struct yoke_cache_result *result, void *data)
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

static inline void on_done(int err, void *data)
{
    struct answer *answer = data;
    answer->count++;
    answer->err = err;
}

#define WORK .compute = compute, .compute_data = &work, .free_data = count_free

static inline void get(yoke_cache *which, struct answer *answer)
{
    memset(answer, 0, sizeof(*answer));
    yoke_cache_get(which, "key", on_answer, answer, WORK);
    assert_int_equal(answer->count, 0); /* Never from inside the call. */
}

static inline void expect(const struct answer *answer, int err,
                          const char *value, enum yoke_cache_how how)
{
    assert_int_equal(answer->count, 1);
    assert_int_equal(answer->err, err);
    assert_string_equal(answer->value, value);
    assert_int_equal(answer->how, how);
}

/* Gets the key, which has to be there. */
static inline void expect_there(yoke_cache *which, const char *value,
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
static inline void expect_computed(yoke_cache *which, const char *value)
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

static inline struct yoke_cache_stats stats_of(const yoke_cache *which)
{
    struct yoke_cache_stats stats;
    yoke_cache_stats(which, &stats);
    return stats;
}

static inline yoke_cache *open_with(struct yoke_cache_options options)
{
    if (!options.store)
        options.store = store;
    options.jitter = options.jitter ? options.jitter : -1;
    options.now_ms = tests_now;
    yoke_cache *opened = yoke_cache_open_with(&options);
    assert_non_null(opened);
    return opened;
}

static inline void open_both(struct yoke_cache_options options)
{
    memset(&work, 0, sizeof(work));
    cache = open_with(options);
    other = open_with(options);
}

/* Every job is over, and whatever computations were given is free. */
static inline void close_both(void)
{
    run_turns();
    assert_int_equal(stats_of(cache).flights + stats_of(other).flights, 0);
    assert_int_equal(stats_of(cache).waiters + stats_of(other).waiters, 0);
    yoke_cache_close(cache);
    yoke_cache_close(other);
    run_turns();
}

#endif
