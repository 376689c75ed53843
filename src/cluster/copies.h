/* The primary's copies of the connections that it has dealt to one worker.
 *
 * A copy is kept until the worker's word on the board (net/handoff.h) says that
 * it has begun to read, so that a connection outlives a worker that dies before
 * it. The table has the size of the board; nothing is allocated per
 * connection.
 *
 *      add            have_gone        refresh             sweep
 *   ---------> outgoing -----> sent ----------> waiting -----------> closed
 *               |               |  \__________________________________^
 *               `--> undone     |               |       (begun at once)
 *                               |               +--> evicted when the table is
 *                               |               |    full, oldest first: the
 *                               |               |    worker keeps it alone
 *                               +--> revoked    +--> returned by the worker
 *                               |    (late)     |
 *                               `----- given up: `give` gets it, to deal it
 *                                      again
 *
 * What the worker says is believed only of what has been sent: a worker that
 * writes to the word of one that is still outgoing changes nothing.
 *
 * The kernel's state is only the descriptors; time is passed in. */
#ifndef YK_CLUSTER_COPIES_H
#define YK_CLUSTER_COPIES_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster/board.h"
#include "cluster/connection.h"

struct yk_port;

/* Connections that may be on their way to a worker, not yet taken by it. */
#define YK_COPIES_SENT_MAX 128

struct yk_copy {
    struct yk_conn conn;
    uint32_t generation;
    uint16_t next, prev; /* In its list; `next` in the free list. */
    uint64_t sent_ms;
};

/* A queue of copies, linked by index; oldest first. */
struct yk_copy_list {
    uint16_t first, last;
    uint16_t count;
};

struct yk_copies {
    struct yk_board *board;  /* Borrowed. */
    struct yk_copy *entries; /* As many as the board has words. */
    struct yk_copy_list outgoing, sent, waiting;
    uint16_t free;    /* First free entry, or YK_COPIES_NONE. */
    uint16_t unused;  /* Entries from here on have never been used. */
    uint16_t cursor;  /* Where the next sweep goes on. */
    bool has_evicted; /* Connections that the worker has alone. */
};

#define YK_COPIES_NONE UINT16_MAX

/* Takes a connection to deal it again; the descriptor is the callee's. */
typedef void yk_give_fn(void *data, const struct yk_conn *conn);

/* Returns 0 or -ENOMEM. */
int yk_copies_init(struct yk_copies *copies, struct yk_board *board);

/* Closes what is left and frees the table. */
void yk_copies_done(struct yk_copies *copies);

static inline unsigned yk_copies_count(const struct yk_copies *copies)
{
    return copies->outgoing.count + copies->sent.count + copies->waiting.count;
}

/* Those that the worker has not taken, as far as is known. */
static inline unsigned yk_copies_coming(const struct yk_copies *copies)
{
    return copies->outgoing.count + copies->sent.count;
}

/* True when as many are on their way as may be. */
static inline bool yk_copies_are_full(const struct yk_copies *copies)
{
    return yk_copies_coming(copies) >= YK_COPIES_SENT_MAX;
}

/* Registers a connection that is about to be sent; takes its descriptor over.
 * Returns its index. When the table is full the oldest one that waits is
 * evicted; YK_COPIES_NONE when none can be, and nothing is taken over. */
uint16_t yk_copies_add(struct yk_copies *copies, const struct yk_conn *conn,
                       uint64_t now_ms);

/* All that are outgoing have been sent. */
void yk_copies_have_gone(struct yk_copies *copies);

/* A copy that another primary kept: it waits under the index that it had there,
 * as the word on the board says. To be called before any add, in order of the
 * indexes. False: there is no such entry, and nothing is taken over. */
bool yk_copies_resume(struct yk_copies *copies, uint16_t index,
                      const struct yk_conn *conn);

/* Undoes the add of one that is outgoing and could not be sent; the connection
 * is the caller's again. */
void yk_copies_undo(struct yk_copies *copies, uint16_t index,
                    struct yk_conn *ret_conn);

/* Sorts those on their way by what has become of them. */
void yk_copies_refresh(struct yk_copies *copies, yk_give_fn *give, void *data);

/* Looks at up to `max` of those that wait, going on where the last sweep ended:
 * closes those that have begun, gives up those that were returned. */
void yk_copies_sweep(struct yk_copies *copies, unsigned max, yk_give_fn *give,
                     void *data);

/* True when the oldest one on its way was sent before `then_ms`. */
bool yk_copies_are_late(const struct yk_copies *copies, uint64_t then_ms);

/* Takes back those that were sent before `then_ms` and not taken. */
void yk_copies_revoke(struct yk_copies *copies, uint64_t then_ms,
                      yk_give_fn *give, void *data);

/* Gives up the copies of up to `max` connections that wait, oldest first, to
 * free descriptors. Returns how many descriptors were closed. */
unsigned yk_copies_evict(struct yk_copies *copies, unsigned max);

/* Those that wait, in order of their indexes; `conn` is borrowed for the call. */
typedef void yk_copy_fn(void *data, uint16_t index, const struct yk_conn *conn);
void yk_copies_each_waiting(const struct yk_copies *copies, yk_copy_fn *fn,
                            void *data);

/* Whether the connection, or one that is the same, is among them. */
bool yk_copies_have(const struct yk_copies *copies, const struct yk_conn *conn);

/* The port is about to be freed: its connections cannot be dealt again. */
void yk_copies_forget(struct yk_copies *copies, const struct yk_port *port);

/* The worker is dead: gives up everything that had not begun, closes the rest.
 */
void yk_copies_give_all(struct yk_copies *copies, yk_give_fn *give, void *data);

#endif
