/* What redis+cluster: promises when slots move, nodes die, come and are put in
 * each other's place: every call is answered once, and what was answered has
 * been done once. */
#include "clients.h"
#include "faults.h"
#include "redis_servers.h"

#include <signal.h>

#include "store/redis_slots.h"

/* Three primaries; a replica of the first; one without slots. */
#define NODES   5
#define REPLICA 3
#define EMPTY   4
static struct redis_server nodes[NODES];

#define PATIENCE_MS 15000

static unsigned slot_of(const char *key)
{
    return yk_redis_slot(yk_slice_of(key));
}

/* Which of the three had the key's slot at the beginning. */
static int first_owner(const char *key)
{
    unsigned slot = slot_of(key);
    return slot < 5461 ? 0 : slot < 10922 ? 1 : 2;
}

/* A key of that node's. */
static const char *key_at(int node)
{
    static char key[32];

    for (int i = 0;; i++) {
        snprintf(key, sizeof(key), "at%d-%d", node, i);
        if (first_owner(key) == node)
            return key;
    }
}

static void wait_until_up(yoke_store *which)
{
    for (int i = 0; i < 6000 && !is_up(which); i++)
        run_for(10);
    assert_true(is_up(which));
}

/* Until that key can be written, and all nodes are there. */
static void wait_until_back_at(yoke_store *which, const char *key)
{
    for (int i = 0; i < 3000; i++) {
        if (set(which, key, "1", 0)->err == 0) {
            wait_until_up(which);
            return;
        }
        run_for(20);
    }
    fail_msg("the store is not back after a minute");
}

/* A store whose keys are the tests' own, for their slots are known. */
static yoke_store *bare_store(void)
{
    return open_store_with((struct yoke_store_options){.prefix = ""});
}

/* ---- Counting under load ---- */

#define COUNTERS 20

static struct {
    yoke_store *store;
    const char *tag;
    int started, count, good, unavailable;
    bool is_over;
} counting;

static void count_next(void);

static void on_counted(const struct yoke_store_result *result, void *data)
{
    (void)data;
    counting.count++;
    counting.good += result->err == 0;
    counting.unavailable += result->err == -YOKE_EUNAVAILABLE;
    if (!counting.is_over)
        count_next();
}

/* Counters with the same tag are in one slot. */
static void count_next(void)
{
    char key[64];

    snprintf(key, sizeof(key), "{%s}:%d", counting.tag,
             counting.started % COUNTERS);
    counting.started++;
    yoke_store_incr(counting.store, key, 1, 0, on_counted, NULL);
}

static void start_counting(const char *tag)
{
    memset(&counting, 0, sizeof(counting));
    counting.store = bare_store();
    counting.tag = tag;
    while (counting.started < 50)
        count_next();
    wait_count(&counting.good, 500);
}

static void count_for(int more)
{
    wait_count(&counting.good, counting.good + more);
}

static int64_t counted(void)
{
    int64_t sum = 0;
    char key[64];

    for (int i = 0; i < COUNTERS; i++) {
        snprintf(key, sizeof(key), "{%s}:%d", counting.tag, i);
        sum += incr(counting.store, key, 0, 0)->number;
    }
    return sum;
}

static void stop_counting(void)
{
    counting.is_over = true;
    wait_count(&counting.count, counting.started);
    assert_int_equal(counting.count, counting.started);
    assert_int_equal(counting.good + counting.unavailable, counting.started);
}

/* ---- Slots that move ---- */

static long epoch_of(int node)
{
    static const char name[] = "cluster_current_epoch:";
    const char *found = strstr(redis_ask(&nodes[node], "CLUSTER INFO"), name);

    return found ? strtol(found + strlen(name), NULL, 10) : -1;
}

static bool is_agreed(void)
{
    for (int i = 0; i < NODES; i++)
        if (epoch_of(i) < 0 || epoch_of(i) != epoch_of(0))
            return false;
    return true;
}

/* Who takes a slot claims it with an epoch that is greater than all he has heard
 * of. One that he has not heard of wins over his, and he drops the slot's keys. */
