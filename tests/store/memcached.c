/* What memcached: promises: faults.h, and with several servers. */
#include "faults.h"
#include "memcached_servers.h"

static const struct faults memcached_faults = {.nowhere = "memcached+unix:"};

/* ---- Several ---- */

static void several_servers_share_the_keys(void **state)
{
    struct memcached_server servers[2];
    char url[200], key[16];
    int there = 0, away = 0;
    (void)state;
    memcached_start(&servers[0]);
    memcached_start(&servers[1]);
    snprintf(url, sizeof(url), "memcached://127.0.0.1:%d,127.0.0.1:%d",
             servers[0].port, servers[1].port);
    yoke_store *own = open_store_with((struct yoke_store_options){.url = url});
    for (int i = 0; i < 100; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        assert_int_equal(set(own, key, key, 0)->err, 0);
    }
    memcached_kill(&servers[0]);
    wait_until_down(own);
    for (int i = 0; i < 100; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        const struct answer *got = get(own, key);
        there += got->err == 0 && strcmp(got->value, key) == 0;
        away += got->err == -YOKE_EUNAVAILABLE;
    }
    assert_int_equal(there + away, 100);
    assert_true(there > 10 && away > 10);
    close_store(own);
    memcached_kill(&servers[1]);
}

static void urls_that_are_wrong_are_named(void **state)
{
    const struct wrong_url cases[] = {
        {"memcached:host", "hosts"},
        {"memcached:///", "hosts"},
        {"memcached://h/3", "databases"},
        {"memcached://u:p@h", "logging in"},
        {"memcached+unix:", "path"},
        {"memcached://h?connect_ms=x", "connect_ms"},
        {"memcached://h?hash=md5", "hash"},
    };
    (void)state;
    assert_urls_are_refused(cases, COUNT_OF(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(several_servers_share_the_keys),
        WITH_STORE(urls_that_are_wrong_are_named),
    };

    yoke_log_set_level(YOKE_LOG_ERROR);
    fixture_start("memcached");
    int failed = run_fault_tests(&memcached_faults);
    failed += cmocka_run_group_tests_name("memcached", tests, NULL, NULL);
    fixture_stop();
    return failed;
}
