/* The patrol: looks after every worker of the fleet at regular times, on its
 * board and in /proc, so that nothing has to be asked of it.
 *
 *   its loop stands still, or it is stopped        -> it hangs: aborted
 *   a request has been in progress for too long    -> the same
 *   its channel has ended, and it goes on          -> asked to end, then
 *                                                     aborted
 *   it has served its requests, its time, or has   -> replaced, when another
 *   grown too large                                   is not being replaced */
#ifndef YK_CLUSTER_PATROL_H
#define YK_CLUSTER_PATROL_H

/* Begins; in the primary, once the fleet has been started. */
void yk_patrol_start(void);

#endif
