/* A worker's wish to listen, as a packet and back. */
#include "../unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cluster/request.h"
#include "net/listener.h"

static char room[YK_REQUEST_NAME_MAX];
static char packet[YK_PACKET_MAX];

/* There and back again. */
static struct yk_listen_spec travel(struct yk_listen_spec spec)
{
    static struct yk_listen_request request, arrived;
    struct yk_listen_spec result;

    assert_int_equal(yk_listen_request_of(&request, &spec, room), 0);
    size_t len = yk_listen_request_write(&request, packet, sizeof(packet));
    assert_int_equal(yk_listen_request_read(&arrived, packet, len), 0);
    yk_listen_request_spec(&arrived.listen, arrived.name, arrived.owner,
                           arrived.group, &result);
    return result;
}

static void what_was_asked_for_arrives(void **state)
{
    (void)state;
    struct yk_listen_spec spec = travel((struct yk_listen_spec){
        .host = "127.0.0.1", .port = 80, .backlog = 7, .ipv6_only = true});
    assert_string_equal(spec.host, "127.0.0.1");
    assert_int_equal(spec.port, 80);
    assert_int_equal(spec.backlog, 7);
    assert_true(spec.ipv6_only);
    assert_null(spec.path);
    assert_null(spec.owner);

    spec = travel((struct yk_listen_spec){.path = "/run/a.sock",
                                          .mode = 0660,
                                          .owner = "web",
                                          .group = "33",
                                          .readable_all = true,
                                          .writable_all = true});
    assert_string_equal(spec.path, "/run/a.sock");
    assert_int_equal(spec.mode, 0660);
    assert_string_equal(spec.owner, "web");
    assert_string_equal(spec.group, "33");
    assert_true(spec.readable_all && spec.writable_all);
    assert_null(spec.host);

    spec = travel((struct yk_listen_spec){
        .is_udp = true, .port = 53, .reuse_addr = true});
    assert_true(spec.is_udp && spec.reuse_addr);
    assert_null(spec.host);

    spec = travel((struct yk_listen_spec){.fd = 7, .host = "x", .port = 80});
    assert_int_equal(spec.fd, 7);
    assert_null(spec.host);
    assert_int_equal(spec.port, 0);

    spec = travel((struct yk_listen_spec){.fd_name = "web", .fd = 7});
    assert_string_equal(spec.fd_name, "web");
    assert_int_equal(spec.fd, 0);
}

static void a_relative_path_becomes_absolute(void **state)
{
    char expected[YK_REQUEST_NAME_MAX], cwd[2048];

    (void)state;
    assert_non_null(getcwd(cwd, sizeof(cwd)));
    snprintf(expected, sizeof(expected), "%s/a.sock", cwd);
    assert_string_equal(travel((struct yk_listen_spec){.path = "a.sock"}).path,
                        expected);
    assert_string_equal(travel((struct yk_listen_spec){.path = "@a"}).path,
                        "@a");
}

static void a_name_without_an_end_is_refused(void **state)
{
    static char name[YK_REQUEST_NAME_MAX + 1];
    struct yk_listen_request request;

    (void)state;
    memset(name, 'x', sizeof(name) - 1);
    struct yk_listen_spec samples[] = {
        {.host = name},
        {.path = name},
        {.path = "/a", .owner = name},
        {.path = "/a", .group = name},
        {.fd_name = name},
    };
    for (size_t i = 0; i < COUNT_OF(samples); i++)
        assert_int_equal(yk_listen_request_of(&request, &samples[i], room),
                         -ENAMETOOLONG);
}

/* A worker must not be able to harm the primary. */
static void a_packet_that_is_cut_is_refused(void **state)
{
    struct yk_listen_request request, unchanged = {.name = "unchanged"};
    struct yk_listen_spec spec = {.path = "/a", .owner = "b", .group = "cd"};

    (void)state;
    assert_int_equal(yk_listen_request_of(&request, &spec, room), 0);
    size_t len = yk_listen_request_write(&request, packet, sizeof(packet));
    for (size_t n = 0; n < len; n++) {
        /* At its very end, so that a sanitizer sees a read beyond. */
        char *copy = malloc(n ? n : 1);
        memcpy(copy, packet, n);
        assert_int_equal(yk_listen_request_read(&unchanged, copy, n), -EBADMSG);
        free(copy);
    }
    assert_string_equal(unchanged.name, "unchanged");
}

static void places_are_told_apart_by_what_they_are(void **state)
{
    static const struct yk_listen_spec places[] = {
        {.port = 80},
        {.port = 80, .is_udp = true},
        {.port = 80, .is_udp = true, .reuse_addr = true},
        {.port = 80, .ipv6_only = true},
        {.port = 80, .host = "::"},
        {.port = 81},
        {.path = "/a"},
        {.fd_name = "/a"},
        {.fd = 80},
        {.fd = 80, .is_udp = true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(places); i++)
        for (size_t j = 0; j < COUNT_OF(places); j++) {
            struct yk_listen_request a, b;
            yk_listen_request_of(&a, &places[i], room);
            yk_listen_request_of(&b, &places[j], room);
            b.listen.backlog = 9;
            b.listen.mode = 0600;
            b.listen.index = 3;
            assert_int_equal(
                yk_listen_is_same(&a.listen, a.name, &b.listen, b.name),
                i == j);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_asked_for_arrives),
        cmocka_unit_test(a_relative_path_becomes_absolute),
        cmocka_unit_test(a_name_without_an_end_is_refused),
        cmocka_unit_test(a_packet_that_is_cut_is_refused),
        cmocka_unit_test(places_are_told_apart_by_what_they_are),
    };
    return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
