/* A worker, as the primary knows it, and as it knows itself.
 *
 * In the primary:
 *
 *   fork ---> online ---> listening         each once, in this order; the last
 *     |          |            |             two may never come
 *     `----------+------------+--> disconnected and dead, in either order
 *
 * The channel and the process end independently: a worker that has left may
 * still finish its connections, and a dead one's channel may still hold what it
 * had sent. The structure lives until both have ended and their handles are
 * closed. In a worker there is one of these, for itself, and the fields of the
 * second half are not used. */
#ifndef YK_CLUSTER_WORKER_H
#define YK_CLUSTER_WORKER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

#include <yoke/cluster.h>

#include "cluster/channel.h"
#include "cluster/copies.h"
#include "cluster/exit_watch.h"
#include "cluster/stdio.h"
#include "core/list.h"
#include "net/later.h"

struct yk_rescue;

/* Connections that have been dealt to a worker, but not yet sent: they go in
 * one packet. */
struct yk_outbox {
    struct yk_list node; /* Among those that are not empty. */
    uint16_t count;
    uint16_t index[YK_PACKET_FDS]; /* In its copies. */
    uint32_t token[YK_PACKET_FDS]; /* Its number for the listener. */
};

struct yoke_worker {
    int id;
    pid_t pid;
    struct yk_channel channel;
    struct yk_board *board;
    bool is_connected; /* The channel is open. */
    bool is_on_trial;  /* It checks itself before it serves. */
    bool is_leaving;   /* It ends, or ended, on purpose. */
    void *data;        /* The user's. */

    /* ---- The primary only ---- */
    struct yk_list node;    /* Among all workers, in order of their ids. */
    int slot;               /* Its place in the supervised form, or 0. */
    unsigned generation;    /* As the supervised form counts them, or 0. */
    struct yk_life *life;   /* Of the supervised form, or NULL. */
    struct yk_birth *birth; /* It is still to be forked (birth.h); or NULL. */
    int pidfd;
    int board_fd; /* Of the board, for who takes over. */
    struct yk_exit_watch exit;
    struct yk_later later; /* Tells that it was forked, */
    bool is_fork_due;      /* which has not been told yet. */
    uint8_t open_count;    /* Handles that are not closed yet. */
    uint64_t forked_ms;

    struct yk_copies copies;
    struct yk_outbox outbox;
    uint64_t rests_until_ms; /* It is out of descriptors; 0: it is not. */
    bool is_stuck;           /* Something was taken back from it. */
    bool is_unrouted;        /* Nothing new goes to it: it is to drain. */
    int seat;                /* In the table of loads (seats.h), or -1. */
    struct yk_list users;    /* The ports it listens on (users.h). */
    /* What it gave last, by its place among its gifts: it may have its own
     * descriptor of that still. */
    struct yk_peer given[YK_BOARD_GIFTS];
    struct yk_rescue *rescue; /* What was fetched out of it (rescue.h). */
    uint32_t claims_cursor;   /* Where relief (relief.h) looks next; */
    bool is_relieved;         /* it has taken something from this turn; */
    bool is_shut;             /* the system does not let it. */

    struct yk_settings *settings; /* Those it was forked with. */
    struct yk_stdio stdio;        /* Its pipes. */

    char *reason; /* Why it cannot start, as it said; or NULL. */
    bool is_online;
    bool has_listened;
    bool is_dead;
    bool is_stillborn; /* It never had a process: `pid` is its template's. */
    bool is_listed;    /* yoke_cluster_workers shows it. */
    bool is_cut_off;   /* Killed because it cannot be answered. */
    bool is_overdue;   /* Killed because a deadline had passed. */
    bool is_weighed;   /* Somebody is looking at its memory (patrol.c). */
    bool is_removed;   /* Both have ended; freed when the handles are closed. */
};

#endif