static void wait_until_agreed(void)
{
    for (int i = 0; i < 6000 && !is_agreed(); i++)
        run_for(10);
    assert_true(is_agreed());
}

static void begin_move(unsigned slot, int from, int to)
{
    wait_until_agreed();
    assert_string_equal(redis_ask(&nodes[to], "CLUSTER SETSLOT %u IMPORTING %s",
                                  slot, nodes[from].id),
                        "OK");
    assert_string_equal(redis_ask(&nodes[from],
                                  "CLUSTER SETSLOT %u MIGRATING %s", slot,
                                  nodes[to].id),
                        "OK");
}

/* A few keys; false when there is none left. */
static bool move_some(unsigned slot, int from, int to)
{
    char keys[2048];

    snprintf(keys, sizeof(keys), "%s",
             redis_ask(&nodes[from], "CLUSTER GETKEYSINSLOT %u 3", slot));
    if (!*keys)
        return false;
    assert_string_equal(redis_ask(&nodes[from],
                                  "MIGRATE 127.0.0.1 %d \"\" 0 60000 KEYS %s",
                                  nodes[to].port, keys),
                        "OK");
    return true;
}

static void end_move(unsigned slot, int from, int to)
{
    const int order[] = {to, from, 0, 1, 2, REPLICA, EMPTY};

    for (size_t i = 0; i < COUNT_OF(order); i++)
        redis_ask(&nodes[order[i]], "CLUSTER SETSLOT %u NODE %s", slot,
                  nodes[to].id);
}

static void move_under_load(unsigned slot, int from, int to)
{
    begin_move(slot, from, to);
    while (move_some(slot, from, to))
        count_for(50);
    count_for(100);
    end_move(slot, from, to);
    count_for(200);
}

static void keys_that_move_are_followed_and_no_count_is_lost(void **state)
{
    const char *tag = "moving";
    unsigned slot = slot_of(tag);
    int from = first_owner(tag);
    (void)state;
    start_counting(tag);
    /* To a node that had no slots, and of which the store has not heard. */
    move_under_load(slot, from, EMPTY);
    move_under_load(slot, EMPTY, from);
    stop_counting();
    assert_int_equal(counting.unavailable, 0);
    assert_int_equal(counted(), counting.good);
    close_store(counting.store);
}

static void
a_key_that_is_not_there_is_asked_for_where_its_slot_goes(void **state)
{
    yoke_store *own = bare_store();
    unsigned slot = slot_of("{asked}");
    int from = first_owner("{asked}"), to = (from + 1) % 3;
    (void)state;
    set(own, "{asked}stays", "here", 0);
    begin_move(slot, from, to);
    assert_int_equal(get(own, "{asked}missing")->err, -ENOENT);
    assert_int_equal(set(own, "{asked}new", "there", 0)->err, 0);
    assert_string_equal(get(own, "{asked}new")->value, "there");
    assert_string_equal(get(own, "{asked}stays")->value, "here");
    /* Scripts are known there, or sent in full. */
    redis_ask(&nodes[to], "SCRIPT FLUSH");
    assert_int_equal(touch(own, "{asked}new", 100)->err, 0);
    redis_ask(&nodes[from], "DEL {asked}stays");
    redis_ask(&nodes[from], "CLUSTER SETSLOT %u STABLE", slot);
    redis_ask(&nodes[to], "DEL {asked}new");
    redis_ask(&nodes[to], "CLUSTER SETSLOT %u STABLE", slot);
    close_store(own);
}

/* Its keys have blanks. */
static void move_lock(const char *name, int from, int to)
{
    assert_string_equal(
        redis_ask(&nodes[from],
                  "MIGRATE 127.0.0.1 %d \"\" 0 60000 KEYS \"lock {.%s}\" "
                  "\"fence {.%s}\"",
                  nodes[to].port, name, name),
        "OK");
}

