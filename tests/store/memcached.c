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

/* ---- Without room ---- */

/* What is refused is told, as what it is, and what was stored stays. */
static void a_server_without_room_is_told_and_can_be_read(void **state)
{
    static char value[1 << 20];
    struct memcached_server small;
    struct answer answers[40] = {{.count = 0}}, large = {.count = 0};
    char url[200], key[16];
    int stored = 0;
    (void)state;
    memcached_start_small(&small);
    snprintf(url, sizeof(url), "memcached://127.0.0.1:%d", small.port);
    yoke_store *own = open_store_with((struct yoke_store_options){.url = url});
    yoke_store_set(own, "large", value, sizeof(value), 0, on_answer, &large);
    wait_for(&large);
    assert_int_equal(large.err, -YOKE_ETOOLARGE);
    for (int i = 0; i < 40; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        yoke_store_set(own, key, value, 200000, 0, on_answer, &answers[i]);
    }
    for (int i = 0; i < 40; i++) {
        wait_for(&answers[i]);
        snprintf(key, sizeof(key), "k%d", i);
        bool is_there = get(own, key)->err == 0;
        assert_int_equal(is_there, answers[i].err == 0);
        stored += is_there;
        if (is_there)
            continue;
        assert_int_equal(answers[i].err, -YOKE_EUNAVAILABLE);
        assert_non_null(strstr(answers[i].text, "out of memory"));
    }
    assert_in_range(stored, 1, 30);
    assert_true(is_up(own));
    assert_int_equal(erase(own, "k0")->err, 0);
    large.count = 0;
    yoke_store_set(own, "k0", value, 200000, 0, on_answer, &large);
    wait_for(&large);
    assert_int_equal(large.err, 0);
    for (int i = 0; i < 40; i++)
        free(answers[i].value);
    free(large.value);
    close_store(own);
    memcached_kill(&small);
}

/* ---- Increments that share a command ---- */

#define TOGETHER 20

static void count_together(const char *key, struct answer answers[TOGETHER])
{
    for (int i = 0; i < TOGETHER; i++)
        yoke_store_incr(store, key, 1, 0, on_answer, &answers[i]);
    for (int i = 0; i < TOGETHER; i++)
        wait_for(&answers[i]);
}

static void forget(struct answer answers[TOGETHER])
{
    for (int i = 0; i < TOGETHER; i++)
        free(answers[i].value);
}

static void increments_of_one_turn_are_told_one_sum_each(void **state)
{
    static struct answer answers[TOGETHER] = {{.count = 0}};
    (void)state;
    set(store, "together", "100", 0);
    count_together("together", answers);
    for (int i = 0; i < TOGETHER; i++) {
        assert_int_equal(answers[i].err, 0);
        assert_int_equal(answers[i].number, 101 + i);
    }
    /* Only the last is still there. */
    for (int i = 0; i < TOGETHER - 1; i++)
        assert_int_equal(
            replace(store, "together", answers[i].version, "x")->err,
            -YOKE_ECONFLICT);
    assert_int_equal(
        replace(store, "together", answers[TOGETHER - 1].version, "x")->err, 0);
    forget(answers);
}

static void of_increments_that_are_too_many_those_count_that_fit(void **state)
{
    static struct answer answers[TOGETHER] = {{.count = 0}};
    int counted = 0;
    (void)state;
    set(store, "near", "9223372036854775800", 0); /* 7 below the largest. */
    count_together("near", answers);
    for (int i = 0; i < TOGETHER; i++)
        counted += answers[i].err == 0;
    for (int i = 0; i < TOGETHER; i++)
        assert_true(answers[i].err == 0 || answers[i].err == -ERANGE);
    assert_int_equal(counted, 7);
    assert_string_equal(get(store, "near")->value, "9223372036854775807");
    forget(answers);
}

static void increments_of_what_is_no_number_fail_each(void **state)
{
    static struct answer answers[TOGETHER] = {{.count = 0}};
    (void)state;
    set(store, "word", "word", 0);
    count_together("word", answers);
    for (int i = 0; i < TOGETHER; i++)
        assert_int_equal(answers[i].err, -EDOM);
    assert_string_equal(get(store, "word")->value, "word");
    forget(answers);
}

static void keys_of_one_turn_are_counted_apart(void **state)
{
    static struct answer answers[60] = {{.count = 0}};
    char key[16];
    (void)state;
    for (int i = 0; i < 60; i++) {
        snprintf(key, sizeof(key), "apart%d", i % 12);
        yoke_store_incr(store, key, i % 12 < 6 ? 1 : i % 2, 0, on_answer,
                        &answers[i]);
    }
    for (int i = 0; i < 60; i++) {
        wait_for(&answers[i]);
        free(answers[i].value);
    }
    for (int i = 0; i < 12; i++) {
        snprintf(key, sizeof(key), "apart%d", i);
        assert_int_equal(incr(store, key, 0, 0)->number,
                         i < 6 || i % 2 ? 5 : 0);
    }
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
        WITH_STORE(a_server_without_room_is_told_and_can_be_read),
        WITH_STORE(increments_of_one_turn_are_told_one_sum_each),
        WITH_STORE(of_increments_that_are_too_many_those_count_that_fit),
        WITH_STORE(increments_of_what_is_no_number_fail_each),
        WITH_STORE(keys_of_one_turn_are_counted_apart),
        WITH_STORE(urls_that_are_wrong_are_named),
    };

    yoke_log_set_level(YOKE_LOG_ERROR);
    fixture_start("memcached");
    int failed = run_fault_tests(&memcached_faults);
    failed += cmocka_run_group_tests_name("memcached", tests, NULL, NULL);
    fixture_stop();
    return failed;
}
