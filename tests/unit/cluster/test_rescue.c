/* Rescue: what a worker that hangs has not begun goes to others when it is dead,
 * and nothing goes to two. The worker is a child that only sleeps. */
#include "fake_worker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "cluster/rescue.h"
#include "cluster/settings.h"
#include "net/peer.h"

#define CLIENTS 3

static struct fake_worker hung, other;
static struct yk_port *port;
static int clients[CLIENTS], accepted[CLIENTS];
static struct yk_peer peers[CLIENTS];
static struct yk_conn given[CLIENTS + 1];
static int given_count;
static struct yoke_worker *rescued;

static void connect_client(int i)
{
    struct sockaddr_in addr = {.sin_family = AF_INET,
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
                               .sin_port =
                                   htons((uint16_t)port->socket.address.port)};
    struct sockaddr_storage far;
    socklen_t len = sizeof(far);
    struct pollfd ready = {.fd = port->socket.fd, .events = POLLIN};

    clients[i] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(
        connect(clients[i], (struct sockaddr *)&addr, sizeof(addr)), 0);
    assert_int_equal(send(clients[i], "GET", 3, 0), 3);
    assert_int_equal(poll(&ready, 1, 10000), 1);
    accepted[i] =
        accept4(port->socket.fd, (struct sockaddr *)&far, &len, SOCK_CLOEXEC);
    assert_true(accepted[i] >= 0);
    yk_peer_from_sockaddr(&peers[i], (struct sockaddr *)&far);
}

/* The child has what has been accepted, and this process has not. */
static void make_child(void)
{
    hung.worker.pid = fork();
    if (hung.worker.pid == 0)
        for (;;)
            pause();
    assert_true(hung.worker.pid > 0);
    hung.worker.pidfd = pidfd_open(hung.worker.pid, 0);
    assert_true(hung.worker.pidfd >= 0);
    for (int i = 0; i < CLIENTS; i++)
        close(accepted[i]);
}

static int setup(void **state)
{
    struct yk_message_listen_reply reply;

    (void)state;
    yk_settings_prefer_sched(YOKE_SCHED_NONE);
    fake_worker_make(&hung);
    fake_worker_make(&other);
    given_count = 0;
    rescued = NULL;
    assert_int_equal(fake_worker_listen(&hung, 1, 0, &reply), 0);
    assert_int_equal(fake_worker_listen(&other, 1, 0, &reply), 0);
    port = yk_user_port(&hung.worker, 1);
    for (int i = 0; i < CLIENTS; i++)
        connect_client(i);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < CLIENTS; i++)
        close(clients[i]);
    for (int i = 0; i < given_count; i++)
        close(given[i].fd);
    close(hung.worker.pidfd);
    fake_worker_end(&hung);
    fake_worker_end(&other);
    return 0;
}

static void kill_child(void)
{
    kill(hung.worker.pid, SIGKILL);
    assert_int_equal(waitpid(hung.worker.pid, NULL, 0), hung.worker.pid);
}

static void on_rescued(struct yoke_worker *worker)
{
    rescued = worker;
}

static void give(void *data, const struct yk_conn *conn)
{
    (void)data;
    assert_true(given_count < CLIENTS);
    given[given_count++] = *conn;
}

/* Fetches, and sees the worker's end. */
static void rescue(void)
{
    make_child();
    assert_int_equal(yk_rescue_begin(&hung.worker, on_rescued), 0);
    assert_int_equal(yk_rescue_begin(&hung.worker, on_rescued), -EALREADY);
    while (!rescued)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    assert_ptr_equal(rescued, &hung.worker);
    kill_child();
    yk_rescue_finish(&hung.worker, give, NULL);
    assert_null(hung.worker.rescue);
}

static bool was_given(int i)
{
    for (int k = 0; k < given_count; k++)
        if (yk_peer_is_same(&given[k].peer, &peers[i]))
            return true;
    return false;
}

