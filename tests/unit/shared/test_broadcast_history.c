/* Events that are kept: what whoever comes back gets, and what becomes of events
 * that are late, lost, or numbered anew. */
#include "broadcast.h"

#include "shared/event.h"

/* ---- The store, by hand ---- */

static void put_in_store(uint64_t number, const char *text, bool kept,
                         bool published)
{
    struct yoke_sse_event event = {.event = "said", .data = text};
    char bytes[128], key[64];
    size_t len = yk_event_len(&event);

    yk_event_write(&event, bytes);
    yk_event_set_number(bytes, number);
    snprintf(key, sizeof(key), "events:m:k:news:%d", (int)(number % 10));
    if (kept)
        yoke_store_set(store, key, bytes, len, 0, NULL, NULL);
    run_turns();
    if (published)
        yoke_store_publish(store, "events:c:k:news", bytes, len, NULL, NULL);
    run_turns();
}

/* ---- Coming back ---- */

static void who_comes_back_gets_what_he_has_missed(void **state)
{
    (void)state;
    with_history(10);
    yoke_tr *a = listen_at("/a", NULL);
    uint64_t one = say(first, "one");
    expect_id(a, one, "one");
    yoke_tr_reset(a);
    uint64_t two = say(second, "two");
    say(first, "three");
    /* To another worker. */
    yoke_tr *b = listen_at("/b", id_text(one));
    expect_id(b, two, "two");
    expect_id(b, two + 1, "three");
    say(first, "four");
    expect_id(b, two + 2, "four");
    assert_int_equal(stats_of(second).replayed, 2);
    assert_int_equal(stats_of(second).missed, 0);
    yoke_tr_reset(b);
    stop();
}

/* And is not told that he has missed what was before. */
static void who_has_seen_nothing_gets_all_that_is_kept(void **state)
{
    (void)state;
    with_history(100);
    say(first, "one");
    yoke_tr *a = listen_at("/a", "0");
    expect_id(a, 0, "one");
    assert_int_equal(stats_of(first).missed, 0);
    yoke_tr_reset(a);
    stop();
}

static void on_number(const struct yoke_store_result *result, void *data)
{
    assert_int_equal(result->err, 0);
    *(uint64_t *)data = (uint64_t)result->number;
}

/* Its number is given out, and it is not kept yet, when a worker begins to
 * listen for whoever comes back. */
static uint64_t take_number(void)
{
    uint64_t number = 0;

    yoke_store_incr(store, "events:q:k:news", 1, 0, on_number, &number);
    run_turns();
    assert_true(number > 0);
    return number;
}

static void what_is_on_its_way_to_who_comes_back_is_waited_for(void **state)
{
    static const char *const ids[] = {"0", NULL};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        start((struct yoke_broadcast_options){.history = 10, .late_ms = 600000},
              NULL);
        uint64_t one = say(first, "one");
        uint64_t two = take_number();
        yoke_tr *a = listen_at("/b", ids[i] ? ids[i] : id_text(one));
        run_turns();
        put_in_store(two, "two", true, true);
        say(first, "three");
        if (ids[i])
            expect_id(a, one, "one");
        expect_id(a, two, "two");
        expect_id(a, two + 1, "three");
        yoke_tr_reset(a);
        stop();
    }
}

static void what_never_comes_is_waited_for_a_moment_only(void **state)
{
    (void)state;
    with_history(10);
    uint64_t one = say(first, "one");
    take_number();
    yoke_tr *a = listen_at("/a", id_text(one));
    say(first, "three");
    expect_id(a, one + 2, "three");
    expect_missed(a);
    assert_int_equal(stats_of(first).missed, 1);
    yoke_tr_reset(a);
    stop();
}

static void who_waits_for_an_event_may_leave(void **state)
{
    (void)state;
    start((struct yoke_broadcast_options){.history = 10, .late_ms = 600000},
          NULL);
    uint64_t one = say(first, "one");
    uint64_t two = take_number();
    yoke_tr *a = listen_at("/a", id_text(one));
    yoke_tr *b = listen_at("/a", id_text(one));
    run_turns();
    yoke_tr_reset(a);
    run_turns();
    put_in_store(two, "two", true, true);
    expect_id(b, two, "two");
    assert_int_equal(left, 1);
    yoke_tr_reset(b);
    stop();
}

static void who_comes_back_too_late_is_told_so(void **state)
{
    (void)state;
    with_history(3);
    uint64_t one = say(first, "1");
    for (int i = 2; i <= 5; i++)
        say(first, i == 5 ? "5" : "x");
    yoke_tr *a = listen_at("/a", id_text(one));
    expect_id(a, one + 2, "x");
    expect_id(a, one + 3, "x");
    expect_id(a, one + 4, "5");
    expect_missed(a);
    yoke_tr_reset(a);
    stop();
}

