/* The primary's copies: kept until begun, given up when not, never lost. */
#include "../unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "cluster/copies.h"
#include "net/handoff.h"

static struct yk_board board;
static struct yk_copies copies;

/* What was given up, as descriptors. */
static struct {
    int fds[2 * YK_BOARD_ENTRIES];
    int deaths[2 * YK_BOARD_ENTRIES];
    int count;
} given;

static void give(void *data, const struct yk_conn *conn)
{
    (void)data;
    given.deaths[given.count] = conn->deaths;
    given.fds[given.count++] = conn->fd;
}

static int setup(void **state)
{
    (void)state;
    board = (struct yk_board){.wants_wake = 0};
    given.count = 0;
    return yk_copies_init(&copies, &board);
}

static int teardown(void **state)
{
    (void)state;
    for (int i = 0; i < given.count; i++)
        close(given.fds[i]);
    yk_copies_done(&copies);
    return 0;
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static uint16_t put_out(int *ret_fd, uint64_t now_ms)
{
    struct yk_conn conn = {.fd = open("/dev/null", O_RDONLY | O_CLOEXEC)};

    assert_true(conn.fd >= 0);
    *ret_fd = conn.fd;
    return yk_copies_add(&copies, &conn, now_ms);
}

static uint16_t add(int *ret_fd, uint64_t now_ms)
{
    uint16_t index = put_out(ret_fd, now_ms);

    yk_copies_have_gone(&copies);
    return index;
}

/* What a worker does to its word. */
static bool worker_moves(uint16_t index, enum yk_handoff_state from,
                         enum yk_handoff_state to)
{
    struct yk_handoff handoff = {.word = &board.words[index],
                                 .generation =
                                     copies.entries[index].generation};
    return yk_handoff_move(&handoff, from, to);
}

static void take(uint16_t index)
{
    assert_true(worker_moves(index, YK_HANDOFF_SENT, YK_HANDOFF_TAKEN));
}

static void refresh_and_sweep(void)
{
    yk_copies_refresh(&copies, give, NULL);
    yk_copies_sweep(&copies, YK_BOARD_ENTRIES, give, NULL);
}

static void a_copy_is_kept_until_the_worker_has_begun(void **state)
{
    int fd;
    uint16_t index = add(&fd, 0);

    (void)state;
    refresh_and_sweep();
    assert_true(is_open(fd));
    take(index);
    refresh_and_sweep();
    assert_true(is_open(fd));
    assert_true(worker_moves(index, YK_HANDOFF_TAKEN, YK_HANDOFF_BEGUN));
    refresh_and_sweep();
    assert_false(is_open(fd));
    assert_int_equal(yk_copies_count(&copies), 0);
}

static void one_that_begins_at_once_is_closed(void **state)
{
    int fd;
    uint16_t index = add(&fd, 0);

    (void)state;
    take(index);
    worker_moves(index, YK_HANDOFF_TAKEN, YK_HANDOFF_BEGUN);
    yk_copies_refresh(&copies, give, NULL);
    assert_false(is_open(fd));
}

static void a_dead_workers_connections_are_given_up_unless_begun(void **state)
{
    int sent, taken, begun, returned;

    (void)state;
    uint16_t b = add(&begun, 0);
    uint16_t r = add(&returned, 0);
    uint16_t t = add(&taken, 0);
    add(&sent, 0);
    take(b);
    worker_moves(b, YK_HANDOFF_TAKEN, YK_HANDOFF_BEGUN);
    worker_moves(r, YK_HANDOFF_SENT, YK_HANDOFF_RETURNED);
    take(t);
    yk_copies_give_all(&copies, give, NULL);
    assert_int_equal(given.count, 3);
    assert_false(is_open(begun));
    /* Only one that the dead worker had taken may have killed it. */
    for (int i = 0; i < 3; i++)
        assert_int_equal(given.deaths[i], given.fds[i] == taken);
}

static void a_returned_connection_is_given_up(void **state)
{
    int first, second;

    (void)state;
    add(&first, 0);
    uint16_t index = add(&second, 0);
    take(0);
    yk_copies_refresh(&copies, give, NULL);
    worker_moves(0, YK_HANDOFF_TAKEN, YK_HANDOFF_RETURNED);
    worker_moves(index, YK_HANDOFF_SENT, YK_HANDOFF_RETURNED);
    refresh_and_sweep();
    assert_int_equal(given.count, 2);
    assert_true(is_open(first) && is_open(second));
}

static void
what_is_late_is_taken_back_unless_the_worker_was_faster(void **state)
{
    int late, taken, recent;

    (void)state;
    uint16_t t = add(&taken, 1000);
    uint16_t index = add(&late, 1000);
    add(&recent, 2000);
    take(t);
    yk_copies_refresh(&copies, give, NULL);
    assert_true(yk_copies_are_late(&copies, 1500));
    yk_copies_revoke(&copies, 1500, give, NULL);
    assert_int_equal(given.count, 1);
    assert_int_equal(given.fds[0], late);
    assert_false(yk_copies_are_late(&copies, 1500));
    /* The worker comes to it now, and finds that it is not its own. */
    struct yk_handoff stale = {.word = &board.words[index], .generation = 0};
    assert_false(yk_handoff_move(&stale, YK_HANDOFF_SENT, YK_HANDOFF_TAKEN));
}

static void a_used_entry_has_a_new_generation(void **state)
{
    int fd;
    uint16_t index = add(&fd, 0);
    struct yk_handoff old = {.word = &board.words[index], .generation = 0};

    (void)state;
    take(index);
    worker_moves(index, YK_HANDOFF_TAKEN, YK_HANDOFF_BEGUN);
    refresh_and_sweep();
    assert_int_equal(add(&fd, 0), index);
    assert_int_equal(copies.entries[index].generation, 1);
    assert_false(yk_handoff_move(&old, YK_HANDOFF_SENT, YK_HANDOFF_TAKEN));
    assert_false(yk_handoff_is_held(&old));
}

static void generations_go_round_in_their_29_bits(void **state)
{
    int fd;
    uint16_t index = put_out(&fd, 0);

    (void)state;
    struct yk_conn conn;
    yk_copies_undo(&copies, index, &conn);
    copies.entries[index].generation = (1u << 29) - 1;
    assert_int_equal(yk_copies_add(&copies, &conn, 0), index);
    yk_copies_have_gone(&copies);
    take(index);
    worker_moves(index, YK_HANDOFF_TAKEN, YK_HANDOFF_BEGUN);
    refresh_and_sweep();
    assert_int_equal(copies.entries[index].generation, 0);
}

/* ---- Another primary ---- */

static struct {
    uint16_t indexes[8];
    struct yk_conn conns[8];
    int count;
} kept;

static void keep(void *data, uint16_t index, const struct yk_conn *conn)
{
    (void)data;
    kept.indexes[kept.count] = index;
    kept.conns[kept.count] = *conn;
    kept.conns[kept.count++].fd = fcntl(conn->fd, F_DUPFD_CLOEXEC, 0);
}

/* Words and descriptors stay, all else is made anew. */
static void hand_over(void)
{
    kept.count = 0;
    yk_copies_each_waiting(&copies, keep, NULL);
    struct yk_board before = board;
    copies.board = &before;
    yk_copies_done(&copies);
    for (int i = 0; i < given.count; i++)
        close(given.fds[i]);
    given.count = 0;
    assert_int_equal(yk_copies_init(&copies, &board), 0);
    for (int i = 0; i < kept.count; i++)
        assert_true(yk_copies_resume(&copies, kept.indexes[i], &kept.conns[i]));
}

static void copies_wait_under_another_primary_as_they_did(void **state)
{
    int fd;

    (void)state;
    for (int i = 0; i < 4; i++)
        take(add(&fd, 0));
    refresh_and_sweep();
    worker_moves(1, YK_HANDOFF_TAKEN, YK_HANDOFF_BEGUN);
    refresh_and_sweep();
    hand_over();
    assert_int_equal(yk_copies_count(&copies), 3);
    assert_true(worker_moves(0, YK_HANDOFF_TAKEN, YK_HANDOFF_BEGUN));
    assert_true(worker_moves(2, YK_HANDOFF_TAKEN, YK_HANDOFF_RETURNED));
    refresh_and_sweep();
    assert_false(is_open(kept.conns[0].fd));
    assert_int_equal(given.count, 1);
    assert_int_equal(given.fds[0], kept.conns[1].fd);
    yk_copies_give_all(&copies, give, NULL);
    assert_int_equal(given.count, 2);
    assert_int_equal(given.fds[1], kept.conns[2].fd);
}

/* 1 has been freed, and 0 has not been handed over. */
static void what_was_not_handed_over_is_the_workers_alone(void **state)
{
    int fd;
    uint16_t first = add(&fd, 0), second = add(&fd, 0), third = add(&fd, 0);
    struct yk_handoff old = {.word = &board.words[first], .generation = 0};

    (void)state;
    take(first);
    take(second);
    take(third);
    worker_moves(second, YK_HANDOFF_TAKEN, YK_HANDOFF_BEGUN);
    refresh_and_sweep();
    hand_over();
    yk_copies_done(&copies);
    assert_int_equal(yk_copies_init(&copies, &board), 0);
    struct yk_conn conn = {.fd = open("/dev/null", O_RDONLY | O_CLOEXEC)};
    board.words[third] = YK_HANDOFF_WORD(0, YK_HANDOFF_TAKEN);
    board.words[first] = YK_HANDOFF_WORD(0, YK_HANDOFF_TAKEN);
    assert_true(yk_copies_resume(&copies, third, &conn));
    assert_false(yk_copies_resume(&copies, first, &conn));
    /* Both are used again, and who has the old one changes nothing. */
    assert_int_equal(add(&fd, 0), second);
    assert_int_equal(add(&fd, 0), first);
    take(first);
    assert_int_equal(copies.entries[first].generation, 1);
    assert_false(yk_handoff_return(&old));
    yk_handoff_begin(&old);
    assert_true(worker_moves(first, YK_HANDOFF_TAKEN, YK_HANDOFF_BEGUN));
}

static void a_full_table_gives_the_oldest_silent_one_to_its_worker(void **state)
{
    int fds[YK_BOARD_ENTRIES + 1];

    (void)state;
    for (int i = 0; i < YK_BOARD_ENTRIES; i++) {
        take(add(&fds[i], 0));
        yk_copies_refresh(&copies, give, NULL);
    }
    struct yk_handoff oldest = {.word = &board.words[0], .generation = 0};
    assert_int_equal(add(&fds[YK_BOARD_ENTRIES], 0), 0);
    assert_false(is_open(fds[0]));
    /* It is the worker's alone now, who is not told and need not be. */
    assert_false(yk_handoff_return(&oldest));
    assert_int_equal(yk_copies_count(&copies), YK_BOARD_ENTRIES);
}

static void a_full_table_loses_nothing_that_was_returned(void **state)
{
    int fd;

    (void)state;
    for (uint16_t i = 0; i < YK_BOARD_ENTRIES; i++) {
        take(add(&fd, 0));
        yk_copies_refresh(&copies, give, NULL);
        worker_moves(i, YK_HANDOFF_TAKEN, YK_HANDOFF_RETURNED);
    }
    assert_int_equal(add(&fd, 0), YK_COPIES_NONE);
    close(fd);
    refresh_and_sweep();
    assert_int_equal(given.count, YK_BOARD_ENTRIES);
    assert_int_not_equal(add(&fd, 0), YK_COPIES_NONE);
}

static void rubbish_from_a_worker_only_costs_its_own_connection(void **state)
{
    static const uint32_t rubbish[] = {0, 7, UINT32_MAX, 0xdeadbeef, 1 << 3};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(rubbish); i++) {
        int fd;
        uint16_t index = add(&fd, 0);
        atomic_store(&board.words[index], rubbish[i]);
        refresh_and_sweep();
        assert_false(is_open(fd));
        assert_int_equal(yk_copies_count(&copies), 0);
    }
}

