/* A packet of an orphan, while it is asked (roll_call.h): as on a channel, but
 * read without a loop, and with the word of the kernel for who has sent it. */
#ifndef YK_CLUSTER_ROLL_PACKET_H
#define YK_CLUSTER_ROLL_PACKET_H

#include <sys/types.h>

#include "cluster/message.h"

struct yk_roll_packet {
    struct yk_message_head head;
    char body[YK_PACKET_MAX];
};

/* Reads one from a socket with SO_PASSCRED. The first two descriptors that came
 * along are the caller's, -1 for none, and have to be closed on failure, too;
 * others are closed. `pid` is the sender's, 0 when the kernel does not say.
 * Returns the length of the body, -EPROTO or -errno. */
ssize_t yk_roll_packet_receive(int fd, struct yk_roll_packet *packet,
                               int fds[2], pid_t *pid);

#endif
