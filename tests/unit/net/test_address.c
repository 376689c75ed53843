/* Addresses: from text, from the kernel, and as text. */
#include "../unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include <yoke/listen.h>

#include "net/address.h"

static struct yoke_address convert(const struct yk_sockaddr *from)
{
    struct yoke_address address;

    yk_address_from_sockaddr(&address, (const struct sockaddr *)&from->addr,
                             from->len);
    return address;
}

static void hosts_and_ports_become_addresses(void **state)
{
    static const struct {
        const char *host;
        int port, family;
        const char *numeric, *text;
    } samples[] = {
        {"127.0.0.1", 80, 4, "127.0.0.1", "127.0.0.1:80"},
        {"0.0.0.0", 0, 4, "0.0.0.0", "0.0.0.0:0"},
        {"::1", 65535, 6, "::1", "[::1]:65535"},
        {"::", 1337, 6, "::", "[::]:1337"},
        {"2001:db8::1", 1, 6, "2001:db8::1", "[2001:db8::1]:1"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        struct yk_sockaddr addr;
        char text[128];
        assert_int_equal(
            yk_sockaddr_ip(&addr, samples[i].host, samples[i].port), 0);
        struct yoke_address address = convert(&addr);
        assert_int_equal(address.family, samples[i].family);
        assert_int_equal(address.port, samples[i].port);
        assert_string_equal(address.host, samples[i].numeric);
        assert_string_equal(yk_address_text(&address, text, sizeof(text)),
                            samples[i].text);
    }
}

static void bad_hosts_and_ports_are_refused(void **state)
{
    struct yk_sockaddr addr;

    (void)state;
    assert_int_equal(yk_sockaddr_ip(&addr, "127.0.0.1", -1), -EINVAL);
    assert_int_equal(yk_sockaddr_ip(&addr, "127.0.0.1", 65536), -EINVAL);
    int err = yk_sockaddr_ip(&addr, "no-such-host.invalid", 80);
    assert_true(err == -ENOENT || err == -EAGAIN);
}

static void every_address_has_both_families(void **state)
{
    struct yk_sockaddr addr;

    (void)state;
    yk_sockaddr_any(&addr, AF_INET6, 80);
    assert_string_equal(convert(&addr).host, "::");
    yk_sockaddr_any(&addr, AF_INET, 80);
    assert_string_equal(convert(&addr).host, "0.0.0.0");
    assert_int_equal(convert(&addr).port, 80);
}

static void a_path_has_at_most_107_bytes(void **state)
{
    struct yk_sockaddr addr;
    char path[128] = {0}, text[128];

    (void)state;
    assert_int_equal(YK_UNIX_PATH_MAX, 107);
    memset(path, 'x', 108);
    assert_int_equal(yk_sockaddr_unix(&addr, path), -ENAMETOOLONG);
    path[107] = '\0';
    assert_int_equal(yk_sockaddr_unix(&addr, path), 0);
    struct yoke_address address = convert(&addr);
    assert_int_equal(address.family, -1);
    assert_string_equal(address.host, path);
    assert_string_equal(yk_address_text(&address, text, sizeof(text)), path);
}

static void an_abstract_name_has_no_end_but_its_length(void **state)
{
    struct yk_sockaddr addr;

    (void)state;
    assert_int_equal(yk_sockaddr_unix(&addr, "@yoke"), 0);
    const struct sockaddr_un *un = (const void *)&addr.addr;
    assert_int_equal(addr.len, offsetof(struct sockaddr_un, sun_path) + 5);
    assert_memory_equal(un->sun_path, "\0yoke", 5);
    assert_string_equal(convert(&addr).host, "@yoke");
    assert_int_equal(convert(&addr).family, -1);
}

static void a_socket_tells_whether_it_is_for_datagrams(void **state)
{
    static const int types[] = {SOCK_STREAM, SOCK_DGRAM};
    struct yk_sockaddr addr;

    (void)state;
    yk_sockaddr_ip(&addr, "127.0.0.1", 0);
    for (size_t i = 0; i < COUNT_OF(types); i++) {
        struct yoke_address bound;
        int fd = socket(AF_INET, types[i], 0);
        assert_int_equal(bind(fd, (struct sockaddr *)&addr.addr, addr.len), 0);
        assert_int_equal(yk_address_of_socket(fd, &bound), 0);
        assert_int_equal(bound.is_udp, types[i] == SOCK_DGRAM);
        assert_true(bound.port > 0);
        close(fd);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hosts_and_ports_become_addresses),
        cmocka_unit_test(bad_hosts_and_ports_are_refused),
        cmocka_unit_test(every_address_has_both_families),
        cmocka_unit_test(a_path_has_at_most_107_bytes),
        cmocka_unit_test(an_abstract_name_has_no_end_but_its_length),
        cmocka_unit_test(a_socket_tells_whether_it_is_for_datagrams),
    };
    return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