static void a_sweep_goes_on_where_the_last_one_ended(void **state)
{
    int fds[10];

    (void)state;
    for (int i = 0; i < 10; i++)
        take(add(&fds[i], 0));
    yk_copies_refresh(&copies, give, NULL);
    worker_moves(9, YK_HANDOFF_TAKEN, YK_HANDOFF_BEGUN);
    yk_copies_sweep(&copies, 5, give, NULL);
    assert_true(is_open(fds[9]));
    yk_copies_sweep(&copies, 5, give, NULL);
    assert_false(is_open(fds[9]));
}

static void an_add_can_be_undone(void **state)
{
    struct yk_conn conn;
    int fd;
    uint16_t index = put_out(&fd, 0);

    (void)state;
    yk_copies_undo(&copies, index, &conn);
    assert_int_equal(conn.fd, fd);
    assert_true(is_open(fd));
    assert_int_equal(yk_copies_count(&copies), 0);
    close(fd);
}

static void nothing_is_believed_of_what_has_not_been_sent(void **state)
{
    static const enum yk_handoff_state lies[] = {
        YK_HANDOFF_FREE, YK_HANDOFF_TAKEN, YK_HANDOFF_BEGUN,
        YK_HANDOFF_RETURNED};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(lies); i++) {
        struct yk_conn conn;
        int fd;
        uint16_t index = put_out(&fd, 0);
        worker_moves(index, YK_HANDOFF_SENT, lies[i]);
        refresh_and_sweep();
        yk_copies_revoke(&copies, 1000, give, NULL);
        assert_int_equal(yk_copies_evict(&copies, 10), 0);
        assert_int_equal(yk_copies_count(&copies), 1);
        yk_copies_undo(&copies, index, &conn);
        assert_int_equal(conn.fd, fd);
        assert_true(is_open(fd));
        close(fd);
    }
    assert_int_equal(given.count, 0);
}

