/* `cuts KIND`: what a store bears under load when its server is killed, frozen,
 * or what is between them fails, by a proxy (proxy.h). No call is answered
 * twice, none with what belongs to another, none hangs, and all goes on when the
 * server is back.
 *
 * YOKE_FAULT_MS is how long a fault lasts after everybody has noticed: the longer,
 * the longer a store rests between its attempts. */
#include "clients.h"
#include "proxy.h"

#include <sys/stat.h>

#define TIMEOUT_MS 300

/* The store's URL, by way of the proxy. */
static char proxied_url[300];
static unsigned fault_ms;

/* A fault under load: begins, is noticed, ends, and all goes on. */
static void bear(const char *what, void (*hurt)(void), void (*heal)(void))
{
    clients_start();
    wait_count(&talk.good, 500);
    talk.longest_ms = 0;
    hurt();
    int failed = talk.unavailable + talk.timed_out;
    for (int i = 0; i < 6000; i++) {
        if (talk.unavailable + talk.timed_out >= failed + CLIENTS)
            break;
        run_for(10);
    }
    assert_true(talk.unavailable + talk.timed_out >= failed + CLIENTS);
    run_for(fault_ms);
    talk.is_slow = true;
    heal();
    talk.is_slow = false;
    uint64_t healed_ms = loop_ms();
    clients_expect();
    wait_count(&talk.back, CLIENTS);
    uint64_t back_ms = loop_ms() - healed_ms;
    wait_count(&talk.good, talk.good + 500);
    clients_stop();
    print_message("%s, %s: longest call %d ms, back after %d ms\n", kind->name,
                  what, (int)talk.longest_ms, (int)back_ms);
    /* Promised are the deadline and two seconds; machines can be slow. */
    assert_true(talk.longest_ms < TIMEOUT_MS + 10000);
    assert_true(back_ms < 20000);
}

/* ---- Faults ---- */

static void pass(void)
{
    proxy_set(PROXY_PASS, 0);
}

static void cut(void)
{
    proxy_set(PROXY_CUT, 0);
}

static void drop(void)
{
    proxy_set(PROXY_DROP, 0);
}

/* In the midst of the head of an answer. */
static void stall(void)
{
    proxy_set(PROXY_STALL, 7);
}

static void connections_that_are_cut(void **state)
{
    (void)state;
    bear("connections cut", cut, pass);
}

static void a_line_that_swallows_everything(void **state)
{
    (void)state;
    bear("everything dropped", drop, pass);
}

static void an_answer_that_stops_half_way(void **state)
{
    (void)state;
    bear("stalled in an answer", stall, pass);
}

static void a_server_that_is_frozen(void **state)
{
    (void)state;
    bear("server frozen", fixture_freeze, fixture_thaw);
}

static void a_server_that_is_killed_and_started_again(void **state)
{
    (void)state;
    bear("server killed", fixture_kill_server, fixture_restart_server);
}

static void wait_for_circuit(enum yoke_store_circuit wanted)
{
    struct yoke_store_stats stats;

    for (int i = 0; i < 12000; i++) {
        yoke_store_stats(store, &stats);
        if (stats.circuit == wanted)
            return;
        run_for(5);
    }
    fail_msg("the circuit is %d, not %d", (int)stats.circuit, (int)wanted);
}