static void a_lock_waits_while_half_of_it_has_moved(void **state)
{
    yoke_store *own = bare_store();
    struct answer answer = {.count = 0};
    unsigned slot = slot_of("lock {.held}");
    int from = first_owner("lock {.held}"), to = (from + 1) % 3;
    (void)state;
    int64_t fence = lock(own, "held", 100, 0)->number;
    assert_int_equal(unlock(own, "held", fence)->err, 0);
    begin_move(slot, from, to);
    yoke_store_lock(own, "held", 100, 0, on_answer, &answer);
    run_for(100);
    assert_int_equal(answer.count, 0);
    move_lock("held", from, to);
    end_move(slot, from, to);
    wait_for(&answer);
    assert_int_equal(answer.err, 0);
    assert_int_equal(answer.number, fence + 1);
    free(answer.value);
    /* Back, for the other tests. */
    begin_move(slot, to, from);
    move_lock("held", to, from);
    end_move(slot, to, from);
    assert_int_equal(renew(own, "held", fence + 1, 100)->err, 0);
    close_store(own);
}

/* ---- Scans ---- */

#define KEYS 60

static void on_page(const struct yoke_store_result *result, void *data)
{
    bool *seen = data;

    for (size_t i = 0; i < result->count; i++)
        seen[strtol(result->items[i].key + 1, NULL, 10)] = true;
}

static void scan_page(struct answer *page, bool *seen)
{
    char cursor[sizeof(page->cursor)];

    snprintf(cursor, sizeof(cursor), "%s", page->cursor);
    const char *begin = *cursor ? cursor : NULL;
    yoke_store_scan(store, "k", begin, 10, on_page, seen);
    page->count = 0;
    yoke_store_scan(store, "k", begin, 10, on_answer, page);
    wait_for(page);
    assert_int_equal(page->err, 0);
}

static void a_scan_begins_again_when_slots_have_moved(void **state)
{
    struct answer page = {.count = 0};
    bool seen[KEYS] = {false};
    unsigned slot = slot_of("{unused}");
    int from = first_owner("{unused}"), to = (from + 1) % 3, missing = 0;
    (void)state;
    for (int i = 0; i < KEYS; i++) {
        char key[16];
        snprintf(key, sizeof(key), "k%d", i);
        assert_int_equal(set(store, key, "v", 0)->err, 0);
    }
    scan_page(&page, seen);
    end_move(slot, from, to);
    /* The store hears of it by a call that is sent on. */
    assert_int_equal(get(store, "{unused}")->err, -ENOENT);
    run_for(200);
    do
        scan_page(&page, seen);
    while (*page.cursor);
    for (int i = 0; i < KEYS; i++)
        missing += !seen[i];
    assert_int_equal(missing, 0);
    end_move(slot, to, from);
    free(page.value);
}

static void a_cursor_that_is_none_is_refused(void **state)
{
    const char *const cursors[] = {"x",       "0",        "1-2-3-",
                                   "1-2-3-x", "1-0-0-0x", "123456789-0-0-0"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cursors); i++) {
        struct answer page = {.count = 0};
        yoke_store_scan(store, "k", cursors[i], 10, on_answer, &page);
        wait_for(&page);
        assert_int_equal(page.err, -EINVAL);
        free(page.value);
    }
}

/* ---- Messages ---- */

static void a_message_is_heard_whichever_node_it_is_sent_to(void **state)
{
    struct ear ear = {.ready = 0};
    yoke_store *own = bare_store();
    (void)state;
    yoke_store_subscribe(own, "news", on_heard, &ear);
    wait_count(&ear.ready, 1);
    for (int i = 0; i < 5; i++)
        redis_ask(&nodes[i], "PUBLISH news x");
    wait_count(&ear.messages, 5);
    close_store(own);
}

static void a_subscription_goes_on_at_another_node(void **state)
{
    struct ear ear = {.ready = 0};
    yoke_store *own = bare_store();
    (void)state;
    yoke_store_subscribe(own, "news", on_heard, &ear);
    for (int i = 1; i <= 3; i++) {
        wait_count(&ear.ready, i);
        for (int k = 0; k < 3; k++)
            redis_ask(&nodes[k], "CLIENT KILL TYPE pubsub");
    }
    wait_count(&ear.ready, 4);
    assert_int_equal(ear.missed, 3);
    assert_int_equal(publish(own, "news", "x")->err, 0);
    wait_count(&ear.messages, 1);
    close_store(own);
}

/* ---- Nodes that die ---- */

