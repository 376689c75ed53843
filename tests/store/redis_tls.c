/* What rediss: promises: nobody but the server that was asked for is spoken to,
 * and when it cannot be, the reason is told. */
#include "certificates.h"
#include "faults.h"
#include "redis_servers.h"

#include <dlfcn.h>
#include <netdb.h>

static struct redis_server server;
static int tls_port;

/* ---- Names ---- */

typedef int look_up_fn(const char *name, const char *service,
                       const struct addrinfo *hints, struct addrinfo **found);

/* What libuv calls, in this program: cache.example is two machines, and at the
 * first nobody listens. */
int getaddrinfo(const char *name, const char *service,
                const struct addrinfo *hints, struct addrinfo **found)
{
    look_up_fn *look_up;

    *(void **)&look_up = dlsym(RTLD_NEXT, "getaddrinfo");
    if (strcmp(name, "cache.example") != 0)
        return look_up(name, service, hints, found);
    int err = look_up("127.0.0.2", service, hints, found);
    return err ? err : look_up("127.0.0.1", service, hints, &(*found)->ai_next);
}

/* ---- Certificates ---- */

static void make_certificates(void)
{
    certificate_authority("ca");
    certificate_authority("other");
    certificate_make("good", "IP:127.0.0.1,DNS:localhost,DNS:cache.example",
                     30);
    certificate_make("elsewhere", "DNS:elsewhere.example", 30);
    certificate_make("expired", "IP:127.0.0.1", -1);
    /* Its subject is a name that is right, and is not asked. */
    certificate_make("localhost", "email:operator@shop.example", 30);
}

/* What new connections are shown. */
static void use_certificate(const char *name)
{
    const char *folder = fixture_folder();
    assert_string_equal(
        redis_ask(&server,
                  "CONFIG SET tls-cert-file %s/%s.pem tls-key-file %s/%s.key",
                  folder, name, folder, name),
        "OK");
}

/* ---- Stores ---- */

static yoke_store *tls_store(const char *host, const char *options)
{
    char url[512];

    snprintf(url, sizeof(url), "rediss://%s:%d?ca=%s/ca.pem%s", host, tls_port,
             fixture_folder(), options);
    return open_store_with((struct yoke_store_options){.url = url});
}

static void values_and_messages_go_through_it(void **state)
{
    struct ear ear = {.ready = 0};
    yoke_store *own = tls_store("127.0.0.1", "");
    (void)state;
    yoke_store_subscribe(own, "news", on_heard, &ear);
    wait_count(&ear.ready, 1);
    assert_int_equal(publish(own, "news", "x")->err, 0);
    wait_count(&ear.messages, 1);
    assert_works(own);
}

/* More than a record, and more than the socket takes at once. */
static void large_values_go_through_it(void **state)
{
    static char value[1 << 20];
    struct answer stored = {.count = 0}, kept[8] = {{.count = 0}};
    yoke_store *own = tls_store("127.0.0.1", "");
    (void)state;
    for (size_t i = 0; i < sizeof(value); i++)
        value[i] = (char)(i * 7 + (i >> 12));
    yoke_store_set(own, "large", value, sizeof(value), 0, on_answer, &stored);
    for (size_t i = 0; i < COUNT_OF(kept); i++)
        yoke_store_get(own, "large", on_answer, &kept[i]);
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        wait_for(&kept[i]);
        assert_int_equal(kept[i].len, sizeof(value));
        assert_memory_equal(kept[i].value, value, sizeof(value));
        free(kept[i].value);
    }
    free(stored.value);
    close_store(own);
}

static void a_name_is_verified_as_well_as_an_address(void **state)
{
    (void)state;
    assert_works(tls_store("localhost", ""));
    assert_works(tls_store("127.0.0.1", "&server_name=cache.example"));
    assert_refused(tls_store("127.0.0.1", "&server_name=shop.example"),
                   "for another host than shop.example");
}

static void every_address_of_a_name_is_tried(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        assert_works(tls_store("cache.example", ""));
}

static void a_certificate_for_another_host_is_refused(void **state)
{
    (void)state;
    use_certificate("elsewhere");
    assert_refused(tls_store("127.0.0.1", ""),
                   "for another host than 127.0.0.1");
    assert_refused(tls_store("localhost", ""),
                   "for another host than localhost");
    use_certificate("good");
}

