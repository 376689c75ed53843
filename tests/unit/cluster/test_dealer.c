/* The dealer: what is dealt is looked after until it has begun, and a worker
 * gains nothing by saying what is not so. */
#include "fake_worker.h"

#include "cluster/dealer.h"
#include "cluster/line.h"

static struct fake_worker fake;
static struct yk_message_conn conns[YK_PACKET_FDS];
static int fds[YK_PACKET_FDS];

static int setup(void **state)
{
    (void)state;
    fake_worker_make(&fake);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    fake_worker_end(&fake);
    return 0;
}

/* Deals one; returns the primary's descriptor of it. */
static int deal(void)
{
    struct yk_conn conn = {.fd = new_fd()};

    assert_int_equal(yk_dealer_add(&fake.worker, 1, &conn), 0);
    return conn.fd;
}

static void run_until_closed(int fd)
{
    while (is_open(fd))
        uv_run(yoke_loop(), UV_RUN_ONCE);
}

static int receive(void)
{
    int count = fake_worker_read(&fake, conns, fds);

    for (int i = 0; i < count; i++)
        close(fds[i]);
    return count;
}

static void connections_of_one_turn_go_in_one_packet(void **state)
{
    (void)state;
    for (int i = 0; i < 3; i++)
        deal();
    assert_int_equal(receive(), 0);
    yk_dealer_flush();
    assert_int_equal(receive(), 3);
}

static void what_has_not_been_sent_cannot_be_begun(void **state)
{
    int fd = deal();

    (void)state;
    assert_true(
        fake_worker_moves(&fake, 0, 0, YK_HANDOFF_SENT, YK_HANDOFF_BEGUN));
    /* Looks at what the worker says. */
    yk_dealer_load(&fake.worker);
    assert_true(is_open(fd));
    yk_dealer_flush();
    assert_int_equal(receive(), 1);
}

static void a_full_packet_is_looked_after_without_a_flush(void **state)
{
    int fd = -1;

    (void)state;
    for (int i = 0; i < YK_PACKET_FDS; i++)
        fd = deal();
    assert_int_equal(receive(), YK_PACKET_FDS);
    for (int i = 0; i < YK_PACKET_FDS; i++) {
        fake_worker_moves(&fake, conns[i].index, conns[i].generation,
                          YK_HANDOFF_SENT, YK_HANDOFF_TAKEN);
        fake_worker_moves(&fake, conns[i].index, conns[i].generation,
                          YK_HANDOFF_TAKEN, YK_HANDOFF_BEGUN);
    }
    run_until_closed(fd);
}

#define WITH_WORKER(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORKER(connections_of_one_turn_go_in_one_packet),
        WITH_WORKER(what_has_not_been_sent_cannot_be_begun),
        WITH_WORKER(a_full_packet_is_looked_after_without_a_flush),
    };
    return cmocka_run_group_tests_name("dealer", tests, NULL, NULL);
}
