/* Takes connections from a listening socket.
 *
 * It accepts in batches: a burst costs one wake-up, and the loop's other work
 * is never kept waiting for more than one batch. When descriptors or memory
 * run out it rests, and the connections wait in the kernel's backlog: it
 * neither spins nor gives up.
 *
 * A socket that several processes accept on is watched in such a way that only
 * one of those that sleep is woken for a connection, and not the same one again
 * and again (exclusive.h). Then the owner may do the connection's work in
 * on_accept: a batch ends when it has taken a millisecond, and what is left is
 * for whoever comes first. */
#ifndef YK_NET_ACCEPTOR_H
#define YK_NET_ACCEPTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

#include "net/exclusive.h"
#include "net/peer.h"

struct yk_acceptor;

/* Memory that a connection which is served here takes for its first request:
 * itself, a buffer to read into, a block for the head. */
#define YK_ACCEPT_BYTES ((size_t)40 * 1024)

struct yk_acceptor_ops {
    /* So much memory has to be there before a connection is taken, for one
     * that has been taken and cannot be served is lost. 0: none. */
    size_t needs_bytes;
    /* A connection: `fd` is non-blocking, close-on-exec and the owner's. */
    void (*on_accept)(struct yk_acceptor *acceptor, int fd,
                      const struct yk_peer *peer);
    /* The batch is over; may be NULL. */
    void (*on_batch)(struct yk_acceptor *acceptor);
    /* No connection can be taken: -EMFILE, -ENFILE, -ENOMEM, ... True: room
     * has been made, try again at once. False: it rests, for a moment; this is
     * called once, until a connection could be taken again. May be NULL. */
    bool (*on_shortage)(struct yk_acceptor *acceptor, int err);
    /* yk_acceptor_close is complete: the memory is the owner's again. */
    void (*on_closed)(struct yk_acceptor *acceptor);
};

/* Embedded in its owner. */
struct yk_acceptor {
    union {
        uv_poll_t poll;
        struct yk_exclusive exclusive; /* When the socket is shared. */
    } watch;
    uv_timer_t rest; /* Runs while it rests. */
    const struct yk_acceptor_ops *ops;
    int fd;             /* The listening socket; stays the owner's. */
    uint8_t open_count; /* Handles that are not closed yet. */
    uint64_t finish_ms; /* When yk_acceptor_finish was called. */
    bool is_shared;     /* Other processes accept here, too. */
    bool is_paused;     /* By yk_acceptor_pause. */
    bool is_resting;    /* Out of descriptors, or of memory. */
    bool is_finishing;  /* By yk_acceptor_finish; */
    bool is_hurried;    /* by yk_acceptor_hurry. */
    bool is_short;      /* on_shortage has been called for this shortage. */
};

/* Starts to accept on `fd`, which must outlive the acceptor. Returns 0, or a
 * negative code, after which nothing needs to be closed. */
int yk_acceptor_open(struct yk_acceptor *acceptor, int fd,
                     const struct yk_acceptor_ops *ops);

/* The same for a socket on which other processes accept as well. */
int yk_acceptor_open_shared(struct yk_acceptor *acceptor, int fd,
                            const struct yk_acceptor_ops *ops);

/* No more connections until resumed; may be called from on_accept, which then
 * ends the batch. */
void yk_acceptor_pause(struct yk_acceptor *acceptor);
void yk_acceptor_resume(struct yk_acceptor *acceptor);

/* Leaves what is there to the other processes for a moment; ends the batch. For
 * on_accept of a shared socket, by one who has more than they. */
void yk_acceptor_yield(struct yk_acceptor *acceptor);

/* Accepts what is already in the backlog, up to `max` connections, paused or
 * not, and lets nobody else in: for whoever is about to close the socket, up to
 * and in on_closed. */
void yk_acceptor_drain(struct yk_acceptor *acceptor, int max);

/* For a socket that is about to be closed for everybody: lets no new client
 * in, goes on accepting until those who are on their way have come, for two
 * seconds at most, and closes: on_closed follows. */
void yk_acceptor_finish(struct yk_acceptor *acceptor);

/* The same for one of a group, whose port is open still: the clients that it
 * lets not in try again, and may find another, but not at once; so it takes no
 * longer than a packet needs there and back. */
void yk_acceptor_hurry(struct yk_acceptor *acceptor);

/* For on_shortage, of whoever can make no room: says in the log that connections
 * have to wait. */
bool yk_acceptor_tell_shortage(struct yk_acceptor *acceptor, int err);

/* Whether there is so much memory; for who gets connections in other ways, too. */
bool yk_acceptor_has_memory(size_t size);

/* Stops for good; on_closed follows from the loop. */
void yk_acceptor_close(struct yk_acceptor *acceptor);

#endif
