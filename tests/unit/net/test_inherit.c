/* Descriptors from a service manager or a parent. Each test is a process of its
 * own, for what was passed is looked at once. */
#include "../unit.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/inherit.h"
#include "net/listener.h"

static char text[YK_SOCKET_TEXT_MAX];

/* ---- In the process of a test ---- */

/* What a mistake is reported by: there, cmocka cannot be used. */
#define MUST(condition)                                                        \
    do {                                                                       \
        if (!(condition)) {                                                    \
            fprintf(stderr, "%s:%d: %s; text: %s\n", __FILE__, __LINE__,       \
                    #condition, text);                                         \
            _exit(1);                                                          \
        }                                                                      \
    } while (0)

/* A socket with the descriptor `fd`; `type` SOCK_STREAM, SOCK_DGRAM. */
static void make(int fd, int type, bool listens)
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int made = socket(AF_INET, type, 0);

    MUST(bind(made, (struct sockaddr *)&addr, sizeof(addr)) == 0);
    MUST(!listens || listen(made, 8) == 0);
    MUST(made == fd || dup2(made, fd) == fd);
    if (made != fd)
        close(made);
}

static int port_of(int fd)
{
    struct sockaddr_in addr;
    socklen_t len = sizeof(addr);

    MUST(getsockname(fd, (struct sockaddr *)&addr, &len) == 0);
    return ntohs(addr.sin_port);
}

static void pass(const char *pid, const char *count, const char *names)
{
    char own[16];

    snprintf(own, sizeof(own), "%d", (int)getpid());
    setenv("LISTEN_PID", pid ? pid : own, 1);
    setenv("LISTEN_FDS", count, 1);
    if (names)
        setenv("LISTEN_FDNAMES", names, 1);
    else
        unsetenv("LISTEN_FDNAMES");
    yk_inherit_init();
}

static int open_(struct yk_socket *socket, struct yk_listen_spec spec)
{
    text[0] = '\0';
    return yk_socket_open(socket, &spec, text);
}

static int open_name(struct yk_socket *socket, const char *name, unsigned index)
{
    return open_(socket,
                 (struct yk_listen_spec){.fd_name = name, .index = index});
}

static void descriptors_are_found_by_name(void)
{
    struct yk_socket web, admin, datagrams;

    make(3, SOCK_STREAM, true);
    make(4, SOCK_STREAM, true);
    make(5, SOCK_DGRAM, false);
    make(6, SOCK_STREAM, true);
    pass(NULL, "4", "web:admin:web:web");
    MUST(fcntl(3, F_GETFD) & FD_CLOEXEC);
    MUST(fcntl(6, F_GETFD) & FD_CLOEXEC);
    MUST(open_name(&admin, "admin", 0) == 0);
    MUST(admin.address.port == port_of(4));
    /* The n-th of that name and type. */
    MUST(open_name(&web, "web", 0) == 0 && web.address.port == port_of(3));
    yk_socket_close(&web);
    MUST(open_name(&web, "web", 1) == 0 && web.address.port == port_of(6));
    MUST(open_name(&datagrams, "web", 2) == -ENOENT);
    MUST(!strcmp(text, "only 2 sockets are named 'web' from the service "
                       "manager, and more listeners on it"));
    MUST(open_(&datagrams,
               (struct yk_listen_spec){.fd_name = "web", .is_udp = true}) == 0);
    MUST(datagrams.address.is_udp);
    MUST(open_name(&web, "db", 0) == -ENOENT);
    MUST(!strcmp(text, "no stream socket is named 'db'; the service manager "
                       "has passed 'web', 'admin'"));
    MUST(open_(&web, (struct yk_listen_spec){.fd_name = "admin",
                                             .is_udp = true}) == -ENOENT);
}

/* A copy is used: what was passed can be used again. */
static void the_original_stays_open(void)
{
    struct yk_socket socket;

    make(3, SOCK_STREAM, true);
    pass(NULL, "1", "web");
    for (int i = 0; i < 2; i++) {
        MUST(open_name(&socket, "web", 0) == 0);
        MUST(socket.fd > 3);
        MUST(fcntl(socket.fd, F_GETFL) & O_NONBLOCK);
        yk_socket_close(&socket);
    }
    MUST(port_of(3) > 0);
}

static void one_without_a_name_is_unknown(void)
{
    struct yk_socket socket;

    make(3, SOCK_STREAM, true);
    make(4, SOCK_STREAM, true);
    make(5, SOCK_STREAM, true);
    pass(NULL, "3", ":b");
    MUST(open_name(&socket, "unknown", 0) == 0);
    MUST(socket.address.port == port_of(3));
    MUST(open_name(&socket, "b", 0) == 0);
    MUST(open_name(&socket, "unknown", 1) == 0);
    MUST(socket.address.port == port_of(5));
}

static void what_is_meant_for_another_process_is_left_alone(void)
{
    struct yk_socket socket;

    make(3, SOCK_STREAM, true);
    pass("1", "1", "web");
    MUST(!(fcntl(3, F_GETFD) & FD_CLOEXEC));
    MUST(open_name(&socket, "web", 0) == -ENOENT);
    MUST(!strcmp(text, "no descriptor is named 'web': the service manager has "
                       "passed none (LISTEN_FDS)"));
}

