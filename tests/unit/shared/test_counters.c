/* Counters and gauges: what several workers count comes together. Two sets of
 * one store are two workers. */
#include "shared.h"

/* For workers, in a store. */
#define PLACES 4

static yoke_counters *set, *other;
static yoke_counter *visits;
static yoke_gauge *streams;

static yoke_counters *open_set(void)
{
    yoke_counters *opened =
        yoke_counters_open(.store = store, .flush_ms = 10, .lease_s = 10,
                           .max_workers = PLACES);
    assert_non_null(opened);
    return opened;
}

static int set_up(void **state)
{
    set_up_store(state);
    set = open_set();
    other = open_set();
    visits = yoke_counter_of(set, "visits_total", "Pages\nshown.");
    streams = yoke_gauge_of(set, "streams", NULL);
    assert_non_null(visits);
    assert_non_null(streams);
    return 0;
}

static void close_set(yoke_counters **which)
{
    int closed = 0;
    if (!*which)
        return;
    yoke_counters_close(*which, on_store_closed, &closed);
    *which = NULL;
    wait_count(&closed, 1);
}

static int tear_down(void **state)
{
    close_set(&set);
    close_set(&other);
    return tear_down_store(state);
}

/* ---- Reading ---- */

static struct {
    int count, err;
    size_t workers;
    size_t metric_count;
    int64_t visits, streams;
} seen;

static void on_metrics(const struct yoke_metrics *metrics, void *data)
{
    (void)data;
    seen.count++;
    seen.err = metrics->err;
    seen.workers = metrics->workers;
    seen.metric_count = metrics->count;
    for (size_t i = 0; i < metrics->count; i++) {
        const struct yoke_metric *metric = &metrics->metrics[i];
        if (strcmp(metric->name, "visits_total") == 0)
            seen.visits = metric->value;
        if (strcmp(metric->name, "streams") == 0)
            seen.streams = metric->value;
    }
}

static void read_set(yoke_counters *which)
{
    memset(&seen, 0, sizeof(seen));
    yoke_counters_read(which, on_metrics, NULL);
    assert_int_equal(seen.count, 0);
    wait_count(&seen.count, 1);
    assert_int_equal(seen.err, 0);
}

static struct {
    int count, err;
    long long number;
} stored;

static void on_stored(const struct yoke_store_result *result, void *data)
{
    (void)data;
    stored.err = result->err;
    stored.number = result->err ? 0 : strtoll(result->value, NULL, 10);
    stored.count++;
}

static long long stored_visits(void)
{
    stored.count = 0;
    yoke_store_get(store, "counters:c:k:visits_total", on_stored, NULL);
    wait_count(&stored.count, 1);
    return stored.number;
}

/* ---- Counters ---- */

static void counts_are_told_together(void **state)
{
    struct yoke_counters_stats stats;
    (void)state;
    for (int i = 0; i < 100; i++)
        yoke_counter_add(visits, 1);
    yoke_counters_stats(set, &stats);
    assert_int_equal(stats.pending, 100);
    read_set(set); /* One's own are known, told or not. */
    assert_int_equal(seen.visits, 100);
    while (stored_visits() == 0)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    assert_int_equal(stored.number, 100);
    yoke_counters_stats(set, &stats);
    assert_int_equal(stats.flushes, 1);
    assert_int_equal(stats.pending, 0);
    read_set(set);
    assert_int_equal(seen.visits, 100);
}

static void several_workers_count_together(void **state)
{
    yoke_counter *others = yoke_counter_of(other, "visits_total", NULL);
    (void)state;
    yoke_counter_add(visits, 3);
    yoke_counter_add(others, 4);
    yoke_counter_add(others, -4); /* They only grow. */
    yoke_counters_flush(set);
    yoke_counters_flush(other);
    yoke_counter_add(visits, 5); /* While it is on its way. */
    run_turns();
    yoke_counters_flush(set);
    run_turns();
    assert_int_equal(stored_visits(), 12);
    read_set(other);
    assert_int_equal(seen.visits, 12);
}

static void closing_tells_the_rest(void **state)
{
    (void)state;
    yoke_counter_add(visits, 7);
    yoke_counters_flush(set);
    yoke_counter_add(visits, 1);
    close_set(&set);
    assert_int_equal(stored_visits(), 8);
}

static void on_sum(const struct yoke_store_result *result, void *data)
{
    stored.err = result->err;
    stored.number = result->number;
    ++*(int *)data;
}

static void one_can_be_counted_at_once(void **state)
{
    int count = 0;
    (void)state;
    yoke_counter_incr(visits, 2, on_sum, &count);
    yoke_counter_incr(yoke_counter_of(other, "visits_total", NULL), 2, on_sum,
                      &count);
    wait_count(&count, 2);
    assert_int_equal(stored.number, 4);
}

static void what_is_no_number_is_told(void **state)
{
    struct yoke_counters_stats stats;
    (void)state;
    yoke_store_set(store, "counters:c:k:visits_total", "x", 1, 0, NULL, NULL);
    run_turns();
    yoke_counter_add(visits, 2);
    yoke_counters_flush(set);
    run_turns();
    yoke_counters_stats(set, &stats);
    assert_int_equal(stats.failed, 2);
    assert_int_equal(stats.pending, 0);
}

