/* What redis+sentinel: promises: the primary that the sentinels name is used,
 * whoever it is, and no other. */
#include "clients.h"
#include "faults.h"
#include "redis_servers.h"

#include <signal.h>

/* A primary, its replica, and two sentinels that have to agree. */
static struct redis_server data[2], sentinels[2];
static int primary; /* Which of the two. */

#define PATIENCE_MS 30000

/* The sentinels know the primary, its replica and each other: a primary that
 * dies now is replaced. */
static void wait_for_sentinels(void)
{
    char place[32];

    snprintf(place, sizeof(place), "127.0.0.1 %d ", data[primary].port);
    for (size_t i = 0; i < COUNT_OF(sentinels); i++) {
        redis_wait(&sentinels[i], "SENTINEL get-master-addr-by-name shop",
                   place);
        redis_wait(&sentinels[i], "SENTINEL master shop", "num-slaves 1");
        redis_wait(&sentinels[i], "SENTINEL master shop",
                   "num-other-sentinels 1");
        redis_wait(&sentinels[i], "SENTINEL replicas shop", "flags slave ");
        redis_wait(&sentinels[i], "SENTINEL ckquorum shop", "OK");
    }
    redis_wait(&data[!primary], "INFO replication", "master_link_status:up");
}

/* How long a server may be silent: short only when it is dead, for on a busy
 * machine others are silent, too. */
static void set_patience(int ms)
{
    for (size_t i = 0; i < COUNT_OF(sentinels); i++)
        redis_ask(&sentinels[i], "SENTINEL SET shop down-after-milliseconds %d",
                  ms);
}

static void end_store(void)
{
    close_store(store);
    store = NULL;
}

static void the_primary_is_found_and_used(void **state)
{
    struct ear ear = {.ready = 0};
    (void)state;
    yoke_store_subscribe(store, "news", on_heard, &ear);
    assert_int_equal(set(store, "k", "v", 0)->err, 0);
    assert_true(is_up(store));
    wait_count(&ear.ready, 1);
    publish(store, "news", "x");
    wait_count(&ear.messages, 1);
    end_store();
}

static void a_sentinel_that_is_away_is_passed_over(void **state)
{
    char url[200];
    (void)state;
    for (int i = 0; i < 4; i++) {
        snprintf(url, sizeof(url),
                 "redis+sentinel://127.0.0.1:%d,127.0.0.1:%d/shop/2",
                 free_port(), sentinels[0].port);
        yoke_store *own =
            open_store_with((struct yoke_store_options){.url = url});
        assert_int_equal(set(own, "k", "v", 0)->err, 0);
        close_store(own);
    }
    redis_ask(&data[primary], "SELECT 2");
    assert_true(strtol(redis_ask(&data[primary], "DBSIZE"), NULL, 10) > 0);
    redis_ask(&data[primary], "SELECT 0");
}

static void a_name_that_no_sentinel_knows_is_named(void **state)
{
    char url[200];
    (void)state;
    snprintf(url, sizeof(url), "redis+sentinel://127.0.0.1:%d/shpo",
             sentinels[0].port);
    yoke_store *own = open_store_with((struct yoke_store_options){.url = url});
    const struct answer *refused = get(own, "k");
    assert_int_equal(refused->err, -YOKE_EUNAVAILABLE);
    assert_non_null(strstr(refused->text, "knows no primary 'shpo'"));
    close_store(own);
}

static void sentinels_have_a_password_of_their_own(void **state)
{
    char url[200];
    (void)state;
    redis_ask(&sentinels[0], "ACL SETUSER default resetpass >watch:me");
    snprintf(url, sizeof(url),
             "redis+sentinel://127.0.0.1:%d/shop?sentinel_password=watch%%3ame",
             sentinels[0].port);
    yoke_store *own = open_store_with((struct yoke_store_options){.url = url});
    assert_int_equal(set(own, "k", "v", 0)->err, 0);
    assert_null(strstr(yoke_store_url(own), "watch"));
    close_store(own);
    url[strlen(url) - 1] = 'o';
    own = open_store_with((struct yoke_store_options){.url = url});
    const struct answer *refused = get(own, "k");
    assert_int_equal(refused->err, -YOKE_EUNAVAILABLE);
    assert_non_null(strstr(refused->text, "WRONGPASS"));
    close_store(own);
    redis_ask(&sentinels[0], "ACL SETUSER default nopass");
}

/* For ten seconds the sentinels let the first primary believe that it is one;
 * nobody may use it any more. */
static void a_planned_fail_over_is_followed(void **state)
{
    struct ear ear = {.ready = 0};
    (void)state;
    yoke_store_subscribe(store, "news", on_heard, &ear);
    wait_count(&ear.ready, 1);
    assert_int_equal(set(store, "k", "before", 0)->err, 0);
    wait_for_sentinels();
    /* Refused while the last one is too young. */
    while (strcmp(redis_ask(&sentinels[1], "SENTINEL failover shop"), "OK"))
        run_for(20);
    redis_wait(&data[!primary], "ROLE", "master");
    primary = !primary;
    wait_count(&ear.ready, 2);
    wait_until_back(store);
    assert_string_equal(get(store, "k")->value, "before");
    assert_non_null(
        strstr(redis_ask(&data[primary], "PUBSUB CHANNELS"), "news"));
    assert_true(ear.missed >= 1);
    publish(store, "news", "x");
    wait_count(&ear.messages, 1);
    end_store();
    redis_ask(&data[!primary], "REPLICAOF 127.0.0.1 %d", data[primary].port);
}

