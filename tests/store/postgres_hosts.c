/* What several hosts of postgresql: promise: the one that may be written to is
 * used, also when it is another one than before, and one that is silent does not
 * stand in the way of the others. */
#include "faults.h"
#include "postgres_servers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>

static struct postgres_server primary, standby;

static yoke_store *store_at(int first, int second, const char *options)
{
    char url[300];

    snprintf(url, sizeof(url),
             "postgresql://yoke@127.0.0.1:%d,127.0.0.1:%d/postgres?%s", first,
             second, options);
    return open_store_with(
        (struct yoke_store_options){.url = url, .prefix = ""});
}

/* Connections are made, and nobody answers. */
static int open_hole(int *ret_fd)
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(addr);

    *ret_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(*ret_fd, (struct sockaddr *)&addr, len), 0);
    assert_int_equal(listen(*ret_fd, 100), 0);
    assert_int_equal(getsockname(*ret_fd, (struct sockaddr *)&addr, &len), 0);
    return ntohs(addr.sin_port);
}

static void a_host_that_is_silent_is_passed_over(void **state)
{
    int fd, port = open_hole(&fd);
    (void)state;
    yoke_store *own = store_at(port, primary.port, "connect_ms=200");
    wait_until_back(own);
    assert_int_equal(set(own, "k", "v", 0)->err, 0);
    close_store(own);
    close(fd);
}

static void wait_until_copied(const char *key)
{
    char sql[200];

    snprintf(sql, sizeof(sql),
             "SELECT count(*) FROM yoke_store WHERE key = '%s'", key);
    for (int i = 0; i < 6000 && strcmp(postgres_ask(&standby, sql), "1"); i++)
        usleep(10000);
}

static void a_host_that_may_only_be_read_is_passed_over(void **state)
{
    (void)state;
    yoke_store *own =
        store_at(standby.port, primary.port, "target_session_attrs=read-write");
    assert_int_equal(set(own, "k", "v", 0)->err, 0);
    close_store(own);
    wait_until_copied("k");
    /* Who does not say that he wants to write gets the first, and is told. */
    own = store_at(standby.port, primary.port, "sync=commit");
    const struct answer *refused = set(own, "k", "v", 0);
    assert_int_equal(refused->err, -YOKE_EUNAVAILABLE);
    assert_non_null(strstr(refused->text, "read-only"));
    assert_string_equal(get(own, "k")->value, "v");
    close_store(own);
}

/* The last of all: the primary does not come back. */
static void a_standby_that_is_promoted_is_followed(void **state)
{
    struct ear ear = {.ready = 0};
    (void)state;
    yoke_store *own =
        store_at(primary.port, standby.port, "target_session_attrs=read-write");
    yoke_store_subscribe(own, "news", on_heard, &ear);
    wait_count(&ear.ready, 1);
    assert_int_equal(set(own, "before", "v", 0)->err, 0);
    wait_until_copied("before");
    postgres_end(&primary, SIGKILL);
    wait_until_down(own);
    assert_int_equal(get(own, "before")->err, -YOKE_EUNAVAILABLE);
    postgres_promote(&standby);
    wait_until_back(own);
    assert_string_equal(get(own, "before")->value, "v");
    assert_int_equal(set(own, "after", "v", 0)->err, 0);
    wait_count(&ear.ready, 2);
    assert_true(ear.missed >= 1);
    publish(own, "news", "x");
    wait_count(&ear.messages, 1);
    close_store(own);
}

static void start_servers(void)
{
    postgres_make(&primary, "primary");
    postgres_start(&primary, "wal_level=replica max_wal_senders=3");
    postgres_copy(&standby, "standby", &primary);
    postgres_start(&standby, "wal_level=replica max_wal_senders=3");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_host_that_is_silent_is_passed_over),
        cmocka_unit_test(a_host_that_may_only_be_read_is_passed_over),
        cmocka_unit_test(a_standby_that_is_promoted_is_followed),
    };

    yoke_log_set_level(YOKE_LOG_ERROR);
    fixture_start("memory");
    start_servers();
    int failed =
        cmocka_run_group_tests_name("postgres_hosts", tests, NULL, NULL);
    postgres_end(&standby, SIGQUIT);
    postgres_end(&primary, SIGQUIT);
    fixture_stop();
    return failed;
}
