/* Limits that all who use a store share. */
#include "rate_limit.h"

static void exactly_so_many_of_all_at_once_pass(void **state)
{
    (void)state;
    yoke_store *store = shared_open("memory:");
    for (int way = 0; way < 2; way++) {
        struct yoke_rate_store *rates = yoke_rate_store_shared(
            store, .way = way, .now_ms = shared_now,
            .prefix = way == YOKE_RATE_BUCKET ? "b:" : "w:");
        assert_int_equal(flood(rates, "ada", 2000, 100), 100);
        assert_int_equal(flood(rates, "ada", 100, 100), 0);
        assert_int_equal(flood(rates, "bob", 2000, 1999), 1999);
        rates->free(rates);
    }
    shared_close(store);
}

static void names_of_any_kind_are_told_apart(void **state)
{
    (void)state;
    static const char *const names[] = {"",         "a b",    "a%20b", "a\tb",
                                        "\xc3\xbc", "rate:x", "x"};
    char long_name[2][400];
    yoke_store *store = shared_open("memory:");
    memset(long_name, 'x', sizeof(long_name));
    for (int i = 0; i < 2; i++) {
        long_name[i][399] = '\0';
        long_name[i][398] = (char)('a' + i);
    }
    for (int way = 0; way < 2; way++) {
        struct yoke_rate_store *rates = yoke_rate_store_shared(
            store, .way = way, .now_ms = shared_now,
            .prefix = way == YOKE_RATE_BUCKET ? "b:" : "w:");
        for (size_t i = 0; i < COUNT_OF(names); i++)
            assert_int_equal(flood(rates, names[i], 3, 2), 2);
        for (int i = 0; i < 2; i++)
            assert_int_equal(flood(rates, long_name[i], 3, 2), 2);
        rates->free(rates);
    }
    shared_close(store);
}

/* In no window of 10 s are there more than 5, and who was refused has not lost
 * anything by it. */
static void a_window_slides(void **state)
{
    (void)state;
    uint64_t passed[100];
    size_t count = 0;
    yoke_store *store = shared_open("memory:");
    struct yoke_rate_store *rates =
        yoke_rate_store_shared(store, .now_ms = shared_now);
    for (int i = 0; i < 200; i++) {
        if (flood(rates, "ada", 1, 5) == 1)
            passed[count++] = shared_ms;
        shared_ms += 300;
    }
    /* 60 s: five at the beginning, and again whenever they have left. */
    assert_in_range(count, 25, 30);
    for (size_t i = 5; i < count; i++)
        assert_true(passed[i] - passed[i - 5] >= 10000);
    rates->free(rates);
    shared_close(store);
}

static const struct {
    enum yoke_rate_way way;
    const char *first, *last, *retry;
} shared_cases[] = {
    {YOKE_RATE_WINDOW, "\"default\";r=1;t=12", "\"default\";r=0;t=12", "12"},
    {YOKE_RATE_BUCKET, "\"default\";r=1;t=5", "\"default\";r=0;t=10", "5"},
};

static void what_answers_say_is_so_of_a_shared_one(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(shared_cases); i++) {
        yoke_store *store = shared_open("memory:");
        yoke_test *t =
            client_of(yoke_rate_limit(.limit = 2, .window_ms = 10000,
                                      .store = yoke_rate_store_shared(
                                          store, .way = shared_cases[i].way,
                                          .now_ms = shared_now)));
        yoke_tr *r = yoke_test_get(t, "/");
        yoke_expect_text(r, 200, "ok");
        yoke_expect_header(r, "RateLimit", shared_cases[i].first);
        r = yoke_test_get(t, "/");
        yoke_expect_text(r, 200, "ok");
        yoke_expect_header(r, "RateLimit", shared_cases[i].last);
        r = yoke_test_get(t, "/");
        yoke_expect_text(r, 429, "rate.limited");
        yoke_expect_header(r, "Retry-After", shared_cases[i].retry);
        shared_ms += strtoull(shared_cases[i].retry, NULL, 10) * 1000;
        yoke_expect_text(yoke_test_get(t, "/"), 200, "ok");
        yoke_test_free(t);
        shared_close(store);
    }
}