static void only_the_keys_of_a_node_that_is_away_are_unavailable(void **state)
{
    char away[32], there[32];
    yoke_store *own = bare_store();
    (void)state;
    snprintf(away, sizeof(away), "%s", key_at(2));
    snprintf(there, sizeof(there), "%s", key_at(1));
    wait_until_back_at(own, away);
    redis_kill(&nodes[2]);
    wait_until_down(own);
    const struct answer *refused = get(own, away);
    assert_int_equal(refused->err, -YOKE_EUNAVAILABLE);
    assert_true(*refused->text);
    assert_int_equal(set(own, there, "v", 0)->err, 0);
    redis_restart(&nodes[2]);
    wait_until_back_at(own, away);
    close_store(own);
}

/* Calls that it does not answer run into their deadlines, and no others do. */
static void a_frozen_node_is_given_up(void **state)
{
    char away[32], there[32];
    yoke_store *own = open_store_with(
        (struct yoke_store_options){.prefix = "", .timeout_ms = 200});
    (void)state;
    snprintf(away, sizeof(away), "%s", key_at(1));
    snprintf(there, sizeof(there), "%s", key_at(2));
    wait_until_back_at(own, away);
    redis_freeze(&nodes[1]);
    for (int i = 0; i < 3; i++)
        assert_int_equal(get(own, away)->err, -ETIMEDOUT);
    wait_until_down(own);
    assert_int_equal(get(own, away)->err, -YOKE_EUNAVAILABLE);
    kill(nodes[1].pid, SIGCONT);
    wait_until_back_at(own, away);
    wait_until_back_at(own, there);
    close_store(own);
}

static void wait_until_replicated(int replica)
{
    redis_wait(&nodes[replica], "INFO replication", "master_link_status:up");
    redis_wait(&nodes[replica], "ROLE", "connected");
}

static bool is_primary(int node)
{
    return strstr(redis_ask(&nodes[node], "ROLE"), "master") != NULL;
}

static void a_planned_fail_over_is_followed(void **state)
{
    char tag[32];
    (void)state;
    snprintf(tag, sizeof(tag), "%s", key_at(0));
    start_counting(tag);
    for (int i = 0; !is_primary(REPLICA); i++) {
        if (i % 500 == 0) /* It gives up by itself after five seconds. */
            redis_ask(&nodes[REPLICA], "CLUSTER FAILOVER");
        run_for(20);
    }
    count_for(500);
    stop_counting();
    int64_t sum = counted();
    assert_true(sum >= counting.good);
    assert_true(sum <= counting.started);
    wait_until_up(counting.store);
    close_store(counting.store);
    wait_until_replicated(0);
}

/* How long a node may be silent: short only when one is dead, for on a busy
 * machine others are silent, too. */
static void set_patience(int ms)
{
    for (size_t i = 0; i < COUNT_OF(nodes); i++)
        if (nodes[i].pid)
            redis_ask(&nodes[i], "CONFIG SET cluster-node-timeout %d", ms);
}

/* With what comes back when others are in its place. */
static void die_under_load(int node, const char *tag)
{
    redis_ask(&nodes[node], "SET {%s}mark passed", tag);
    redis_wait(&nodes[node], "WAIT 1 1000", "1");
    clients_start();
    wait_count(&talk.good, 500);
    talk.is_slow = true;
    set_patience(1000);
    redis_kill(&nodes[node]);
    wait_count(&counting.unavailable, 50);
    stop_counting();
    clients_expect();
    wait_count(&talk.back, CLIENTS);
    clients_stop();
}

/* The replica of before has the slots now. */
static void a_primary_that_dies_is_replaced(void **state)
{
    char tag[32];
    struct ear ear = {.ready = 0};
    (void)state;
    snprintf(tag, sizeof(tag), "%s!", key_at(0));
    while (first_owner(tag) != 0)
        snprintf(tag + strlen(tag), sizeof(tag) - strlen(tag), "!");
    start_counting(tag);
    yoke_store_subscribe(counting.store, "news", on_heard, &ear);
    wait_count(&ear.ready, 1);
    store = counting.store;
    clients_keep();
    die_under_load(REPLICA, tag);
    wait_until_back_at(store, tag);
    set_patience(PATIENCE_MS);
    clients_find_kept();
    assert_true(counted() <= counting.started);
    assert_string_equal(redis_ask(&nodes[0], "CLUSTER MYID"), nodes[0].id);
    for (int i = 0; i < 3000 && ear.messages == 0; i++) {
        publish(counting.store, "news", "x");
        run_for(20);
    }
    assert_true(ear.messages > 0);
    redis_restart(&nodes[REPLICA]);
    wait_until_replicated(REPLICA);
    close_store(store);
    store = NULL;
}

