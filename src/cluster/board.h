/* The board: one page of memory that the primary shares with one worker.
 *
 * On it they agree about connections on their way (net/handoff.h) without a
 * system call. Each worker has a page of its own, so that one which writes
 * rubbish harms nobody else. It is an unnamed file in memory, sealed so that a
 * worker cannot take it away from under the primary. */
#ifndef YK_CLUSTER_BOARD_H
#define YK_CLUSTER_BOARD_H

#include <stdatomic.h>
#include <stdint.h>

/* Connections that can be on the board at a time: what makes it a page. */
#define YK_BOARD_ENTRIES 1008

struct yk_board {
    /* The primary waits until the worker has taken something: it is to send
     * WAKE when it has. */
    _Atomic uint32_t wants_wake;
    uint32_t unused[15]; /* The rest of the cache line. */
    _Atomic uint32_t words[YK_BOARD_ENTRIES];
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
