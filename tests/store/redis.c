/* What redis: promises when the server is stopped, killed, frozen, or cuts the
 * connection: every call is answered once, soon, and the store is back when the
 * server is. */
#include "fixture.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/random.h>
#include <sys/socket.h>

/* Runs redis-cli, which has to succeed. */
static void redis_cli(const char *arguments)
{
    char command[512];
    snprintf(command, sizeof(command), "redis-cli -s %s %s >/dev/null 2>&1",
             strchr(fixture_url(), ':') + 1, arguments);
    assert_int_equal(system(command), 0);
}

static bool is_up(yoke_store *which)
{
    struct yoke_store_stats stats;
    yoke_store_stats(which, &stats);
    return stats.circuit == YOKE_STORE_UP;
}

/* Until it works again. */
static void wait_until_back(yoke_store *which)
{
    for (int i = 0; i < 3000; i++) {
        if (set(which, "back", "1", 0)->err == 0 && is_up(which))
            return;
        run_for(20);
    }
    fail_msg("the store is not back after a minute");
}

struct tally {
    int count, good, unavailable, timed_out;
};

static void on_tally(const struct yoke_store_result *result, void *data)
{
    struct tally *tally = data;
    tally->good += result->err == 0;
    tally->unavailable += result->err == -YOKE_EUNAVAILABLE;
    tally->timed_out += result->err == -ETIMEDOUT;
    tally->count++;
}

static void a_server_that_is_away_is_told_at_once(void **state)
{
    struct yoke_store_stats stats;
    (void)state;
    assert_int_equal(set(store, "k", "v", 0)->err, 0);
    fixture_kill_server();
    /* The first may be on its way when the break is noticed. */
    for (int i = 0; i < 3000 && is_up(store); i++)
        run_for(5);
    const struct answer *refused = get(store, "k");
    assert_int_equal(refused->err, -YOKE_EUNAVAILABLE);
    assert_true(*refused->text);
    yoke_store_stats(store, &stats);
    assert_int_equal(stats.circuit, YOKE_STORE_DOWN);
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
    snprintf(url, sizeof(url), "redis+unix:%s/nobody", fixture_folder());
    yoke_store *own = open_store_with((struct yoke_store_options){.url = url});
    const struct answer *refused = get(own, "k");
    assert_int_equal(refused->err, -YOKE_EUNAVAILABLE);
    assert_non_null(strstr(refused->text, "nobody"));
    yoke_store_get(own, "k", on_tally, &tally);
    close_store(own);
    assert_int_equal(tally.unavailable, 1);
}

/* Calls in a row, a hundred under way at a time, until told to stop. */
static struct {
    struct tally tally;
    int started;
    bool is_over;
} load;

static void on_loaded(const struct yoke_store_result *result, void *data)
{
    on_tally(result, data);
    if (load.is_over)
        return;
    load.started++;
    yoke_store_incr(store, "load", 1, 0, on_loaded, data);
}

static void start_load(void)
{
    memset(&load, 0, sizeof(load));
    for (; load.started < 100; load.started++)
        yoke_store_incr(store, "load", 1, 0, on_loaded, &load.tally);
}

static void stop_load(void)
{
    load.is_over = true;
    wait_count(&load.tally.count, load.started);
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
    start_load();
    wait_count(&load.tally.good, 1000);
    for (int i = 0; i < 3; i++) {
        int good = load.tally.good;
        redis_cli("client kill type normal");
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
    /* So many are enough: the next fail at once. */
    for (int i = 0; i < 3000 && is_up(own); i++)
        run_for(5);
    assert_int_equal(get(own, "k")->err, -YOKE_EUNAVAILABLE);
    kill(fixture_server(), SIGCONT);
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
    kill(fixture_server(), SIGCONT);
    wait_until_back(store);
}

/* ---- Channels ---- */

struct ear {
    int ready, missed, messages;
};

static void on_message(const struct yoke_store_message *message, void *data)
{
    struct ear *ear = data;
    ear->ready += message->event == YOKE_STORE_READY;
    ear->missed += message->event == YOKE_STORE_MISSED;
    ear->messages += message->event == YOKE_STORE_MESSAGE;
}

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
    yoke_store_subscribe(store, "news", on_message, &news);
    yoke_store_subscribe(store, "sport", on_message, &sport);
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
    redis_cli("client kill type pubsub");
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
    wait_until_back(store);
    fixture_kill_server();
    yoke_store_subscribe(store, "news", on_message, &news);
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
    char url[200];
    (void)state;
    close_store(store);
    snprintf(url, sizeof(url), "%s?beat_ms=100", fixture_url());
    store = open_store_with((struct yoke_store_options){.url = url});
    yoke_store_subscribe(store, "news", on_message, &news);
    wait_count(&news.ready, 1);
    fixture_freeze();
    /* Ten beats: two of them go by without an answer. */
    run_for(1000);
    kill(fixture_server(), SIGCONT);
    wait_count(&news.ready, 2);
    assert_int_equal(news.missed, 1);
    wait_until_back(store);
    end_store();
}

