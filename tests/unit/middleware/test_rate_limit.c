/* So many requests of a client, and no more. */
#include "middleware.h"

#include <errno.h>

#include <uv.h>

static yoke_tr *from(yoke_test *t, const char *ip)
{
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_tr_remote_addr(r, ip);
    return r;
}

static yoke_test *client_of(struct yoke_handler middleware)
{
    return yoke_test_new(app_behind(middleware, answer_ok));
}

static void one_too_many_is_refused(void **state)
{
    (void)state;
    yoke_test *t = client_of(yoke_rate_limit(.limit = 2, .window_ms = 10000));
    yoke_expect_text(yoke_test_get(t, "/"), 200, "ok");
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_expect_text(r, 200, "ok");
    yoke_expect_header(r, "RateLimit-Policy", "\"default\";q=2;w=10");
    yoke_expect_header(r, "RateLimit", "\"default\";r=0;t=10");
    yoke_expect_no_header(r, "Retry-After");
    yoke_expect_no_header(r, "X-RateLimit-Limit");

    r = yoke_test_get(t, "/");
    yoke_expect_text(r, 429, "rate.limited");
    yoke_expect_header(r, "RateLimit", "\"default\";r=0;t=10");
    yoke_expect_header(r, "Retry-After", "5");
    yoke_test_free(t);
}

static void requests_come_back_evenly(void **state)
{
    (void)state;
    yoke_test *t = client_of(yoke_rate_limit(.limit = 2, .window_ms = 10000));
    yoke_expect_status(yoke_test_get(t, "/"), 200);
    yoke_expect_status(yoke_test_get(t, "/"), 200);
    yoke_test_clock(t, 4000);
    yoke_expect_status(yoke_test_get(t, "/"), 429);
    yoke_test_clock(t, 1000);
    yoke_expect_status(yoke_test_get(t, "/"), 200);
    yoke_expect_status(yoke_test_get(t, "/"), 429);
    /* Never more than the bucket holds. */
    yoke_test_clock(t, 1000000);
    yoke_expect_status(yoke_test_get(t, "/"), 200);
    yoke_expect_status(yoke_test_get(t, "/"), 200);
    yoke_expect_status(yoke_test_get(t, "/"), 429);
    yoke_test_free(t);
}

static void in_any_time_no_more_than_allowed(void **state)
{
    (void)state;
    yoke_test *t = client_of(yoke_rate_limit(.limit = 7, .window_ms = 1000));
    int taken = 0;
    for (int ms = 0; ms < 3000; ms += 50) {
        taken += yoke_tr_status(yoke_test_get(t, "/")) == 200;
        yoke_test_clock(t, 50);
    }
    /* A full bucket, and what has come back in 2,950 ms. */
    assert_int_equal(taken, 7 + 20);
    yoke_test_free(t);
}

static void clients_are_counted_apart(void **state)
{
    (void)state;
    yoke_test *t = client_of(yoke_rate_limit(.limit = 1));
    yoke_expect_status(from(t, "192.0.2.1"), 200);
    yoke_expect_status(from(t, "192.0.2.1"), 429);
    yoke_expect_status(from(t, "192.0.2.2"), 200);
    yoke_test_free(t);
}

static void an_ipv6_network_is_one_client(void **state)
{
    (void)state;
    yoke_test *t = client_of(yoke_rate_limit(.limit = 1));
    yoke_expect_status(from(t, "2001:db8:1:2::1"), 200);
    yoke_expect_status(from(t, "2001:db8:1:ff::2"), 429);
    yoke_expect_status(from(t, "2001:db8:1:100::1"), 200);
    yoke_test_free(t);
    t = client_of(yoke_rate_limit(.limit = 1, .ipv6_prefix = 128));
    yoke_expect_status(from(t, "2001:db8::1"), 200);
    yoke_expect_status(from(t, "2001:db8::2"), 200);
    yoke_expect_status(from(t, "2001:db8::2"), 429);
    yoke_test_free(t);
}

static const char *user_of(yoke_req *req, void *data)
{
    (void)data;
    return yoke_req_get(req, "X-User");
}

static yoke_tr *by(yoke_test *t, const char *user)
{
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_tr_set(r, "X-User", user);
    return r;
}

