/* `cuts KIND`: what a store bears under load when its server is killed, frozen,
 * or what is between them fails, by a proxy (proxy.h). No call is answered
 * twice, none with what belongs to another, none hangs, and all goes on when the
 * server is back.
 *
 * YOKE_FAULT_MS is how long a fault lasts after everybody has noticed: the longer,
 * the longer a store rests between its attempts. */
#include "fixture.h"
#include "proxy.h"

#include <sys/stat.h>

#define CLIENTS    64
#define TIMEOUT_MS 300
#define REST_MS    5

/* Each client stores a number under its own key, reads it, and goes on with the
 * next one. The value begins with the key. */
static struct client {
    char key[24];
    long number;       /* The last that it has sent, */
    long acknowledged; /* and the last of which it has heard. */
    int asked, answered;
    uint64_t begun_ms;
    uv_timer_t rest;
} clients[CLIENTS];

static struct {
    int good, unavailable, timed_out; /* Answers, and others: */
    int wrong;
    uint64_t longest_ms;
    bool is_over;
} load;

/* The store's URL, by way of the proxy. */
static char proxied_url[300];
static unsigned fault_ms;

static uint64_t loop_ms(void)
{
    uv_update_time(yoke_loop());
    return uv_now(yoke_loop());
}

static void on_stored(const struct yoke_store_result *result, void *data);
static void on_read(const struct yoke_store_result *result, void *data);

static void begin(struct client *client)
{
    client->asked++;
    client->begun_ms = loop_ms();
}

static void store_next(struct client *client)
{
    char value[64];

    if (load.is_over)
        return;
    int len =
        snprintf(value, sizeof(value), "%s=%ld", client->key, ++client->number);
    begin(client);
    yoke_store_set(store, client->key, value, (size_t)len, 0, on_stored,
                   client);
}

static void on_rested(uv_timer_t *timer)
{
    store_next(timer->data);
}

/* Notes how it ended. True when the client may go on; else it rests first. */
static bool note(struct client *client, const struct yoke_store_result *result)
{
    uint64_t taken_ms = loop_ms() - client->begun_ms;

    client->answered++;
    /* Twice, or of another. */
    load.wrong += client->answered != client->asked;
    load.wrong += strcmp(result->key, client->key) != 0;
    if (taken_ms > load.longest_ms)
        load.longest_ms = taken_ms;
    load.unavailable += result->err == -YOKE_EUNAVAILABLE;
    load.timed_out += result->err == -ETIMEDOUT;
    if (result->err == 0 || result->err == -ENOENT) {
        load.good++;
        return true;
    }
    if (!load.is_over)
        uv_timer_start(&client->rest, on_rested, REST_MS, 0);
    return false;
}

static void on_stored(const struct yoke_store_result *result, void *data)
{
    struct client *client = data;

    if (!note(client, result))
        return;
    load.wrong += result->err != 0;
    client->acknowledged = client->number;
    begin(client);
    yoke_store_get(store, client->key, on_read, client);
}

/* Between what was acknowledged last and what was sent last. (A server that was
 * restarted has forgotten it.) */
static void on_read(const struct yoke_store_result *result, void *data)
{
    struct client *client = data;
    size_t len = strlen(client->key);

    if (!note(client, result))
        return;
    if (result->err == 0) {
        const char *text = result->value;
        bool is_own = strncmp(text, client->key, len) == 0 && text[len] == '=';
        long number = is_own ? strtol(text + len + 1, NULL, 10) : -1;
        load.wrong += number < client->acknowledged || number > client->number;
    }
    store_next(client);
}

static void start_load(void)
{
    memset(&load, 0, sizeof(load));
    for (int i = 0; i < CLIENTS; i++) {
        struct client *client = &clients[i];
        memset(client, 0, sizeof(*client));
        snprintf(client->key, sizeof(client->key), "client%d", i);
        uv_timer_init(yoke_loop(), &client->rest);
        client->rest.data = client;
        store_next(client);
    }
}

static void stop_load(void)
{
    load.is_over = true;
    for (int i = 0; i < CLIENTS; i++)
        wait_count(&clients[i].answered, clients[i].asked);
    /* What comes late is nobody's answer any more. */
    run_for(20);
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(clients[i].answered, clients[i].asked);
        uv_close((uv_handle_t *)&clients[i].rest, NULL);
    }
    run_for(1);
    assert_int_equal(load.wrong, 0);
}

/* A fault under load: begins, is noticed, ends, and all goes on. */
static void bear(const char *what, void (*hurt)(void), void (*heal)(void))
{
    start_load();
    wait_count(&load.good, 500);
    load.longest_ms = 0;
    hurt();
    int failed = load.unavailable + load.timed_out;
    for (int i = 0; i < 6000; i++) {
        if (load.unavailable + load.timed_out >= failed + CLIENTS)
            break;
        run_for(10);
    }
    assert_true(load.unavailable + load.timed_out >= failed + CLIENTS);
    run_for(fault_ms);
    heal();
    uint64_t healed_ms = loop_ms();
    int good = load.good;
    wait_count(&load.good, good + 2 * CLIENTS);
    uint64_t back_ms = loop_ms() - healed_ms;
    wait_count(&load.good, good + 500);
    stop_load();
    print_message("%s, %s: longest call %d ms, back after %d ms\n", kind->name,
                  what, (int)load.longest_ms, (int)back_ms);
    /* Promised are the deadline and two seconds; machines can be slow. */
    assert_true(load.longest_ms < TIMEOUT_MS + 10000);
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

/* Nobody has waited for long enough to be told anything. */
static void a_moment_without_answers_is_borne_in_silence(void **state)
{
    (void)state;
    close_store(store);
    store = open_store_with((struct yoke_store_options){.url = proxied_url});
    start_load();
    wait_count(&load.good, 500);
    for (int bytes = 0; bytes < 60; bytes += 13) {
        int good = load.good;
        proxy_set(PROXY_STALL, bytes);
        run_for(20);
        pass();
        wait_count(&load.good, good + 200);
    }
    stop_load();
    assert_int_equal(load.unavailable + load.timed_out, 0);
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
    proxy_start(path, server_path);
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        WITH_PROXY(connections_that_are_cut),
        WITH_PROXY(a_line_that_swallows_everything),
        WITH_PROXY(an_answer_that_stops_half_way),
        WITH_PROXY(a_server_that_is_frozen),
        WITH_PROXY(a_server_that_is_killed_and_started_again),
        WITH_PROXY(a_moment_without_answers_is_borne_in_silence),
    };

    const char *lasts = getenv("YOKE_FAULT_MS");

    fault_ms = lasts ? (unsigned)strtoul(lasts, NULL, 10) : 0;
    yoke_log_set_level(YOKE_LOG_ERROR);
    fixture_start(argc > 1 ? argv[1] : NULL);
    start_proxy();
    int failed = cmocka_run_group_tests_name("cuts", tests, NULL, NULL);
    proxy_stop();
    fixture_stop();
    return failed;
}
