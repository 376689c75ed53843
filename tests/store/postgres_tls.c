/* What sslmode= promises: with verify-full nobody but the server that was asked
 * for is spoken to, and when it cannot be, the reason is told. */
#include "certificates.h"
#include "faults.h"
#include "postgres_servers.h"

#include <signal.h>
#include <sys/stat.h>

static struct postgres_server server;

/* ---- Stores ---- */

static yoke_store *tls_store(const char *login, const char *mode,
                             const char *authority, const char *more)
{
    char url[600];

    snprintf(url, sizeof(url),
             "postgresql://%s:%d/postgres?sslmode=%s&sslrootcert=%s/%s.pem%s",
             login, server.port, mode, fixture_folder(), authority, more);
    return open_store_with((struct yoke_store_options){.url = url});
}

/* ---- Tests ---- */

static void values_and_messages_go_through_it(void **state)
{
    static char value[1 << 20];
    struct ear ear = {.ready = 0};
    struct answer stored = {.count = 0}, kept = {.count = 0};
    yoke_store *own = tls_store("yoke@localhost", "verify-full", "ca", "");
    (void)state;
    yoke_store_subscribe(own, "news", on_heard, &ear);
    wait_count(&ear.ready, 1);
    assert_int_equal(publish(own, "news", "x")->err, 0);
    wait_count(&ear.messages, 1);
    for (size_t i = 0; i < sizeof(value); i++)
        value[i] = (char)(i * 7 + (i >> 12));
    yoke_store_set(own, "large", value, sizeof(value), 0, on_answer, &stored);
    wait_for(&stored);
    yoke_store_get(own, "large", on_answer, &kept);
    wait_for(&kept);
    assert_int_equal(kept.len, sizeof(value));
    assert_memory_equal(kept.value, value, sizeof(value));
    free(stored.value);
    free(kept.value);
    assert_works(own);
}

static void a_certificate_for_another_host_is_refused(void **state)
{
    (void)state;
    assert_refused(tls_store("yoke@127.0.0.1", "verify-full", "ca", ""),
                   "does not match host name \"127.0.0.1\"");
    /* Who does not ask for the name, does not get an answer about it. */
    assert_works(tls_store("yoke@127.0.0.1", "verify-ca", "ca", ""));
}

static void an_unknown_authority_is_refused(void **state)
{
    static const char *const modes[] = {"verify-full", "verify-ca"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(modes); i++)
        assert_refused(tls_store("yoke@localhost", modes[i], "other", ""),
                       "certificate verify failed");
}

static void where_tls_is_required_plain_is_refused(void **state)
{
    (void)state;
    assert_works(tls_store("secure@localhost", "require", "ca", ""));
    assert_refused(tls_store("secure@localhost", "disable", "ca", ""),
                   "no encryption");
}

/* By its UNIX socket a server never speaks it. */
static void a_server_without_tls_is_named(void **state)
{
    char url[300];
    (void)state;
    postgres_end(&server, SIGQUIT);
    postgres_start(&server, POSTGRES_ALONE);
    snprintf(url, sizeof(url),
             "postgresql://yoke@localhost:%d/postgres?sslmode=require",
             server.port);
    assert_refused(open_store_with((struct yoke_store_options){.url = url}),
                   "server does not support SSL");
    *strchr(url, '?') = '\0';
    assert_works(open_store_with((struct yoke_store_options){.url = url}));
}

static void a_clients_certificate_is_shown_where_it_is_wanted(void **state)
{
    char options[300];
    (void)state;
    snprintf(options, sizeof(options),
             "&sslcert=%s/shop.pem&sslkey=%s/shop.key", fixture_folder(),
             fixture_folder());
    assert_works(tls_store("shop@localhost", "verify-full", "ca", options));
    assert_refused(tls_store("shop@localhost", "verify-full", "ca", ""),
                   "valid client certificate");
    snprintf(options, sizeof(options),
             "&sslcert=%s/server.pem&sslkey=%s/server.key", fixture_folder(),
             fixture_folder());
    assert_refused(tls_store("shop@localhost", "verify-full", "ca", options),
                   "certificate authentication failed");
}

/* ---- The server ---- */

static void make_certificates(void)
{
    char path[160];

    certificate_authority("ca");
    certificate_authority("other");
    certificate_make("server", "DNS:localhost", 30);
    certificate_make("shop", "DNS:shop.example", 30);
    /* The server reads a copy of its own, for who runs it is another. */
    for (int is_key = 0; is_key < 2; is_key++) {
        char command[500];
        snprintf(path, sizeof(path), "%s/data.%s", fixture_folder(),
                 is_key ? "key" : "pem");
        snprintf(command, sizeof(command), "cp %s/server.%s %s",
                 fixture_folder(), is_key ? "key" : "pem", path);
        assert_int_equal(system(command), 0);
        assert_int_equal(chmod(path, 0600), 0);
        postgres_give(path);
    }
    snprintf(path, sizeof(path), "%s/ca.pem", fixture_folder());
    assert_int_equal(chmod(path, 0644), 0);
}

static void write_access(void)
{
    char path[200];

    snprintf(path, sizeof(path), "%s/pg_hba.conf", server.data);
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    fputs("local all all trust\n"
          "host all yoke 127.0.0.1/32 trust\n"
          "hostssl all secure 127.0.0.1/32 trust\n"
          "hostssl all shop 127.0.0.1/32 cert\n",
          file);
    fclose(file);
}

static void start_server(void)
{
    char settings[500];
    const char *folder = fixture_folder();

    postgres_make(&server, "data");
    write_access();
    snprintf(settings, sizeof(settings),
             POSTGRES_ALONE " ssl=on ssl_cert_file=%s/data.pem "
                            "ssl_key_file=%s/data.key ssl_ca_file=%s/ca.pem",
             folder, folder, folder);
    postgres_start(&server, settings);
    postgres_ask(&server, "CREATE ROLE secure LOGIN SUPERUSER");
    postgres_ask(&server, "CREATE ROLE shop LOGIN SUPERUSER");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_messages_go_through_it),
        cmocka_unit_test(a_certificate_for_another_host_is_refused),
        cmocka_unit_test(an_unknown_authority_is_refused),
        cmocka_unit_test(where_tls_is_required_plain_is_refused),
        cmocka_unit_test(a_clients_certificate_is_shown_where_it_is_wanted),
        cmocka_unit_test(a_server_without_tls_is_named),
    };

    yoke_log_set_level(YOKE_LOG_OFF);
    fixture_start("memory");
    make_certificates();
    start_server();
    int failed = cmocka_run_group_tests_name("postgres_tls", tests, NULL, NULL);
    postgres_end(&server, SIGQUIT);
    fixture_stop();
    return failed;
}