static void a_function_says_who_a_client_is(void **state)
{
    (void)state;
    yoke_test *t = client_of(yoke_rate_limit(.limit = 1, .key = user_of));
    yoke_expect_status(by(t, "ada"), 200);
    yoke_expect_status(by(t, "ada"), 429);
    yoke_expect_status(by(t, "bob"), 200);
    /* Without a name, nobody is limited. */
    for (int i = 0; i < 3; i++)
        yoke_expect_status(yoke_test_get(t, "/"), 200);
    yoke_test_free(t);
}

static void limits_add_up(void **state)
{
    (void)state;
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, yoke_rate_limit(.limit = 9));
    yoke_app_use(app, yoke_rate_limit(.limit = 1, .name = "strict"));
    yoke_app_use(app, answer_ok);
    yoke_app_catch(app, show_error);
    yoke_test *t = yoke_test_new(app);
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_expect_status(r, 200);
    yoke_expect_header_also(r, "RateLimit", "\"default\";r=8;t=7");
    yoke_expect_header_also(r, "RateLimit", "\"strict\";r=0;t=60");
    yoke_expect_status(yoke_test_get(t, "/"), 429);
    yoke_test_free(t);
}

static void fields_are_as_wanted(void **state)
{
    (void)state;
    yoke_test *t =
        client_of(yoke_rate_limit(.limit = 3, .legacy_fields = true));
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_expect_header(r, "X-RateLimit-Limit", "3");
    yoke_expect_header(r, "X-RateLimit-Remaining", "2");
    yoke_expect_header_like(r, "X-RateLimit-Reset", "^[0-9]{10,}$");
    yoke_test_free(t);
    t = client_of(yoke_rate_limit(.no_fields = true));
    r = yoke_test_get(t, "/");
    yoke_expect_no_header(r, "RateLimit");
    yoke_expect_no_header(r, "RateLimit-Policy");
    yoke_test_free(t);
}

/* ---- The table ---- */

struct counted {
    size_t allowed, asked;
};

static void count(void *data, int err, const struct yoke_rate_state *state)
{
    struct counted *counted = data;
    assert_int_equal(err, 0);
    counted->asked++;
    counted->allowed += state->is_allowed;
}

static void ask_store(struct yoke_rate_store *store, int client, uint64_t ms,
                      struct counted *counted)
{
    static const struct yoke_rate rate = {.limit = 2, .window_ms = 1000};
    char key[32];
    snprintf(key, sizeof(key), "client %d", client);
    store->take(store, key, &rate, ms, count, counted);
}

static void many_clients_are_told_apart(void **state)
{
    (void)state;
    struct yoke_rate_store *store = yoke_rate_store_local(65536);
    struct counted counted = {0, 0};
    /* So few for the table that hardly ever too many have one place. */
    for (int round = 0; round < 3; round++)
        for (int client = 0; client < 2000; client++)
            ask_store(store, client, 5000, &counted);
    assert_int_equal(counted.asked, 6000);
    assert_int_equal(counted.allowed, 4000);
    store->free(store);
}

static void a_full_table_goes_on(void **state)
{
    (void)state;
    struct yoke_rate_store *store = yoke_rate_store_local(64);
    struct counted flood = {0, 0}, kept = {0, 0};
    ask_store(store, -1, 5000, &kept);
    ask_store(store, -1, 5000, &kept);
    for (int client = 0; client < 10000; client++)
        ask_store(store, client, 5000, &flood);
    assert_int_equal(flood.allowed, 10000);
    store->free(store);

    /* Places of those whose buckets are full again are used first. */
    store = yoke_rate_store_local(8);
    flood = kept = (struct counted){0, 0};
    for (int client = 0; client < 7; client++)
        ask_store(store, client, 5000, &flood);
    ask_store(store, -1, 5900, &kept);
    ask_store(store, -1, 5900, &kept);
    for (int client = 10; client < 17; client++)
        ask_store(store, client, 5900, &flood);
    ask_store(store, -1, 5900, &kept);
    assert_int_equal(kept.allowed, 2);
    store->free(store);
}

/* ---- Other stores ---- */

