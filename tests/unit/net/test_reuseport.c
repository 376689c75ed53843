/* Groups of listening sockets on one port. */
#include "../unit.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "net/reuseport.h"

#define MEMBERS 3

static int open_first(void)
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    assert_true(fd >= 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    assert_int_equal(bind(fd, (struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(listen(fd, 64), 0);
    return fd;
}

static struct sockaddr_in address_of(int fd)
{
    struct sockaddr_in addr;
    socklen_t len = sizeof(addr);

    assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
    return addr;
}

static int connect_to(int fd)
{
    struct sockaddr_in addr = address_of(fd);
    int client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    assert_int_equal(connect(client, (struct sockaddr *)&addr, sizeof(addr)),
                     0);
    return client;
}

/* Connections that wait there; they are closed. */
static int count_waiting(int fd)
{
    int count = 0, conn;

    while ((conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC)) >= 0) {
        close(conn);
        count++;
    }
    return count;
}

/* The members' descriptors, the first included. */
static void open_group(int fds[MEMBERS])
{
    fds[0] = open_first();
    for (int i = 1; i < MEMBERS; i++)
        assert_int_equal(yk_reuseport_open(fds[0], 0, &fds[i]), 0);
}

static void close_all(const int *fds, int count)
{
    for (int i = 0; i < count; i++)
        close(fds[i]);
}

static void a_filter_chooses_the_member_by_its_number(void **state)
{
    int fds[MEMBERS], clients[MEMBERS];

    (void)state;
    open_group(fds);
    for (int i = 0; i < MEMBERS; i++) {
        const struct sock_filter filter[] = {
            BPF_STMT(BPF_RET | BPF_K, (unsigned)i)};
        assert_int_equal(yk_reuseport_attach_filter(fds[0], filter, 1), 0);
        clients[i] = connect_to(fds[0]);
        for (int j = 0; j < MEMBERS; j++)
            assert_int_equal(count_waiting(fds[j]), i == j);
    }
    close_all(clients, MEMBERS);
    close_all(fds, MEMBERS);
}

static void a_number_that_there_is_not_means_any(void **state)
{
    const struct sock_filter filter[] = {BPF_STMT(BPF_RET | BPF_K, 77)};
    int fds[MEMBERS], sum = 0;

    (void)state;
    open_group(fds);
    assert_int_equal(yk_reuseport_attach_filter(fds[0], filter, 1), 0);
    int client = connect_to(fds[0]);
    for (int i = 0; i < MEMBERS; i++)
        sum += count_waiting(fds[i]);
    assert_int_equal(sum, 1);
    close(client);
    close_all(fds, MEMBERS);
}

static void nobody_else_gets_in_by_mistake(void **state)
{
    int fds[MEMBERS], on = 1;

    (void)state;
    open_group(fds);
    struct sockaddr_in addr = address_of(fds[0]);
    int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(other, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    assert_int_equal(bind(other, (struct sockaddr *)&addr, sizeof(addr)), -1);
    assert_int_equal(errno, EADDRINUSE);
    close(other);
    close_all(fds, MEMBERS);
}

static void members_have_the_first_ones_options(void **state)
{
    int fds[MEMBERS], value = 0;
    socklen_t len = sizeof(value);

    (void)state;
    open_group(fds);
    assert_int_equal(getsockopt(fds[1], IPPROTO_TCP, TCP_NODELAY, &value, &len),
                     0);
    assert_true(value);
    close_all(fds, MEMBERS);
}

static void who_leaves_gets_every_connection(void **state)
{
    int fds[MEMBERS];

    (void)state;
    open_group(fds);
    close_all(fds + 1, MEMBERS - 1);
    yk_reuseport_leave(fds[0]);
    int client = connect_to(fds[0]);
    assert_int_equal(count_waiting(fds[0]), 1);
    close(client);
    close(fds[0]);
}

static void what_is_not_tcp_has_no_group(void **state)
{
    int member = -1;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)state;
    assert_int_equal(yk_reuseport_open(fd, 0, &member), -EOPNOTSUPP);
    assert_int_equal(member, -1);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_filter_chooses_the_member_by_its_number),
        cmocka_unit_test(a_number_that_there_is_not_means_any),
        cmocka_unit_test(nobody_else_gets_in_by_mistake),
        cmocka_unit_test(members_have_the_first_ones_options),
        cmocka_unit_test(who_leaves_gets_every_connection),
        cmocka_unit_test(what_is_not_tcp_has_no_group),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
