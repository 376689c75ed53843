/* Where limits are kept in this process, and stores of one's own. */
#include "rate_limit.h"

#include <errno.h>

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

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_clients_are_told_apart),
        cmocka_unit_test(a_full_table_goes_on),
        cmocka_unit_test(a_store_may_answer_later_and_fail),
    };
    return cmocka_run_group_tests_name("rate store", tests, be_quiet, NULL);
}