/* ---- Its data ---- */

static void scripts_that_are_forgotten_are_sent_again(void **state)
{
    (void)state;
    assert_int_equal(incr(store, "n", 1, 0)->number, 1);
    redis_cli("script flush");
    assert_int_equal(incr(store, "n", 1, 0)->number, 2);
    assert_int_equal(lock(store, "l", 5, 0)->err, 0);
}

static void what_others_have_written_can_be_read(void **state)
{
    yoke_store *plain =
        open_store_with((struct yoke_store_options){.prefix = "o:"});
    (void)state;
    redis_cli("set o:text hello");
    redis_cli("set o:number 7");
    redis_cli("hset o:hash a b");
    assert_string_equal(get(plain, "text")->value, "hello");
    assert_true(get(plain, "text")->version == 0);
    assert_int_equal(incr(plain, "number", 1, 0)->number, 8);
    uint64_t seen = get(plain, "number")->version;
    assert_int_equal(replace(plain, "number", seen, "x")->err, 0);
    assert_int_equal(get(plain, "hash")->err, -EDOM);
    assert_int_equal(set(plain, "text", "mine", 0)->err, 0);
    assert_true(get(plain, "text")->version != 0);
    close_store(plain);
}

/* ---- Addresses ---- */

static bool can_bind(int port)
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)port)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    int err = bind(fd, (struct sockaddr *)&addr, sizeof(addr));

    close(fd);
    return err == 0;
}

/* A port that nobody has, and none of those that the kernel gives to others
 * meanwhile; by chance, for other tests choose as well. */
static int free_port(void)
{
    uint16_t chance;
    int port;

    do {
        assert_int_equal(getrandom(&chance, sizeof(chance), 0), sizeof(chance));
        port = 10000 + chance % 22000;
    } while (!can_bind(port));
    return port;
}

/* Makes the server listen there, too. */
static int open_port(void)
{
    char text[64];
    int port = free_port();

    snprintf(text, sizeof(text), "config set port %d", port);
    redis_cli(text);
    return port;
}

static void passwords_and_databases_are_in_the_url(void **state)
{
    char url[200];
    (void)state;
    int port = open_port();
    redis_cli("acl setuser shop on '>s:@cret' '~*' '&*' +@all");
    redis_cli("-n 3 set p:k three");
    snprintf(url, sizeof(url), "redis://shop:s%%3a%%40cret@127.0.0.1:%d/3",
             port);
    yoke_store *own = open_store_with(
        (struct yoke_store_options){.url = url, .prefix = "p:"});
    assert_string_equal(get(own, "k")->value, "three");
    assert_null(strstr(yoke_store_url(own), "cret"));
    close_store(own);
    snprintf(url, sizeof(url), "redis://shop:wrong@localhost:%d/3", port);
    own = open_store_with((struct yoke_store_options){.url = url});
    const struct answer *refused = get(own, "k");
    assert_int_equal(refused->err, -YOKE_EUNAVAILABLE);
    assert_non_null(strstr(refused->text, "WRONGPASS"));
    close_store(own);
}

static void urls_that_are_wrong_are_named(void **state)
{
    const struct {
        const char *url, *word;
    } cases[] = {
        {"redis:path", "one host"},     {"redis://", "host is missing"},
        {"redis://a,b", "one host"},    {"redis://h:0", "port"},
        {"redis://h:99999", "port"},    {"redis://h:x", "port 'x'"},
        {"redis://[::1", "']'"},        {"redis://h/x", "database"},
        {"redis://user@h", "password"}, {"redis://h?tls=1", "tls"},
        {"redis://:%1@h", "password"},  {"redis+unix:", "path"},
        {"redisx://h", "redisx"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[YOKE_STORE_TEXT_MAX] = "";
        assert_null(yoke_store_open(.url = cases[i].url, .text = text));
        if (!strstr(text, cases[i].word))
            fail_msg("%s: '%s' does not say '%s'", cases[i].url, text,
                     cases[i].word);
    }
}

int main(void)
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
        WITH_STORE(scripts_that_are_forgotten_are_sent_again),
        WITH_STORE(what_others_have_written_can_be_read),
        WITH_STORE(passwords_and_databases_are_in_the_url),
        WITH_STORE(urls_that_are_wrong_are_named),
    };

    yoke_log_set_level(YOKE_LOG_ERROR);
    fixture_start("redis");
    int failed = cmocka_run_group_tests_name("redis", tests, NULL, NULL);
    fixture_stop();
    return failed;
}
