/* Havens: where workers wait for a primary when theirs has died.
 *
 *     RUNDIR/NAME/worker-ID      a socket, mode 0600, made by the primary
 *
 * The worker is given the socket that listens there; it accepts when it has
 * become an orphan (orphan.h). A primary of the same name looks through the
 * folder when it starts, connects, and each worker tells it what it is and what
 * it listens on: the other end of a channel from then on (message.h).
 *
 *      new primary                      orphan
 *         | connect  ---------------------> |
 *         | <-------- INTRODUCTION (board) |
 *         | <---- LISTEN (socket), OFFER   |  for each listener
 *         | <------------------ INTRODUCED |
 */
#ifndef YK_CLUSTER_HAVEN_H
#define YK_CLUSTER_HAVEN_H

#include <jansson.h>

struct yoke_cluster_options;

/* Makes the haven of the worker with that id, in the folder of the control
 * socket. Returns the socket, which is the caller's; -ENOENT when there is no
 * such folder; -errno. */
int yk_haven_open(int id);

/* The worker is no more. Harmless when it had none. */
void yk_haven_remove(int id);

/* Asks every orphan, which takes 2 s at most. Returns a handover (handover.h) as
 * their primary could have left it; NULL when there are none. `options` says
 * how many workers there are to be. */
json_t *yk_haven_collect(const struct yoke_cluster_options *options);

#endif