/* Not known to be heard, and not told twice; nor told while it is away. */
static void a_store_that_is_away_is_told_later(void **state)
{
    struct yoke_counters_stats stats;
    struct yoke_store_stats store_stats;
    yoke_store *away = open_store_at("memcached+unix:/nonexistent/socket");
    yoke_counters *counters = yoke_counters_open(.store = away, .flush_ms = 5);
    yoke_counter *counter = yoke_counter_of(counters, "x", NULL);
    (void)state;
    do {
        uv_run(yoke_loop(), UV_RUN_NOWAIT);
        yoke_store_get(away, "x", NULL, NULL);
        run_turns();
        yoke_store_stats(away, &store_stats);
    } while (store_stats.circuit != YOKE_STORE_DOWN &&
             store_stats.circuit != YOKE_STORE_TRYING);
    yoke_counter_add(counter, 5);
    for (int i = 0; i < 5; i++)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    yoke_counters_stats(counters, &stats);
    assert_int_equal(stats.pending, 5);
    assert_int_equal(stats.doubtful, 0);
    close_set(&counters);
    close_store(away);
}

/* ---- Gauges ---- */

static void gauges_of_all_workers_are_summed(void **state)
{
    yoke_gauge *others = yoke_gauge_of(other, "streams", NULL);
    (void)state;
    yoke_gauge_set(streams, 10);
    yoke_gauge_add(streams, -3);
    yoke_gauge_set(others, 5);
    yoke_counters_flush(set);
    yoke_counters_flush(other);
    run_turns();
    read_set(set);
    assert_int_equal(seen.streams, 12);
    assert_int_equal(seen.workers, 2);
    yoke_gauge_set(others, -1);
    do
        read_set(set); /* The timer of the other one tells. */
    while (seen.streams != 6);
}

static void sums_that_are_too_large_stay_at_the_end(void **state)
{
    yoke_gauge *same = yoke_gauge_of(other, "streams", NULL);
    (void)state;
    yoke_counter_add(visits, INT64_MAX);
    while (stored_visits() == 0)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    yoke_counter_add(visits, 1);
    yoke_gauge_set(streams, INT64_MAX);
    yoke_gauge_set(same, INT64_MAX);
    yoke_counters_flush(other);
    do
        read_set(set);
    while (seen.workers < 2);
    assert_true(seen.streams == INT64_MAX);
    assert_true(seen.visits == INT64_MAX);
}

static void gauges_of_one_that_dies_vanish(void **state)
{
    struct yoke_counters_stats stats;
    yoke_gauge *others = yoke_gauge_of(other, "streams", NULL);
    (void)state;
    yoke_gauge_set(streams, 7);
    yoke_gauge_set(others, 5);
    yoke_counters_flush(set);
    yoke_counters_flush(other);
    run_turns();
    clock_ms += 6000;
    yoke_counters_flush(set); /* The other says nothing. */
    run_turns();
    clock_ms += 6000;
    read_set(set);
    assert_int_equal(seen.streams, 7);
    assert_int_equal(seen.workers, 1);
    /* It was not dead: it takes another place. */
    yoke_counters_flush(other);
    run_turns();
    yoke_counters_flush(other);
    run_turns();
    read_set(set);
    assert_int_equal(seen.streams, 12);
    yoke_counters_stats(other, &stats);
    assert_int_equal(stats.seats_taken, 2);
}

static void gauges_of_one_that_leaves_vanish_at_once(void **state)
{
    yoke_gauge *others = yoke_gauge_of(other, "streams", NULL);
    (void)state;
    yoke_gauge_set(streams, 7);
    yoke_gauge_set(others, 5);
    yoke_counters_flush(set);
    yoke_counters_flush(other);
    close_set(&other); /* While its call is on its way. */
    run_turns();
    read_set(set);
    assert_int_equal(seen.streams, 7);
    assert_int_equal(seen.workers, 1);
}

/* A set for each place, with a gauge at 1. */
static void take_all_places(yoke_counters *all[static PLACES])
{
    for (size_t i = 0; i < PLACES; i++) {
        all[i] = open_set();
        yoke_gauge_set(yoke_gauge_of(all[i], "streams", NULL), 1);
        yoke_counters_flush(all[i]);
    }
    run_turns();
}

static void each_worker_has_a_place_of_its_own(void **state)
{
    yoke_counters *all[PLACES] = {NULL};
    (void)state;
    take_all_places(all);
    read_set(set);
    assert_int_equal(seen.workers, 4);
    assert_int_equal(seen.streams, 4);
    /* A fifth has none, until one leaves. */
    yoke_gauge_set(streams, 10);
    yoke_counters_flush(set);
    run_turns();
    read_set(set);
    assert_int_equal(seen.streams, 4);
    close_set(&all[2]);
    do {
        yoke_gauge_set(streams, 10);
        read_set(set);
    } while (seen.streams != 13);
    for (size_t i = 0; i < COUNT_OF(all); i++)
        close_set(&all[i]);
}

