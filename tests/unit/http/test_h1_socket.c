/* A connection that came from another process, and cannot be kept here. */
#include "../unit.h"

#include <sys/socket.h>
#include <unistd.h>

#include <uv.h>
#include <yoke/listen.h>
#include <yoke/loop.h>

#include "core/alloc.h"
#include "http/h1_socket.h"
#include "http/server.h"
#include "net/handoff.h"
#include "net/peer.h"

static void without_memory_another_worker_gets_the_connection(void **state)
{
    _Atomic uint32_t word = YK_HANDOFF_WORD(7, YK_HANDOFF_TAKEN);
    struct yk_handoff handoff = {.word = &word, .generation = 7};
    struct yk_http_server server = {.conn_count = 0};
    struct yk_peer peer = {.family = 0};
    int fds[2];
    char byte;

    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    int copy = dup(fds[1]); /* The primary's. */
    yk_alloc_fail_after(0);
    yk_h1_socket_start(&server, yoke_loop(), fds[1], &peer, &handoff);
    yk_alloc_fail_after(-1);
    assert_int_equal(word, YK_HANDOFF_WORD(7, YK_HANDOFF_RETURNED));
    /* It lives on in the primary's hand. */
    assert_int_equal(write(copy, "a", 1), 1);
    assert_int_equal(read(fds[0], &byte, 1), 1);
    assert_int_equal(close(fds[1]), -1);
    close(copy);
    assert_int_equal(read(fds[0], &byte, 1), 0);
    close(fds[0]);
}

/* ---- One that is silent ---- */

static uint64_t now_ms;

static uint64_t clock_ms(void *data)
{
    (void)data;
    return now_ms;
}

static int64_t clock_s(void *data)
{
    (void)data;
    return 0;
}

static void no_request(struct yk_exchange *x, void *data)
{
    (void)x;
    (void)data;
}

/* Whether it has been closed here. */
static bool is_closed(int fd)
{
    char byte;
    return recv(fd, &byte, 1, MSG_DONTWAIT) == 0;
}

static void one_that_was_served_elsewhere_is_idle_from_the_start(void **state)
{
    const struct yk_clock clock = {.now_ms = clock_ms, .wall_s = clock_s};
    const struct yoke_limits limits = {.idle_timeout_ms = 5000,
                                       .head_timeout_ms = 60000};
    struct yk_handoff given = {.was_given = true};
    struct yk_peer peer = {.family = 0};
    struct yk_http_server server;
    int fresh[2], used[2];

    (void)state;
    now_ms = 1000;
    assert_int_equal(
        yk_http_server_init(&server, &limits, &clock, no_request, NULL), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fresh), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, used), 0);
    yk_h1_socket_start(&server, yoke_loop(), fresh[1], &peer, NULL);
    yk_h1_socket_start(&server, yoke_loop(), used[1], &peer, &given);
    now_ms += 6000;
    yk_http_server_tick(&server);
    uv_run(yoke_loop(), UV_RUN_NOWAIT);
    assert_true(is_closed(used[0]));
    assert_false(is_closed(fresh[0]));
    now_ms += 60000;
    yk_http_server_tick(&server);
    uv_run(yoke_loop(), UV_RUN_NOWAIT);
    assert_true(is_closed(fresh[0]));
    yk_http_server_done(&server);
    close(fresh[0]);
    close(used[0]);
}

/* The loop has stood still: the timer passes before what has come is read. */
static void one_whose_request_waits_is_not_idle(void **state)
{
    const struct yk_clock clock = {.now_ms = clock_ms, .wall_s = clock_s};
    const struct yoke_limits limits = {.idle_timeout_ms = 5000,
                                       .head_timeout_ms = 60000};
    struct yk_handoff given = {.was_given = true};
    struct yk_peer peer = {.family = 0};
    struct yk_http_server server;
    int fds[2];

    (void)state;
    now_ms = 1000;
    assert_int_equal(
        yk_http_server_init(&server, &limits, &clock, no_request, NULL), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    yk_h1_socket_start(&server, yoke_loop(), fds[1], &peer, &given);
    uv_run(yoke_loop(), UV_RUN_NOWAIT);
    assert_int_equal(write(fds[0], "GET", 3), 3);
    now_ms += 9000;
    yk_http_server_tick(&server);
    uv_run(yoke_loop(), UV_RUN_NOWAIT);
    assert_false(is_closed(fds[0]));
    /* It has begun now, and has the time that a head has. */
    now_ms += 59000;
    yk_http_server_tick(&server);
    uv_run(yoke_loop(), UV_RUN_NOWAIT);
    assert_false(is_closed(fds[0]));
    close(fds[0]);
    uv_run(yoke_loop(), UV_RUN_NOWAIT);
    yk_http_server_done(&server);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_whose_request_waits_is_not_idle),
        cmocka_unit_test(without_memory_another_worker_gets_the_connection),
        cmocka_unit_test(one_that_was_served_elsewhere_is_idle_from_the_start),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