/* Where nobody answers, an attempt lasts. */
static void a_circuit_is_half_open_while_it_is_tried(void **state)
{
    struct yoke_store_stats before, after;
    struct answer answers[3] = {{.count = 0}};
    char url[400];
    (void)state;
    close_store(store);
    snprintf(url, sizeof(url), "%s%cconnect_ms=400", proxied_url,
             strchr(proxied_url, '?') ? '&' : '?');
    store = open_store_with(
        (struct yoke_store_options){.url = url, .timeout_ms = TIMEOUT_MS});
    wait_for_circuit(YOKE_STORE_CONNECTING);
    wait_for_circuit(YOKE_STORE_UP);
    yoke_store_stats(store, &before);
    assert_int_equal(before.connects, 1);
    drop();
    for (int i = 0; i < 3; i++)
        yoke_store_get(store, "k", on_answer, &answers[i]);
    wait_for_circuit(YOKE_STORE_TRYING);
    assert_int_equal(get(store, "k")->err, -YOKE_EUNAVAILABLE);
    yoke_store_stats(store, &after);
    assert_int_equal(after.timed_out, before.timed_out + 3);
    assert_int_equal(after.unavailable, before.unavailable + 1);
    assert_int_equal(after.failed, before.failed + 4);
    /* One break, however often it is tried. */
    wait_for_circuit(YOKE_STORE_DOWN);
    wait_for_circuit(YOKE_STORE_TRYING);
    pass();
    wait_for_circuit(YOKE_STORE_UP);
    yoke_store_stats(store, &after);
    assert_int_equal(after.breaks, 1);
    assert_int_equal(after.connects, 2);
    for (int i = 0; i < 3; i++)
        free(answers[i].value);
}

/* Nobody has waited for long enough to be told anything. */
static void a_moment_without_answers_is_borne_in_silence(void **state)
{
    (void)state;
    close_store(store);
    store = open_store_with((struct yoke_store_options){.url = proxied_url});
    clients_start();
    wait_count(&talk.good, 500);
    for (int bytes = 0; bytes < 60; bytes += 13) {
        int good = talk.good;
        proxy_set(PROXY_STALL, bytes);
        run_for(20);
        pass();
        wait_count(&talk.good, good + 200);
    }
    clients_stop();
    assert_int_equal(talk.unavailable + talk.timed_out, 0);
}

static int setup_proxied(void **state)
{
    (void)state;
    store = open_store_with((struct yoke_store_options){
        .url = proxied_url, .timeout_ms = TIMEOUT_MS});
    return 0;
}

#define WITH_PROXY(test)                                                       \
    cmocka_unit_test_setup_teardown(test, setup_proxied, teardown_store)

/* A URL has the path of a socket, or of the folder it is in, and perhaps
 * options. */
static void start_proxy(void)
{
    const char *url = fixture_url();
    const char *from = strchr(url, ':') + 1;
    int len = (int)strcspn(from, "?");
    const char *name = kind->socket_name ? kind->socket_name() : "";
    char place[150], path[200], server_path[200];

    snprintf(place, sizeof(place), "%s/proxy", fixture_folder());
    if (*name && mkdir(place, 0755) < 0)
        perror(place);
    snprintf(path, sizeof(path), "%s%s", place, name);
    snprintf(server_path, sizeof(server_path), "%.*s%s", len, from, name);
    snprintf(proxied_url, sizeof(proxied_url), "%.*s%s%s", (int)(from - url),
             url, place, from + len);
    proxy_add(path, server_path);
    proxy_start();
}

static int run_all(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PROXY(connections_that_are_cut),
        WITH_PROXY(a_line_that_swallows_everything),
        WITH_PROXY(an_answer_that_stops_half_way),
        WITH_PROXY(a_server_that_is_frozen),
        WITH_PROXY(a_server_that_is_killed_and_started_again),
        WITH_PROXY(a_moment_without_answers_is_borne_in_silence),
    };
    return cmocka_run_group_tests_name("cuts", tests, NULL, NULL);
}

/* What a store of one server says of it. */
static int run_alone(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PROXY(a_circuit_is_half_open_while_it_is_tried),
    };
    return cmocka_run_group_tests_name("circuit", tests, NULL, NULL);
}

int main(int argc, char **argv)
{
    const char *lasts = getenv("YOKE_FAULT_MS");

    fault_ms = lasts ? (unsigned)strtoul(lasts, NULL, 10) : 0;
    yoke_log_set_level(YOKE_LOG_ERROR);
    fixture_start(argc > 1 ? argv[1] : NULL);
    if (kind->servers)
        snprintf(proxied_url, sizeof(proxied_url), "%s", fixture_url());
    else
        start_proxy();
    int failed = run_all();
    if (!kind->servers)
        failed += run_alone();
    proxy_stop();
    fixture_stop();
    return failed;
}
