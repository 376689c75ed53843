#include "cluster/sender.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <yoke/error.h>

#include "core/cleanup.h"

#include "core/banned.h"

/* Bytes of the user's in one packet. */
#define PIECE_MAX                                                              \
    (YK_PACKET_MAX - sizeof(struct yk_message_head) -                          \
     sizeof(struct yk_message_piece))

void yk_sender_init(struct yk_sender *sender, int fd)
{
    *sender = (struct yk_sender){.fd = fd};
    yk_list_init(&sender->urgent);
    yk_list_init(&sender->queue);
    yk_list_init(&sender->flying);
}

/* ---- One packet ---- */

static int send_failed(struct yk_sender *sender, int err)
{
    switch (err) {
    case EAGAIN:
        return -EAGAIN;
    case ENOBUFS:
    case ENOMEM:
    case ETOOMANYREFS:
        sender->is_short = true;
        return -EAGAIN;
    }
    return -YOKE_ECHANNEL;
}

static int send_packet(struct yk_sender *sender, enum yk_message_type type,
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
    if (sender->fd < 0)
        return -YOKE_ECHANNEL;
    if (sendmsg(sender->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
        return send_failed(sender, errno);
    return 0;
}

/* ---- What waits ---- */

/* What it counts for while it flies. */
static uint32_t weight_of(const struct yk_parcel *parcel)
{
    return parcel->fd_count > 0 ? (uint32_t)parcel->fd_count : 1;
}

/* It has to wait until fewer fly. */
static bool is_held(const struct yk_sender *sender,
                    const struct yk_parcel *parcel)
{
    return parcel->number && sender->flying_count > 0 &&
           sender->flying_count + weight_of(parcel) > YK_SENDER_FLYING_MAX;
}

static struct yk_parcel *first_of(const struct yk_list *list)
{
    return yk_list_is_empty(list)
               ? NULL
               : YK_CONTAINER_OF(list->next, struct yk_parcel, node);
}

bool yk_sender_waits(const struct yk_sender *sender)
{
    const struct yk_parcel *parcel = first_of(&sender->queue);

    return sender->owed_count > 0 || !yk_list_is_empty(&sender->urgent) ||
           (parcel && !is_held(sender, parcel));
}

/* Sends as many pieces as there is room for, starting at `*sent` of `len`
 * bytes; the parcel says what the message is besides. */
static int send_pieces(struct yk_sender *sender, const struct yk_parcel *parcel,
                       const char *ptr, size_t len, size_t *sent)
{
    struct yk_message_piece piece = {.total = (uint32_t)(parcel->before + len),
                                     .kind = parcel->kind};

    do {
        size_t n = len - *sent < PIECE_MAX ? len - *sent : PIECE_MAX;
        bool is_last = *sent + n == len;
        struct iovec body[2] = {{&piece, sizeof(piece)}};
        body[1].iov_base = (void *)(uintptr_t)(ptr + *sent);
        body[1].iov_len = n;
        piece.offset = (uint32_t)(parcel->before + *sent);
        piece.number = is_last ? parcel->number : 0;
        piece.fd_count = is_last ? (uint16_t)parcel->fd_count : 0;
        int err = send_packet(sender, YK_MESSAGE_USER, body, 2, parcel->fds,
                              piece.fd_count);
        if (err < 0)
            return err;
        *sent += n;
    } while (*sent < len);
    return 0;
}

static int send_message(struct yk_sender *sender, struct yk_parcel *parcel)
{
    size_t was_sent = parcel->sent;

    if (is_held(sender, parcel))
        return -EBUSY;
    int err =
        send_pieces(sender, parcel, parcel->body, parcel->len, &parcel->sent);
    sender->queued_len -= parcel->sent - was_sent;
    return err;
}

static int send_parcel(struct yk_sender *sender, struct yk_parcel *parcel)
{
    struct iovec body = {parcel->body, parcel->len};

    if (parcel->type == YK_MESSAGE_USER)
        return send_message(sender, parcel);
    return send_packet(sender, parcel->type, &body, 1, parcel->fds,
                       parcel->fd_count);
}

static void unqueue(struct yk_sender *sender, struct yk_parcel *parcel)
{
    if (parcel->type == YK_MESSAGE_USER) {
        sender->queued_len -= parcel->len - parcel->sent;
        sender->message_count--;
        sender->fd_count -= (uint32_t)parcel->fd_count;
    } else {
        sender->packet_count--;
    }
    yk_list_remove(&parcel->node);
}

/* It has been sent. */
static void let_go(struct yk_sender *sender, struct yk_parcel *parcel)
{
    unqueue(sender, parcel);
    if (!parcel->number) {
        yk_parcel_finish(parcel, 0);
        return;
    }
    parcel = yk_parcel_shrink(parcel);
    sender->flying_count += weight_of(parcel);
    yk_list_add(&sender->flying, &parcel->node);
}

static int send_list(struct yk_sender *sender, struct yk_list *list)
{
    while (!yk_list_is_empty(list)) {
        struct yk_parcel *parcel =
            YK_CONTAINER_OF(list->next, struct yk_parcel, node);
        int err = send_parcel(sender, parcel);
        if (err < 0)
            return err;
        let_go(sender, parcel);
    }
    return 0;
}

static int send_owed(struct yk_sender *sender)
{
    struct iovec body = {sender->owed,
                         sender->owed_count * sizeof(sender->owed[0])};

    if (sender->owed_count == 0)
        return 0;
    int err = send_packet(sender, YK_MESSAGE_ACK, &body, 1, NULL, 0);
    if (err == 0)
        sender->owed_count = 0;
    return err;
}

int yk_sender_send_urgent(struct yk_sender *sender)
{
    int err = send_owed(sender);

    return err < 0 ? err : send_list(sender, &sender->urgent);
}

int yk_sender_send(struct yk_sender *sender)
{
    int err = yk_sender_send_urgent(sender);

    return err < 0 ? err : send_list(sender, &sender->queue);
}

static int queue_packet(struct yk_sender *sender, struct yk_list *list,
                        enum yk_message_type type, const void *ptr, size_t len,
                        int fd)
{
    if (sender->fd < 0)
        return -YOKE_ECHANNEL;
    if (sender->packet_count >= YK_SENDER_PACKETS_MAX)
        return -YOKE_EFULL;
    YK_CLEANUP(yk_close_fd) int copy = -1;
    if (fd >= 0 && (copy = fcntl(fd, F_DUPFD_CLOEXEC, 0)) < 0)
        return -YOKE_EFULL;
    struct yk_parcel *parcel = yk_parcel_new(type, ptr, len);
    if (!parcel)
        return -YOKE_EFULL;
    if (copy >= 0)
        parcel->fds[parcel->fd_count++] = yk_take_fd(&copy);
    yk_list_add(list, &parcel->node);
    sender->packet_count++;
    return 0;
}

/* ---- Packets ---- */

int yk_sender_packet(struct yk_sender *sender, enum yk_message_type type,
                     const void *body, size_t len, int fd)
{
    struct iovec part = {(void *)(uintptr_t)body, len};
    int err = -EAGAIN;

    if (yk_list_is_empty(&sender->urgent))
        err = send_packet(sender, type, &part, 1, &fd, fd >= 0);
    if (err != -EAGAIN)
        return err;
    return queue_packet(sender, &sender->urgent, type, body, len, fd);
}

int yk_sender_packet_in_order(struct yk_sender *sender,
                              enum yk_message_type type, const void *body,
                              size_t len)
{
    if (yk_list_is_empty(&sender->queue))
        return yk_sender_packet(sender, type, body, len, -1);
    return queue_packet(sender, &sender->queue, type, body, len, -1);
}

int yk_sender_packet_now(struct yk_sender *sender, enum yk_message_type type,
                         const void *body, size_t len, const int *fds,
                         int fd_count)
{
    struct iovec part = {(void *)(uintptr_t)body, len};

    if (!yk_list_is_empty(&sender->urgent) || sender->is_short)
        return -EAGAIN;
    return send_packet(sender, type, &part, 1, fds, fd_count);
}

/* ---- Messages ---- */

static ssize_t queued(const struct yk_sender *sender)
{
    if (sender->message_count == 0)
        return 0;
    return sender->queued_len > 0 ? (ssize_t)sender->queued_len : 1;
}

static bool has_nothing_waiting(const struct yk_sender *sender)
{
    return yk_list_is_empty(&sender->urgent) &&
           yk_list_is_empty(&sender->queue);
}

static bool has_room(const struct yk_sender *sender,
                     const struct yk_outgoing *message)
{
    return message->len <= YK_SENDER_MAX &&
           sender->queued_len <= YK_SENDER_MAX - message->len &&
           sender->message_count < YK_SENDER_MESSAGES_MAX &&
           sender->fd_count + (uint32_t)message->fd_count <= YK_SENDER_FDS_MAX;
}

/* Enters what has not been sent of a message into the queue. */
static struct yk_parcel *queue_message(struct yk_sender *sender,
                                       const struct yk_outgoing *message,
                                       size_t sent)
{
    struct yk_parcel *parcel =
        yk_parcel_new(YK_MESSAGE_USER, (const char *)message->ptr + sent,
                      message->len - sent);

    if (!parcel)
        return NULL;
    parcel->kind = (uint16_t)message->kind;
    parcel->before = sent;
    yk_list_add(&sender->queue, &parcel->node);
    sender->queued_len += parcel->len;
    sender->message_count++;
    return parcel;
}

static uint32_t next_number(struct yk_sender *sender)
{
    if (++sender->last_number == 0)
        sender->last_number = 1;
    return sender->last_number;
}

/* Takes a message out of the queue that was just entered, as if it had never
 * been. */
static int forget(struct yk_sender *sender, struct yk_parcel *parcel, int err)
{
    unqueue(sender, parcel);
    free(parcel);
    return err;
}

/* One that the other side acknowledges. */
static struct yk_parcel *queue_acknowledged(struct yk_sender *sender,
                                            const struct yk_outgoing *message)
{
    struct yk_parcel *parcel = queue_message(sender, message, 0);

    if (!parcel)
        return NULL;
    parcel->number = next_number(sender);
    parcel->on_done = message->on_done;
    parcel->data = message->data;
    parcel->fd_count = message->fd_count;
    sender->fd_count += (uint32_t)message->fd_count;
    for (int i = 0; i < message->fd_count; i++)
        parcel->fds[i] = message->fds[i];
    return parcel;
}

static ssize_t send_acknowledged(struct yk_sender *sender,
                                 const struct yk_outgoing *message)
{
    bool is_first = has_nothing_waiting(sender);
    struct yk_parcel *parcel = queue_acknowledged(sender, message);

    if (!parcel)
        return -YOKE_EFULL;
    int err = is_first ? send_message(sender, parcel) : -EAGAIN;
    if (err == -YOKE_ECHANNEL)
        return forget(sender, parcel, err);
    if (err == 0)
        let_go(sender, parcel);
    return queued(sender);
}

static ssize_t send_plain(struct yk_sender *sender,
                          const struct yk_outgoing *message)
{
    struct yk_parcel what = {.kind = (uint16_t)message->kind};
    size_t sent = 0;
    int err = -EAGAIN;

    if (has_nothing_waiting(sender))
        err = send_pieces(sender, &what, message->ptr, message->len, &sent);
    if (err != -EAGAIN)
        return err;
    if (!queue_message(sender, message, sent))
        return -YOKE_EFULL;
    return queued(sender);
}

ssize_t yk_sender_message(struct yk_sender *sender,
                          const struct yk_outgoing *message)
{
    if (sender->fd < 0)
        return -YOKE_ECHANNEL;
    if (!has_room(sender, message))
        return -YOKE_EFULL;
    if (message->fd_count > 0 || message->on_done)
        return send_acknowledged(sender, message);
    return send_plain(sender, message);
}

/* ---- Acknowledgements ---- */

void yk_sender_owe(struct yk_sender *sender, uint32_t number, int err)
{
    if (sender->owed_count >= YK_SENDER_FLYING_MAX)
        return;
    sender->owed[sender->owed_count++] =
        (struct yk_message_ack){.number = number, .err = err};
    send_owed(sender);
}

void yk_sender_acked(struct yk_sender *sender, const struct yk_message_ack *ack)
{
    YK_LIST_EACH(node, &sender->flying)
    {
        struct yk_parcel *parcel =
            YK_CONTAINER_OF(node, struct yk_parcel, node);
        if (parcel->number != ack->number)
            continue;
        sender->flying_count -= weight_of(parcel);
        yk_parcel_finish(parcel, ack->err < 0 ? ack->err : 0);
        return;
    }
}

/* ---- The end ---- */

/* Those who are told cannot add any: the sender is closed. */
static void finish_all(struct yk_list *list)
{
    struct yk_list *node;

    while ((node = yk_list_take(list)))
        yk_parcel_finish(YK_CONTAINER_OF(node, struct yk_parcel, node),
                         -YOKE_ECHANNEL);
}

void yk_sender_close(struct yk_sender *sender)
{
    sender->fd = -1;
    finish_all(&sender->urgent);
    finish_all(&sender->flying);
    finish_all(&sender->queue);
    sender->message_count = sender->packet_count = sender->fd_count = 0;
    sender->queued_len = 0;
}
