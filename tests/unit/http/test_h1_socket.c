/* A connection that came from another process, and cannot be kept here. */
#include "../unit.h"

#include <sys/socket.h>
#include <unistd.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_memory_another_worker_gets_the_connection),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