/* Answers a turn of the loop later, with an error for every second request. */
struct slow_store {
    struct yoke_rate_store base;
    uv_timer_t timer;
    yoke_rate_done *done;
    void *data;
    int asked;
};

static struct slow_store slow;

static void answer_later(uv_timer_t *timer)
{
    struct yoke_rate_state state = {.is_allowed = true, .remaining = 1};
    (void)timer;
    bool fails = slow.asked++ % 2;
    slow.done(slow.data, fails ? -ECONNREFUSED : 0, fails ? NULL : &state);
}

static void take_slowly(struct yoke_rate_store *store, const char *key,
                        const struct yoke_rate *rate, uint64_t now_ms,
                        yoke_rate_done *done, void *data)
{
    (void)store, (void)now_ms;
    assert_string_equal(key, "default:127.0.0.1");
    assert_int_equal(rate->limit, 60);
    slow.done = done;
    slow.data = data;
    uv_timer_start(&slow.timer, answer_later, 1, 0);
}

static void a_store_may_answer_later_and_fail(void **state)
{
    (void)state;
    uv_timer_init(yoke_loop(), &slow.timer);
    for (int closed = 0; closed < 2; closed++) {
        slow.base = (struct yoke_rate_store){.take = take_slowly};
        slow.asked = 0;
        yoke_test *t = client_of(
            yoke_rate_limit(.store = &slow.base, .fails_closed = closed));
        yoke_tr *r = yoke_test_get(t, "/");
        yoke_expect_text(r, 200, "ok");
        yoke_expect_header(r, "RateLimit", "\"default\";r=1;t=0");
        r = yoke_test_get(t, "/");
        if (closed)
            yoke_expect_text(r, 503, "rate.store.failed");
        else
            yoke_expect_text(r, 200, "ok");
        yoke_expect_no_header(r, "RateLimit");
        yoke_test_free(t);
    }
    uv_close((uv_handle_t *)&slow.timer, NULL);
}

/* ---- A store that is shared ---- */

static uint64_t shared_ms;

static uint64_t shared_now(void *data)
{
    (void)data;
    return shared_ms;
}

static yoke_store *shared_open(const char *url)
{
    shared_ms = 1700000000000;
    return yoke_store_open(.url = url, .now_ms = shared_now);
}

static void on_closed(void *data)
{
    *(bool *)data = true;
}

static void shared_close(yoke_store *store)
{
    bool is_closed = false;
    yoke_store_close(store, on_closed, &is_closed);
    while (!is_closed)
        uv_run(yoke_loop(), UV_RUN_ONCE);
}

/* `n` requests at once. */
static size_t flood(struct yoke_rate_store *rates, const char *key, size_t n,
                    uint64_t limit)
{
    struct yoke_rate rate = {.limit = limit, .window_ms = 10000};
    struct counted counted = {0, 0};
    for (size_t i = 0; i < n; i++)
        rates->take(rates, key, &rate, 0, count, &counted);
    while (counted.asked < n)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    return counted.allowed;
}

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

static bool is_inside(yoke_req *req, void *data)
{
    (void)data;
    return yoke_req_get(req, "X-Inside") != NULL;
}

static void requests_can_be_skipped(void **state)
{
    (void)state;
    yoke_test *t = client_of(yoke_rate_limit(.limit = 1, .skip = is_inside));
    yoke_expect_status(yoke_test_get(t, "/"), 200);
    for (int i = 0; i < 3; i++) {
        yoke_tr *r = yoke_test_get(t, "/");
        yoke_tr_set(r, "X-Inside", "1");
        yoke_expect_status(r, 200);
        yoke_expect_no_header(r, "RateLimit");
    }
    yoke_expect_status(yoke_test_get(t, "/"), 429);
    yoke_test_free(t);
}

/* ---- What counts ---- */

/* Each kind of store, with a limit of ten seconds. */
enum {
    IN_PROCESS,
    SHARED_WINDOW,
    SHARED_BUCKET,
    STORES
};

static yoke_store *shared;