static void what_has_not_been_sent_is_given_up_whatever_is_said(void **state)
{
    int fd;
    uint16_t index = put_out(&fd, 0);

    (void)state;
    worker_moves(index, YK_HANDOFF_SENT, YK_HANDOFF_BEGUN);
    yk_copies_give_all(&copies, give, NULL);
    assert_int_equal(given.count, 1);
    assert_int_equal(given.fds[0], fd);
    assert_int_equal(given.deaths[0], 0);
}

static void a_worker_that_stands_alone_keeps_what_it_has_taken(void **state)
{
    int fd;
    uint16_t taken = add(&fd, 0), sent = add(&fd, 0);

    (void)state;
    take(taken);
    yk_board_own_all(&board);
    assert_false(worker_moves(taken, YK_HANDOFF_TAKEN, YK_HANDOFF_RETURNED));
    assert_true(worker_moves(sent, YK_HANDOFF_SENT, YK_HANDOFF_TAKEN));
}

#define WITH_COPIES(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_COPIES(a_copy_is_kept_until_the_worker_has_begun),
        WITH_COPIES(one_that_begins_at_once_is_closed),
        WITH_COPIES(a_dead_workers_connections_are_given_up_unless_begun),
        WITH_COPIES(a_returned_connection_is_given_up),
        WITH_COPIES(what_is_late_is_taken_back_unless_the_worker_was_faster),
        WITH_COPIES(a_used_entry_has_a_new_generation),
        WITH_COPIES(generations_go_round_in_their_29_bits),
        WITH_COPIES(copies_wait_under_another_primary_as_they_did),
        WITH_COPIES(what_was_not_handed_over_is_the_workers_alone),
        WITH_COPIES(a_full_table_gives_the_oldest_silent_one_to_its_worker),
        WITH_COPIES(a_full_table_loses_nothing_that_was_returned),
        WITH_COPIES(rubbish_from_a_worker_only_costs_its_own_connection),
        WITH_COPIES(a_sweep_goes_on_where_the_last_one_ended),
        WITH_COPIES(an_add_can_be_undone),
        WITH_COPIES(nothing_is_believed_of_what_has_not_been_sent),
        WITH_COPIES(what_has_not_been_sent_is_given_up_whatever_is_said),
        WITH_COPIES(a_worker_that_stands_alone_keeps_what_it_has_taken),
    };
    return cmocka_run_group_tests_name("copies", tests, NULL, NULL);
}
