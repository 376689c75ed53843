/* A sink is never waited for, and nobody else notices. */
#include "../unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/sink.h"

static char text[4096];
static struct yk_sink sink = YK_SINK_INIT(0);

/* Writes until there is no room; returns how many bytes went in. */
static size_t fill(int fd)
{
    size_t sum = 0;
    ssize_t n;

    memset(text, 'x', sizeof(text));
    while ((n = yk_sink_write(&sink, fd, text, sizeof(text))) > 0)
        sum += (size_t)n;
    return sum;
}

/* What can be read without waiting. */
static size_t drain(int fd)
{
    char room[4096];
    size_t sum = 0;
    ssize_t n;

    fcntl(fd, F_SETFL, O_NONBLOCK | fcntl(fd, F_GETFL));
    while ((n = read(fd, room, sizeof(room))) > 0)
        sum += (size_t)n;
    return sum;
}

static bool is_blocking(int fd)
{
    return !(fcntl(fd, F_GETFL) & O_NONBLOCK);
}

static void a_full_pipe_is_not_waited_for(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    size_t sum = fill(ends[1]);
    assert_true(sum > 0);
    assert_true(is_blocking(ends[1]));
    assert_int_equal(drain(ends[0]), sum);
    assert_int_equal(yk_sink_write(&sink, ends[1], "more", 4), 4);
    close(ends[0]);
    /* Nobody will ever read it. */
    assert_int_equal(yk_sink_write(&sink, ends[1], "more", 4), -EPIPE);
    close(ends[1]);
}

static void a_terminal_that_stands_still_is_not_waited_for(void **state)
{
    int far = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);

    (void)state;
    assert_true(far >= 0);
    assert_int_equal(grantpt(far) | unlockpt(far), 0);
    int near = open(ptsname(far), O_RDWR | O_NOCTTY | O_CLOEXEC);
    assert_true(near >= 0);
    assert_true(fill(near) > 0);
    assert_true(is_blocking(near));
    close(near);
    close(far);
}

static void a_full_socket_is_not_waited_for(void **state)
{
    int ends[2];

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends),
                     0);
    size_t sum = fill(ends[1]);
    assert_true(is_blocking(ends[1]));
    assert_int_equal(drain(ends[0]), sum);
    close(ends[0]);
    assert_int_equal(yk_sink_write(&sink, ends[1], "more", 4), -EPIPE);
    close(ends[1]);
}

/* Opened a second time it would be written from its beginning. */
static void a_file_is_written_on(void **state)
{
    char path[] = "/tmp/yoke-sink-XXXXXX";
    int fd = mkstemp(path);

    (void)state;
    assert_true(fd >= 0);
    unlink(path);
    assert_int_equal(write(fd, "one ", 4), 4);
    assert_int_equal(yk_sink_write(&sink, fd, "two", 3), 3);
    memset(text, 0, sizeof(text));
    assert_int_equal(pread(fd, text, sizeof(text), 0), 7);
    assert_string_equal(text, "one two");
    close(fd);
}

static void what_has_been_replaced_is_found(void **state)
{
    int first[2], second[2];

    (void)state;
    assert_int_equal(pipe2(first, O_CLOEXEC), 0);
    assert_int_equal(pipe2(second, O_CLOEXEC), 0);
    assert_int_equal(yk_sink_write(&sink, first[1], "one", 3), 3);
    assert_int_equal(dup2(second[1], first[1]), first[1]);
    assert_int_equal(yk_sink_write(&sink, first[1], "second", 6), 6);
    assert_int_equal(drain(first[0]), 3);
    assert_int_equal(drain(second[0]), 6);
    for (int i = 0; i < 2; i++) {
        close(first[i]);
        close(second[i]);
    }
}

static void nothing_is_written_to_nothing(void **state)
{
    (void)state;
    assert_int_equal(yk_sink_write(&sink, -1, "more", 4), -EBADF);
}

/* Each line gives up at once when the second's patience is used up. */
static void patience_has_an_end(void **state)
{
    struct yk_sink patient = YK_SINK_INIT(1);
    int ends[2];

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    fill(ends[1]);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(yk_sink_write(&patient, ends[1], "x", 1), -EAGAIN);
    close(ends[0]);
    close(ends[1]);
    yk_sink_done(&patient);
}

static void what_is_dropped_is_told_when_there_is_room(void **state)
{
    struct yk_sink own = YK_SINK_INIT(0);
    char room[128];
    int ends[2];

    (void)state;
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    fill(ends[1]);
    yk_sink_put(&own, ends[1], "one\n", 4);
    yk_sink_put(&own, ends[1], "two\n", 4);
    assert_int_equal(own.dropped, 8);
    drain(ends[0]);
    yk_sink_put(&own, ends[1], "three\n", 6);
    assert_int_equal(own.dropped, 0);
    ssize_t n = read(ends[0], room, sizeof(room) - 1);
    assert_true(n > 0);
    room[n] = '\0';
    assert_non_null(strstr(room, "warn: 8 bytes of standard error were "
                                 "dropped: nobody read them\nthree\n"));
    close(ends[0]);
    close(ends[1]);
    yk_sink_done(&own);
}

/* A write to a pipe that nobody reads is an error and not the end, as in the
 * primary. */
static int ignore_pipe(void **state)
{
    (void)state;
    signal(SIGPIPE, SIG_IGN);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_pipe_is_not_waited_for),
        cmocka_unit_test(a_terminal_that_stands_still_is_not_waited_for),
        cmocka_unit_test(a_full_socket_is_not_waited_for),
        cmocka_unit_test(a_file_is_written_on),
        cmocka_unit_test(what_has_been_replaced_is_found),
        cmocka_unit_test(nothing_is_written_to_nothing),
        cmocka_unit_test(patience_has_an_end),
        cmocka_unit_test(what_is_dropped_is_told_when_there_is_room),
    };
    return cmocka_run_group_tests_name("sink", tests, ignore_pipe, NULL);
}