static struct yoke_rate_store *store_of(int which)
{
    return which == IN_PROCESS
               ? NULL
               : yoke_rate_store_shared(shared, .now_ms = shared_now,
                                        .way = which == SHARED_WINDOW
                                                   ? YOKE_RATE_WINDOW
                                                   : YOKE_RATE_BUCKET);
}

/* What is given back is given back from the loop. */
static void run_turns(void)
{
    for (int i = 0; i < 10; i++)
        uv_run(yoke_loop(), UV_RUN_NOWAIT);
}

static uint64_t number_of(yoke_req *req, const char *name, uint64_t fallback)
{
    const char *text = yoke_req_query(req, name);
    return text ? strtoull(text, NULL, 10) : fallback;
}

static void answer_as_asked(yoke_req *req, yoke_res *res)
{
    yoke_res_status(res, (int)number_of(req, "status", 200));
    yoke_res_text(res, "ok");
}

static void expect_status(yoke_test *t, int asked, int status)
{
    char path[32];
    snprintf(path, sizeof(path), "/?status=%d", asked);
    yoke_expect_status(yoke_test_get(t, path), status);
    run_turns();
}

static void those_that_end_well_are_given_back(void **state)
{
    (void)state;
    for (int which = 0; which < STORES; which++) {
        shared = shared_open("memory:");
        yoke_test *t = yoke_test_new(app_behind(
            yoke_rate_limit(.limit = 2, .window_ms = 10000,
                            .store = store_of(which), .skips_success = true),
            answer_as_asked));
        for (int i = 0; i < 5; i++)
            expect_status(t, 204, 204);
        expect_status(t, 401, 401);
        expect_status(t, 302, 302);
        expect_status(t, 500, 500);
        expect_status(t, 200, 429);
        yoke_test_free(t);
        shared_close(shared);
    }
}

static void those_that_end_badly_are_given_back(void **state)
{
    (void)state;
    for (int which = 0; which < STORES; which++) {
        shared = shared_open("memory:");
        yoke_test *t = yoke_test_new(app_behind(
            yoke_rate_limit(.limit = 2, .window_ms = 10000,
                            .store = store_of(which), .skips_failure = true),
            answer_as_asked));
        for (int i = 0; i < 5; i++)
            expect_status(t, 404, 404);
        expect_status(t, 200, 200);
        expect_status(t, 399, 399);
        expect_status(t, 404, 429);
        yoke_test_free(t);
        shared_close(shared);
    }
}

static bool was_found(yoke_req *req, yoke_res *res, void *data)
{
    (void)req, (void)data;
    return yoke_res_get_status(res) != 404;
}

static void what_ends_well_can_be_said(void **state)
{
    (void)state;
    yoke_test *t = yoke_test_new(
        app_behind(yoke_rate_limit(.limit = 1, .skips_success = true,
                                   .is_success = was_found),
                   answer_as_asked));
    expect_status(t, 500, 500);
    expect_status(t, 404, 404);
    expect_status(t, 200, 429);
    yoke_test_free(t);
}

static yoke_req *held_req;
static yoke_res *held_res;

static void hold_first(yoke_req *req, yoke_res *res)
{
    if (held_req) {
        yoke_res_text(res, "ok");
        return;
    }
    held_req = req;
    held_res = res;
    yoke_hold(req);
}

static void a_client_that_goes_is_not_given_back(void **state)
{
    (void)state;
    held_req = NULL;
    yoke_test *t = yoke_test_new(
        app_behind(yoke_rate_limit(.limit = 1, .skips_success = true,
                                   .skips_failure = true),
                   hold_first));
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_tr_reset_after(r, yoke_tr_request_len(r));
    yoke_tr_send(r);
    while (!held_req || !yoke_req_is_aborted(held_req))
        uv_run(yoke_loop(), UV_RUN_ONCE);
    yoke_res_text(held_res, "ok");
    yoke_expect_status(yoke_test_get(t, "/"), 429);
    yoke_test_free(t);
}

static void a_store_that_cannot_give_back_is_refused(void **state)
{
    (void)state;
    slow.base = (struct yoke_rate_store){.take = take_slowly};
    yoke_test *t =
        client_of(yoke_rate_limit(.store = &slow.base, .skips_success = true));
    yoke_expect_status(yoke_test_get(t, "/"), 500);
    yoke_test_free(t);
}

