/* A socket that is watched: for packets always, for room only while somebody
 * waits for it. What waits is the sender's (sender.h); errors that are not of
 * this socket would make it look writable all the time, so after one of those a
 * timer tries again.
 *
 * Connections do not queue (yk_channel_try_send): the primary can deal them to
 * another worker instead. They may overtake messages, but no packet, and get
 * their turn before messages do. */
#include "cluster/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "core/alloc.h"
#include "core/cleanup.h"
#include "net/vitals.h"

#include "core/banned.h"

#define RETRY_MS 20
/* Packets that yk_channel_read_rest handles at most; a socket's buffer holds
 * far fewer. */
#define REST_MAX 4096

static void on_ready(uv_poll_t *poll, int status, int events);

int yk_channel_pair(int ret_fds[2])
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                   ret_fds) < 0)
        return -errno;
    return 0;
}

/* ---- Sending ---- */

static void on_retry(uv_timer_t *timer);

/* After whatever may have changed what there is to wait for. */
static void update(struct yk_channel *channel)
{
    struct yk_sender *sender = &channel->sender;
    int events = UV_READABLE;

    if (channel->fd < 0 || channel->is_ended)
        return;
    if (sender->is_short && !uv_is_active((uv_handle_t *)&channel->retry))
        uv_timer_start(&channel->retry, on_retry, RETRY_MS, 0);
    if ((channel->wants_room || yk_sender_waits(sender)) && !sender->is_short)
        events |= UV_WRITABLE;
    uv_poll_start(&channel->poll, events, on_ready);
}

static void on_retry(uv_timer_t *timer)
{
    struct yk_channel *channel = timer->data;

    channel->sender.is_short = false;
    update(channel);
}

int yk_channel_send(struct yk_channel *channel, enum yk_message_type type,
                    const void *body, size_t len, int fd)
{
    int err = yk_sender_packet(&channel->sender, type, body, len, fd);

    update(channel);
    return err;
}

int yk_channel_send_in_order(struct yk_channel *channel,
                             enum yk_message_type type, const void *body,
                             size_t len)
{
    int err = yk_sender_packet_in_order(&channel->sender, type, body, len);

    update(channel);
    return err;
}

int yk_channel_try_send(struct yk_channel *channel, enum yk_message_type type,
                        const void *body, size_t len, const int *fds,
                        int fd_count)
{
    int err =
        yk_sender_packet_now(&channel->sender, type, body, len, fds, fd_count);

    if (err == -EAGAIN) {
        channel->wants_room = true;
        update(channel);
    }
    return err;
}

ssize_t yk_channel_send_message(struct yk_channel *channel,
                                const struct yk_outgoing *message)
{
    ssize_t waiting = yk_sender_message(&channel->sender, message);

    channel->wants_drain |= waiting > 0;
    update(channel);
    return waiting;
}

static void tell_drained(struct yk_channel *channel)
{
    if (!channel->wants_drain || channel->sender.message_count > 0 ||
        channel->fd < 0)
        return;
    channel->wants_drain = false;
    channel->ops->on_drain(channel);
}

/* ---- Complaining ---- */

static bool is_power_of_ten(uint64_t number)
{
    while (number % 10 == 0)
        number /= 10;
    return number == 1;
}

void yk_channel_complain(struct yk_channel *channel, const char *fmt, ...)
{
    char text[256], count[64] = "";
    va_list args;

    if (!is_power_of_ten(++channel->complaint_count))
        return;
    if (channel->complaint_count > 1)
        snprintf(count, sizeof(count), " (%" PRIu64 " of that kind by now)",
                 channel->complaint_count);
    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    yoke_log(YOKE_LOG_WARN, "%s%s", text, count);
}

/* ---- Receiving ---- */

/* Where packets are read into; handled before the next is read. Written by
 * receive, on the loop's thread. */
static _Alignas(8) char packet_room[YK_PACKET_MAX];

