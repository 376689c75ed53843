/* A remote listener: one of this worker's, that the primary knows of. What the
 * files of the source (source.h) share. */
#ifndef YK_CLUSTER_REMOTE_LISTENER_H
#define YK_CLUSTER_REMOTE_LISTENER_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster/message.h"
#include "core/list.h"
#include "net/acceptor.h"
#include "net/later.h"
#include "net/listener.h"

struct yk_board;
struct yk_channel;
struct yk_listen_request;

struct yk_remote_listener {
    struct yk_list node;
    struct yk_listener *listener;
    struct yk_message_listen key; /* What it asked for; */
    char *name;                   /* owned. */
    struct yk_acceptor acceptor;  /* When this process accepts itself. */
    struct yk_later later;        /* What is told from the loop. */
    uint32_t token;
    uint32_t accepted; /* In this batch. */
    int fd;            /* The listening socket, or -1. */
    int spare_fd;     /* Where it is dealt its connections: the socket, for when
                          the primary has gone; or -1. */
    int ending_fd;    /* The one the acceptor is letting go of, or -1. */
    uint32_t room;    /* How many connections it takes; any more go back. */
    uint32_t offered; /* How many the primary may still deal. */
    bool is_shared;   /* Other workers accept there, too; */
    bool is_own;      /* or it is this worker's own. */
    bool is_open;     /* The primary has answered. */
    bool stands_in;   /* It accepts for a primary that has gone. */
    bool is_left;     /* It is this worker's own, and no other primary's. */
    bool is_closing;
    bool waits_for_closed; /* The primary has not answered CLOSE yet. */
    bool takes_backlog;    /* Nobody else would. */
    bool has_closed;       /* But for `ending_fd`. */
};

/* The worker's listeners, and what they work with. Written by the functions of
 * the source. */
extern struct yk_source {
    struct yk_list remotes;
    struct yk_channel *channel;
    struct yk_board *board;
    bool is_alone;
} yk_source;

/* ---- Life (remote_listener.c) ---- */

/* The lowest place on that address that is free. */
uint32_t yk_remote_free_index(const struct yk_listen_request *request);

/* One that asks for that; in the list. */
struct yk_remote_listener *
yk_remote_new(struct yk_listener *listener,
              const struct yk_listen_request *request);

/* The one with that number, or NULL. */
struct yk_remote_listener *yk_remote_find(uint32_t token);

/* The ends of one: tells its listener that it is closed, or why it could not be
 * opened. It is freed before. */
void yk_remote_finish_close(struct yk_remote_listener *remote);
void yk_remote_fail(struct yk_remote_listener *remote, int err,
                    const char *text);

/* ---- Room (source.c) ---- */

/* Tells the primary for how many connections there is room, if it has to know. */
void yk_remote_update_offer(struct yk_remote_listener *remote);

/* ---- Accepting here (source_accept.c) ---- */

/* How it accepts, when it does so itself. */
extern const struct yk_acceptor_ops yk_remote_acceptor_ops;

/* Gives a connection to the primary (struct yk_listen_source): 0, or -YOKE_EFULL
 * when it cannot be now. */
int yk_source_give(struct yk_listener *listener, int fd,
                   const struct yk_peer *peer);

/* The primary does not want it: it is served here. The descriptor is taken
 * over. */
void yk_source_gift_back(uint32_t token, int fd, const struct yk_peer *peer);

#endif
