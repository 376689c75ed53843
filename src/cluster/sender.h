/* What goes out over a channel, in which order, and what waits.
 *
 *   acknowledgements ---> [owed] ----.
 *   packets ----------> [urgent] ----+--> sendmsg, in this order, as much as
 *   messages, LEAVE ... -> [queue] --'    there is room for
 *                             |
 *                             | to be acknowledged, sent
 *                             v
 *                         [flying] ---ACK, or the end---> on_done
 *
 * What has nothing before it is sent at once and never queued. A long message
 * goes in pieces, and everything else gets in between.
 *
 * Of messages with descriptors only so many fly at once: whoever does not read
 * must not collect them without limit. The next one, and what is queued behind
 * it, waits for an acknowledgement. Acknowledgements never wait behind
 * anything, so two sides that send each other descriptors get on. */
#ifndef YK_CLUSTER_SENDER_H
#define YK_CLUSTER_SENDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "cluster/message.h"
#include "cluster/parcel.h"
#include "core/list.h"

/* Longest message of the user's, and most bytes that wait. */
#define YK_SENDER_MAX          (64u << 20)
/* Most packets that wait; most messages, and descriptors with them. */
#define YK_SENDER_PACKETS_MAX  4096
#define YK_SENDER_MESSAGES_MAX 16384
#define YK_SENDER_FDS_MAX      1024
/* Most that is sent and not acknowledged: descriptors, and messages without
 * them that are acknowledged nevertheless. */
#define YK_SENDER_FLYING_MAX   64

/* A message of the user's that is to be sent. The bytes are copied. The
 * descriptors are taken over if sending succeeds. */
struct yk_outgoing {
    const void *ptr;
    size_t len;
    enum yk_message_kind kind;
    const int *fds; /* At most YOKE_SEND_FDS_MAX. */
    int fd_count;
    /* Told when it has come or never will; the descriptors are given back
     * then. It may be called from inside yk_sender_close. NULL: nobody wants
     * to know. */
    yk_parcel_done *on_done;
    void *data;
};

/* Embedded in the channel. */
struct yk_sender {
    int fd;                 /* Borrowed; -1: closed. */
    struct yk_list urgent;  /* Packets that wait. */
    struct yk_list queue;   /* Messages that wait, and packets that keep their
                               place among them. */
    struct yk_list flying;  /* Messages that are to be acknowledged. */
    size_t queued_len;      /* Bytes of messages in the queue. */
    uint32_t packet_count;  /* Packets that wait. */
    uint32_t message_count; /* Messages that wait, */
    uint32_t fd_count;      /* and their descriptors. */
    uint32_t flying_count;  /* As YK_SENDER_FLYING_MAX counts. */
    uint32_t last_number;   /* Of messages that are acknowledged. */
    uint32_t owed_count;    /* Acknowledgements that are to be sent. */
    struct yk_message_ack owed[YK_SENDER_FLYING_MAX];
    bool is_short; /* The kernel lacks memory, or has too many descriptors on
                      their way: not a matter of this socket, which looks
                      writable all the time. Reset by whoever tries later. */
};

void yk_sender_init(struct yk_sender *sender, int fd);

/* Sends a packet, or queues it. `fd`, unless it is -1, goes beside it; it stays
 * the caller's. Returns 0; -YOKE_EFULL when too many wait; -YOKE_ECHANNEL when
 * the other side is gone. */
int yk_sender_packet(struct yk_sender *sender, enum yk_message_type type,
                     const void *body, size_t len, int fd);

/* The same, but it keeps its place among the messages. */
int yk_sender_packet_in_order(struct yk_sender *sender,
                              enum yk_message_type type, const void *body,
                              size_t len);

/* Sends a packet now, or not at all: -EAGAIN, -YOKE_ECHANNEL. The descriptors
 * stay the caller's. */
int yk_sender_packet_now(struct yk_sender *sender, enum yk_message_type type,
                         const void *body, size_t len, const int *fds,
                         int fd_count);

/* Sends a message, or queues what is left of it. Returns the bytes that wait,
 * at least 1 if the queue is not empty; -YOKE_EFULL, -YOKE_ECHANNEL. */
ssize_t yk_sender_message(struct yk_sender *sender,
                          const struct yk_outgoing *message);

/* Acknowledges a message that has come. A peer that is honest has no more of
 * them flying than there is room for here. */
void yk_sender_owe(struct yk_sender *sender, uint32_t number, int err);

/* The other side acknowledges; numbers that nobody waits for are ignored. */
void yk_sender_acked(struct yk_sender *sender,
                     const struct yk_message_ack *ack);

/* Sends acknowledgements and urgent packets that wait, as far as it goes: 0, or
 * -EAGAIN for want of room, -YOKE_ECHANNEL. */
int yk_sender_send_urgent(struct yk_sender *sender);

/* Sends all that waits; -EBUSY besides: for want of an acknowledgement. */
int yk_sender_send(struct yk_sender *sender);

/* Whether something could be sent if there were room. */
bool yk_sender_waits(const struct yk_sender *sender);

/* Drops all. */
void yk_sender_close(struct yk_sender *sender);

#endif