/* Also when its gauges do not change any more. */
static void who_finds_no_place_takes_one_that_becomes_free(void **state)
{
    yoke_counters *all[PLACES] = {NULL};
    (void)state;
    take_all_places(all);
    yoke_gauge_set(streams, 100);
    yoke_counters_flush(set);
    run_turns();
    read_set(set);
    assert_int_equal(seen.streams, 4);
    for (size_t i = 0; i < COUNT_OF(all); i++)
        close_set(&all[i]);
    yoke_counters_flush(set);
    run_turns();
    read_set(set);
    assert_int_equal(seen.streams, 100);
}

/* ---- Names ---- */

static void names_are_checked(void **state)
{
    static char longest[YOKE_METRIC_NAME_MAX + 2];
    const char *wrong[] = {"",
                           "1a",
                           "a b",
                           "a-b",
                           "{x=1}",
                           "a{b",
                           "a{b=1}c",
                           "a{b\n}",
                           "streams",
                           longest,
                           "a{}",
                           "a{b=1}",
                           "a{b=\"c}",
                           "a{b=\"c\"d}",
                           "a{b=\"c\",}",
                           "a{b:c=\"d\"}",
                           "a{1b=\"c\"}",
                           "a{b=\"\\x\"}",
                           "a{b=\"\\",
                           "a{b=\"\n\"}",
                           "a{b=\"\xff\"}",
                           "streams{b=\"c\"}"};
    (void)state;
    memset(longest, 'x', sizeof(longest) - 1);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        errno = 0;
        assert_null(yoke_counter_of(set, wrong[i], NULL));
        assert_int_equal(errno, EINVAL);
    }
    assert_ptr_equal(yoke_counter_of(set, "visits_total", NULL), visits);
    assert_null(yoke_gauge_of(set, "visits_total", NULL));
    assert_null(yoke_gauge_of(set, "visits_total{a=\"b\"}", NULL));
    assert_non_null(yoke_gauge_of(set, "visits", NULL));
    assert_non_null(yoke_counter_of(set, "a_b:c1{d=\"x y\"}", NULL));
    assert_non_null(yoke_counter_of(
        set, "a{b=\"\\\\ \\\" \\n }, \xc3\xa9\",c=\"\"}", NULL));
}

static void there_are_limits(void **state)
{
    yoke_counters *small = yoke_counters_open(.store = store, .max_metrics = 1);
    (void)state;
    assert_non_null(yoke_counter_of(small, "a", NULL));
    assert_null(yoke_counter_of(small, "b", NULL));
    assert_int_equal(errno, ENOSPC);
    close_set(&small);
    assert_null(yoke_counters_open(.store = NULL));
    assert_null(yoke_counters_open(.store = store, .name = "a b"));
    assert_null(yoke_counters_open(.store = store, .max_workers = 1001));
    assert_null(yoke_counters_open(.store = store, .max_metrics = 1001));
    assert_null(yoke_counters_open(.store = store, .lease_s = 2));
}

/* ---- As text ---- */

static void show(yoke_req *req, yoke_res *res)
{
    yoke_counters_show(yoke_data(req), res);
}

static void all_are_shown_as_text(void **state)
{
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_get(app, "/metrics", yoke_with(show, set, NULL));
    yoke_test *t = yoke_test_new(app);
    yoke_counter_add(yoke_counter_of(set, "a{code=\"200\"}", "Answers."), 2);
    yoke_gauge_set(streams, 3);
    yoke_counter_add(yoke_counter_of(set, "a{code=\"404\"}", NULL), 1);
    yoke_counters_flush(set);
    run_turns();
    yoke_tr *r = yoke_test_get(t, "/metrics");
    yoke_expect_text(r, 200,
                     "# HELP visits_total Pages\n"
                     "# TYPE visits_total counter\n"
                     "visits_total 0\n"
                     "# TYPE streams gauge\n"
                     "streams 3\n"
                     "# HELP a Answers.\n"
                     "# TYPE a counter\n"
                     "a{code=\"200\"} 2\n"
                     "a{code=\"404\"} 1\n");
    yoke_expect_header_has(r, "Content-Type", "version=0.0.4");
    yoke_test_free(t);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(counts_are_told_together),
        TEST(several_workers_count_together),
        TEST(closing_tells_the_rest),
        TEST(one_can_be_counted_at_once),
        TEST(what_is_no_number_is_told),
        TEST(a_store_that_is_away_is_told_later),
        TEST(gauges_of_all_workers_are_summed),
        TEST(sums_that_are_too_large_stay_at_the_end),
        TEST(gauges_of_one_that_dies_vanish),
        TEST(gauges_of_one_that_leaves_vanish_at_once),
        TEST(each_worker_has_a_place_of_its_own),
        TEST(who_finds_no_place_takes_one_that_becomes_free),
        TEST(names_are_checked),
        TEST(there_are_limits),
        TEST(all_are_shown_as_text),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
