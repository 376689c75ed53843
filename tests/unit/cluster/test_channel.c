/* The channel: packets, descriptors, messages and ends, over a real socket
 * pair in one process. */
#include "../unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <uv.h>
#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "cluster/channel.h"
#include "core/alloc.h"

struct side {
    struct yk_channel channel;
    int packets, messages, ends, rooms, closes, drains;
    enum yk_message_kind kind; /* Of the last message. */
    enum yk_message_type last_type;
    char last_body[64];
    size_t last_len;
    int fds[YK_PACKET_FDS]; /* Kept from the last packet. */
    int fd_count;
    char *message; /* The last one; owned. */
    size_t message_len;
};

static struct side left, right;

static struct side *side_of(struct yk_channel *channel)
{
    return YK_CONTAINER_OF(channel, struct side, channel);
}

static void on_packet(struct yk_channel *channel,
                      const struct yk_packet *packet)
{
    struct side *side = side_of(channel);

    side->packets++;
    side->last_type = packet->type;
    side->last_len = packet->len;
    if (packet->len && packet->len <= sizeof(side->last_body))
        memcpy(side->last_body, packet->body, packet->len);
    side->fd_count = packet->fd_count;
    for (int i = 0; i < packet->fd_count; i++) {
        side->fds[i] = packet->fds[i];
        packet->fds[i] = -1;
    }
}

static void on_message(struct yk_channel *channel,
                       const struct yk_incoming *message)
{
    struct side *side = side_of(channel);

    side->messages++;
    free(side->message);
    side->message = yk_alloc(message->len + 1);
    side->message_len = message->len;
    side->kind = message->kind;
    if (message->len)
        memcpy(side->message, message->ptr, message->len);
    side->fd_count = message->fd_count;
    for (int i = 0; i < message->fd_count; i++) {
        side->fds[i] = message->fds[i];
        message->fds[i] = -1;
    }
}

static void on_room(struct yk_channel *channel)
{
    side_of(channel)->rooms++;
}

static void on_end(struct yk_channel *channel)
{
    side_of(channel)->ends++;
    yk_channel_close(channel);
}

static void on_closed(struct yk_channel *channel)
{
    side_of(channel)->closes++;
}

static void on_drain(struct yk_channel *channel)
{
    side_of(channel)->drains++;
}

static const struct yk_channel_ops ops = {on_packet, on_message, on_room,
                                          on_end,    on_closed,  on_drain};

static int setup(void **state)
{
    int fds[2];

    (void)state;
    left = right = (struct side){.packets = 0};
    yoke_log_set_level(YOKE_LOG_OFF);
    assert_int_equal(yk_channel_pair(fds), 0);
    assert_int_equal(yk_channel_open(&left.channel, fds[0], &ops), 0);
    assert_int_equal(yk_channel_open(&right.channel, fds[1], &ops), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    yk_channel_close(&left.channel);
    yk_channel_close(&right.channel);
    uv_run(yoke_loop(), UV_RUN_DEFAULT);
    assert_int_equal(left.closes, 1);
    assert_int_equal(right.closes, 1);
    free(left.message);
    free(right.message);
    return 0;
}

static ssize_t send_bytes(struct side *side, const void *ptr, size_t len)
{
    struct yk_outgoing message = {.ptr = ptr, .len = len};

    return yk_channel_send_message(&side->channel, &message);
}

/* Turns the loop until the condition holds; the test's time limit ends what
 * never does. */
#define RUN_UNTIL(condition)                                                   \
    while (!(condition))                                                       \
    uv_run(yoke_loop(), UV_RUN_ONCE)

static void a_packet_arrives_as_it_was_sent(void **state)
{
    (void)state;
    yk_channel_send(&left.channel, YK_MESSAGE_HELLO, "body", 4, -1);
    RUN_UNTIL(right.packets);
    assert_int_equal(right.last_type, YK_MESSAGE_HELLO);
    assert_int_equal(right.last_len, 4);
    assert_memory_equal(right.last_body, "body", 4);
}

static void descriptors_go_beside_a_packet(void **state)
{
    int fds[YK_PACKET_FDS];

    (void)state;
    for (int i = 0; i < YK_PACKET_FDS; i++)
        fds[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
    assert_int_equal(yk_channel_try_send(&left.channel, YK_MESSAGE_CONNS, "x",
                                         1, fds, YK_PACKET_FDS),
                     0);
    RUN_UNTIL(right.packets);
    assert_int_equal(right.fd_count, YK_PACKET_FDS);
    for (int i = 0; i < YK_PACKET_FDS; i++) {
        assert_int_equal(fcntl(right.fds[i], F_GETFD), FD_CLOEXEC);
        close(right.fds[i]);
        close(fds[i]);
    }
}

static int count_fds(void)
{
    int count = 0;

    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* A packet as no honest peer sends it. */
static void send_raw(const void *ptr, size_t len, int fd)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))];
    struct iovec iov = {(void *)(uintptr_t)ptr, len};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control,
                         .msg_controllen = sizeof(control)};
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);

    cmsg->cmsg_level = SOL_SOCKET;
    cmsg->cmsg_type = SCM_RIGHTS;
    cmsg->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
    assert_int_equal(sendmsg(left.channel.fd, &msg, 0), (ssize_t)len);
}

