/* How a primary stops: its role in the process's run (net/loop.h).
 *
 *   SIGTERM, SIGINT
 *     |   no more forks; what is in the backlogs is accepted and dealt, the
 *     |   sockets are closed
 *     v
 *   dealt: nothing waits in the primary any more
 *     |   STOP to every worker: it finishes what has begun, and exits
 *     v
 *   all workers gone ---> the loop ends
 *
 * At the deadline workers cut their connections themselves; one that has not
 * ended shortly after is killed. */
#ifndef YK_CLUSTER_DRAIN_H
#define YK_CLUSTER_DRAIN_H

struct yk_loop_role;

extern const struct yk_loop_role yk_drain_role;

/* Calls `fn` when every worker has gone and no port is open, from the loop.
 * Workers that are there are disconnected. Returns 0 or -ENOMEM. */
int yk_drain_disconnect(void (*fn)(void *data), void *data);

#endif
