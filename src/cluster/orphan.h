/* An orphan: a worker whose primary has died, and that goes on for a while, in
 * case another primary comes (haven.h). In the worker.
 *
 *             primary gone                  another connects
 *   WORKER ---------------> ORPHAN, serves -----------------> WORKER
 *                              |
 *                              | nobody came in time
 *                              v
 *                            finishes what has begun, and ends */
#ifndef YK_CLUSTER_ORPHAN_H
#define YK_CLUSTER_ORPHAN_H

#include <stdbool.h>

/* Where it waits, and its standard error without the primary; both are taken
 * over, -1 is none. */
void yk_orphan_init(int haven_fd, int stderr_fd);

/* For so long; 0: it does not go on at all. */
void yk_orphan_set_limit(int limit_ms);

/* Whether it would go on. */
bool yk_orphan_can_begin(void);

/* The primary has gone, and the channel is closed. Later either `on_adopted` is
 * called with the connection of another, which is the callee's, or `on_late`;
 * from the loop. */
void yk_orphan_begin(void (*on_adopted)(int fd), void (*on_late)(void));

#endif