static void rubbish_is_ignored_and_its_descriptors_are_closed(void **state)
{
    struct yk_message_head wrong_version = {.version = 99};
    struct yk_message_head wrong_len = {.version = YK_MESSAGE_VERSION,
                                        .len = 4};
    struct yk_message_head short_piece = {.version = YK_MESSAGE_VERSION,
                                          .type = YK_MESSAGE_USER};
    int before = count_fds();

    (void)state;
    send_raw("x", 1, STDIN_FILENO);
    send_raw(&wrong_version, sizeof(wrong_version), STDIN_FILENO);
    send_raw(&wrong_len, sizeof(wrong_len), STDIN_FILENO);
    send_raw(&short_piece, sizeof(short_piece), STDIN_FILENO);
    yk_channel_send(&left.channel, YK_MESSAGE_HELLO, NULL, 0, -1);
    RUN_UNTIL(right.packets);
    assert_int_equal(right.last_type, YK_MESSAGE_HELLO);
    assert_int_equal(right.messages, 0);
    assert_int_equal(count_fds(), before);
}

static void what_does_not_fit_waits_and_keeps_its_order(void **state)
{
    enum {
        COUNT = 2000
    };
    char body[1000] = {0};
    int expected = 0;

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        memcpy(body, &i, sizeof(i));
        assert_int_equal(yk_channel_send(&left.channel, YK_MESSAGE_LISTEN, body,
                                         sizeof(i), -1),
                         0);
    }
    while (right.packets < COUNT) {
        int before = right.packets;
        uv_run(yoke_loop(), UV_RUN_ONCE);
        for (; before < right.packets; before++)
            expected++;
        int last;
        memcpy(&last, right.last_body, sizeof(last));
        assert_int_equal(last, expected - 1);
    }
}

static void a_descriptor_that_waits_is_copied(void **state)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    (void)state;
    while (left.channel.sender.packet_count == 0)
        yk_channel_send(&left.channel, YK_MESSAGE_WAKE, "fill", 4, -1);
    yk_channel_send(&left.channel, YK_MESSAGE_LISTEN_REPLY, "x", 1, fd);
    close(fd);
    RUN_UNTIL(right.last_type == YK_MESSAGE_LISTEN_REPLY);
    assert_int_equal(right.fd_count, 1);
    close(right.fds[0]);
}

static void the_queue_has_a_limit(void **state)
{
    int err = 0;

    (void)state;
    for (int i = 0; i < 3 * YK_SENDER_PACKETS_MAX && !err; i++)
        err = yk_channel_send(&left.channel, YK_MESSAGE_WAKE, "x", 1, -1);
    assert_int_equal(err, -YOKE_EFULL);
    assert_int_equal(left.channel.sender.packet_count, YK_SENDER_PACKETS_MAX);
}

