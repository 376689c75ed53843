/* Events for all: who gets which, in which order, and who is not let in. */
#include "broadcast.h"

/* ---- All hear ---- */

#define MANY 100

/* More than are served in a turn of the loop: some come and go meanwhile. */
static void each_of_many_hears_everything_once(void **state)
{
    static const uint32_t histories[] = {0, 10};
    (void)state;
    for (size_t h = 0; h < COUNT_OF(histories); h++) {
        yoke_tr *all[MANY];
        with_history(histories[h]);
        for (int i = 0; i < MANY; i++)
            all[i] = listen_at("/a", NULL);
        for (int i = 0; i < 3; i++)
            yoke_broadcast_send(first, "news", "said", i == 1 ? "b" : "a", NULL,
                                NULL);
        while (stats_of(first).delivered == 0)
            uv_run(yoke_loop(), UV_RUN_ONCE);
        /* Not all of them have it yet. */
        assert_true(stats_of(first).delivered < (uint64_t)3 * MANY);
        for (int i = 0; i < MANY; i += 10)
            yoke_tr_reset(all[i]);
        yoke_tr *late = listen_at("/a", NULL);
        say(first, "last");
        for (int i = 0; i < MANY; i++) {
            if (i % 10 == 0)
                continue;
            expect_id(all[i], 0, "a");
            expect_id(all[i], 0, "b");
            expect_id(all[i], 0, "a");
            expect_id(all[i], 0, "last");
        }
        yoke_expect_body_like(late, "data: last\n\n$");
        stop();
        close_store(store);
        store = open_store_at("memory:");
    }
}

static void every_worker_hears_what_one_says(void **state)
{
    (void)state;
    with_history(10);
    yoke_tr *a = listen_at("/a", NULL), *b = listen_at("/b", NULL);
    uint64_t one = say(first, "one"), two = say(second, "two\nlines");
    assert_true(two == one + 1);
    expect_id(a, one, "one");
    expect_id(a, two, "two\nlines");
    expect_id(b, one, "one");
    expect_id(b, two, "two\nlines");
    assert_int_equal(stats_of(first).sent, 1);
    assert_int_equal(stats_of(first).received, 2);
    assert_int_equal(stats_of(second).delivered, 2);
    assert_int_equal(stats_of(first).clients, 1);
    yoke_tr_reset(a);
    yoke_tr_reset(b);
    run_turns();
    assert_int_equal(left, 2);
    assert_int_equal(stats_of(first).clients, 0);
    assert_int_equal(stats_of(first).channels, 0);
    stop();
}

static void events_of_a_sender_keep_their_order(void **state)
{
    char text[32];
    (void)state;
    with_history(100);
    yoke_tr *a = listen_at("/a", NULL), *b = listen_at("/b", NULL);
    sent.count = 0;
    for (int i = 0; i < 20; i++) {
        snprintf(text, sizeof(text), "%d", i);
        yoke_broadcast_send(i % 2 ? first : second, "news", "said", text,
                            on_sent, &sent);
    }
    wait_count(&sent.count, 20);
    int last[2][2] = {{-1, -1}, {-1, -1}};
    for (int i = 0; i < 40; i++) {
        struct yoke_tr_event event;
        assert_true(yoke_tr_sse_next(i % 2 ? a : b, &event));
        int n = atoi(event.data);
        assert_true(last[i % 2][n % 2] < n);
        last[i % 2][n % 2] = n;
    }
    yoke_tr_reset(a);
    yoke_tr_reset(b);
    stop();
}

static void without_a_history_there_are_no_numbers(void **state)
{
    struct yoke_tr_event event;
    (void)state;
    with_history(0);
    yoke_tr *a = listen_at("/a", NULL);
    yoke_broadcast_send_event(
        second, "news",
        &(struct yoke_sse_event){.event = "x", .id = "own", .data = "y"},
        on_sent, &sent);
    assert_true(yoke_tr_sse_next(a, &event));
    assert_string_equal(event.event, "x");
    assert_string_equal(event.id, "own");
    assert_int_equal(sent.id, 0);
    yoke_tr_reset(a);
    stop();
}

/* ---- Slow clients ---- */

/* So many that one who takes nothing is slow; `other`, if there is one, takes
 * them. */
static void fill(int count, yoke_tr *other)
{
    static char text[4096];
    memset(text, 'x', sizeof(text) - 1);
    for (int i = 0; i < count; i++) {
        uint64_t id = say(first, text);
        if (other)
            expect_id(other, id, text);
    }
}

static void wait_until_nobody_lags(yoke_tr *r)
{
    yoke_tr_read_slowly(r, SIZE_MAX);
    while (stats_of(first).lagging > 0) {
        yoke_tr_len(r); /* It takes what waits. */
        uv_run(yoke_loop(), UV_RUN_NOWAIT);
    }
}

