/* Balanced: whose a connection is that a worker has given. */
#include "../unit.h"

#include <stdbool.h>
#include <string.h>

#include "cluster/board.h"
#include "cluster/loads.h"
#include "cluster/port.h"
#include "cluster/sched.h"
#include "cluster/seats.h"
#include "cluster/users.h"
#include "cluster/worker.h"
#include "net/vitals.h"

#define WORKERS 3

static struct yk_board boards[WORKERS];
static struct yoke_worker workers[WORKERS];
static struct yk_user users[WORKERS];
static struct yk_port port;

static int setup(void **state)
{
    (void)state;
    memset(workers, 0, sizeof(workers));
    memset(boards, 0, sizeof(boards));
    yk_list_init(&port.users);
    for (int i = 0; i < WORKERS; i++) {
        workers[i].id = i + 1;
        workers[i].is_connected = true;
        workers[i].seat = yk_seats_take();
        assert_int_equal(yk_copies_init(&workers[i].copies, &boards[i]), 0);
        users[i] = (struct yk_user){.worker = &workers[i], .port = &port};
        yk_list_add(&port.users, &users[i].node);
    }
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < WORKERS; i++) {
        yk_copies_done(&workers[i].copies);
        yk_seats_free(workers[i].seat);
    }
    return 0;
}

static void have(uint32_t first, uint32_t second, uint32_t third)
{
    yk_seats_load(workers[0].seat)->open = first;
    yk_seats_load(workers[1].seat)->open = second;
    yk_seats_load(workers[2].seat)->open = third;
}

/* The id of the one that is chosen; 0: nobody. */
static int choose(int giver)
{
    struct yk_conn conn = {.fd = -1, .port = &port, .giver = giver};
    struct yk_user *user = yk_sched_balanced.choose(&port, &conn);

    return user ? user->worker->id : 0;
}

static void whoever_has_fewest_gets_it(void **state)
{
    (void)state;
    have(5, 3, 4);
    assert_int_equal(choose(0), 2);
    have(5, 6, 4);
    assert_int_equal(choose(0), 3);
}

static void the_giver_gets_it_back_only_if_there_is_nobody_else(void **state)
{
    (void)state;
    have(0, 30, 20);
    assert_int_equal(choose(1), 3);
    workers[1].is_unrouted = workers[2].is_leaving = true;
    assert_int_equal(choose(1), 1);
}

static void who_is_stuck_comes_last(void **state)
{
    (void)state;
    have(0, 30, 20);
    yk_seats_load(workers[0].seat)->busy_since_ns = yk_now_ns() - 1000000000;
    assert_int_equal(choose(0), 3);
    assert_int_equal(choose(3), 2);
}

static void rubbish_is_only_a_bad_choice(void **state)
{
    (void)state;
    memset(yk_seats_load(workers[0].seat), 0xff, sizeof(struct yk_load));
    have(UINT32_MAX, UINT32_MAX, UINT32_MAX);
    assert_true(choose(0) > 0);
}

static void nobody_is_ready(void **state)
{
    (void)state;
    for (int i = 0; i < WORKERS; i++)
        workers[i].is_connected = false;
    assert_int_equal(choose(0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(whoever_has_fewest_gets_it, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            the_giver_gets_it_back_only_if_there_is_nobody_else, setup,
            teardown),
        cmocka_unit_test_setup_teardown(who_is_stuck_comes_last, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(rubbish_is_only_a_bad_choice, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(nobody_is_ready, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