static void connections_are_told_when_there_is_room(void **state)
{
    int err;

    (void)state;
    do
        err = yk_channel_try_send(&left.channel, YK_MESSAGE_CONNS, "x", 1, NULL,
                                  0);
    while (!err);
    assert_int_equal(err, -EAGAIN);
    assert_int_equal(left.rooms, 0);
    RUN_UNTIL(left.rooms);
    assert_int_equal(
        yk_channel_try_send(&left.channel, YK_MESSAGE_CONNS, "x", 1, NULL, 0),
        0);
}

static char *bytes(size_t n)
{
    char *ptr = yk_alloc(n + 1);

    for (size_t i = 0; i < n; i++)
        ptr[i] = (char)(i * 7 + i / 255);
    return ptr;
}

static void a_message_arrives_whole_whatever_its_size(void **state)
{
    static const size_t sizes[] = {0, 1, 32743, 32744, 32745, 1000000, 8 << 20};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        int before = right.messages;
        char *sent = bytes(sizes[i]);
        assert_true(send_bytes(&left, sent, sizes[i]) >= 0);
        RUN_UNTIL(right.messages > before);
        assert_int_equal(right.message_len, sizes[i]);
        assert_memory_equal(right.message, sent, sizes[i]);
        assert_int_equal(left.channel.sender.queued_len, 0);
        free(sent);
    }
}

static void both_sides_may_talk_at_once(void **state)
{
    size_t size = 4 << 20;
    char *sent = bytes(size);

    (void)state;
    send_bytes(&left, sent, size);
    send_bytes(&right, sent, size);
    RUN_UNTIL(left.messages && right.messages);
    assert_memory_equal(left.message, sent, size);
    assert_memory_equal(right.message, sent, size);
    free(sent);
}

static void messages_that_are_too_much_are_refused(void **state)
{
    char *sent = bytes(YK_SENDER_MAX / 2);

    (void)state;
    assert_int_equal(send_bytes(&left, sent, (size_t)YK_SENDER_MAX + 1),
                     -YOKE_EFULL);
    ssize_t waiting = send_bytes(&left, sent, YK_SENDER_MAX / 2);
    assert_in_range(waiting, 1, YK_SENDER_MAX / 2);
    waiting = send_bytes(&left, sent, YK_SENDER_MAX / 2);
    assert_true(waiting > YK_SENDER_MAX / 2);
    assert_int_equal(send_bytes(&left, sent, YK_SENDER_MAX / 2), -YOKE_EFULL);
    free(sent);
}

static void the_end_comes_after_everything_that_was_sent(void **state)
{
    (void)state;
    /* Unread packets on the side that goes make the kernel say ECONNRESET
     * before it hands out what that side had sent. */
    yk_channel_send(&right.channel, YK_MESSAGE_WAKE, "x", 1, -1);
    yk_channel_send(&left.channel, YK_MESSAGE_FAIL, "why", 3, -1);
    yk_channel_close(&left.channel);
    RUN_UNTIL(right.ends);
    assert_int_equal(right.packets, 1);
    assert_int_equal(right.last_type, YK_MESSAGE_FAIL);
    assert_int_equal(right.ends, 1);
}

static void sending_after_the_end_says_so(void **state)
{
    (void)state;
    yk_channel_close(&left.channel);
    assert_int_equal(
        yk_channel_send(&right.channel, YK_MESSAGE_WAKE, "x", 1, -1),
        -YOKE_ECHANNEL);
    assert_int_equal(send_bytes(&right, "x", 1), -YOKE_ECHANNEL);
    assert_int_equal(
        yk_channel_send(&left.channel, YK_MESSAGE_WAKE, "x", 1, -1),
        -YOKE_ECHANNEL);
}

static void closing_with_a_queue_drops_it(void **state)
{
    char *sent = bytes(1 << 20);

    (void)state;
    send_bytes(&left, sent, 1 << 20);
    yk_channel_send(&left.channel, YK_MESSAGE_WAKE, "x", 1, STDIN_FILENO);
    int before = count_fds();
    yk_channel_close(&left.channel);
    assert_true(count_fds() < before - 1);
    free(sent);
    RUN_UNTIL(right.ends);
    assert_int_equal(right.messages, 0);
}

