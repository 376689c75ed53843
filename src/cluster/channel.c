/* How a packet gets out:
 *
 *   yk_channel_send -----> queue empty? --yes--> sendmsg --ok--> done
 *                             | no                 | EAGAIN
 *                             v                    v
 *                          [queue] <---------------'
 *                             |
 *                          writable ---> sendmsg, in order
 *
 * Connections do not queue here (yk_channel_try_send): the primary can deal
 * them to another worker instead. They may overtake a long message of the
 * user's, but no packet.
 *
 * The socket is watched for room only while somebody waits for it. Errors that
 * are not of this socket, no memory or too many descriptors in flight, would
 * make it look writable all the time; after one, a timer tries again. */
#include "cluster/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "core/alloc.h"
#include "core/cleanup.h"

#include "core/banned.h"

#define RETRY_MS 20
/* Packets that yk_channel_read_rest handles at most; a socket's buffer holds
 * far fewer. */
#define REST_MAX 4096

/* Bytes of the user's in one packet. */
#define PIECE_MAX                                                              \
    (YK_PACKET_MAX - sizeof(struct yk_message_head) -                          \
     sizeof(struct yk_message_piece))

/* Something that waits: a packet, or the rest of a message of the user's. */
struct item {
    struct yk_list node;
    enum yk_message_type type;
    int fd;        /* A copy of the descriptor that goes beside it, or -1. */
    size_t len;    /* Bytes in `body`. */
    size_t sent;   /* Those that are gone already; for messages. */
    size_t before; /* Bytes of the message that were sent before it queued. */
    char body[];
};

static void on_ready(uv_poll_t *poll, int status, int events);

int yk_channel_pair(int ret_fds[2])
{
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0,
                   ret_fds) < 0)
        return -errno;
    return 0;
}

static void update_poll(struct yk_channel *channel)
{
    bool waits = channel->wants_room || !yk_list_is_empty(&channel->queue);
    int events = UV_READABLE;

    if (channel->fd < 0 || channel->is_ended)
        return;
    if (waits && !uv_is_active((uv_handle_t *)&channel->retry))
        events |= UV_WRITABLE;
    uv_poll_start(&channel->poll, events, on_ready);
}

/* ---- Sending ---- */

static void on_retry(uv_timer_t *timer)
{
    update_poll(timer->data);
}

static int send_failed(struct yk_channel *channel, int err)
{
    switch (err) {
    case EAGAIN:
        return -EAGAIN;
    case ENOBUFS:
    case ENOMEM:
    case ETOOMANYREFS:
        uv_timer_start(&channel->retry, on_retry, RETRY_MS, 0);
        return -EAGAIN;
    }
    return -YOKE_ECHANNEL;
}