/* Collects the descriptors that came along; more than expected are closed. */
static int take_fds(struct msghdr *msg, int fds[YK_PACKET_FDS])
{
    int count = 0;

    for (struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg); cmsg;
         cmsg = CMSG_NXTHDR(msg, cmsg)) {
        if (cmsg->cmsg_level != SOL_SOCKET || cmsg->cmsg_type != SCM_RIGHTS)
            continue;
        int n = (int)((cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(fds + count, CMSG_DATA(cmsg), (size_t)n * sizeof(int));
        count += n;
    }
    return count;
}

static void acknowledge(struct yk_channel *channel, uint32_t number, int err)
{
    yk_sender_owe(&channel->sender, number, err);
    update(channel);
}

/* Descriptors that did not come along: this process has as many as it may. */
static bool came_short(struct yk_channel *channel,
                       const struct yk_packet *packet,
                       const struct yk_message_piece *piece)
{
    if (packet->fd_count >= piece->fd_count)
        return false;
    yk_channel_complain(channel,
                        "a message is refused: no room for its %u descriptors",
                        (unsigned)piece->fd_count);
    return true;
}

/* It is acknowledged before it is handed up: if it kills this process, it shall
 * not be sent to the next. */
static void hand_up(struct yk_channel *channel, const struct yk_packet *packet,
                    const struct yk_message_piece *piece,
                    const struct yk_assembled *whole)
{
    struct yk_incoming message = {.ptr = whole->ptr,
                                  .len = whole->len,
                                  .kind = (enum yk_message_kind)piece->kind,
                                  .fds = packet->fds,
                                  .fd_count = packet->fd_count};
    bool is_short = came_short(channel, packet, piece);

    if (piece->number)
        acknowledge(channel, piece->number, is_short ? -EMFILE : 0);
    if (!is_short)
        channel->ops->on_message(channel, &message);
}

static void handle_piece(struct yk_channel *channel,
                         const struct yk_packet *packet)
{
    struct yk_message_piece piece;
    struct yk_assembled whole;

    if (packet->len < sizeof(piece))
        return;
    /* Copied: what is handed up may read the next packet into its place. */
    memcpy(&piece, packet->body, sizeof(piece));
    int err = yk_assembly_add(&channel->assembly, &piece,
                              (const char *)packet->body + sizeof(piece),
                              packet->len - sizeof(piece), &whole);
    if (err == -ENOMEM)
        yk_channel_complain(channel,
                            "a message of %u bytes is dropped: no memory",
                            (unsigned)piece.total);
    /* Whatever became of it, its sender is not to wait for ever. */
    if (err < 0 && piece.number)
        acknowledge(channel, piece.number, err);
    if (err <= 0)
        return;
    hand_up(channel, packet, &piece, &whole);
    free(whole.owned);
}

static void handle_acks(struct yk_channel *channel,
                        const struct yk_packet *packet)
{
    struct yk_message_ack acks[YK_SENDER_FLYING_MAX];
    size_t count = packet->len / sizeof(acks[0]);

    if (count > YK_SENDER_FLYING_MAX)
        return;
    memcpy(acks, packet->body, count * sizeof(acks[0]));
    for (size_t i = 0; i < count; i++)
        yk_sender_acked(&channel->sender, &acks[i]);
    yk_sender_send(&channel->sender);
    update(channel);
    tell_drained(channel);
}

static void handle_packet(struct yk_channel *channel, size_t len, int *fds,
                          int fd_count)
{
    const struct yk_message_head *head = (const void *)packet_room;
    struct yk_packet packet = {.body = head + 1,
                               .len = len - sizeof(*head),
                               .fds = fds,
                               .fd_count = fd_count};

    if (len < sizeof(*head) || head->version != YK_MESSAGE_VERSION ||
        head->len != len - sizeof(*head)) {
        yk_channel_complain(
            channel, "a packet of %zu bytes that is not understood is ignored",
            len);
        return;
    }
    packet.type = (enum yk_message_type)head->type;
    if (packet.type == YK_MESSAGE_USER)
        handle_piece(channel, &packet);
    else if (packet.type == YK_MESSAGE_ACK)
        handle_acks(channel, &packet);
    else
        channel->ops->on_packet(channel, &packet);
}

/* Reads and handles one packet. Returns 0, -EAGAIN, or -EPIPE at the end. */
static int receive(struct yk_channel *channel)
{
    _Alignas(
        struct cmsghdr) char control[CMSG_SPACE(YK_PACKET_FDS * sizeof(int))];
    int fds[YK_PACKET_FDS];
    struct iovec iov = {packet_room, sizeof(packet_room)};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control,
                         .msg_controllen = sizeof(control)};
    ssize_t len;

    if (channel->fd < 0)
        return -EPIPE;
    /* A peer that died with unread packets leaves ECONNRESET, which is told
     * before what it had sent. */
    do
        len = recvmsg(channel->fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
    while (len < 0 && (errno == EINTR || errno == ECONNRESET));
    if (len < 0)
        return errno == EAGAIN ? -EAGAIN : -EPIPE;
    int fd_count = take_fds(&msg, fds);
    if (len > 0)
        handle_packet(channel, (size_t)len, fds, fd_count);
    for (int i = 0; i < fd_count; i++)
        yk_close_fd(&fds[i]);
    return len > 0 ? 0 : -EPIPE;
}

int yk_channel_read_one(struct yk_channel *channel)
{
    return receive(channel);
}

static void end(struct yk_channel *channel)
{
    if (channel->is_ended || channel->fd < 0)
        return;
    channel->is_ended = true;
    uv_poll_stop(&channel->poll);
    channel->ops->on_end(channel);
}

void yk_channel_flush(struct yk_channel *channel, int timeout_ms)
{
    uint64_t end_ms = uv_hrtime() / 1000000 + (uint64_t)timeout_ms;
    int err;

    while (channel->fd >= 0 && (err = yk_sender_send(&channel->sender)) < 0) {
        uint64_t now_ms = uv_hrtime() / 1000000;
        struct pollfd wait = {.fd = channel->fd,
                              .events = err == -EBUSY ? POLLIN : POLLOUT};
        if (err == -YOKE_ECHANNEL || now_ms >= end_ms ||
            poll(&wait, 1, (int)(end_ms - now_ms)) <= 0)
            return;
        if (err == -EBUSY && receive(channel) == -EPIPE)
            return;
    }
}

void yk_channel_read_rest(struct yk_channel *channel)
{
    int err = 0;

    for (int i = 0; i < REST_MAX && !err; i++)
        err = receive(channel);
    end(channel);
}

static void on_writable(struct yk_channel *channel)
{
    int err = yk_sender_send_urgent(&channel->sender);

    if (err == 0 && channel->wants_room) {
        channel->wants_room = false;
        channel->ops->on_room(channel);
    }
    yk_sender_send(&channel->sender);
    update(channel);
    tell_drained(channel);
}

/* Level-triggered: what is left wakes the loop again, so one packet is read
 * without first asking in vain for a second. */
static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct yk_channel *channel = poll->data;

    yk_turn_begin();
    if (status < 0) {
        yk_channel_read_rest(channel);
        return;
    }
    if (events & UV_WRITABLE)
        on_writable(channel);
    if ((events & UV_READABLE) && channel->fd >= 0 && !channel->is_ended &&
        receive(channel) == -EPIPE)
        end(channel);
}

