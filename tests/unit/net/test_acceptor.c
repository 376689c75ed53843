/* The acceptor: batches, pauses, shortages of descriptors and memory. */
#include "../unit.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <uv.h>
#include <yoke/loop.h>

#include "core/alloc.h"
#include "core/list.h"
#include "net/acceptor.h"
#include "net/address.h"
#include "net/handshakes.h"
#include "net/listener.h"
#include "net/socket.h"

#define CONNS_MAX 256

static struct yk_socket listening;
static struct yk_acceptor acceptor;
static int clients[CONNS_MAX], client_count;

/* What the acceptor told. */
static struct {
    int fds[CONNS_MAX];
    int count, batches, shortages, closes;
    int last_shortage; /* Its error. */
    struct yk_peer last_peer;
    int pause_at;      /* Pauses after so many connections; 0: never. */
    bool frees_a_room; /* on_shortage closes a descriptor. */
} told;

static void on_accept(struct yk_acceptor *a, int fd, const struct yk_peer *peer)
{
    told.fds[told.count++] = fd;
    told.last_peer = *peer;
    if (told.count == told.pause_at)
        yk_acceptor_pause(a);
}

static void on_batch(struct yk_acceptor *a)
{
    (void)a;
    told.batches++;
}

static bool on_shortage(struct yk_acceptor *a, int err)
{
    (void)a;
    told.last_shortage = err;
    told.shortages++;
    if (told.frees_a_room)
        close(told.fds[--told.count]);
    return told.frees_a_room;
}

static void on_closed(struct yk_acceptor *a)
{
    (void)a;
    told.closes++;
}

static const struct yk_acceptor_ops ops = {.needs_bytes = 1,
                                           .on_accept = on_accept,
                                           .on_batch = on_batch,
                                           .on_shortage = on_shortage,
                                           .on_closed = on_closed};

static int setup(void **state)
{
    char text[YK_SOCKET_TEXT_MAX];
    struct yk_listen_spec spec = {.host = "127.0.0.1"};

    (void)state;
    memset(&told, 0, sizeof(told));
    client_count = 0;
    assert_int_equal(yk_socket_open(&listening, &spec, text), 0);
    return yk_acceptor_open(&acceptor, listening.fd, &ops);
}

static int teardown(void **state)
{
    (void)state;
    if (!told.closes)
        yk_acceptor_close(&acceptor);
    while (!told.closes)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    yk_socket_close(&listening);
    while (client_count > 0)
        close(clients[--client_count]);
    while (told.count > 0)
        close(told.fds[--told.count]);
    return 0;
}

static void connect_clients(int n)
{
    struct yk_sockaddr addr;

    yk_sockaddr_ip(&addr, "127.0.0.1", listening.address.port);
    while (n-- > 0) {
        int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        assert_int_equal(connect(fd, (struct sockaddr *)&addr.addr, addr.len),
                         0);
        clients[client_count++] = fd;
    }
}

#define RUN_UNTIL(condition)                                                   \
    while (!(condition))                                                       \
    uv_run(yoke_loop(), UV_RUN_ONCE)

static void connections_come_with_their_peer(void **state)
{
    char text[YK_PEER_TEXT_MAX];

    (void)state;
    connect_clients(1);
    RUN_UNTIL(told.count == 1);
    assert_string_equal(yk_peer_text(&told.last_peer, text), "127.0.0.1");
    int flags = fcntl(told.fds[0], F_GETFL);
    assert_true(flags & O_NONBLOCK);
    assert_int_equal(fcntl(told.fds[0], F_GETFD), FD_CLOEXEC);
}

static void connections_inherit_nodelay(void **state)
{
    int nodelay = 0;
    socklen_t len = sizeof(nodelay);

    (void)state;
    connect_clients(1);
    RUN_UNTIL(told.count == 1);
    getsockopt(told.fds[0], IPPROTO_TCP, TCP_NODELAY, &nodelay, &len);
    assert_int_equal(nodelay, 1);
}

static void a_burst_takes_few_batches(void **state)
{
    (void)state;
    connect_clients(200);
    RUN_UNTIL(told.count == 200);
    assert_in_range(told.batches, 4, 5);
}

static void a_pause_ends_the_batch_and_resuming_goes_on(void **state)
{
    (void)state;
    told.pause_at = 3;
    connect_clients(10);
    RUN_UNTIL(told.count == 3);
    uv_run(yoke_loop(), UV_RUN_NOWAIT);
    assert_int_equal(told.count, 3);
    yk_acceptor_resume(&acceptor);
    RUN_UNTIL(told.count == 10);
}

static void draining_takes_what_is_there_even_when_paused(void **state)
{
    (void)state;
    yk_acceptor_pause(&acceptor);
    connect_clients(100);
    yk_acceptor_drain(&acceptor, 90);
    assert_int_equal(told.count, 90);
    yk_acceptor_drain(&acceptor, 90);
    assert_int_equal(told.count, 100);
}

/* Over loopback a handshake is over when connect(2) returns; one that is not has
 * been dropped. */