static void a_slow_client_reads_on_when_it_is_ready(void **state)
{
    struct yoke_tr_event event;
    (void)state;
    start((struct yoke_broadcast_options){.history = 100, .max_waiting = 8192},
          NULL);
    yoke_tr *a = listen_at("/a", NULL), *b = listen_at("/a", NULL);
    uint64_t one = say(first, "one");
    expect_id(a, one, "one");
    expect_id(b, one, "one");
    yoke_tr_read_slowly(a, 0);
    fill(20, b);
    assert_int_equal(stats_of(first).lagging, 1);
    assert_int_equal(stats_of(first).slowed, 1);
    wait_until_nobody_lags(a);
    for (uint64_t i = 1; i <= 20; i++) {
        assert_true(yoke_tr_sse_next(a, &event));
        assert_string_equal(event.id, id_text(one + i));
    }
    assert_int_equal(stats_of(first).missed, 0);
    yoke_tr_reset(a);
    yoke_tr_reset(b);
    stop();
}

static void without_a_history_a_slow_client_is_told(void **state)
{
    struct yoke_tr_event event;
    (void)state;
    start((struct yoke_broadcast_options){.max_waiting = 8192}, NULL);
    yoke_tr *a = listen_at("/a", NULL);
    yoke_tr_read_slowly(a, 0);
    fill(20, NULL);
    wait_until_nobody_lags(a);
    do
        assert_true(yoke_tr_sse_next(a, &event));
    while (strcmp(event.event, "missed") != 0);
    say(first, "on");
    expect_id(a, 0, "on");
    yoke_tr_reset(a);
    stop();
}

static void slow_clients_can_be_ended(void **state)
{
    (void)state;
    start(
        (struct yoke_broadcast_options){.max_waiting = 8192, .ends_slow = true},
        NULL);
    yoke_tr *a = listen_at("/a", NULL);
    yoke_tr_read_slowly(a, 0);
    fill(20, NULL);
    assert_int_equal(left, 1);
    assert_int_equal(stats_of(first).clients, 0);
    yoke_tr_reset(a);
    stop();
}

/* ---- Limits and ends ---- */

static void there_may_be_so_many_clients(void **state)
{
    (void)state;
    start((struct yoke_broadcast_options){.max_clients = 1}, NULL);
    yoke_tr *a = listen_at("/a", NULL);
    yoke_tr *r = yoke_test_get(t, "/a");
    yoke_expect_status(r, 503);
    yoke_expect_header(r, "Retry-After", "5");
    assert_int_equal(stats_of(first).refused, 1);
    yoke_tr_reset(a);
    stop();
}

static void what_is_wrong_is_not_sent(void **state)
{
    static char large[70000], channel[YOKE_BROADCAST_CHANNEL_MAX + 2];
    struct {
        const char *channel, *event, *text;
        int err;
    } cases[] = {
        {"", NULL, "x", -EINVAL},
        {"a b", NULL, "x", -EINVAL},
        {channel, NULL, "x", -EINVAL},
        {"news", "a\nb", "x", -YOKE_EHEADER},
        {"news", NULL, large, -YOKE_ETOOLARGE},
    };
    (void)state;
    memset(large, 'x', sizeof(large) - 1);
    memset(channel, 'x', sizeof(channel) - 1);
    with_history(10);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        sent.count = 0;
        yoke_broadcast_send(first, cases[i].channel, cases[i].event,
                            cases[i].text, on_sent, &sent);
        assert_int_equal(sent.count, 0);
        wait_count(&sent.count, 1);
        assert_int_equal(sent.err, cases[i].err);
    }
    assert_int_equal(stats_of(first).failed, COUNT_OF(cases));
    stop();
}

static void so_many_may_be_on_their_way(void **state)
{
    (void)state;
    start((struct yoke_broadcast_options){.max_sending = 2, .max_channels = 1},
          NULL);
    sent.count = 0;
    for (int i = 0; i < 3; i++)
        yoke_broadcast_send(first, "news", NULL, "x", on_sent, &sent);
    yoke_broadcast_send(first, "another", NULL, "x", on_sent, &sent);
    wait_count(&sent.count, 4);
    assert_int_equal(stats_of(first).sent, 2);
    assert_int_equal(stats_of(first).failed, 2);
    stop();
}

static void a_stream_ends_when_the_process_drains(void **state)
{
    (void)state;
    with_history(10);
    yoke_tr *a = listen_at("/a", NULL);
    yoke_test_drain(t);
    yoke_expect_body_has(a, "id: ");
    run_turns();
    assert_int_equal(left, 1);
    assert_int_equal(stats_of(first).clients, 0);
    stop();
}

static void closing_ends_the_streams(void **state)
{
    (void)state;
    with_history(10);
    yoke_tr *a = listen_at("/a", NULL);
    say(first, "last");
    yoke_broadcast_close(first);
    run_turns();
    expect_id(a, 0, "last");
    assert_int_equal(left, 1);
    yoke_broadcast_close(second);
    yoke_broadcast_close(NULL);
    run_turns();
    yoke_test_free(t);
}

static void head_has_no_stream(void **state)
{
    (void)state;
    with_history(1);
    yoke_expect_status(yoke_test_head(t, "/a"), 200);
    assert_int_equal(stats_of(first).clients, 0);
    stop();
}