/* What the sentinels say is older than what the server says of itself. */
static void a_primary_that_becomes_a_replica_is_left(void **state)
{
    struct yoke_store_stats stats;
    (void)state;
    wait_for_sentinels();
    wait_until_back(store);
    redis_ask(&data[primary], "REPLICAOF 127.0.0.1 %d", data[!primary].port);
    const struct answer *refused = set(store, "k", "v", 0);
    assert_int_equal(refused->err, -YOKE_EUNAVAILABLE);
    yoke_store_stats(store, &stats);
    assert_true(stats.circuit == YOKE_STORE_DOWN ||
                stats.circuit == YOKE_STORE_TRYING);
    run_for(100);
    assert_int_equal(get(store, "k")->err, -YOKE_EUNAVAILABLE);
    redis_ask(&data[primary], "REPLICAOF NO ONE");
    wait_until_back(store);
}

/* Under load. What it has passed on to its replica is there afterwards. */
static void a_primary_that_dies_is_replaced(void **state)
{
    (void)state;
    wait_for_sentinels();
    wait_until_back(store);
    clients_keep();
    redis_ask(&data[primary], "SET mark passed");
    redis_wait(&data[primary], "WAIT 1 1000", "1");
    clients_start();
    wait_count(&talk.good, 500);
    redis_kill(&data[primary]);
    wait_count(&talk.unavailable, CLIENTS);
    set_patience(500);
    clients_expect();
    wait_count(&talk.back, CLIENTS);
    clients_stop();
    set_patience(PATIENCE_MS);
    primary = !primary;
    assert_non_null(strstr(redis_ask(&data[primary], "ROLE"), "master"));
    clients_find_kept();
    redis_restart(&data[!primary]);
    redis_wait(&data[!primary], "ROLE", "slave");
}

/* It does not even refuse: only silence tells. */
static void a_primary_that_is_frozen_is_replaced(void **state)
{
    yoke_store *own =
        open_store_with((struct yoke_store_options){.timeout_ms = 200});
    (void)state;
    wait_for_sentinels();
    wait_until_back(own);
    redis_freeze(&data[primary]);
    for (int i = 0; i < 3000 && is_up(own); i++)
        get(own, "k");
    set_patience(500);
    wait_until_back(own);
    set_patience(PATIENCE_MS);
    primary = !primary;
    assert_non_null(strstr(redis_ask(&data[primary], "ROLE"), "master"));
    kill(data[!primary].pid, SIGCONT);
    wait_until_back(own);
    close_store(own);
}

static void urls_that_are_wrong_are_named(void **state)
{
    const struct wrong_url cases[] = {
        {"redis+sentinel:path", "has hosts"},
        {"redis+sentinel:///shop", "has hosts"},
        {"redis+sentinel://a,b", "name of the primary is missing"},
        {"redis+sentinel://a/shop/x", "database 'x'"},
        {"redis+sentinel://a/shop?sentinel_user=x", "sentinel_password"},
        {"redis+sentinel://a/shop?sentinel=x", "sentinel'"},
    };
    (void)state;
    assert_urls_are_refused(cases, COUNT_OF(cases));
}

static void start_servers(void)
{
    char text[512];

    redis_start(&data[0], "--save ");
    snprintf(text, sizeof(text), "--replicaof 127.0.0.1 %d", data[0].port);
    redis_start(&data[1], text);
    snprintf(text, sizeof(text),
             "sentinel monitor shop 127.0.0.1 %d 2\n"
             "sentinel down-after-milliseconds shop 30000\n"
             "sentinel failover-timeout shop 2000\n",
             data[0].port);
    for (size_t i = 0; i < COUNT_OF(sentinels); i++)
        redis_start_sentinel(&sentinels[i], text);
    fixture_set_url("redis+sentinel://127.0.0.1:%d,127.0.0.1:%d/shop",
                    sentinels[0].port, sentinels[1].port);
    wait_for_sentinels();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(the_primary_is_found_and_used),
        WITH_STORE(a_sentinel_that_is_away_is_passed_over),
        WITH_STORE(a_name_that_no_sentinel_knows_is_named),
        WITH_STORE(sentinels_have_a_password_of_their_own),
        WITH_STORE(a_planned_fail_over_is_followed),
        WITH_STORE(a_primary_that_becomes_a_replica_is_left),
        WITH_STORE(a_primary_that_dies_is_replaced),
        cmocka_unit_test(a_primary_that_is_frozen_is_replaced),
        WITH_STORE(urls_that_are_wrong_are_named),
    };

    yoke_log_set_level(YOKE_LOG_ERROR);
    fixture_start("memory");
    start_servers();
    int failed =
        cmocka_run_group_tests_name("redis_sentinel", tests, NULL, NULL);
    for (int i = 0; i < 2; i++) {
        redis_kill(&sentinels[i]);
        redis_kill(&data[i]);
    }
    fixture_stop();
    return failed;
}