static void without_the_store_it_is_open_or_closed(void **state)
{
    (void)state;
    yoke_store *away =
        yoke_store_open(.url = "memcached+unix:/nonexistent/socket");
    for (int way = 0; way < 2; way++) {
        for (int closed = 0; closed < 2; closed++) {
            for (int none = 0; none < 2; none++) {
                yoke_test *t = client_of(
                    yoke_rate_limit(.limit = 1, .fails_closed = closed,
                                    .store = yoke_rate_store_shared(
                                        none ? NULL : away, .way = way)));
                for (int i = 0; i < 3; i++)
                    yoke_expect_text(yoke_test_get(t, "/"), closed ? 503 : 200,
                                     closed ? "rate.store.failed" : "ok");
                yoke_test_free(t);
            }
        }
    }
    shared_close(away);
}

/* Of all at once, those that fit pass, and never more than the limit. */
static void costs_at_the_same_time_stay_within_the_limit(void **state)
{
    (void)state;
    shared = shared_open("memory:");
    for (int which = SHARED_WINDOW; which < STORES; which++) {
        struct yoke_rate_store *rates = store_of(which);
        struct yoke_rate rate = {.limit = 100, .window_ms = 10000};
        struct counted large = {0, 0}, small = {0, 0};
        const char *key = which == SHARED_WINDOW ? "w" : "b";
        for (int i = 0; i < 20; i++) {
            rate.cost = 30;
            rates->take(rates, key, &rate, 0, count, &large);
            rate.cost = 1;
            rates->take(rates, key, &rate, 0, count, &small);
        }
        while (large.asked < 20 || small.asked < 20)
            uv_run(yoke_loop(), UV_RUN_ONCE);
        assert_true(large.allowed >= 2);
        assert_in_range(30 * large.allowed + small.allowed, 80, 100);
        rates->free(rates);
    }
    shared_close(shared);
}

/* ---- Names ---- */

static void on_keys(const struct yoke_store_result *result, void *data)
{
    char *key = data;
    assert_int_equal(result->err, 0);
    assert_int_equal(result->count, 1);
    snprintf(key, YOKE_STORE_KEY_MAX + 1, "%s", result->items[0].key);
}

/* By a hash that cannot be made to be the same: of SHA-256("x" x 300). */
static void a_long_name_is_kept_by_its_hash(void **state)
{
    char name[301], key[YOKE_STORE_KEY_MAX + 1] = "";
    (void)state;
    memset(name, 'x', 300);
    name[300] = '\0';
    shared = shared_open("memory:");
    struct yoke_rate_store *rates = store_of(SHARED_BUCKET);
    assert_int_equal(flood(rates, name, 1, 2), 1);
    yoke_store_scan(shared, "rate:", NULL, 10, on_keys, key);
    while (!*key)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    assert_non_null(strstr(key, "x~0d4e2ca9e9cbced7a7a5380eb29e1a37"));
    rates->free(rates);
    shared_close(shared);
}

static void count_lines(enum yoke_log_level level, const char *line, void *data)
{
    (void)level;
    *(int *)data += strstr(line, "the store fails") != NULL;
}

/* Every request finds it out. */
static void that_the_store_fails_is_logged_now_and_then(void **state)
{
    int lines = 0;
    (void)state;
    yoke_test *t = client_of(
        yoke_rate_limit(.limit = 1,
                        .store = yoke_rate_store_shared((yoke_store *)NULL)));
    yoke_log_set_level(YOKE_LOG_ERROR);
    yoke_log_set_sink(count_lines, &lines);
    for (int i = 0; i < 20; i++)
        yoke_expect_status(yoke_test_get(t, "/"), 200);
    int first = lines;
    yoke_test_clock(t, 1000);
    yoke_expect_status(yoke_test_get(t, "/"), 200);
    yoke_log_set_sink(NULL, NULL);
    yoke_log_set_level(YOKE_LOG_OFF);
    assert_in_range(first, 1, 10);
    assert_true(lines > first);
    yoke_test_free(t);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(exactly_so_many_of_all_at_once_pass),
        cmocka_unit_test(names_of_any_kind_are_told_apart),
        cmocka_unit_test(a_window_slides),
        cmocka_unit_test(what_answers_say_is_so_of_a_shared_one),
        cmocka_unit_test(without_the_store_it_is_open_or_closed),
        cmocka_unit_test(that_the_store_fails_is_logged_now_and_then),
        cmocka_unit_test(costs_at_the_same_time_stay_within_the_limit),
        cmocka_unit_test(a_long_name_is_kept_by_its_hash),
    };
    return cmocka_run_group_tests_name("rate shared", tests, be_quiet, NULL);
}