/* ---- Addresses ---- */

static void a_node_that_is_away_at_first_is_passed_over(void **state)
{
    char url[200];
    (void)state;
    snprintf(url, sizeof(url), "redis+cluster://127.0.0.1:%d,127.0.0.1:%d",
             free_port(), nodes[1].port);
    for (int i = 0; i < 4; i++) {
        yoke_store *own =
            open_store_with((struct yoke_store_options){.url = url});
        assert_int_equal(set(own, "k", "v", 0)->err, 0);
        close_store(own);
    }
}

static void what_is_no_cluster_is_named(void **state)
{
    char url[200];
    struct redis_server plain;
    (void)state;
    redis_start(&plain, "--maxclients 100");
    snprintf(url, sizeof(url), "redis+cluster://127.0.0.1:%d", plain.port);
    yoke_store *own = open_store_with((struct yoke_store_options){.url = url});
    const struct answer *refused = get(own, "k");
    assert_int_equal(refused->err, -YOKE_EUNAVAILABLE);
    assert_non_null(strstr(refused->text, "cluster support disabled"));
    close_store(own);
    redis_kill(&plain);
}

static void urls_that_are_wrong_are_named(void **state)
{
    const struct wrong_url cases[] = {
        {"redis+cluster:path", "has hosts"},
        {"redis+cluster:///", "has hosts"},
        {"redis+cluster://a,b/1", "no databases"},
        {"redis+cluster://a,,b", "host is missing"},
        {"redis+cluster://a:1,b:x", "port 'x'"},
        {"redis+cluster://a,[::1", "']'"},
        {"redis+cluster://a?ca=x", "ca"},
        {"redis+cluster://u@a", "password"},
    };
    (void)state;
    assert_urls_are_refused(cases, COUNT_OF(cases));
}

static void start_nodes(void)
{
    redis_start_cluster(nodes, 3, 1, 5, "--cluster-require-full-coverage no");
    set_patience(PATIENCE_MS);
    fixture_set_url("redis+cluster://127.0.0.1:%d,127.0.0.1:%d", nodes[0].port,
                    nodes[1].port);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_that_move_are_followed_and_no_count_is_lost),
        cmocka_unit_test(
            a_key_that_is_not_there_is_asked_for_where_its_slot_goes),
        cmocka_unit_test(a_lock_waits_while_half_of_it_has_moved),
        WITH_STORE(a_scan_begins_again_when_slots_have_moved),
        WITH_STORE(a_cursor_that_is_none_is_refused),
        cmocka_unit_test(a_message_is_heard_whichever_node_it_is_sent_to),
        cmocka_unit_test(a_subscription_goes_on_at_another_node),
        cmocka_unit_test(only_the_keys_of_a_node_that_is_away_are_unavailable),
        cmocka_unit_test(a_frozen_node_is_given_up),
        cmocka_unit_test(a_planned_fail_over_is_followed),
        cmocka_unit_test(a_primary_that_dies_is_replaced),
        cmocka_unit_test(a_node_that_is_away_at_first_is_passed_over),
        cmocka_unit_test(what_is_no_cluster_is_named),
        cmocka_unit_test(urls_that_are_wrong_are_named),
    };

    yoke_log_set_level(YOKE_LOG_ERROR);
    fixture_start("memory");
    start_nodes();
    int failed =
        cmocka_run_group_tests_name("redis_cluster", tests, NULL, NULL);
    for (size_t i = 0; i < COUNT_OF(nodes); i++)
        redis_kill(&nodes[i]);
    fixture_stop();
    return failed;
}
