/* What makes values void, and puts others in their place: tags, delete, put. */
#include "cache.h"

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

/* ---- Who asks behind a change ---- */

static void change_by_delete(yoke_cache *which, struct answer *done)
{
    yoke_cache_delete(which, "key", on_done, done);
}

static void change_by_tag(yoke_cache *which, struct answer *done)
{
    yoke_cache_invalidate(which, "users", on_done, done);
}

static const struct {
    void (*fn)(yoke_cache *which, struct answer *done);
    bool by_other; /* Another process has changed it. */
} changes[] = {
    {change_by_delete, false},
    {change_by_delete, true},
    {change_by_tag, false},
    {change_by_tag, true},
};

static void change(size_t n)
{
    struct answer done = {.count = 0};
    changes[n].fn(changes[n].by_other ? other : cache, &done);
    wait_count(&done.count, 1);
    assert_int_equal(done.err, 0);
}

/* It does not get what was begun before that. */
static void
who_asks_behind_a_change_waits_for_what_is_computed_then(void **state)
{
    struct answer first, late[2];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        open_both((struct yoke_cache_options){.ttl_s = 60});
        get_tagged(cache, &first);
        wait_count(&work.begun, 1);
        change(i);
        get_tagged(cache, &late[0]);
        get_tagged(cache, &late[1]);
        run_turns();
        yoke_cache_give(work.jobs[0], "before", 6);
        wait_count(&first.count, 1);
        expect(&first, 0, "before", YOKE_CACHE_COMPUTED);
        wait_count(&work.begun, 2);
        assert_int_equal(late[0].count + late[1].count, 0);
        yoke_cache_give(work.jobs[1], "behind", 6);
        wait_count(&late[1].count, 1);
        expect(&late[0], 0, "behind", YOKE_CACHE_COMPUTED);
        expect(&late[1], 0, "behind", YOKE_CACHE_SHARED);
        run_turns();
        assert_int_equal(work.begun, 2);
        change(i);
        close_both();
    }
}

/* Nor an old value that somebody renews. */
static void who_asks_behind_a_change_gets_nothing_old(void **state)
{
    struct answer first, late[2];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(changes); i++) {
        open_both((struct yoke_cache_options){.ttl_s = 60, .stale_s = 60});
        get_tagged(cache, &first);
        wait_count(&work.begun, 1);
        yoke_cache_give(work.jobs[0], "old", 3);
        run_turns();
        clock_ms += 70000;
        get_tagged(cache, &first);
        wait_count(&work.begun, 2);
        expect(&first, 0, "old", YOKE_CACHE_STALE);
        get_tagged(cache, &first);
        wait_count(&first.count, 1);
        expect(&first, 0, "old", YOKE_CACHE_STALE);
        change(i);
        get_tagged(cache, &late[0]);
        get_tagged(cache, &late[1]);
        run_turns();
        assert_int_equal(late[0].count + late[1].count, 0);
        yoke_cache_give(work.jobs[1], "before", 6);
        wait_count(&work.begun, 3);
        yoke_cache_give(work.jobs[2], "behind", 6);
        wait_count(&late[1].count, 1);
        expect(&late[0], 0, "behind", YOKE_CACHE_COMPUTED);
        expect(&late[1], 0, "behind", YOKE_CACHE_SHARED);
        run_turns();
        assert_int_equal(work.begun, 3);
        change(i);
        close_both();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_tag_makes_its_values_void),
        WITH_STORE(what_is_computed_when_its_tag_ends_is_void),
        WITH_STORE(a_tag_that_the_store_has_lost_makes_void),
        WITH_STORE(what_is_deleted_is_computed_anew),
        WITH_STORE(a_value_can_be_put),
        WITH_STORE(who_asks_behind_a_change_waits_for_what_is_computed_then),
        WITH_STORE(who_asks_behind_a_change_gets_nothing_old),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
