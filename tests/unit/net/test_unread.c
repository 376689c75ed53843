/* Whether anybody has read from a connection. */
#include "../unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/unread.h"

static int listener, ours, theirs;

static int setup(void **state)
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(addr);

    (void)state;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    theirs = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(listener, (struct sockaddr *)&addr, len) < 0 ||
        listen(listener, 1) < 0 ||
        getsockname(listener, (struct sockaddr *)&addr, &len) < 0 ||
        connect(theirs, (struct sockaddr *)&addr, len) < 0)
        return -1;
    ours = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    return ours < 0;
}

static int teardown(void **state)
{
    (void)state;
    close(listener);
    close(ours);
    if (theirs >= 0)
        close(theirs);
    return 0;
}

static void wait_readable(void)
{
    struct pollfd one = {.fd = ours, .events = POLLIN | POLLRDHUP};

    assert_int_equal(poll(&one, 1, 10000), 1);
}

static void receive(const char *text)
{
    assert_int_equal(send(theirs, text, strlen(text), 0), strlen(text));
    wait_readable();
}

static void one_that_has_been_silent_is_unread(void **state)
{
    (void)state;
    assert_int_equal(yk_unread_count(ours), 0);
    assert_true(yk_unread_is_all(ours));
}

static void what_waits_is_unread_until_a_byte_is_read(void **state)
{
    char byte;

    (void)state;
    receive("GET");
    assert_int_equal(yk_unread_count(ours), 3);
    assert_true(yk_unread_is_all(ours));
    assert_int_equal(recv(ours, &byte, 1, MSG_PEEK), 1);
    assert_true(yk_unread_is_all(ours));
    assert_int_equal(recv(ours, &byte, 1, 0), 1);
    assert_false(yk_unread_is_all(ours));
    receive(" /");
    assert_false(yk_unread_is_all(ours));
}

static void the_other_sides_end_is_no_byte(void **state)
{
    char byte;

    (void)state;
    receive("GET");
    assert_int_equal(shutdown(theirs, SHUT_WR), 0);
    struct pollfd one = {.fd = ours, .events = POLLRDHUP};
    assert_int_equal(poll(&one, 1, 10000), 1);
    assert_true(yk_unread_is_all(ours));
    assert_int_equal(recv(ours, &byte, 1, 0), 1);
    assert_false(yk_unread_is_all(ours));
}

static void an_end_alone_is_unread(void **state)
{
    (void)state;
    assert_int_equal(shutdown(theirs, SHUT_WR), 0);
    wait_readable();
    assert_true(yk_unread_is_all(ours));
}

static void what_was_written_on_is_begun(void **state)
{
    (void)state;
    assert_int_equal(send(ours, "HTTP", 4, 0), 4);
    assert_false(yk_unread_is_all(ours));
}

static void what_is_no_connection_is_not_unread(void **state)
{
    int pair[2];

    (void)state;
    assert_false(yk_unread_is_all(listener));
    assert_false(yk_unread_is_all(STDIN_FILENO));
    assert_false(yk_unread_is_all(-1));
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair),
                     0);
    assert_false(yk_unread_is_all(pair[0]));
    close(pair[0]);
    close(pair[1]);
}

#define WITH_PAIR(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PAIR(one_that_has_been_silent_is_unread),
        WITH_PAIR(what_waits_is_unread_until_a_byte_is_read),
        WITH_PAIR(the_other_sides_end_is_no_byte),
        WITH_PAIR(an_end_alone_is_unread),
        WITH_PAIR(what_was_written_on_is_begun),
        WITH_PAIR(what_is_no_connection_is_not_unread),
    };
    return cmocka_run_group_tests_name("unread", tests, NULL, NULL);
}
