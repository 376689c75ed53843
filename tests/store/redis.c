/* What redis: promises: faults.h, and what only it has. */
#include "faults.h"

/* Runs redis-cli, which has to succeed. */
static void redis_cli(const char *arguments)
{
    char command[512];
    snprintf(command, sizeof(command), "redis-cli -s %s %s >/dev/null 2>&1",
             strchr(fixture_url(), ':') + 1, arguments);
    assert_int_equal(system(command), 0);
}

static void cut_calls(void)
{
    redis_cli("client kill type normal");
}

static void cut_channels(void)
{
    redis_cli("client kill type pubsub");
}

static const struct faults redis_faults = {
    .nowhere = "redis+unix:",
    .cut = cut_calls,
    .cut_channels = cut_channels,
};

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

static void a_cursor_that_is_none_is_refused(void **state)
{
    struct answer answer = {.count = 0};
    (void)state;
    yoke_store_scan(store, "", "last-key", 10, on_answer, &answer);
    wait_for(&answer);
    assert_int_equal(answer.err, -EINVAL);
    assert_non_null(strstr(answer.text, "cursor"));
    free(answer.value);
}

/* ---- Addresses ---- */

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

/* Also when it is looked up again. */
static void a_host_without_an_address_is_unavailable(void **state)
{
    yoke_store *own = open_store_with(
        (struct yoke_store_options){.url = "redis://no-such-host.invalid"});
    (void)state;
    assert_int_equal(get(own, "k")->err, -YOKE_EUNAVAILABLE);
    run_for(100);
    assert_null(strstr(get(own, "k")->text, "unknown error"));
    assert_refused(own, "no-such-host.invalid:6379: ");
}

static void urls_that_are_wrong_are_named(void **state)
{
    const struct wrong_url cases[] = {
        {"redis:path", "one host"},     {"redis://", "host is missing"},
        {"redis://a,b", "one host"},    {"redis://h:0", "port"},
        {"redis://h:99999", "port"},    {"redis://h:x", "port 'x'"},
        {"redis://[::1", "']'"},        {"redis://h/x", "database"},
        {"redis://user@h", "password"}, {"redis://h?tls=1", "tls"},
        {"redis://:%1@h", "password"},  {"redis+unix:", "path"},
        {"redisx://h", "redisx"},
    };
    (void)state;
    assert_urls_are_refused(cases, COUNT_OF(cases));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_STORE(scripts_that_are_forgotten_are_sent_again),
        WITH_STORE(what_others_have_written_can_be_read),
        WITH_STORE(a_cursor_that_is_none_is_refused),
        WITH_STORE(passwords_and_databases_are_in_the_url),
        WITH_STORE(a_host_without_an_address_is_unavailable),
        WITH_STORE(urls_that_are_wrong_are_named),
    };

    yoke_log_set_level(YOKE_LOG_ERROR);
    fixture_start("redis");
    int failed = run_fault_tests(&redis_faults);
    failed += cmocka_run_group_tests_name("redis", tests, NULL, NULL);
    fixture_stop();
    return failed;
}
