/* Ports: who shares one, what a worker may ask for, and how they end. */
#include "fake_worker.h"

#include <errno.h>

#include <yoke/error.h>

#include "cluster/dealer.h"
#include "cluster/line.h"

static struct fake_worker one, two;
static struct yk_message_listen_reply reply;

static int setup(void **state)
{
    (void)state;
    fake_worker_make(&one);
    fake_worker_make(&two);
    return 0;
}

/* All handles of what has been closed are to be gone. */
static void settle(void)
{
    for (int i = 0; i < 5; i++)
        uv_run(yoke_loop(), UV_RUN_NOWAIT);
}

static int teardown(void **state)
{
    (void)state;
    fake_worker_end(&one);
    fake_worker_end(&two);
    settle();
    return 0;
}

static void workers_that_ask_for_the_same_share_a_port(void **state)
{
    (void)state;
    assert_int_equal(fake_worker_listen(&one, 1, 0, &reply), 0);
    int port = reply.address.port;
    assert_int_equal(fake_worker_listen(&two, 1, 0, &reply), 0);
    assert_int_equal(reply.address.port, port);
    assert_int_equal(fake_worker_listen(&two, 2, 1, &reply), 0);
    assert_int_not_equal(reply.address.port, port);
}

static void who_listens_there_already_is_refused(void **state)
{
    (void)state;
    assert_int_equal(fake_worker_listen(&one, 1, 0, &reply), 0);
    assert_int_equal(fake_worker_listen(&one, 2, 0, &reply), -EADDRINUSE);
    assert_string_equal(reply.text, "this worker listens there already");
    assert_int_equal(fake_worker_listen(&one, 1, 1, &reply), -EADDRINUSE);
    /* Once it has closed that, it may. */
    assert_false(yk_ports_leave(&one.worker, 1));
    assert_int_equal(fake_worker_listen(&one, 2, 0, &reply), 0);
}

static void a_worker_has_so_many_listeners_and_no_more(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < YK_LISTENERS_MAX; i++)
        assert_int_equal(fake_worker_listen(&one, i + 1, i, &reply), 0);
    assert_int_equal(fake_worker_listen(&one, YK_LISTENERS_MAX + 1,
                                        YK_LISTENERS_MAX, &reply),
                     -YOKE_EFULL);
    assert_string_equal(reply.text,
                        "this worker has 64 listeners, which is the most");
    /* Others may. */
    assert_int_equal(fake_worker_listen(&two, 1, 0, &reply), 0);
}

static const char *host_at(const char *host, int port)
{
    struct yoke_address address = {.port = port};

    snprintf(address.host, sizeof(address.host), "%s", host);
    struct yk_port *found = yk_ports_at(&address);
    return found ? found->socket.address.host : "none";
}

static void a_connection_came_to_the_port_that_is_closest(void **state)
{
    struct yk_message_listen listen = {.token = 1, .ipv6_only = 1};

    (void)state;
    assert_int_equal(fake_worker_listen_at(&one, "::", &listen, &reply), 0);
    int port = listen.port = reply.address.port;
    assert_string_equal(host_at("::1", port), "::");
    listen.token = 2;
    assert_int_equal(fake_worker_listen_at(&one, "0.0.0.0", &listen, &reply),
                     0);
    assert_string_equal(host_at("127.0.0.1", port), "0.0.0.0");
    assert_string_equal(host_at("::1", port), "::");
    assert_string_equal(host_at("127.0.0.1", port == 1 ? 2 : port - 1), "none");
}

static void whether_others_listen_is_told_of_the_very_port(void **state)
{
    (void)state;
    fake_worker_listen(&one, 1, 0, &reply);
    fake_worker_listen(&one, 2, 1, &reply);
    fake_worker_listen(&two, 1, 0, &reply);
    /* It is asked to leave; later it closes its listeners, one after the
     * other. */
    yk_ports_leave_all(&one.worker, false);
    assert_true(yk_ports_leave(&one.worker, 1));
    assert_false(yk_ports_leave(&one.worker, 2));
}

static void a_port_that_has_been_closed_meanwhile_is_nobodys(void **state)
{
    (void)state;
    fake_worker_listen(&one, 1, 0, &reply);
    fake_worker_listen(&two, 1, 0, &reply);
    yk_ports_leave_all(&one.worker, false);
    assert_false(yk_ports_leave(&two.worker, 1));
    settle();
    assert_false(yk_ports_leave(&one.worker, 1));
}

static void who_has_left_is_dealt_nothing_and_can_be_asked_nothing(void **state)
{
    (void)state;
    fake_worker_listen(&one, 1, 0, &reply);
    fake_worker_listen(&two, 1, 0, &reply);
    yk_ports_leave_all(&one.worker, false);
    assert_null(yk_user_port(&one.worker, 1));
    yk_user_set_room(&one.worker, 1, 5);
    yk_user_unroute_all(&one.worker);
    yk_user_undealt(&one.worker, 1);
    assert_non_null(yk_user_port(&two.worker, 1));
    struct yk_port *port = yk_user_port(&two.worker, 1);
    for (int i = 0; i < 4; i++) {
        struct yk_conn conn = {.fd = new_fd(), .port = port};
        yk_line_add(port, &conn);
    }
    yk_dealer_flush();
    assert_int_equal(yk_copies_count(&one.worker.copies), 0);
    assert_int_equal(yk_copies_count(&two.worker.copies), 4);
}

/* ---- The stop: the last test, for it cannot be taken back ---- */

static int progress_calls;
static bool is_inside;

static void on_progress(void)
{
    assert_false(is_inside);
    progress_calls++;
    if (yk_ports_waiting() == 0)
        yk_ports_stop();
}

/* The stop closes all ports; whoever is in the middle of them must not find
 * that they have gone. */
static void progress_is_told_from_the_loop(void **state)
{
    (void)state;
    fake_worker_listen(&one, 1, 0, &reply);
    fake_worker_listen(&one, 2, 1, &reply);
    yk_ports_drain(on_progress);
    is_inside = true;
    yk_ports_deal();
    is_inside = false;
    while (yk_user_port(&one.worker, 1) || yk_user_port(&one.worker, 2))
        uv_run(yoke_loop(), UV_RUN_ONCE);
    assert_true(progress_calls > 0);
    yk_ports_deal();
}

#define WITH_WORKERS(test)                                                     \
    cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORKERS(workers_that_ask_for_the_same_share_a_port),
        WITH_WORKERS(who_listens_there_already_is_refused),
        WITH_WORKERS(a_worker_has_so_many_listeners_and_no_more),
        WITH_WORKERS(a_connection_came_to_the_port_that_is_closest),
        WITH_WORKERS(whether_others_listen_is_told_of_the_very_port),
        WITH_WORKERS(a_port_that_has_been_closed_meanwhile_is_nobodys),
        WITH_WORKERS(who_has_left_is_dealt_nothing_and_can_be_asked_nothing),
        WITH_WORKERS(progress_is_told_from_the_loop),
    };
    return cmocka_run_group_tests_name("ports", tests, NULL, NULL);
}
