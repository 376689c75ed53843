/* The board: a few pages of memory that the primary shares with one worker.
 *
 * On it they agree about connections on their way (net/handoff.h) without a
 * system call, and on it the worker tells about itself (net/vitals.h) and what
 * it is answering (net/flights.h), so that the primary knows when it can be
 * asked no more. Each worker has a board of its own, so that one which writes
 * rubbish harms nobody else; what stands there is never trusted. It is an
 * unnamed file in memory, sealed so that a worker cannot take it away from
 * under the primary.
 *
 *     | words of the hand-off, 4 KiB | vitals, 4 KiB | flights, 8 KiB |
 *     | claims, 16 KiB | remotes |
 *
 * The remotes (net/remotes.h) have 29 KiB, which take memory as they are used.
 */
#ifndef YK_CLUSTER_BOARD_H
#define YK_CLUSTER_BOARD_H

#include <stdatomic.h>
#include <stdint.h>

#include "net/claims.h"
#include "net/flights.h"
#include "net/remotes.h"
#include "net/vitals.h"

/* Connections that can be on the board at a time: with what stands
 * before them, a page. */
#define YK_BOARD_ENTRIES 944
/* Connections that its worker may have given to the primary at a time. */
#define YK_BOARD_GIFTS   64

struct yk_board {
    /* The primary waits until the worker has taken something: it is to send
     * WAKE when it has. */
    _Atomic uint32_t wants_wake;
    uint32_t unused[15]; /* The rest of the cache line. */
    /* For what the worker gives to the primary (gifts.h), the other way
     * round. */
    _Atomic uint32_t gifts[YK_BOARD_GIFTS];
    _Atomic uint32_t words[YK_BOARD_ENTRIES];
    struct yk_vitals vitals;   /* Written by the worker alone, */
    struct yk_flights flights; /* and so are these. */
    struct yk_remotes remotes;
    struct yk_claims claims; /* What others may take from it. */
};

/* Makes a board and maps it. Returns 0 with the map and a descriptor for the
 * worker, which is the caller's; or -errno. */
int yk_board_create(struct yk_board **ret_board, int *ret_fd);

/* Maps the board behind the descriptor, which stays the caller's. Returns 0;
 * -EINVAL when it is none; -errno. */
int yk_board_map(int fd, struct yk_board **ret_board);

/* NULL is allowed. */
void yk_board_unmap(struct yk_board *board);

/* In the worker: every connection it has taken is its own from here on; none
 * can be returned. For when nobody is there to take one. */
void yk_board_own_all(struct yk_board *board);

#endif