static void a_number_that_never_was_is_told(void **state)
{
    (void)state;
    with_history(3);
    uint64_t one = say(first, "1");
    yoke_tr *a = listen_at("/a", id_text(one + 1000));
    expect_missed(a);
    say(first, "2");
    expect_id(a, one + 1, "2");
    yoke_tr_reset(a);
    yoke_tr *b = listen_at("/a", "no number");
    yoke_expect_body_has(b, "id: ");
    say(first, "3");
    expect_id(b, one + 2, "3");
    yoke_tr_reset(b);
    stop();
}

/* ---- What goes wrong between ---- */

/* Until so many events have been delivered by the first worker. */
static void wait_delivered(uint64_t n)
{
    while (stats_of(first).delivered < n)
        uv_run(yoke_loop(), UV_RUN_NOWAIT);
}

static void messages_that_overtake_are_put_in_order(void **state)
{
    (void)state;
    with_history(10);
    uint64_t one = say(first, "one");
    yoke_tr *a = listen_at("/a", NULL);
    put_in_store(one + 1, "two", true, false);
    put_in_store(one + 2, "three", true, true); /* First, */
    put_in_store(one + 1, "two", true, true);   /* then this. */
    put_in_store(one + 3, "four", true, true);
    put_in_store(one + 3, "four", true, true); /* And twice. */
    expect_id(a, one + 1, "two");
    expect_id(a, one + 2, "three");
    expect_id(a, one + 3, "four");
    assert_int_equal(stats_of(first).delivered, 3);
    yoke_tr_reset(a);
    stop();
}

static void an_event_that_is_late_is_waited_for(void **state)
{
    (void)state;
    with_history(10);
    uint64_t one = say(first, "one");
    yoke_tr *a = listen_at("/a", NULL);
    put_in_store(one + 2, "three", true, true);
    assert_int_equal(stats_of(first).delivered, 0);
    put_in_store(one + 1, "two", true, false); /* Now it is there. */
    wait_delivered(2);
    expect_id(a, one + 1, "two");
    expect_id(a, one + 2, "three");
    yoke_tr_reset(a);
    stop();
}

static void a_number_whose_sender_has_died_is_passed_over(void **state)
{
    (void)state;
    with_history(10);
    uint64_t one = say(first, "one");
    yoke_tr *a = listen_at("/a", NULL);
    put_in_store(one + 3, "four", true, true);
    wait_delivered(1);
    expect_id(a, one + 3, "four");
    yoke_tr_reset(a);
    stop();
}

static void numbers_go_on_when_the_store_has_lost_them(void **state)
{
    (void)state;
    with_history(10);
    uint64_t one = say(first, "one");
    yoke_tr *a = listen_at("/a", NULL);
    yoke_store_delete(store, "events:q:k:news", NULL, NULL);
    run_turns();
    assert_true(say(first, "two") > one);
    wait_delivered(1);
    struct yoke_tr_event event;
    do
        assert_true(yoke_tr_sse_next(a, &event));
    while (strcmp(event.event, "missed") == 0);
    assert_string_equal(event.data, "two");
    yoke_tr_reset(a);
    stop();
}

/* Another machine's clock is far behind. */
static void numbers_may_begin_anew_further_down(void **state)
{
    (void)state;
    with_history(10);
    say(first, "one");
    yoke_tr *a = listen_at("/a", NULL);
    yoke_store_set(store, "events:q:k:news", "1099511627780", 13, 0, NULL,
                   NULL);
    run_turns();
    uint64_t two = say(second, "two");
    assert_true(two == 1099511627781);
    expect_missed(a);
    expect_id(a, two, "two");
    yoke_tr_reset(a);
    stop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(who_comes_back_gets_what_he_has_missed),
        WITH_STORE(who_has_seen_nothing_gets_all_that_is_kept),
        WITH_STORE(what_is_on_its_way_to_who_comes_back_is_waited_for),
        WITH_STORE(what_never_comes_is_waited_for_a_moment_only),
        WITH_STORE(who_waits_for_an_event_may_leave),
        WITH_STORE(who_comes_back_too_late_is_told_so),
        WITH_STORE(a_number_that_never_was_is_told),
        WITH_STORE(messages_that_overtake_are_put_in_order),
        WITH_STORE(an_event_that_is_late_is_waited_for),
        WITH_STORE(a_number_whose_sender_has_died_is_passed_over),
        WITH_STORE(numbers_go_on_when_the_store_has_lost_them),
        WITH_STORE(numbers_may_begin_anew_further_down),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