/* RFC 9525 section 2: the common name says nothing any more. */
static void a_name_in_the_subject_alone_is_none(void **state)
{
    (void)state;
    use_certificate("localhost");
    assert_refused(tls_store("localhost", ""),
                   "for another host than localhost");
    use_certificate("good");
}

static void an_unknown_authority_is_refused(void **state)
{
    char url[256];
    (void)state;
    snprintf(url, sizeof(url), "rediss://127.0.0.1:%d?ca=%s/other.pem",
             tls_port, fixture_folder());
    assert_refused(open_store_with((struct yoke_store_options){.url = url}),
                   "unknown authority");
    /* The system's authorities do not know ours either. */
    *strchr(url, '?') = '\0';
    assert_refused(open_store_with((struct yoke_store_options){.url = url}),
                   "unknown authority");
}

static void an_expired_certificate_is_refused(void **state)
{
    (void)state;
    use_certificate("expired");
    assert_refused(tls_store("127.0.0.1", ""), "has expired");
    use_certificate("good");
}

static void verify_no_trusts_everybody(void **state)
{
    (void)state;
    use_certificate("elsewhere");
    assert_works(tls_store("127.0.0.1", "&verify=no"));
    assert_refused(tls_store("127.0.0.1", "&verify=yes"), "another host");
    use_certificate("good");
}

static void a_clients_certificate_is_shown_where_it_is_wanted(void **state)
{
    char options[256];
    (void)state;
    redis_ask(&server, "CONFIG SET tls-auth-clients yes");
    snprintf(options, sizeof(options), "&cert=%s/good.pem&key=%s/good.key",
             fixture_folder(), fixture_folder());
    assert_works(tls_store("127.0.0.1", options));
    assert_refused(tls_store("127.0.0.1", ""), "cert=FILE");
    snprintf(options, sizeof(options), "&cert=%s/other.pem&key=%s/other.key",
             fixture_folder(), fixture_folder());
    assert_refused(tls_store("127.0.0.1", options), "TLS: ");
    redis_ask(&server, "CONFIG SET tls-auth-clients no");
}

static void a_server_without_tls_is_named(void **state)
{
    char url[256];
    (void)state;
    snprintf(url, sizeof(url), "rediss://127.0.0.1:%d?connect_ms=200",
             server.port);
    assert_refused(open_store_with((struct yoke_store_options){.url = url}),
                   "does it speak TLS?");
}

static void a_connection_that_breaks_is_made_again(void **state)
{
    yoke_store *own = tls_store("127.0.0.1", "");
    (void)state;
    for (int i = 0; i < 3; i++) {
        set(own, "k", "v", 0);
        redis_ask(&server, "CLIENT KILL TYPE normal SKIPME yes");
        run_for(20);
    }
    for (int i = 0; i < 3000 && set(own, "k", "v", 0)->err; i++)
        run_for(20);
    assert_works(own);
}

static void urls_that_are_wrong_are_named(void **state)
{
    const struct wrong_url cases[] = {
        {"rediss://h?ca=/nowhere", "option ca: '/nowhere'"},
        {"rediss://h?cert=/nowhere", "option cert: '/nowhere'"},
        {"rediss://h?key=/nowhere", "without cert"},
        {"rediss://h?verify=maybe", "yes, no"},
        {"rediss://h?server_name=", "server_name is empty"},
        {"rediss:/path", "one host"},
        {"rediss+sentinel://h", "name of the primary"},
        {"rediss+cluster://h/1", "no databases"},
        {"redis://h?ca=x", "no option 'ca'"},
    };
    (void)state;
    assert_urls_are_refused(cases, COUNT_OF(cases));
}

/* ---- Clusters and sentinels ---- */

/* Options of a server that has this port for TLS, and speaks it with others. */
static void write_options(char *out, size_t size, int port, const char *more)
{
    const char *folder = fixture_folder();

    snprintf(out, size,
             "--tls-port %d --tls-cert-file %s/good.pem --tls-key-file "
             "%s/good.key --tls-ca-cert-file %s/ca.pem --tls-auth-clients no "
             "%s",
             port, folder, folder, folder, more);
}