static void a_store_without_channels_has_no_stream(void **state)
{
    yoke_store *cannot = open_store_at("memcached+unix:/nonexistent/socket");
    (void)state;
    start((struct yoke_broadcast_options){.store = cannot}, NULL);
    yoke_expect_status(yoke_test_get(t, "/a"), 503);
    int before = sent.count;
    yoke_broadcast_send(first, "news", "said", "x", on_sent, &sent);
    wait_count(&sent.count, before + 1);
    assert_int_equal(sent.err, -ENOTSUP);
    assert_int_equal(stats_of(first).clients, 0);
    stop();
    close_store(cannot);
    assert_null(yoke_broadcast_open(.store = NULL));
    assert_null(yoke_broadcast_open(.store = store, .name = "a b"));
    assert_null(yoke_broadcast_open(.store = store, .history = 1001));
    assert_null(yoke_broadcast_open(.store = store, .missed = "a\nb"));
}

static yoke_sse *the_stream;

static void join_and_note(yoke_req *req, yoke_res *res)
{
    (void)req;
    the_stream = yoke_broadcast_join(first, "news", res, .on_leave = on_leave,
                                     .data = &left);
}

/* The first of two that ends has the other ended. */
static yoke_sse *pair[2];
static int pair_count;

static void on_leave_pair(yoke_sse *sse, void *data)
{
    yoke_sse *other = sse == pair[0] ? pair[1] : pair[0];
    (void)data;
    if (++left == 1)
        yoke_broadcast_leave(first, other);
}

static void join_pair(yoke_req *req, yoke_res *res)
{
    (void)req;
    pair[pair_count++] =
        yoke_broadcast_join(first, "news", res, .on_leave = on_leave_pair);
}

static yoke_tr *listen_as_pair(bool is_slow)
{
    yoke_tr *r = listen_at("/pair", NULL);
    if (is_slow)
        yoke_tr_read_slowly(r, 0);
    return r;
}

/* Each takes the next of the list along, or the one before it. */
static void who_leaves_may_take_others_along(void **state)
{
    (void)state;
    for (int slow = 0; slow < 2; slow++) {
        yoke_app *app = yoke_app_new();
        pair_count = left = 0;
        first = yoke_broadcast_open(.store = store, .max_waiting = 8192,
                                    .ends_slow = true);
        yoke_app_get(app, "/pair", join_pair);
        t = yoke_test_new(app);
        yoke_tr *one = listen_as_pair(slow == 0);
        yoke_tr *two = listen_as_pair(slow == 1);
        fill(20, NULL);
        assert_int_equal(left, 2);
        assert_int_equal(stats_of(first).clients, 0);
        yoke_tr_reset(one);
        yoke_tr_reset(two);
        yoke_broadcast_close(first);
        run_turns();
        yoke_test_free(t);
    }
}

static void closing_ends_also_those_that_end_each_other(void **state)
{
    yoke_app *app = yoke_app_new();
    (void)state;
    pair_count = left = 0;
    first = yoke_broadcast_open(.store = store);
    yoke_app_get(app, "/pair", join_pair);
    t = yoke_test_new(app);
    yoke_tr *one = listen_as_pair(false), *two = listen_as_pair(false);
    yoke_broadcast_close(first);
    run_turns();
    assert_int_equal(left, 2);
    yoke_expect_body_like(one, "ready");
    yoke_expect_body_like(two, "ready");
    yoke_test_free(t);
}

static void one_stream_can_be_ended(void **state)
{
    yoke_app *app = yoke_app_new();
    (void)state;
    left = 0;
    first = yoke_broadcast_open(.store = store, .history = 5);
    yoke_app_get(app, "/", join_and_note);
    t = yoke_test_new(app);
    yoke_tr *a = listen_at("/", NULL);
    yoke_sse_send(the_stream, "own", "for this one");
    yoke_broadcast_leave(first, the_stream);
    yoke_expect_sse(a, "own", "for this one");
    assert_int_equal(left, 1);
    yoke_broadcast_close(first);
    run_turns();
    yoke_test_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(each_of_many_hears_everything_once),
        WITH_STORE(every_worker_hears_what_one_says),
        WITH_STORE(events_of_a_sender_keep_their_order),
        WITH_STORE(without_a_history_there_are_no_numbers),
        WITH_STORE(a_slow_client_reads_on_when_it_is_ready),
        WITH_STORE(without_a_history_a_slow_client_is_told),
        WITH_STORE(slow_clients_can_be_ended),
        WITH_STORE(there_may_be_so_many_clients),
        WITH_STORE(what_is_wrong_is_not_sent),
        WITH_STORE(so_many_may_be_on_their_way),
        WITH_STORE(a_stream_ends_when_the_process_drains),
        WITH_STORE(closing_ends_the_streams),
        WITH_STORE(head_has_no_stream),
        WITH_STORE(a_store_without_channels_has_no_stream),
        WITH_STORE(who_leaves_may_take_others_along),
        WITH_STORE(closing_ends_also_those_that_end_each_other),
        WITH_STORE(one_stream_can_be_ended),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