static void after_draining_nobody_is_let_in(void **state)
{
    struct sockaddr_storage addr;
    socklen_t len = sizeof(addr);
    (void)state;
    connect_clients(1);
    yk_acceptor_drain(&acceptor, 90);
    assert_int_equal(told.count, 1);
    getsockname(listening.fd, (struct sockaddr *)&addr, &len);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    clients[client_count++] = fd;
    assert_int_equal(connect(fd, (struct sockaddr *)&addr, len), -1);
    assert_int_equal(errno, EINPROGRESS);
    assert_int_equal(getpeername(fd, (struct sockaddr *)&addr, &len), -1);
    yk_acceptor_drain(&acceptor, 90);
    assert_int_equal(told.count, 1);
}

/* Keeps a client's ACK from the socket: it stays between SYN and connection. */
static void drop_acks(void)
{
    struct sock_filter drop_ack[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, TH_SYN),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
    };
    struct sock_fprog program = {.len = 5, .filter = drop_ack};

    assert_int_equal(setsockopt(listening.fd, SOL_SOCKET, SO_ATTACH_FILTER,
                                &program, sizeof(program)),
                     0);
}

static void finishing_waits_for_a_handshake_that_is_under_way(void **state)
{
    (void)state;
    drop_acks();
    connect_clients(1);
    assert_int_equal(yk_handshakes_count(listening.fd), 1);
    yk_acceptor_finish(&acceptor);
    uv_run(yoke_loop(), UV_RUN_NOWAIT);
    assert_int_equal(told.count, 0);
    assert_int_equal(send(clients[0], "x", 1, 0), 1);
    RUN_UNTIL(told.closes);
    /* It may have come just before the last look. */
    yk_acceptor_drain(&acceptor, 1);
    assert_int_equal(told.count, 1);
}

static void finishing_takes_what_is_there_and_closes(void **state)
{
    (void)state;
    yk_acceptor_pause(&acceptor);
    connect_clients(100);
    yk_acceptor_finish(&acceptor);
    RUN_UNTIL(told.closes);
    yk_acceptor_drain(&acceptor, 100);
    assert_int_equal(told.count, 100);
}

static struct rlimit allow_one_more(void)
{
    struct rlimit before, low;
    int next = fcntl(STDIN_FILENO, F_DUPFD, 0);

    close(next);
    getrlimit(RLIMIT_NOFILE, &before);
    low = before;
    low.rlim_cur = (rlim_t)next + 1;
    setrlimit(RLIMIT_NOFILE, &low);
    return before;
}

static void out_of_descriptors_it_rests_and_goes_on_later(void **state)
{
    (void)state;
    connect_clients(3);
    struct rlimit before = allow_one_more();
    RUN_UNTIL(told.shortages == 1);
    assert_int_equal(told.last_shortage, -EMFILE);
    assert_int_equal(told.count, 1);
    /* It is told once, however often it tries. */
    RUN_UNTIL(!acceptor.is_resting);
    RUN_UNTIL(acceptor.is_resting);
    assert_int_equal(told.shortages, 1);
    setrlimit(RLIMIT_NOFILE, &before);
    RUN_UNTIL(told.count == 3);
}

/* What it took it would have to drop. */
static void out_of_memory_it_takes_nothing_and_goes_on_later(void **state)
{
    (void)state;
    connect_clients(3);
    yk_alloc_fail_after(1);
    RUN_UNTIL(told.shortages == 1);
    assert_int_equal(told.last_shortage, -ENOMEM);
    assert_int_equal(told.count, 1);
    assert_true(acceptor.is_resting);
    RUN_UNTIL(told.count == 3);
    assert_int_equal(told.shortages, 1);
}

static void room_that_is_made_is_used_at_once(void **state)
{
    (void)state;
    told.frees_a_room = true;
    connect_clients(5);
    struct rlimit before = allow_one_more();
    /* The kernel looks for a descriptor before it looks for a connection, so
     * the last one may be followed by another shortage. */
    RUN_UNTIL(told.shortages >= 4);
    assert_in_range(told.shortages + told.count, 5, 6);
    assert_false(acceptor.is_resting);
    setrlimit(RLIMIT_NOFILE, &before);
}

#define WITH_ACCEPTOR(test)                                                    \
    cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ACCEPTOR(connections_come_with_their_peer),
        WITH_ACCEPTOR(connections_inherit_nodelay),
        WITH_ACCEPTOR(a_burst_takes_few_batches),
        WITH_ACCEPTOR(a_pause_ends_the_batch_and_resuming_goes_on),
        WITH_ACCEPTOR(draining_takes_what_is_there_even_when_paused),
        WITH_ACCEPTOR(after_draining_nobody_is_let_in),
        WITH_ACCEPTOR(finishing_waits_for_a_handshake_that_is_under_way),
        WITH_ACCEPTOR(finishing_takes_what_is_there_and_closes),
        WITH_ACCEPTOR(out_of_descriptors_it_rests_and_goes_on_later),
        WITH_ACCEPTOR(out_of_memory_it_takes_nothing_and_goes_on_later),
        WITH_ACCEPTOR(room_that_is_made_is_used_at_once),
    };
    return cmocka_run_group_tests_name("acceptor", tests, NULL, NULL);
}