static void start_node(struct redis_server *node, int port)
{
    char options[1024], more[200];

    node->bus_port = free_port();
    snprintf(more, sizeof(more),
             "--tls-cluster yes --cluster-enabled yes --cluster-config-file "
             "%%d.nodes --cluster-port %d",
             node->bus_port);
    write_options(options, sizeof(options), port, more);
    redis_start(node, options);
    snprintf(node->id, sizeof(node->id), "%s", redis_ask(node, "CLUSTER MYID"));
}

/* Each has half of the slots. */
static void start_two_nodes(struct redis_server nodes[2], const int ports[2])
{
    for (int i = 0; i < 2; i++) {
        start_node(&nodes[i], ports[i]);
        redis_ask(&nodes[i], "CLUSTER SET-CONFIG-EPOCH %d", i + 1);
        redis_ask(&nodes[i], "CLUSTER ADDSLOTSRANGE %d %d", i * 8192,
                  i * 8192 + 8191);
    }
    redis_ask(&nodes[0], "CLUSTER MEET 127.0.0.1 %d %d", ports[1],
              nodes[1].bus_port);
    for (int i = 0; i < 2; i++) {
        redis_wait(&nodes[i], "CLUSTER INFO", "cluster_state:ok");
        redis_wait(&nodes[i], "CLUSTER INFO", "cluster_known_nodes:2");
        redis_wait(&nodes[i], "CLUSTER INFO", "cluster_size:2");
    }
}

/* Nodes tell their TLS ports over TLS; a call that is sent on goes there, too. */
static void a_cluster_is_spoken_to_over_tls(void **state)
{
    const int ports[2] = {free_port(), free_port()};
    struct redis_server nodes[2];
    char url[256], key[16];
    (void)state;
    start_two_nodes(nodes, ports);
    snprintf(url, sizeof(url), "rediss+cluster://localhost:%d?ca=%s/ca.pem",
             ports[0], fixture_folder());
    yoke_store *own =
        open_store_with((struct yoke_store_options){.url = url, .prefix = ""});
    for (int i = 0; i < 20; i++) {
        snprintf(key, sizeof(key), "k%d", i);
        assert_int_equal(set(own, key, "v", 0)->err, 0);
    }
    int there[2];
    for (int i = 0; i < 2; i++)
        there[i] = atoi(redis_ask(&nodes[i], "DBSIZE"));
    assert_true(there[0] > 0 && there[1] > 0);
    assert_int_equal(there[0] + there[1], 20);
    /* The slot of "moved" is the second's from now on; the store learns it by
     * an answer of the first. */
    const char *slot = redis_ask(&nodes[0], "CLUSTER KEYSLOT moved");
    int number = atoi(slot), other = number < 8192;
    for (int i = 0; i < 2; i++)
        redis_ask(&nodes[i], "CLUSTER SETSLOT %d NODE %s", number,
                  nodes[other].id);
    assert_int_equal(set(own, "moved", "v", 0)->err, 0);
    assert_string_equal(redis_ask(&nodes[other], "EXISTS moved"), "1");
    close_store(own);
    snprintf(url, sizeof(url), "rediss+cluster://localhost:%d?ca=%s/other.pem",
             ports[0], fixture_folder());
    assert_refused(open_store_with((struct yoke_store_options){.url = url}),
                   "unknown authority");
    for (int i = 0; i < 2; i++)
        redis_kill(&nodes[i]);
}

/* A primary and its replica, which the sentinel knows by their TLS ports. */
static void start_pair(struct redis_server data[2], const int ports[2])
{
    char options[1024], more[200];

    for (int i = 0; i < 2; i++) {
        char of[64] = "";
        if (i > 0)
            snprintf(of, sizeof(of), "--replicaof 127.0.0.1 %d", ports[0]);
        snprintf(more, sizeof(more), "--tls-replication yes %s", of);
        write_options(options, sizeof(options), ports[i], more);
        redis_start(&data[i], options);
    }
    redis_wait(&data[1], "INFO replication", "master_link_status:up");
}

