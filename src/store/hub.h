/* Channels between the processes of a machine: one of those that use a file of
 * lmdb: is the hub, to which the others, and it itself, connect by a UNIX socket
 * beside the file (0600).
 *
 *     worker 1 --publish--> hub, in worker 2 --message--> worker 1
 *     worker 3 <--message--'                 '-message--> worker 2
 *
 * Which one it is, byte 2 of the file says, by an OFD lock
 * (lmdb_file.h): when the hub ends, however it does, the kernel unlocks the
 * byte, its connections break, and the first of the others that notices takes
 * over. They connect again, subscribe again, and tell their subscribers that
 * they may have missed something.
 *
 * Everybody hears the messages of a channel in the same order. Who does not read
 * gets no more than 4 MiB kept: what comes then is left out for him, and he is
 * told so. */
#ifndef YK_STORE_HUB_H
#define YK_STORE_HUB_H

#include <stddef.h>

struct yk_hub;

/* Longest message: values may be as long. */
#define YK_HUB_MESSAGE_MAX ((size_t)512 << 20)

/* Listens on `path`, which replaces whatever is there; the lock is held. NULL
 * with errno set on failure. */
struct yk_hub *yk_hub_open(const char *path);

/* Closes all connections; frees it, later. NULL is allowed. */
void yk_hub_close(struct yk_hub *hub);

#endif
