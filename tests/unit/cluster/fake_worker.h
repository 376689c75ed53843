/* Workers as the primary sees them, without processes: the test is the other
 * end of their channels. One that has been made is connected, and has to be
 * seen off by fake_worker_end. */
#ifndef YK_TESTS_FAKE_WORKER_H
#define YK_TESTS_FAKE_WORKER_H

#include "../unit.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/loop.h>

#include "cluster/board.h"
#include "cluster/channel.h"
#include "cluster/message.h"
#include "cluster/port.h"
#include "cluster/ports.h"
#include "cluster/request.h"
#include "cluster/seats.h"
#include "cluster/users.h"
#include "cluster/worker.h"
#include "cluster/workers.h"
#include "core/cleanup.h"
#include "net/handoff.h"

struct fake_worker {
    struct yoke_worker worker;
    struct yk_board board;
    int far_fd; /* The worker's end of the channel. */
    bool is_closed;
};

static void fake_on_packet(struct yk_channel *channel,
                           const struct yk_packet *packet)
{
    (void)channel;
    (void)packet;
}

static void fake_on_event(struct yk_channel *channel)
{
    (void)channel;
}

static void fake_on_closed(struct yk_channel *channel)
{
    struct yoke_worker *worker =
        YK_CONTAINER_OF(channel, struct yoke_worker, channel);

    YK_CONTAINER_OF(worker, struct fake_worker, worker)->is_closed = true;
}

static const struct yk_channel_ops fake_ops = {.on_packet = fake_on_packet,
                                               .on_room = fake_on_event,
                                               .on_end = fake_on_event,
                                               .on_closed = fake_on_closed,
                                               .on_drain = fake_on_event};

static inline void fake_worker_make(struct fake_worker *fake)
{
    int fds[2];

    memset(fake, 0, sizeof(*fake));
    fake->worker.board = &fake->board;
    fake->worker.pidfd = -1;
    yk_list_init(&fake->worker.users);
    yk_list_init(&fake->worker.outbox.node);
    assert_int_equal(yk_channel_pair(fds), 0);
    assert_int_equal(yk_channel_open(&fake->worker.channel, fds[0], &fake_ops),
                     0);
    fake->far_fd = fds[1];
    fake->worker.is_connected = true;
    fake->worker.seat = yk_seats_take();
    assert_true(fake->worker.seat >= 0);
    assert_int_equal(yk_copies_init(&fake->worker.copies, &fake->board), 0);
    yk_workers_add(&fake->worker);
}

static inline void fake_worker_end(struct fake_worker *fake)
{
    yk_ports_forget(&fake->worker, false);
    yk_workers_remove(&fake->worker);
    yk_channel_close(&fake->worker.channel);
    while (!fake->is_closed)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    yk_close_fd(&fake->far_fd);
    yk_copies_done(&fake->worker.copies);
    yk_seats_free(fake->worker.seat);
}

/* The worker asks to listen there. Returns what it is answered. */
static inline int fake_worker_listen_at(struct fake_worker *fake,
                                        const char *host,
                                        const struct yk_message_listen *listen,
                                        struct yk_message_listen_reply *reply)
{
    struct yk_listen_request request = {
        .listen = *listen, .name = host, .owner = "", .group = ""};

    request.listen.backlog = 16;
    request.listen.name = YK_NAME_HOST;
    yk_ports_listen(&fake->worker, &request, reply);
    if (reply->err == 0)
        fake->worker.has_listened = true;
    return reply->err;
}

/* The same on a free port of 127.0.0.1, its n-th there. */
static inline int fake_worker_listen(struct fake_worker *fake, uint32_t token,
                                     uint32_t index,
                                     struct yk_message_listen_reply *reply)
{
    const struct yk_message_listen listen = {.token = token, .index = index};

    return fake_worker_listen_at(fake, "127.0.0.1", &listen, reply);
}

/* The connections of the next packet that has been sent to it, their messages
 * and descriptors; those are the caller's. Returns how many; 0: none is there.
 */
static inline int fake_worker_read(struct fake_worker *fake,
                                   struct yk_message_conn conns[YK_PACKET_FDS],
                                   int fds[YK_PACKET_FDS])
{
    static _Alignas(8) char packet[YK_PACKET_MAX];
    _Alignas(8) char control[CMSG_SPACE(YK_PACKET_FDS * sizeof(int))];
    struct iovec iov = {packet, sizeof(packet)};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control,
                         .msg_controllen = sizeof(control)};
    const struct yk_message_head *head = (const void *)packet;

    if (recvmsg(fake->far_fd, &msg, MSG_DONTWAIT) <= 0)
        return 0;
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
    assert_int_equal(head->type, YK_MESSAGE_CONNS);
    assert_non_null(cmsg);
    size_t len = cmsg->cmsg_len - CMSG_LEN(0);
    memcpy(fds, CMSG_DATA(cmsg), len);
    memcpy(conns, packet + sizeof(*head), head->len);
    assert_int_equal(len / sizeof(int), head->len / sizeof(conns[0]));
    return (int)(len / sizeof(int));
}

/* What the worker does to its word for a connection. */
static inline bool fake_worker_moves(struct fake_worker *fake, uint32_t index,
                                     uint32_t generation,
                                     enum yk_handoff_state from,
                                     enum yk_handoff_state to)
{
    struct yk_handoff handoff = {.word = &fake->board.words[index],
                                 .generation = generation};
    return yk_handoff_move(&handoff, from, to);
}

static inline int new_fd(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);

    assert_true(fd >= 0);
    return fd;
}

static inline bool is_open(int fd)
{
    return fcntl(fd, F_GETFD) >= 0;
}

#endif
