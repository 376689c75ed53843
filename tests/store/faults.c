#include "faults.h"

static const struct faults *faults;

/* ---- What they are made of ---- */

void on_tally(const struct yoke_store_result *result, void *data)
{
    struct tally *tally = data;
    tally->good += result->err == 0;
    tally->unavailable += result->err == -YOKE_EUNAVAILABLE;
    tally->timed_out += result->err == -ETIMEDOUT;
    tally->count++;
}

bool is_up(yoke_store *which)
{
    struct yoke_store_stats stats;
    yoke_store_stats(which, &stats);
    return stats.circuit == YOKE_STORE_UP;
}

void wait_until_down(yoke_store *which)
{
    for (int i = 0; i < 3000 && is_up(which); i++)
        run_for(5);
    assert_false(is_up(which));
}

void wait_until_back(yoke_store *which)
{
    for (int i = 0; i < 3000; i++) {
        if (set(which, "back", "1", 0)->err == 0 && is_up(which))
            return;
        run_for(20);
    }
    fail_msg("the store is not back after a minute");
}

struct load load;

static void on_loaded(const struct yoke_store_result *result, void *data)
{
    on_tally(result, data);
    if (load.is_over)
        return;
    load.started++;
    yoke_store_incr(store, "load", 1, 0, on_loaded, data);
}

void start_load(void)
{
    memset(&load, 0, sizeof(load));
    for (; load.started < 100; load.started++)
        yoke_store_incr(store, "load", 1, 0, on_loaded, &load.tally);
}

void stop_load(void)
{
    load.is_over = true;
    wait_count(&load.tally.count, load.started);
}

void on_heard(const struct yoke_store_message *message, void *data)
{
    struct ear *ear = data;
    ear->ready += message->event == YOKE_STORE_READY;
    ear->missed += message->event == YOKE_STORE_MISSED;
    ear->messages += message->event == YOKE_STORE_MESSAGE;
}

/* ---- Calls ---- */

static void a_server_that_is_away_is_told_at_once(void **state)
{
    struct yoke_store_stats stats;
    (void)state;
    assert_int_equal(set(store, "k", "v", 0)->err, 0);
    fixture_kill_server();
    /* The first may be on its way when the break is noticed. */
    wait_until_down(store);
    const struct answer *refused = get(store, "k");
    assert_int_equal(refused->err, -YOKE_EUNAVAILABLE);
    assert_true(*refused->text);
    yoke_store_stats(store, &stats);
    assert_true(stats.circuit == YOKE_STORE_DOWN ||
                stats.circuit == YOKE_STORE_TRYING);
    assert_int_equal(stats.breaks, 1);
    fixture_restart_server();
    wait_until_back(store);
    yoke_store_stats(store, &stats);
    assert_int_equal(stats.connects, 2);
}

static void a_server_that_was_never_there_fails_the_first_calls(void **state)
{
    char url[200];
    struct tally tally = {.count = 0};
    (void)state;
    snprintf(url, sizeof(url), "%s%s/nobody", faults->nowhere,
             fixture_folder());
    yoke_store *own = open_store_with((struct yoke_store_options){.url = url});
    const struct answer *refused = get(own, "k");
    assert_int_equal(refused->err, -YOKE_EUNAVAILABLE);
    assert_non_null(strstr(refused->text, "nobody"));
    yoke_store_get(own, "k", on_tally, &tally);
    close_store(own);
    assert_int_equal(tally.unavailable, 1);
}

static void
under_load_every_call_is_answered_once_when_it_is_killed(void **state)
{
    (void)state;
    start_load();
    wait_count(&load.tally.good, 2000);
    fixture_kill_server();
    wait_count(&load.tally.unavailable, 500);
    fixture_restart_server();
    int good = load.tally.good;
    wait_count(&load.tally.good, good + 2000);
    stop_load();
    run_for(50);
    assert_int_equal(load.tally.count, load.started);
    assert_int_equal(load.tally.good + load.tally.unavailable, load.started);
}

static void under_load_a_cut_connection_loses_no_count(void **state)
{
    (void)state;
    if (!faults->cut)
        return;
    start_load();
    wait_count(&load.tally.good, 1000);
    for (int i = 0; i < 3; i++) {
        int good = load.tally.good;
        faults->cut();
        wait_count(&load.tally.good, good + 1000);
    }
    stop_load();
    assert_int_equal(load.tally.count, load.started);
    /* What was acknowledged has been counted; what was not, perhaps. */
    int64_t counted = incr(store, "load", 0, 0)->number;
    assert_true(counted >= load.tally.good);
    assert_true(counted <= load.started);
}

