/* The channel between the primary and one worker: packets with descriptors,
 * both ways, over a SOCK_SEQPACKET socket pair.
 *
 * Packets are typed structures (message.h). What cannot be sent at once is
 * queued, up to a limit, and sent as the other side reads. Messages of the
 * user's travel beside them, in pieces, and are handed up whole; packets
 * overtake them, unless they are to keep their place. That the other side has
 * died is an ordinary event.
 *
 * A message may have descriptors. The other side acknowledges it; until then
 * they are kept here, and go back to the sender if it never does. */
#ifndef YK_CLUSTER_CHANNEL_H
#define YK_CLUSTER_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include "cluster/assembly.h"
#include "cluster/message.h"
#include "cluster/sender.h"

struct yk_channel;

/* A packet that has come. Borrowed for the call, also the descriptors: whoever
 * keeps one puts -1 in its place; the rest are closed. */
struct yk_packet {
    enum yk_message_type type;
    const void *body; /* Aligned for any structure of message.h. */
    size_t len;
    int *fds;
    int fd_count;
};

/* A message of the user's that has come; borrowed in the same way. */
struct yk_incoming {
    const void *ptr;
    size_t len;
    enum yk_message_kind kind;
    int *fds;
    int fd_count;
};

struct yk_channel_ops {
    void (*on_packet)(struct yk_channel *channel,
                      const struct yk_packet *packet);
    /* A message of the user's, whole. */
    void (*on_message)(struct yk_channel *channel,
                       const struct yk_incoming *message);
    /* yk_channel_try_send said -EAGAIN, and may succeed now. */
    void (*on_room)(struct yk_channel *channel);
    /* The other side has closed it or died; everything it had sent has been
     * handed up. Once; the channel still wants closing. */
    void (*on_end)(struct yk_channel *channel);
    /* yk_channel_close is complete: the memory is the owner's again. */
    void (*on_closed)(struct yk_channel *channel);
    /* A message had to wait, and now none does. */
    void (*on_drain)(struct yk_channel *channel);
};

/* Embedded in its owner. */
struct yk_channel {
    uv_poll_t poll;
    uv_timer_t retry; /* Runs while the kernel is short of memory. */
    const struct yk_channel_ops *ops;
    int fd;                      /* -1: closed. */
    struct yk_sender sender;     /* What goes out. */
    struct yk_assembly assembly; /* The message that is coming in. */
    uint8_t open_count;          /* Handles that are not closed yet. */
    bool wants_room;             /* on_room is owed. */
    bool wants_drain;            /* on_drain is owed. */
    bool is_ended;               /* on_end has been called. */
    uint64_t complaint_count;    /* Of yk_channel_complain. */
};

/* Makes the two ends of a channel: both close-on-exec and non-blocking.
 * Returns 0 or -errno. */
int yk_channel_pair(int ret_fds[2]);

/* Opens a channel on `fd`, which it takes over, also on failure. Keeps the
 * loop alive. Returns 0 or a negative code. */
int yk_channel_open(struct yk_channel *channel, int fd,
                    const struct yk_channel_ops *ops);

/* Sends a packet, or queues it; it goes before messages that wait. `fd`, unless it is -1, goes beside it; it stays
 * the caller's. Returns 0; -YOKE_EFULL when too many wait; -YOKE_ECHANNEL when
 * the other side is gone. */
int yk_channel_send(struct yk_channel *channel, enum yk_message_type type,
                    const void *body, size_t len, int fd);

/* Sends a packet that keeps its place among the user's messages: those that
 * were sent before it arrive before it. Otherwise as above. */
int yk_channel_send_in_order(struct yk_channel *channel,
                             enum yk_message_type type, const void *body,
                             size_t len);

/* Sends a packet now, past what waits, or not at all: -EAGAIN when there is no
 * room (on_room follows), -YOKE_ECHANNEL. The descriptors stay the caller's. */
int yk_channel_try_send(struct yk_channel *channel, enum yk_message_type type,
                        const void *body, size_t len, const int *fds,
                        int fd_count);

/* Sends a message of the user's. Returns the bytes that wait in the queue, at
 * least 1 if it is not empty, and on_drain follows; -YOKE_EFULL, or
 * -YOKE_ECHANNEL, and the descriptors are still the caller's. */
ssize_t yk_channel_send_message(struct yk_channel *channel,
                                const struct yk_outgoing *message);

/* Waits until everything queued has been sent, at most `timeout_ms`: for a
 * process that is about to end. */
void yk_channel_flush(struct yk_channel *channel, int timeout_ms);

/* Handles what is still there to be read, up to the end: for a channel whose
 * other side has died. */
void yk_channel_read_rest(struct yk_channel *channel);

/* Reads one packet right here, outside the loop. Returns 0, or -errno. */
int yk_channel_read_one(struct yk_channel *channel);

/* Nothing waits here, in either direction, not even for an acknowledgement:
 * another process could go on with the descriptor. */
bool yk_channel_is_idle(const struct yk_channel *channel);

/* Logs a warning about what has come over it: the first one, the tenth, the
 * hundredth and so on. Its other side may be out of its mind, and must not be
 * able to fill a disk. */
void yk_channel_complain(struct yk_channel *channel, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Closes at once; what is queued is dropped. on_closed follows. Harmless when
 * it is closed. */
void yk_channel_close(struct yk_channel *channel);

#endif