static uint64_t cost_of(yoke_req *req, void *data)
{
    (void)data;
    return number_of(req, "cost", 1);
}

static void some_cost_more_than_others(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int status;
        const char *left;
    } steps[] = {
        {"/?cost=4", 200, "r=6;"},   {"/?cost=0", 200, NULL},
        {"/?cost=7", 429, "r=6;"},   {"/?cost=11", 429, "r=6;"},
        {"/", 200, "r=5;"},          {"/?cost=5", 200, "r=0;"},
        {"/?cost=999", 429, "r=0;"}, {"/", 429, "r=0;"},
    };
    for (int which = 0; which < STORES; which++) {
        shared = shared_open("memory:");
        yoke_test *t = client_of(
            yoke_rate_limit(.limit = 10, .window_ms = 10000,
                            .store = store_of(which), .cost_of = cost_of));
        for (size_t i = 0; i < COUNT_OF(steps); i++) {
            yoke_tr *r = yoke_test_get(t, steps[i].path);
            yoke_expect_status(r, steps[i].status);
            if (steps[i].left)
                yoke_expect_header_like(r, "RateLimit", steps[i].left);
            else
                yoke_expect_no_header(r, "RateLimit");
            run_turns();
        }
        yoke_test_free(t);
        shared_close(shared);
    }
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

static void refuse_in_other_words(yoke_req *req, yoke_res *res,
                                  const struct yoke_rate_state *state,
                                  void *data)
{
    assert_ptr_equal(data, &shared);
    assert_false(state->is_allowed);
    if (yoke_req_query(req, "soft")) {
        yoke_res_status(res, 200);
        yoke_next(req);
        return;
    }
    yoke_res_text(res, "slowly, please");
}

static void what_is_said_to_one_too_many_can_be_chosen(void **state)
{
    (void)state;
    yoke_test *t =
        client_of(yoke_rate_limit(.limit = 1, .data = &shared,
                                  .on_limit = refuse_in_other_words));
    yoke_expect_text(yoke_test_get(t, "/"), 200, "ok");
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_expect_text(r, 429, "slowly, please");
    yoke_expect_header(r, "Retry-After", "60");
    yoke_expect_header_like(r, "RateLimit", "r=0");
    yoke_expect_text(yoke_test_get(t, "/?soft=1"), 200, "ok");
    yoke_test_free(t);
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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_too_many_is_refused),
        cmocka_unit_test(requests_come_back_evenly),
        cmocka_unit_test(in_any_time_no_more_than_allowed),
        cmocka_unit_test(clients_are_counted_apart),
        cmocka_unit_test(an_ipv6_network_is_one_client),
        cmocka_unit_test(a_function_says_who_a_client_is),
        cmocka_unit_test(limits_add_up),
        cmocka_unit_test(fields_are_as_wanted),
        cmocka_unit_test(many_clients_are_told_apart),
        cmocka_unit_test(a_full_table_goes_on),
        cmocka_unit_test(a_store_may_answer_later_and_fail),
        cmocka_unit_test(exactly_so_many_of_all_at_once_pass),
        cmocka_unit_test(names_of_any_kind_are_told_apart),
        cmocka_unit_test(a_window_slides),
        cmocka_unit_test(what_answers_say_is_so_of_a_shared_one),
        cmocka_unit_test(without_the_store_it_is_open_or_closed),
        cmocka_unit_test(requests_can_be_skipped),
        cmocka_unit_test(those_that_end_well_are_given_back),
        cmocka_unit_test(those_that_end_badly_are_given_back),
        cmocka_unit_test(what_ends_well_can_be_said),
        cmocka_unit_test(a_client_that_goes_is_not_given_back),
        cmocka_unit_test(a_store_that_cannot_give_back_is_refused),
        cmocka_unit_test(some_cost_more_than_others),
        cmocka_unit_test(costs_at_the_same_time_stay_within_the_limit),
        cmocka_unit_test(what_is_said_to_one_too_many_can_be_chosen),
        cmocka_unit_test(a_long_name_is_kept_by_its_hash),
    };
    return cmocka_run_group_tests_name("rate limit", tests, be_quiet, NULL);
}