static void what_it_has_not_begun_is_given_up(void **state)
{
    char text[8] = "";

    (void)state;
    rescue();
    assert_int_equal(given_count, CLIENTS);
    for (int i = 0; i < CLIENTS; i++) {
        assert_true(was_given(i));
        assert_ptr_equal(given[i].port, port);
        assert_int_equal(given[i].deaths, 1);
        assert_int_equal(recv(given[i].fd, text, sizeof(text), MSG_DONTWAIT),
                         3);
        assert_string_equal(text, "GET");
    }
}

static void what_it_has_begun_ends_with_it(void **state)
{
    char byte;

    (void)state;
    assert_int_equal(recv(accepted[0], &byte, 1, 0), 1);
    assert_int_equal(send(accepted[1], "H", 1, 0), 1);
    rescue();
    assert_int_equal(given_count, 1);
    assert_true(was_given(2));
}

/* It is looked at again when nobody can read any more. */
static void what_is_read_after_it_was_fetched_is_not_dealt(void **state)
{
    int kept = dup(accepted[0]);
    char byte;

    (void)state;
    make_child();
    assert_int_equal(yk_rescue_begin(&hung.worker, on_rescued), 0);
    while (!rescued)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    assert_int_equal(recv(kept, &byte, 1, 0), 1);
    kill_child();
    yk_rescue_finish(&hung.worker, give, NULL);
    close(kept);
    assert_int_equal(given_count, 2);
    assert_false(was_given(0));
}

static void what_another_worker_has_is_not_dealt_again(void **state)
{
    struct yk_conn conn = {.fd = new_fd(), .port = port, .peer = peers[0]};

    (void)state;
    yk_copies_add(&other.worker.copies, &conn, 0);
    yk_copies_have_gone(&other.worker.copies);
    rescue();
    assert_int_equal(given_count, 2);
    assert_false(was_given(0));
}

static void what_waits_in_the_primary_is_not_dealt_again(void **state)
{
    struct yk_conn conn = {.fd = new_fd(), .port = port, .peer = peers[1]};

    (void)state;
    assert_int_equal(yk_conn_queue_add(&port->line, &conn), 0);
    rescue();
    assert_int_equal(given_count, 2);
    assert_false(was_given(1));
}

static void what_it_gave_is_not_dealt_again(void **state)
{
    (void)state;
    hung.worker.given[5] = peers[2];
    rescue();
    assert_int_equal(given_count, 2);
    assert_false(was_given(2));
}

static void what_came_to_no_port_of_ours_is_left_alone(void **state)
{
    (void)state;
    yk_ports_leave_all(&other.worker, false);
    yk_ports_leave_all(&hung.worker, false);
    rescue();
    assert_int_equal(given_count, 0);
}

static void a_worker_that_dies_meanwhile_is_not_told_of(void **state)
{
    (void)state;
    make_child();
    assert_int_equal(yk_rescue_begin(&hung.worker, on_rescued), 0);
    kill_child();
    yk_rescue_finish(&hung.worker, give, NULL);
    /* The look ends, and nobody is told. */
    usleep(50000);
    for (int i = 0; i < 5; i++)
        uv_run(yoke_loop(), UV_RUN_NOWAIT);
    assert_null(rescued);
    assert_int_equal(given_count, 0);
}

#define WITH_CHILD(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CHILD(what_it_has_not_begun_is_given_up),
        WITH_CHILD(what_it_has_begun_ends_with_it),
        WITH_CHILD(what_is_read_after_it_was_fetched_is_not_dealt),
        WITH_CHILD(what_another_worker_has_is_not_dealt_again),
        WITH_CHILD(what_waits_in_the_primary_is_not_dealt_again),
        WITH_CHILD(what_it_gave_is_not_dealt_again),
        WITH_CHILD(what_came_to_no_port_of_ours_is_left_alone),
        WITH_CHILD(a_worker_that_dies_meanwhile_is_not_told_of),
    };
    return cmocka_run_group_tests_name("rescue", tests, NULL, NULL);
}