static int send_packet(struct yk_channel *channel, enum yk_message_type type,
                       const struct iovec *body, int parts, const int *fds,
                       int fd_count)
{
    _Alignas(
        struct cmsghdr) char control[CMSG_SPACE(YK_PACKET_FDS * sizeof(int))];
    struct yk_message_head head = {.version = YK_MESSAGE_VERSION,
                                   .type = (uint8_t)type};
    struct iovec iov[3] = {{&head, sizeof(head)}};
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = (size_t)parts + 1};

    for (int i = 0; i < parts; i++) {
        iov[i + 1] = body[i];
        head.len += (uint32_t)body[i].iov_len;
    }
    if (fd_count > 0) {
        size_t len = (size_t)fd_count * sizeof(int);
        msg.msg_control = control;
        msg.msg_controllen = CMSG_SPACE(len);
        memset(control, 0, msg.msg_controllen);
        struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
        cmsg->cmsg_level = SOL_SOCKET;
        cmsg->cmsg_type = SCM_RIGHTS;
        cmsg->cmsg_len = CMSG_LEN(len);
        memcpy(CMSG_DATA(cmsg), fds, len);
    }
    if (channel->fd < 0)
        return -YOKE_ECHANNEL;
    if (sendmsg(channel->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        return send_failed(channel, errno);
    return 0;
}

/* Sends as many pieces as there is room for, starting at `*sent` of `len`
 * bytes, of which `before` were sent earlier. */
static int send_pieces(struct yk_channel *channel, const char *ptr, size_t len,
                       size_t before, size_t *sent)
{
    struct yk_message_piece piece = {.total = (uint32_t)(before + len)};

    do {
        size_t n = len - *sent < PIECE_MAX ? len - *sent : PIECE_MAX;
        struct iovec body[2] = {{&piece, sizeof(piece)}};
        body[1].iov_base = (void *)(uintptr_t)(ptr + *sent);
        body[1].iov_len = n;
        piece.offset = (uint32_t)(before + *sent);
        int err = send_packet(channel, YK_MESSAGE_USER, body, 2, NULL, 0);
        if (err < 0)
            return err;
        *sent += n;
    } while (*sent < len);
    return 0;
}

static int send_item(struct yk_channel *channel, struct item *item)
{
    struct iovec body = {item->body, item->len};

    if (item->type != YK_MESSAGE_USER)
        return send_packet(channel, item->type, &body, 1, &item->fd,
                           item->fd >= 0);
    size_t was_sent = item->sent;
    int err =
        send_pieces(channel, item->body, item->len, item->before, &item->sent);
    channel->queued_len -= item->sent - was_sent;
    return err;
}

static void free_item(struct yk_channel *channel, struct item *item)
{
    if (item->type == YK_MESSAGE_USER)
        channel->queued_len -= item->len - item->sent;
    else
        channel->queued_count--;
    yk_list_remove(&item->node);
    yk_close_fd(&item->fd);
    free(item);
}

static int send_queue(struct yk_channel *channel)
{
    while (!yk_list_is_empty(&channel->queue)) {
        struct item *item =
            YK_CONTAINER_OF(channel->queue.next, struct item, node);
        int err = send_item(channel, item);
        if (err < 0)
            return err;
        free_item(channel, item);
    }
    return 0;
}

static struct item *queue_item(struct yk_channel *channel,
                               enum yk_message_type type, const void *ptr,
                               size_t len)
{
    struct item *item = yk_try_alloc(sizeof(*item) + len);

    if (!item)
        return NULL;
    *item = (struct item){.type = type, .fd = -1, .len = len};
    if (len)
        memcpy(item->body, ptr, len);
    yk_list_add(&channel->queue, &item->node);
    if (type == YK_MESSAGE_USER)
        channel->queued_len += len;
    else
        channel->queued_count++;
    update_poll(channel);
    return item;
}

int yk_channel_send(struct yk_channel *channel, enum yk_message_type type,
                    const void *body, size_t len, int fd)
{
    struct iovec part = {(void *)(uintptr_t)body, len};
    int err = -EAGAIN;

    if (channel->fd < 0)
        return -YOKE_ECHANNEL;
    if (yk_list_is_empty(&channel->queue))
        err = send_packet(channel, type, &part, 1, &fd, fd >= 0);
    if (err != -EAGAIN)
        return err;
    if (channel->queued_count >= YK_CHANNEL_PACKETS_MAX)
        return -YOKE_EFULL;
    YK_CLEANUP(yk_close_fd) int copy = -1;
    if (fd >= 0 && (copy = fcntl(fd, F_DUPFD_CLOEXEC, 0)) < 0)
        return -YOKE_EFULL;
    struct item *item = queue_item(channel, type, body, len);
    if (!item)
        return -YOKE_EFULL;
    item->fd = yk_take_fd(&copy);
    return 0;
}

int yk_channel_try_send(struct yk_channel *channel, enum yk_message_type type,
                        const void *body, size_t len, const int *fds,
                        int fd_count)
{
    struct iovec part = {(void *)(uintptr_t)body, len};
    int err = -EAGAIN;

    if (channel->queued_count == 0 &&
        !uv_is_active((uv_handle_t *)&channel->retry))
        err = send_packet(channel, type, &part, 1, fds, fd_count);
    if (err == -EAGAIN) {
        channel->wants_room = true;
        update_poll(channel);
    }
    return err;
}

ssize_t yk_channel_send_message(struct yk_channel *channel, const void *ptr,
                                size_t len)
{
    size_t sent = 0;
    int err = -EAGAIN;

    if (channel->fd < 0)
        return -YOKE_ECHANNEL;
    if (len > YK_CHANNEL_MAX || channel->queued_len > YK_CHANNEL_MAX - len)
        return -YOKE_EFULL;
    if (yk_list_is_empty(&channel->queue))
        err = send_pieces(channel, ptr, len, 0, &sent);
    if (err == 0)
        return 0;
    if (err != -EAGAIN)
        return err;
    struct item *item = queue_item(channel, YK_MESSAGE_USER,
                                   (const char *)ptr + sent, len - sent);
    if (!item)
        return -YOKE_EFULL;
    item->before = sent;
    return (ssize_t)channel->queued_len;
}

void yk_channel_flush(struct yk_channel *channel, int timeout_ms)
{
    uint64_t end_ms = uv_hrtime() / 1000000 + (uint64_t)timeout_ms;

    while (channel->fd >= 0 && send_queue(channel) == -EAGAIN) {
        uint64_t now_ms = uv_hrtime() / 1000000;
        struct pollfd wait = {.fd = channel->fd, .events = POLLOUT};
        if (now_ms >= end_ms || poll(&wait, 1, (int)(end_ms - now_ms)) <= 0)
            return;
    }
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

static void handle_piece(struct yk_channel *channel,
                         const struct yk_packet *packet)
{
    const struct yk_message_piece *piece = packet->body;
    struct yk_assembled whole;

    if (packet->len < sizeof(*piece))
        return;
    int err = yk_assembly_add(&channel->assembly, piece,
                              (const char *)packet->body + sizeof(*piece),
                              packet->len - sizeof(*piece), &whole);
    if (err == -ENOMEM)
        yoke_log(YOKE_LOG_ERROR, "a message of %u bytes is dropped: no memory",
                 (unsigned)piece->total);
    if (err <= 0)
        return;
    channel->ops->on_message(channel, whole.ptr, whole.len);
    free(whole.owned);
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
        yoke_log(YOKE_LOG_WARN,
                 "a packet of %zu bytes that is not understood is ignored",
                 len);
        return;
    }
    packet.type = (enum yk_message_type)head->type;
    if (packet.type == YK_MESSAGE_USER)
        handle_piece(channel, &packet);
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

void yk_channel_read_rest(struct yk_channel *channel)
{
    int err = 0;

    for (int i = 0; i < REST_MAX && !err; i++)
        err = receive(channel);
    end(channel);
}

static void on_writable(struct yk_channel *channel)
{
    if (send_queue(channel) == 0 && channel->wants_room) {
        channel->wants_room = false;
        channel->ops->on_room(channel);
    }
    update_poll(channel);
}

/* Level-triggered: what is left wakes the loop again, so one packet is read
 * without first asking in vain for a second. */
static void on_ready(uv_poll_t *poll, int status, int events)
{
    struct yk_channel *channel = poll->data;

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
    yk_list_init(&channel->queue);
    int err = uv_poll_init(yoke_loop(), &channel->poll, fd);
    if (err < 0) {
        close(fd);
        return err;
    }
    channel->fd = fd;
    uv_timer_init(yoke_loop(), &channel->retry);
    channel->poll.data = channel->retry.data = channel;
    update_poll(channel);
    return 0;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct yk_channel *channel = handle->data;

    if (--channel->open_count == 0)
        channel->ops->on_closed(channel);
}

void yk_channel_close(struct yk_channel *channel)
{
    if (channel->fd < 0)
        return;
    uv_close((uv_handle_t *)&channel->poll, on_handle_closed);
    uv_close((uv_handle_t *)&channel->retry, on_handle_closed);
    yk_close_fd(&channel->fd);
    YK_LIST_EACH(node, &channel->queue)
    free_item(channel, YK_CONTAINER_OF(node, struct item, node));
    yk_assembly_clear(&channel->assembly);
}