/* Of which a part may have been sent: the next message is none the worse. */
static void without_memory_a_message_is_refused(void **state)
{
    char *sent = bytes(1 << 20);

    (void)state;
    yk_alloc_fail_after(0);
    assert_int_equal(send_bytes(&left, sent, 1 << 20), -YOKE_EFULL);
    yk_alloc_fail_after(-1);
    send_bytes(&left, "next", 4);
    RUN_UNTIL(right.messages);
    assert_int_equal(right.message_len, 4);
    assert_memory_equal(right.message, "next", 4);
    free(sent);
}

/* ---- Order ---- */

static void packets_overtake_messages_unless_they_keep_their_place(void **state)
{
    size_t size = 4 << 20;
    char *sent = bytes(size);

    (void)state;
    send_bytes(&left, sent, size);
    yk_channel_send_in_order(&left.channel, YK_MESSAGE_LEAVE, NULL, 0);
    yk_channel_send(&left.channel, YK_MESSAGE_WAKE, NULL, 0, -1);
    RUN_UNTIL(right.packets == 1);
    assert_int_equal(right.last_type, YK_MESSAGE_WAKE);
    assert_int_equal(right.messages, 0);
    RUN_UNTIL(right.packets == 2);
    assert_int_equal(right.last_type, YK_MESSAGE_LEAVE);
    assert_int_equal(right.messages, 1);
    free(sent);
}

static void connections_get_in_between_the_pieces_of_a_message(void **state)
{
    size_t size = 16 << 20;
    char *sent = bytes(size);

    (void)state;
    send_bytes(&left, sent, size);
    assert_int_equal(
        yk_channel_try_send(&left.channel, YK_MESSAGE_CONNS, "x", 1, NULL, 0),
        -EAGAIN);
    RUN_UNTIL(left.rooms);
    assert_int_equal(right.messages, 0);
    free(sent);
}

static void that_all_messages_are_sent_is_told_once(void **state)
{
    size_t size = 1 << 20;
    char *sent = bytes(size);

    (void)state;
    assert_int_equal(send_bytes(&left, "x", 1), 0);
    assert_true(send_bytes(&left, sent, size) > 0);
    assert_true(send_bytes(&left, sent, size) > (ssize_t)size);
    assert_int_equal(left.drains, 0);
    RUN_UNTIL(right.messages == 3);
    assert_int_equal(left.drains, 1);
    assert_int_equal(left.channel.sender.queued_len, 0);
    free(sent);
}

static void empty_messages_have_a_limit_too(void **state)
{
    ssize_t waiting = 0;

    (void)state;
    for (int i = 0; i < 2 * YK_SENDER_MESSAGES_MAX && waiting >= 0; i++)
        waiting = send_bytes(&left, NULL, 0);
    assert_int_equal(waiting, -YOKE_EFULL);
    assert_int_equal(left.channel.sender.message_count, YK_SENDER_MESSAGES_MAX);
}

/* ---- Messages with descriptors ---- */

/* What a sender was told. */
static struct {
    int calls, err, fd_count;
    int kept; /* The first descriptor that came back, or -1. */
} done;

static void on_done(int err, int *fds, int fd_count, void *data)
{
    assert_ptr_equal(data, &done);
    done.calls++;
    done.err = err;
    done.fd_count = fd_count;
    done.kept = -1;
    if (fd_count > 0) {
        done.kept = fds[0];
        fds[0] = -1;
    }
}

/* Sends `len` bytes with a pipe's end for writing; returns the end for reading,
 * which sees its end when nobody has the other any more. */
