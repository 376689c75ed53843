/* Relief: while a worker is busy with one request for long, others answer what
 * comes on the connections that rest there (policy balanced).
 *
 * A connection belongs to a worker until it is closed; so what a client sends on
 * it would wait for whatever that worker is doing, though others have nothing
 * to do. Here the primary takes it out, with pidfd_getfd(2), which a parent may
 * do, and deals it to one of those:
 *
 *   a turn takes long            looks every 2 ms at who is busy
 *   worker -------SLOW---------> primary
 *                                   | something has come on a connection that
 *                                   | rests (net/claims.h), and somebody is idle
 *                                   `--fetch, claim---> another worker
 *
 * It looks only for a few seconds after a worker has said that a turn took
 * long: where no handler blocks, this costs nothing. Where the system does not
 * let it fetch, the connections wait for their worker, which gives them away as
 * soon as it can (surplus.h). */
#ifndef YK_CLUSTER_RELIEF_H
#define YK_CLUSTER_RELIEF_H

/* Looks for a while, in the primary. */
void yk_relief_watch(void);

/* The same if a worker is busy for long at this moment. */
void yk_relief_check(void);

#endif
