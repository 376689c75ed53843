/* The channels of lmdb: this process's connection to the hub (hub.h), which it
 * becomes itself when there is none. What is published while there is no hub,
 * for a moment, waits. */
#ifndef YK_STORE_LMDB_CHANNELS_H
#define YK_STORE_LMDB_CHANNELS_H

#include "store/call.h"
#include "store/frame.h"
#include "store/inbox.h"
#include "store/link.h"
#include "store/lmdb_file.h"
#include "store/topics.h"

struct yk_lmdb_channels {
    struct yk_link link; /* First: the two are one address. */
    yoke_store *store;
    struct yk_lmdb_file *file;
    struct yk_inbox in;
    struct yk_list sent;    /* Calls, in the order of their answers. */
    struct yk_list waiting; /* Calls that there is no hub for. */
    char path[128];         /* The socket's, by way of its folder. */
    int folder_fd;
    void (*on_closed)(yoke_store *store);
};

/* `store`, `file` and `on_closed` have been set. Returns 0 or -errno, with the
 * reason in `why`. */
int yk_lmdb_channels_init(struct yk_lmdb_channels *channels, char *why);

/* Takes over a call that publishes. yk_lmdb_channels_flush has to follow. */
void yk_lmdb_channels_publish(struct yk_lmdb_channels *channels,
                              struct yk_call *call);
void yk_lmdb_channels_flush(struct yk_lmdb_channels *channels);

void yk_lmdb_channels_add(struct yk_lmdb_channels *channels,
                          struct yk_topic *topic);
void yk_lmdb_channels_remove(struct yk_lmdb_channels *channels,
                             struct yk_topic *topic);

/* on_closed follows. */
void yk_lmdb_channels_close(struct yk_lmdb_channels *channels);

#endif