static void a_senseless_count_is_ignored(void)
{
    struct yk_socket socket;

    setenv("YOKE_LOG", "off", 1);
    make(3, SOCK_STREAM, true);
    pass(NULL, "1000000", "web");
    MUST(open_name(&socket, "web", 0) == -ENOENT);
}

static void a_number_is_taken_as_it_is(void)
{
    struct yk_socket socket;

    make(7, SOCK_STREAM, true);
    MUST(open_(&socket, (struct yk_listen_spec){.fd = 7}) == 0);
    MUST(socket.address.port == port_of(7));
    make(8, SOCK_DGRAM, false);
    MUST(open_(&socket, (struct yk_listen_spec){.fd = 8, .is_udp = true}) == 0);
    MUST(socket.address.port == port_of(8));
}

/* As in Node, which calls listen(2) on whatever it is given. */
static void one_that_is_bound_is_made_to_listen(void)
{
    struct yk_socket socket;
    int listens = 0;
    socklen_t len = sizeof(listens);

    make(7, SOCK_STREAM, false);
    MUST(open_(&socket, (struct yk_listen_spec){.fd = 7}) == 0);
    getsockopt(7, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len);
    MUST(listens);
}

static void must_refuse(struct yk_listen_spec spec, int err, const char *why)
{
    struct yk_socket socket = {.fd = -5};

    MUST(open_(&socket, spec) == err);
    MUST(socket.fd == -5);
    MUST(!strcmp(text, why));
}

static void what_cannot_be_listened_on_is_said(void)
{
    int pair[2];

    must_refuse((struct yk_listen_spec){.fd = 77}, -EBADF,
                "descriptor 77 is not open");
    must_refuse((struct yk_listen_spec){.fd = -3}, -EBADF,
                "descriptor -3 is not open");
    MUST(dup2(open("/dev/null", O_RDONLY), 7) == 7);
    must_refuse((struct yk_listen_spec){.fd = 7}, -ENOTSOCK,
                "descriptor 7 is not a socket");
    make(8, SOCK_DGRAM, false);
    must_refuse((struct yk_listen_spec){.fd = 8}, -EPROTOTYPE,
                "descriptor 8 is not a stream socket");
    make(9, SOCK_STREAM, true);
    must_refuse((struct yk_listen_spec){.fd = 9, .is_udp = true}, -EPROTOTYPE,
                "descriptor 9 is not a datagram socket");
    MUST(dup2(socket(AF_INET, SOCK_STREAM, 0), 10) == 10);
    must_refuse((struct yk_listen_spec){.fd = 10}, -EINVAL,
                "descriptor 10 is not bound to an address");
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
    MUST(dup2(pair[0], 11) == 11);
    must_refuse((struct yk_listen_spec){.fd = 11}, -EINVAL,
                "descriptor 11 is not bound to an address");
    MUST(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair) == 0);
    MUST(dup2(pair[0], 12) == 12);
    must_refuse((struct yk_listen_spec){.fd = 12, .is_udp = true},
                -EAFNOSUPPORT, "descriptor 12 has another kind of address");
}

static void a_connection_is_no_listener(void)
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

    make(7, SOCK_STREAM, true);
    addr.sin_port = htons((uint16_t)port_of(7));
    MUST(dup2(socket(AF_INET, SOCK_STREAM, 0), 8) == 8);
    MUST(connect(8, (struct sockaddr *)&addr, sizeof(addr)) == 0);
    must_refuse((struct yk_listen_spec){.fd = 8}, -EISCONN,
                "descriptor 8 is a connection, not a listening socket");
}

/* The parent's file is the parent's affair. */
static void the_file_of_an_inherited_unix_socket_stays(void)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct yk_socket socket_;
    int made = socket(AF_UNIX, SOCK_STREAM, 0);

    snprintf(addr.sun_path, sizeof(addr.sun_path), "/tmp/yoke-test-%d.sock",
             (int)getpid());
    MUST(bind(made, (struct sockaddr *)&addr, sizeof(addr)) == 0);
    MUST(open_(&socket_, (struct yk_listen_spec){.fd = made}) == 0);
    MUST(socket_.address.family == -1);
    MUST(!strcmp(socket_.address.host, addr.sun_path));
    yk_socket_close(&socket_);
    MUST(unlink(addr.sun_path) == 0);
}

/* ---- The tests ---- */

static void run(void **state)
{
    void (*test)(void) = (void (*)(void)) * state;
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        for (int fd = 3; fd < 20; fd++)
            close(fd);
        test();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

#define TEST(fn)                                                               \
    {                                                                          \
#        fn, run, NULL, NULL, (void *)(fn)                                     \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(descriptors_are_found_by_name),
        TEST(the_original_stays_open),
        TEST(one_without_a_name_is_unknown),
        TEST(what_is_meant_for_another_process_is_left_alone),
        TEST(a_senseless_count_is_ignored),
        TEST(a_number_is_taken_as_it_is),
        TEST(one_that_is_bound_is_made_to_listen),
        TEST(what_cannot_be_listened_on_is_said),
        TEST(a_connection_is_no_listener),
        TEST(the_file_of_an_inherited_unix_socket_stays),
    };
    return cmocka_run_group_tests_name("inherit", tests, NULL, NULL);
}
