/* What waits to be sent over a channel: a packet, or what is left of a message
 * of the user's. A message with descriptors, or one whose sender wants to know,
 * is kept without its bytes until the other side says that it has come. */
#ifndef YK_CLUSTER_PARCEL_H
#define YK_CLUSTER_PARCEL_H

#include <stddef.h>
#include <stdint.h>

#include <yoke/message.h>

#include "cluster/message.h"
#include "core/list.h"

/* Told once what became of a message: 0, or why it has not come. Then the
 * descriptors are handed out: whoever keeps one puts -1 in its place. */
typedef void yk_parcel_done(int err, int *fds, int fd_count, void *data);

struct yk_parcel {
    struct yk_list node;
    enum yk_message_type type;
    uint16_t kind;   /* Of a message: an enum yk_message_kind. */
    uint32_t number; /* The message is acknowledged by it; 0: it is not. */
    int fd_count;
    int fds[YOKE_SEND_FDS_MAX]; /* Owned. */
    yk_parcel_done *on_done;    /* NULL: nobody wants to know. */
    void *data;
    size_t len;    /* Bytes in `body`. */
    size_t sent;   /* Those that are gone already; of messages. */
    size_t before; /* Bytes of the message that were sent before it queued. */
    char body[];
};

/* With a copy of the bytes, and no descriptors yet. NULL: no memory. */
struct yk_parcel *yk_parcel_new(enum yk_message_type type, const void *ptr,
                                size_t len);

/* Gives the bytes back; the parcel, which is in no list, may move. */
struct yk_parcel *yk_parcel_shrink(struct yk_parcel *parcel);

/* It is not to be sent any more, or has come: unlinks it, tells `on_done`,
 * closes what descriptors are left, and frees it. */
void yk_parcel_finish(struct yk_parcel *parcel, int err);

#endif
