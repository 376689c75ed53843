/* Gifts: the worker's copy stays until the primary has taken the connection,
 * and whatever it does not take comes back. */
#include "../unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>
#include <yoke/error.h>
#include <yoke/loop.h>

#include "cluster/board.h"
#include "cluster/channel.h"
#include "cluster/gifts.h"
#include "cluster/message.h"
#include "core/list.h"
#include "net/handoff.h"
#include "net/peer.h"

static struct yk_board board;
static struct yk_channel worker, primary;
static const struct yk_peer peer;

/* What has come back, and what the primary has got. */
static int back[YK_BOARD_GIFTS + 1], back_count;
static bool recalls_all; /* Whoever gets one back wants all. */
static struct yk_message_give got[YK_BOARD_GIFTS];
static int got_fds[YK_BOARD_GIFTS], got_count, packets, closes;

static void on_back(uint32_t token, int fd, const struct yk_peer *its_peer)
{
    (void)its_peer;
    assert_int_equal(token, 7);
    back[back_count++] = fd;
    if (recalls_all)
        yk_gifts_recall(0);
}

static void on_packet(struct yk_channel *channel,
                      const struct yk_packet *packet)
{
    (void)channel;
    const struct yk_message_give *gives = packet->body;

    assert_int_equal(packet->type, YK_MESSAGE_GIVE);
    assert_int_equal(packet->len, packet->fd_count * sizeof(*gives));
    packets++;
    for (int i = 0; i < packet->fd_count; i++) {
        got[got_count] = gives[i];
        got_fds[got_count++] = packet->fds[i];
        packet->fds[i] = -1;
    }
}

static void on_event(struct yk_channel *channel)
{
    (void)channel;
}

static void on_closed(struct yk_channel *channel)
{
    (void)channel;
    closes++;
}

static const struct yk_channel_ops ops = {.on_packet = on_packet,
                                          .on_room = on_event,
                                          .on_end = on_event,
                                          .on_closed = on_closed};

static int setup(void **state)
{
    int fds[2];

    (void)state;
    memset(&board, 0, sizeof(board));
    back_count = got_count = packets = closes = 0;
    recalls_all = false;
    assert_int_equal(yk_channel_pair(fds), 0);
    assert_int_equal(yk_channel_open(&worker, fds[0], &ops), 0);
    assert_int_equal(yk_channel_open(&primary, fds[1], &ops), 0);
    yk_gifts_init(&worker, &board, on_back);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    yk_gifts_recall(0);
    assert_int_equal(yk_gifts_count(), 0);
    yk_channel_close(&worker);
    yk_channel_close(&primary);
    while (closes < 2)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    for (int i = 0; i < back_count; i++)
        close(back[i]);
    for (int i = 0; i < got_count; i++)
        close(got_fds[i]);
    return 0;
}

static int new_fd(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    return fd;
}

static bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

static void give(int count)
{
    for (int i = 0; i < count; i++)
        assert_int_equal(yk_gifts_add(7, new_fd(), &peer), 0);
    yk_gifts_flush();
}

static void receive(int count)
{
    while (got_count < count)
        uv_run(yoke_loop(), UV_RUN_ONCE);
}

/* What the primary does to the word of one that it has got. */
static bool primary_moves(int i, enum yk_handoff_state to)
{
    struct yk_handoff handoff = {.word = &board.gifts[got[i].index],
                                 .generation = got[i].generation};
    return yk_handoff_move(&handoff, YK_HANDOFF_SENT, to);
}

static void the_copy_is_closed_when_the_primary_has_taken_it(void **state)
{
    int fd = new_fd();

    (void)state;
    assert_int_equal(yk_gifts_add(7, fd, &peer), 0);
    yk_gifts_flush();
    receive(1);
    assert_true(is_open(fd));
    assert_true(primary_moves(0, YK_HANDOFF_TAKEN));
    yk_gifts_settle();
    assert_false(is_open(fd));
    assert_int_equal(yk_gifts_count(), 0);
    assert_int_equal(back_count, 0);
}

static void a_batch_goes_in_one_packet(void **state)
{
    (void)state;
    give(5);
    receive(5);
    assert_int_equal(packets, 1);
    assert_int_equal(got[4].token, 7);
}

static void what_the_primary_returns_comes_back(void **state)
{
    (void)state;
    give(2);
    receive(2);
    assert_true(primary_moves(0, YK_HANDOFF_RETURNED));
    assert_true(primary_moves(1, YK_HANDOFF_TAKEN));
    yk_gifts_settle();
    assert_int_equal(back_count, 1);
    assert_true(is_open(back[0]));
}

static void
what_the_primary_does_not_take_comes_back_after_a_while(void **state)
{
    (void)state;
    give(1);
    receive(1);
    /* The timer looks. */
    while (back_count == 0)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    assert_false(primary_moves(0, YK_HANDOFF_TAKEN));
}

static void a_recall_leaves_the_primary_nothing(void **state)
{
    (void)state;
    give(3);
    receive(3);
    assert_true(primary_moves(1, YK_HANDOFF_TAKEN));
    yk_gifts_recall(7);
    assert_int_equal(back_count, 2);
    assert_int_equal(yk_gifts_count(), 0);
    assert_false(primary_moves(0, YK_HANDOFF_TAKEN));
    assert_false(primary_moves(2, YK_HANDOFF_TAKEN));
}

static void a_recall_of_another_listener_takes_nothing_back(void **state)
{
    (void)state;
    give(1);
    yk_gifts_recall(8);
    assert_int_equal(yk_gifts_count(), 1);
}

static void a_slow_primary_gets_nothing_more(void **state)
{
    (void)state;
    assert_int_equal(yk_gifts_room(), YK_BOARD_GIFTS);
    give(1);
    while (yk_gifts_room() > 0)
        usleep(1000);
    yk_gifts_recall(0);
    assert_int_equal(yk_gifts_room(), YK_BOARD_GIFTS);
}

static void there_is_room_for_so_many(void **state)
{
    int fd = new_fd();

    (void)state;
    give(YK_BOARD_GIFTS);
    assert_int_equal(yk_gifts_room(), 0);
    assert_int_equal(yk_gifts_add(7, fd, &peer), -YOKE_EFULL);
    assert_true(is_open(fd));
    close(fd);
}

static void without_a_primary_they_come_back_at_once(void **state)
{
    (void)state;
    yk_channel_close(&primary);
    give(1);
    assert_int_equal(back_count, 1);
}

static void each_comes_back_once_whatever_its_owner_does(void **state)
{
    (void)state;
    yk_channel_close(&primary);
    recalls_all = true;
    give(3);
    assert_int_equal(back_count, 3);
    for (int i = 0; i < 3; i++)
        assert_true(is_open(back[i]));
    assert_int_equal(yk_gifts_count(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            the_copy_is_closed_when_the_primary_has_taken_it, setup, teardown),
        cmocka_unit_test_setup_teardown(a_batch_goes_in_one_packet, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(what_the_primary_returns_comes_back,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            what_the_primary_does_not_take_comes_back_after_a_while, setup,
            teardown),
        cmocka_unit_test_setup_teardown(a_recall_leaves_the_primary_nothing,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            a_recall_of_another_listener_takes_nothing_back, setup, teardown),
        cmocka_unit_test_setup_teardown(a_slow_primary_gets_nothing_more, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(there_is_room_for_so_many, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            without_a_primary_they_come_back_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(
            each_comes_back_once_whatever_its_owner_does, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
