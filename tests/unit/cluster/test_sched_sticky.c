/* Sticky: a worker that cannot be taken in leaves no trace. */
#include "fake_worker.h"

#include <errno.h>

#include "cluster/dealer.h"
#include "cluster/line.h"
#include "cluster/settings.h"
#include "core/alloc.h"

#define WORKERS 3
#define CLIENTS 100

static struct fake_worker fakes[WORKERS];
static struct yk_message_listen_reply reply;

static int setup(void **state)
{
    (void)state;
    yk_settings_prefer_sched(YOKE_SCHED_STICKY);
    for (int i = 0; i < WORKERS; i++)
        fake_worker_make(&fakes[i]);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < WORKERS; i++)
        fake_worker_end(&fakes[i]);
    for (int i = 0; i < 5; i++)
        uv_run(yoke_loop(), UV_RUN_NOWAIT);
    return 0;
}

/* Connections from so many addresses. */
static void deal_clients(struct yk_port *port)
{
    for (int i = 0; i < CLIENTS; i++) {
        struct yk_conn conn = {
            .fd = new_fd(),
            .port = port,
            .peer = {.family = 4, .ip = {10, 0, 0, (uint8_t)i}}};
        yk_line_add(port, &conn);
    }
    yk_dealer_flush();
}

static void clients_are_divided_among_workers(void **state)
{
    (void)state;
    for (int i = 0; i < WORKERS; i++)
        assert_int_equal(fake_worker_listen(&fakes[i], 1, 0, &reply), 0);
    deal_clients(yk_user_port(&fakes[0].worker, 1));
    unsigned sum = 0;
    for (int i = 0; i < WORKERS; i++) {
        unsigned count = yk_copies_count(&fakes[i].worker.copies);
        assert_true(count > 0);
        sum += count;
    }
    assert_int_equal(sum, CLIENTS);
}

/* Whichever allocation fails. */
static void a_worker_that_cannot_be_taken_in_gets_no_clients(void **state)
{
    (void)state;
    assert_int_equal(fake_worker_listen(&fakes[0], 1, 0, &reply), 0);
    for (int n = 0;; n++) {
        yk_alloc_fail_after(n);
        int err = fake_worker_listen(&fakes[1], 1, 0, &reply);
        yk_alloc_fail_after(-1);
        if (err == 0)
            break;
        assert_int_equal(err, -ENOMEM);
    }
    deal_clients(yk_user_port(&fakes[0].worker, 1));
    assert_int_equal(yk_copies_count(&fakes[0].worker.copies) +
                         yk_copies_count(&fakes[1].worker.copies),
                     CLIENTS);
}

#define WITH_WORKERS(test)                                                     \
    cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_WORKERS(clients_are_divided_among_workers),
        WITH_WORKERS(a_worker_that_cannot_be_taken_in_gets_no_clients),
    };
    return cmocka_run_group_tests_name("sched_sticky", tests, NULL, NULL);
}