static int send_pipe(struct side *side, const char *ptr, size_t len)
{
    int fds[2];

    assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
    struct yk_outgoing message = {.ptr = ptr,
                                  .len = len,
                                  .kind = YK_KIND_JSON,
                                  .fds = &fds[1],
                                  .fd_count = 1,
                                  .on_done = on_done,
                                  .data = &done};
    assert_true(yk_channel_send_message(&side->channel, &message) >= 0);
    return fds[0];
}

static void assert_ended(int fd)
{
    char byte;

    assert_int_equal(read(fd, &byte, 1), 0);
    close(fd);
}

static void a_descriptor_comes_with_its_message(void **state)
{
    size_t size = 800 * 1000;
    char *sent = bytes(size);

    (void)state;
    done.calls = 0;
    int end = send_pipe(&left, sent, size);
    RUN_UNTIL(right.messages && done.calls);
    assert_int_equal(done.err, 0);
    assert_int_equal(done.fd_count, 0);
    assert_int_equal(right.message_len, size);
    assert_memory_equal(right.message, sent, size);
    assert_int_equal(right.kind, YK_KIND_JSON);
    assert_int_equal(right.fd_count, 1);
    assert_int_equal(fcntl(right.fds[0], F_GETFD), FD_CLOEXEC);
    close(right.fds[0]);
    assert_ended(end);
    free(sent);
}

static void only_so_many_descriptors_fly_and_all_arrive(void **state)
{
    enum {
        COUNT = 4 * YK_SENDER_FLYING_MAX
    };
    int before = count_fds(), ends[COUNT];

    (void)state;
    for (int i = 0; i < COUNT; i++)
        ends[i] = send_pipe(&left, "x", 1);
    assert_int_equal(left.channel.sender.flying_count, YK_SENDER_FLYING_MAX);
    assert_false(yk_sender_waits(&left.channel.sender));
    for (int i = 0; i < COUNT; i++) {
        RUN_UNTIL(right.messages == i + 1);
        close(right.fds[0]);
    }
    RUN_UNTIL(left.channel.sender.flying_count == 0);
    for (int i = 0; i < COUNT; i++)
        assert_ended(ends[i]);
    assert_int_equal(count_fds(), before);
}

static void both_sides_may_send_descriptors_at_once(void **state)
{
    enum {
        COUNT = 200
    };
    size_t size = 100 * 1000;
    char *sent = bytes(size);
    int lefts = 0, rights = 0;

    (void)state;
    for (int i = 0; i < COUNT; i++) {
        close(send_pipe(&left, sent, size));
        close(send_pipe(&right, sent, size));
    }
    while (lefts < COUNT || rights < COUNT) {
        uv_run(yoke_loop(), UV_RUN_ONCE);
        for (; lefts < left.messages; lefts++)
            close(left.fds[0]);
        for (; rights < right.messages; rights++)
            close(right.fds[0]);
    }
    free(sent);
}

static void what_was_not_acknowledged_is_given_back_at_the_end(void **state)
{
    (void)state;
    done.calls = 0;
    int first = send_pipe(&left, "x", 1);
    yk_channel_close(&right.channel);
    RUN_UNTIL(left.ends);
    assert_int_equal(done.calls, 1);
    assert_int_equal(done.err, -YOKE_ECHANNEL);
    assert_int_equal(done.fd_count, 1);
    /* It is the same pipe, and still open. */
    assert_int_equal(write(done.kept, "y", 1), 1);
    close(done.kept);
    close(first);
}

static void without_a_sender_who_wants_them_they_are_closed(void **state)
{
    int fds[2];

    (void)state;
    assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
    struct yk_outgoing message = {.fds = &fds[1], .fd_count = 1};
    assert_int_equal(yk_channel_send_message(&left.channel, &message), 0);
    yk_channel_close(&right.channel);
    RUN_UNTIL(left.ends);
    assert_ended(fds[0]);
}

static void a_refused_message_leaves_its_descriptors(void **state)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    struct yk_outgoing message = {
        .fds = &fd, .fd_count = 1, .on_done = on_done, .data = &done};

    (void)state;
    done.calls = 0;
    yk_alloc_fail_after(0);
    assert_int_equal(yk_channel_send_message(&left.channel, &message),
                     -YOKE_EFULL);
    yk_alloc_fail_after(-1);
    yk_channel_close(&right.channel);
    assert_int_equal(yk_channel_send_message(&left.channel, &message),
                     -YOKE_ECHANNEL);
    assert_int_equal(done.calls, 0);
    assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
    close(fd);
}