/* ---- Open and close ---- */

int yk_channel_open(struct yk_channel *channel, int fd,
                    const struct yk_channel_ops *ops)
{
    *channel = (struct yk_channel){.ops = ops, .fd = -1, .open_count = 2};
    yk_sender_init(&channel->sender, -1);
    int err = uv_poll_init(yoke_loop(), &channel->poll, fd);
    if (err < 0) {
        close(fd);
        return err;
    }
    channel->fd = channel->sender.fd = fd;
    uv_timer_init(yoke_loop(), &channel->retry);
    channel->poll.data = channel->retry.data = channel;
    update(channel);
    return 0;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct yk_channel *channel = handle->data;

    if (--channel->open_count == 0)
        channel->ops->on_closed(channel);
}

bool yk_channel_is_idle(const struct yk_channel *channel)
{
    const struct yk_sender *sender = &channel->sender;

    return channel->fd < 0 ||
           (!yk_sender_waits(sender) && yk_list_is_empty(&sender->queue) &&
            yk_list_is_empty(&sender->flying) && channel->assembly.total == 0);
}

void yk_channel_close(struct yk_channel *channel)
{
    if (channel->fd < 0)
        return;
    uv_close((uv_handle_t *)&channel->poll, on_handle_closed);
    uv_close((uv_handle_t *)&channel->retry, on_handle_closed);
    yk_close_fd(&channel->fd);
    yk_assembly_clear(&channel->assembly);
    yk_sender_close(&channel->sender);
}
