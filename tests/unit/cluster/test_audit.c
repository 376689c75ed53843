/* The audit before a fork: what is told of, and what is not. */
#include "../unit.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cluster/audit.h"

static struct yk_audit audit;
static char told[4 * YK_AUDIT_TEXT];
static int count;

static void on_found(const char *text, void *data)
{
    size_t len = strlen(told);

    assert_ptr_equal(data, &audit);
    snprintf(told + len, sizeof(told) - len, "%s\n", text);
}

static int begin(void **state)
{
    (void)state;
    yk_audit_begin(&audit);
    return 0;
}

static void look(int own)
{
    told[0] = '\0';
    count = yk_audit_end(&audit, own, on_found, &audit);
}

static void what_was_there_is_not_told_of(void **state)
{
    int fd = eventfd(0, EFD_CLOEXEC);

    (void)state;
    yk_audit_begin(&audit);
    look(-1);
    assert_int_equal(count, 0);
    close(fd);
}

static void each_thing_that_cannot_be_shared_is_told_of(void **state)
{
    int event = eventfd(0, EFD_CLOEXEC), epoll = epoll_create1(EPOLL_CLOEXEC);
    int fds[2];
    char number[64];

    (void)state;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    look(event);
    assert_int_equal(count, 3);
    assert_null(strstr(told, "source of events"));
    look(-1);
    assert_int_equal(count, 4);
    snprintf(number, sizeof(number), "descriptor %d is an event loop (epoll)",
             epoll);
    assert_non_null(strstr(told, number));
    assert_non_null(strstr(told, "a source of events"));
    assert_non_null(strstr(told, "is a pipe"));
    close(event);
    close(epoll);
    close(fds[0]);
    close(fds[1]);
    look(-1);
    assert_int_equal(count, 0);
}

static void one_number_may_stand_for_something_else_by_then(void **state)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    int fds[2];

    (void)state;
    yk_audit_begin(&audit);
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    assert_int_equal(dup2(fds[0], fd), fd);
    close(fds[0]);
    close(fds[1]);
    look(-1);
    assert_int_equal(count, 1);
    close(fd);
}

static void a_socket_is_told_of_with_its_address(void **state)
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(addr);
    char expected[64];
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int other = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    (void)state;
    assert_int_equal(bind(fd, (struct sockaddr *)&addr, len), 0);
    assert_int_equal(listen(fd, 1), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&addr, &len), 0);
    assert_int_equal(connect(other, (struct sockaddr *)&addr, len), 0);
    look(-1);
    assert_int_equal(count, 2);
    snprintf(expected, sizeof(expected), "bound to 127.0.0.1:%d",
             ntohs(addr.sin_port));
    assert_non_null(strstr(told, expected));
    snprintf(expected, sizeof(expected), "connected to 127.0.0.1:%d",
             ntohs(addr.sin_port));
    assert_non_null(strstr(told, expected));
    close(fd);
    close(other);
}

static void *wait_for_end(void *data)
{
    char byte;
    return read(*(int *)data, &byte, 1) == 0 ? data : NULL;
}

static void threads_are_told_of_by_name(void **state)
{
    pthread_t thread;
    int fds[2];

    (void)state;
    assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
    yk_audit_begin(&audit);
    assert_int_equal(pthread_create(&thread, NULL, wait_for_end, &fds[0]), 0);
    pthread_setname_np(thread, "helper");
    look(-1);
    assert_int_equal(count, 1);
    assert_non_null(strstr(told, "1 thread (helper) runs beside"));
    close(fds[1]);
    pthread_join(thread, NULL);
    close(fds[0]);
}

static void judgements(void **state)
{
    static const struct {
        const char *link, *expected;
        mode_t mode;
        int flags;
    } cases[] = {
        {"/srv/table", NULL, S_IFREG, O_RDONLY},
        {"/srv/log", NULL, S_IFREG, O_WRONLY | O_APPEND},
        {"/srv/state", "a file open for writing", S_IFREG, O_RDWR},
        {"/memfd:cache (deleted)", NULL, S_IFREG, O_RDWR},
        {"/srv", NULL, S_IFDIR, O_RDONLY},
        {"/dev/null", NULL, S_IFCHR, O_RDWR},
        {"/dev/urandom", NULL, S_IFCHR, O_RDONLY},
        {"/dev/tty", "a device", S_IFCHR, O_RDWR},
        {"socket:[1]", "a socket", S_IFSOCK, O_RDWR},
        {"pipe:[1]", "a pipe", S_IFIFO, O_RDONLY},
        {"anon_inode:[eventpoll]", "an event loop (epoll)", 0, O_RDWR},
        {"anon_inode:[timerfd]", "a source of events", 0, O_RDWR},
        {"anon_inode:inotify", "a source of events", 0, O_RDONLY},
        {"anon_inode:[pidfd]", NULL, 0, O_RDWR},
        {"anon_inode:bpf-map", NULL, 0, O_RDWR},
        {"anon_inode:[io_uring]", "a thing of the kernel", 0, O_RDWR},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const char *found =
            yk_audit_judge(cases[i].link, cases[i].mode, cases[i].flags);
        if (cases[i].expected)
            assert_string_equal(found, cases[i].expected);
        else
            assert_null(found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judgements),
        cmocka_unit_test_setup(what_was_there_is_not_told_of, begin),
        cmocka_unit_test_setup(each_thing_that_cannot_be_shared_is_told_of,
                               begin),
        cmocka_unit_test_setup(one_number_may_stand_for_something_else_by_then,
                               begin),
        cmocka_unit_test_setup(a_socket_is_told_of_with_its_address, begin),
        cmocka_unit_test_setup(threads_are_told_of_by_name, begin),
    };
    return cmocka_run_group_tests_name("audit", tests, NULL, NULL);
}