static void start_sentinel(struct redis_server *sentinel, int port, int primary)
{
    const char *folder = fixture_folder();
    char lines[1024];

    snprintf(lines, sizeof(lines),
             "tls-port %d\ntls-cert-file %s/good.pem\ntls-key-file "
             "%s/good.key\ntls-ca-cert-file %s/ca.pem\n"
             "tls-auth-clients no\ntls-replication yes\n"
             "sentinel monitor shop 127.0.0.1 %d 1\n"
             "sentinel down-after-milliseconds shop 30000\n"
             "sentinel failover-timeout shop 2000\n",
             port, folder, folder, folder, primary);
    redis_start_sentinel(sentinel, lines);
    redis_wait(sentinel, "SENTINEL master shop", "num-slaves 1");
    redis_wait(sentinel, "SENTINEL replicas shop", "flags slave ");
}

static void sentinels_and_whom_they_name_are_spoken_to_over_tls(void **state)
{
    const int ports[3] = {free_port(), free_port(), free_port()};
    struct redis_server data[2], sentinel;
    char url[256];
    (void)state;
    start_pair(data, ports);
    start_sentinel(&sentinel, ports[2], ports[0]);
    snprintf(url, sizeof(url),
             "rediss+sentinel://localhost:%d/shop?ca=%s/ca.pem", ports[2],
             fixture_folder());
    yoke_store *own =
        open_store_with((struct yoke_store_options){.url = url, .prefix = ""});
    assert_int_equal(set(own, "k", "v", 0)->err, 0);
    redis_wait(&data[1], "EXISTS k", "1");
    while (strcmp(redis_ask(&sentinel, "SENTINEL failover shop"), "OK"))
        run_for(20);
    redis_wait(&data[1], "ROLE", "master");
    /* Until it is told, the first one still takes what it gets. */
    for (int i = 0; i < 3000 && *redis_ask(&data[1], "EXISTS after") != '1';
         i++) {
        set(own, "after", "v", 0);
        run_for(20);
    }
    assert_string_equal(redis_ask(&data[1], "EXISTS after"), "1");
    assert_string_equal(get(own, "k")->value, "v");
    close_store(own);
    snprintf(url, sizeof(url),
             "rediss+sentinel://localhost:%d/shop?ca=%s/other.pem", ports[2],
             fixture_folder());
    assert_refused(open_store_with((struct yoke_store_options){.url = url}),
                   "unknown authority");
    redis_kill(&sentinel);
    redis_kill(&data[0]);
    redis_kill(&data[1]);
}

static void start_server(void)
{
    char options[512];
    const char *folder = fixture_folder();

    tls_port = free_port();
    snprintf(options, sizeof(options),
             "--tls-port %d --tls-cert-file %s/good.pem --tls-key-file "
             "%s/good.key --tls-ca-cert-file %s/ca.pem --tls-auth-clients no",
             tls_port, folder, folder, folder);
    redis_start(&server, options);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_messages_go_through_it),
        cmocka_unit_test(large_values_go_through_it),
        cmocka_unit_test(a_name_is_verified_as_well_as_an_address),
        cmocka_unit_test(every_address_of_a_name_is_tried),
        cmocka_unit_test(a_certificate_for_another_host_is_refused),
        cmocka_unit_test(a_name_in_the_subject_alone_is_none),
        cmocka_unit_test(an_unknown_authority_is_refused),
        cmocka_unit_test(an_expired_certificate_is_refused),
        cmocka_unit_test(verify_no_trusts_everybody),
        cmocka_unit_test(a_clients_certificate_is_shown_where_it_is_wanted),
        cmocka_unit_test(a_server_without_tls_is_named),
        cmocka_unit_test(a_connection_that_breaks_is_made_again),
        cmocka_unit_test(a_cluster_is_spoken_to_over_tls),
        cmocka_unit_test(sentinels_and_whom_they_name_are_spoken_to_over_tls),
        cmocka_unit_test(urls_that_are_wrong_are_named),
    };

    yoke_log_set_level(YOKE_LOG_ERROR);
    fixture_start("memory");
    make_certificates();
    start_server();
    int failed = cmocka_run_group_tests_name("redis_tls", tests, NULL, NULL);
    redis_kill(&server);
    fixture_stop();
    return failed;
}
