/* Listening sockets, and why there is none, in words. */
#include "../unit.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../tree.h"

#include "net/listener.h"
#include "net/socket.h"

static struct tree tree;
static char text[YK_SOCKET_TEXT_MAX];

static int setup(void **state)
{
    (void)state;
    tree_make(&tree);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tree_remove(&tree);
    return 0;
}

static int open_(struct yk_socket *socket, struct yk_listen_spec spec)
{
    text[0] = '\0';
    return yk_socket_open(socket, &spec, text);
}

static void port_0_becomes_a_real_one(void **state)
{
    struct yk_socket socket;

    (void)state;
    assert_int_equal(open_(&socket, (struct yk_listen_spec){.port = 0}), 0);
    assert_true(socket.address.port > 0);
    yk_socket_close(&socket);
    assert_int_equal(socket.fd, -1);
    yk_socket_close(&socket);
}

static void a_port_in_use_names_its_holder(void **state)
{
    struct yk_socket holder, other;
    char expected[128];

    (void)state;
    assert_int_equal(
        open_(&holder, (struct yk_listen_spec){.host = "127.0.0.1"}), 0);
    int port = holder.address.port;
    assert_int_equal(open_(&other, (struct yk_listen_spec){.host = "127.0.0.1",
                                                           .port = port}),
                     -EADDRINUSE);
    snprintf(expected, sizeof(expected),
             "127.0.0.1:%d is in use by this program itself", port);
    assert_string_equal(text, expected);
    yk_socket_close(&holder);
}

static void impossible_places_are_refused_in_words(void **state)
{
    static const struct {
        struct yk_listen_spec spec;
        int err;
        const char *text;
    } samples[] = {
        {{.port = 65536}, -EINVAL, "port 65536 is not from 0 to 65535"},
        {{.port = -1}, -EINVAL, "port -1 is not from 0 to 65535"},
        {{.host = "::1", .port = 70000},
         -EINVAL,
         "port 70000 is not from 0 to 65535"},
        {{.host = "192.0.2.1", .port = 1},
         -EADDRNOTAVAIL,
         "192.0.2.1:1: Cannot assign requested address"},
        {{.path = "/no/such/folder/a.sock"},
         -ENOENT,
         "/no/such/folder/a.sock: No such file or directory"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        struct yk_socket socket = {.fd = -5};
        assert_int_equal(open_(&socket, samples[i].spec), samples[i].err);
        assert_string_equal(text, samples[i].text);
        assert_int_equal(socket.fd, -5);
    }
}

static int somaxconn(void)
{
    FILE *file = fopen("/proc/sys/net/core/somaxconn", "r");
    int value = 128;

    if (file && fscanf(file, "%d", &value) != 1)
        value = 128;
    if (file)
        fclose(file);
    return value;
}

static void the_backlog_reaches_the_kernel(void **state)
{
    struct yk_socket socket_;
    struct yk_listen_spec spec = {.path = tree_path(&tree, "b.sock"),
                                  .backlog = 2};
    int clients[8], waiting = 0;
    struct sockaddr_storage addr;
    socklen_t len = sizeof(addr);

    (void)state;
    if (somaxconn() < 2)
        skip();
    assert_int_equal(open_(&socket_, spec), 0);
    getsockname(socket_.fd, (struct sockaddr *)&addr, &len);
    for (size_t i = 0; i < COUNT_OF(clients); i++) {
        clients[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        waiting += connect(clients[i], (struct sockaddr *)&addr, len) == 0;
    }
    assert_int_equal(waiting, 3); /* Linux has room for one more. */
    for (size_t i = 0; i < COUNT_OF(clients); i++)
        close(clients[i]);
    yk_socket_close(&socket_);
}

static void datagrams_are_bound_and_do_not_listen(void **state)
{
    struct yk_socket socket_, other;
    struct yk_listen_spec spec = {.host = "127.0.0.1", .is_udp = true};
    char expected[128];

    (void)state;
    assert_int_equal(open_(&socket_, spec), 0);
    assert_true(socket_.address.is_udp);
    spec.port = socket_.address.port;
    assert_int_equal(open_(&other, spec), -EADDRINUSE);
    snprintf(expected, sizeof(expected),
             "UDP 127.0.0.1:%d is in use by this program itself", spec.port);
    assert_string_equal(text, expected);
    /* The numbers of TCP are others. */
    spec.is_udp = false;
    int err = open_(&other, spec);
    if (err == 0)
        yk_socket_close(&other);
    assert_true(err == 0 || err == -EADDRINUSE);
    yk_socket_close(&socket_);
}

static void an_address_is_shared_by_those_who_agree(void **state)
{
    struct yk_listen_spec specs[] = {
        {.host = "127.0.0.1", .is_udp = true, .reuse_addr = true},
        {.host = "127.0.0.1", .is_udp = true, .reuse_port = true},
        {.host = "127.0.0.1", .reuse_port = true},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(specs); i++) {
        struct yk_socket first, second, third;
        struct yk_listen_spec spec = specs[i];
        assert_int_equal(open_(&first, spec), 0);
        spec.port = first.address.port;
        assert_int_equal(open_(&second, spec), 0);
        spec.reuse_addr = spec.reuse_port = false;
        assert_int_equal(open_(&third, spec), -EADDRINUSE);
        yk_socket_close(&first);
        yk_socket_close(&second);
    }
}

static void both_families_have_the_port_if_one_keeps_to_itself(void **state)
{
    static const bool kinds[] = {false, true};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct yk_socket six, four;
        struct yk_listen_spec spec = {.is_udp = kinds[i], .ipv6_only = true};
        assert_int_equal(open_(&six, spec), 0);
        spec = (struct yk_listen_spec){
            .is_udp = kinds[i], .host = "0.0.0.0", .port = six.address.port};
        assert_int_equal(open_(&four, spec), 0);
        yk_socket_close(&six);
        yk_socket_close(&four);
    }
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(port_0_becomes_a_real_one),
        cmocka_unit_test(a_port_in_use_names_its_holder),
        cmocka_unit_test(datagrams_are_bound_and_do_not_listen),
        cmocka_unit_test(an_address_is_shared_by_those_who_agree),
        cmocka_unit_test(both_families_have_the_port_if_one_keeps_to_itself),
        cmocka_unit_test(impossible_places_are_refused_in_words),
        WITH_FOLDER(the_backlog_reaches_the_kernel),
    };
    return cmocka_run_group_tests_name("socket", tests, NULL, NULL);
}