static void a_frozen_server_holds_up_nobody_beyond_the_deadline(void **state)
{
    struct tally tally = {.count = 0};
    yoke_store *own =
        open_store_with((struct yoke_store_options){.timeout_ms = 250});
    (void)state;
    wait_until_back(own);
    fixture_freeze();
    for (int i = 0; i < 20; i++)
        yoke_store_incr(own, "k", 1, 0, on_tally, &tally);
    wait_count(&tally.count, 20);
    assert_int_equal(tally.timed_out, 20);
    /* So many are enough: the next fail at once. Its socket may still take
     * connections; nobody greets back. */
    wait_until_down(own);
    assert_int_equal(get(own, "k")->err, -YOKE_EUNAVAILABLE);
    fixture_thaw();
    wait_until_back(own);
    close_store(own);
    assert_int_equal(tally.count, 20);
}

static void a_store_can_be_closed_while_the_server_is_frozen(void **state)
{
    struct tally tally = {.count = 0};
    yoke_store *own =
        open_store_with((struct yoke_store_options){.timeout_ms = 200});
    (void)state;
    wait_until_back(own);
    fixture_freeze();
    yoke_store_get(own, "k", on_tally, &tally);
    close_store(own);
    assert_int_equal(tally.timed_out, 1);
    fixture_thaw();
    wait_until_back(store);
}

/* ---- Channels ---- */

/* Before the ears go out of scope. */
static void end_store(void)
{
    close_store(store);
    store = NULL;
}

static void subscriptions_are_restored_and_told_what_they_missed(void **state)
{
    struct ear news = {.ready = 0}, sport = {.ready = 0};
    (void)state;
    if (!kind->has_channels)
        return;
    yoke_store_subscribe(store, "news", on_heard, &news);
    yoke_store_subscribe(store, "sport", on_heard, &sport);
    wait_count(&news.ready, 1);
    wait_count(&sport.ready, 1);
    assert_int_equal(news.missed, 0);
    fixture_restart_server();
    wait_count(&news.ready, 2);
    wait_count(&sport.ready, 2);
    assert_int_equal(news.missed, 1);
    wait_until_back(store);
    publish(store, "news", "x");
    wait_count(&news.messages, 1);
    faults->cut_channels();
    wait_count(&sport.ready, 3);
    assert_int_equal(sport.missed, 2);
    publish(store, "sport", "x");
    wait_count(&sport.messages, 1);
    end_store();
}

static void
a_subscription_made_while_the_server_is_away_begins_later(void **state)
{
    struct ear news = {.ready = 0};
    (void)state;
    if (!kind->has_channels)
        return;
    wait_until_back(store);
    fixture_kill_server();
    yoke_store_subscribe(store, "news", on_heard, &news);
    run_for(100);
    assert_int_equal(news.ready, 0);
    fixture_restart_server();
    wait_count(&news.ready, 1);
    assert_int_equal(news.missed, 0);
    wait_until_back(store);
    end_store();
}

static void a_frozen_server_is_missed_by_subscribers(void **state)
{
    struct ear news = {.ready = 0};
    char url[300];
    (void)state;
    if (!kind->has_channels)
        return;
    close_store(store);
    snprintf(url, sizeof(url), "%s%cbeat_ms=100", fixture_url(),
             strchr(fixture_url(), '?') ? '&' : '?');
    store = open_store_with((struct yoke_store_options){.url = url});
    yoke_store_subscribe(store, "news", on_heard, &news);
    wait_count(&news.ready, 1);
    fixture_freeze();
    /* Ten beats: two of them go by without an answer. */
    run_for(1000);
    fixture_thaw();
    wait_count(&news.ready, 2);
    assert_int_equal(news.missed, 1);
    wait_until_back(store);
    end_store();
}

int run_fault_tests(const struct faults *of_kind)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(a_server_that_is_away_is_told_at_once),
        WITH_STORE(a_server_that_was_never_there_fails_the_first_calls),
        WITH_STORE(under_load_every_call_is_answered_once_when_it_is_killed),
        WITH_STORE(under_load_a_cut_connection_loses_no_count),
        WITH_STORE(a_frozen_server_holds_up_nobody_beyond_the_deadline),
        WITH_STORE(a_store_can_be_closed_while_the_server_is_frozen),
        WITH_STORE(subscriptions_are_restored_and_told_what_they_missed),
        WITH_STORE(a_subscription_made_while_the_server_is_away_begins_later),
        WITH_STORE(a_frozen_server_is_missed_by_subscribers),
    };

    faults = of_kind;
    return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