/* Nobody but the receiver knows that it has no descriptor left. */
static void a_receiver_without_room_says_so(void **state)
{
    struct rlimit limit, none;

    (void)state;
    done.calls = 0;
    int end = send_pipe(&left, "x", 1);
    getrlimit(RLIMIT_NOFILE, &limit);
    none = (struct rlimit){.rlim_cur = 0, .rlim_max = limit.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    RUN_UNTIL(done.calls);
    setrlimit(RLIMIT_NOFILE, &limit);
    assert_int_equal(done.err, -EMFILE);
    assert_int_equal(right.messages, 0);
    assert_int_equal(write(done.kept, "y", 1), 1);
    close(done.kept);
    close(end);
}

static void acknowledgements_that_nobody_waits_for_are_ignored(void **state)
{
    struct yk_message_ack acks[2] = {{.number = 7}, {.number = 0}};
    char many[(YK_SENDER_FLYING_MAX + 1) * sizeof(acks[0])] = {0};

    (void)state;
    yk_channel_send(&left.channel, YK_MESSAGE_ACK, acks, sizeof(acks), -1);
    yk_channel_send(&left.channel, YK_MESSAGE_ACK, many, sizeof(many), -1);
    yk_channel_send(&left.channel, YK_MESSAGE_ACK, acks, 3, -1);
    yk_channel_send(&left.channel, YK_MESSAGE_HELLO, NULL, 0, -1);
    RUN_UNTIL(right.packets);
    assert_int_equal(right.last_type, YK_MESSAGE_HELLO);
}

#define WITH_CHANNEL(test)                                                     \
    cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CHANNEL(a_packet_arrives_as_it_was_sent),
        WITH_CHANNEL(descriptors_go_beside_a_packet),
        WITH_CHANNEL(rubbish_is_ignored_and_its_descriptors_are_closed),
        WITH_CHANNEL(what_does_not_fit_waits_and_keeps_its_order),
        WITH_CHANNEL(a_descriptor_that_waits_is_copied),
        WITH_CHANNEL(the_queue_has_a_limit),
        WITH_CHANNEL(connections_are_told_when_there_is_room),
        WITH_CHANNEL(a_message_arrives_whole_whatever_its_size),
        WITH_CHANNEL(both_sides_may_talk_at_once),
        WITH_CHANNEL(messages_that_are_too_much_are_refused),
        WITH_CHANNEL(the_end_comes_after_everything_that_was_sent),
        WITH_CHANNEL(sending_after_the_end_says_so),
        WITH_CHANNEL(closing_with_a_queue_drops_it),
        WITH_CHANNEL(without_memory_a_message_is_refused),
        WITH_CHANNEL(packets_overtake_messages_unless_they_keep_their_place),
        WITH_CHANNEL(connections_get_in_between_the_pieces_of_a_message),
        WITH_CHANNEL(that_all_messages_are_sent_is_told_once),
        WITH_CHANNEL(empty_messages_have_a_limit_too),
        WITH_CHANNEL(a_descriptor_comes_with_its_message),
        WITH_CHANNEL(only_so_many_descriptors_fly_and_all_arrive),
        WITH_CHANNEL(both_sides_may_send_descriptors_at_once),
        WITH_CHANNEL(what_was_not_acknowledged_is_given_back_at_the_end),
        WITH_CHANNEL(without_a_sender_who_wants_them_they_are_closed),
        WITH_CHANNEL(a_refused_message_leaves_its_descriptors),
        WITH_CHANNEL(a_receiver_without_room_says_so),
        WITH_CHANNEL(acknowledgements_that_nobody_waits_for_are_ignored),
    };
    return cmocka_run_group_tests_name("channel", tests, NULL, NULL);
}
