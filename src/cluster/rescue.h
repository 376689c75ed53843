/* Rescue: what a worker that hangs has accepted, or been dealt, and not begun to
 * read, so that others answer it.
 *
 * Of most of these the primary has copies (copies.h). The others only the worker
 * has: those that it accepted itself while the primary was slow, and those that
 * it was about to give. They are fetched out of it with pidfd_getfd(2), which
 * its parent may do:
 *
 *   it hangs ---> look, in a thread ---> SIGABRT ---> it is dead ---> dealt
 *                 what has not been read is kept       what has still not been
 *                                                      read, and is nobody
 *                                                      else's
 *
 * It is the kernel that tells what has been read: as many bytes wait as have
 * ever come. Nothing is dealt while the worker lives, for it may wake up and
 * read; once it is dead nobody else can. Of UNIX sockets the kernel does not
 * tell; there the copies have to do. */
#ifndef YK_CLUSTER_RESCUE_H
#define YK_CLUSTER_RESCUE_H

#include "cluster/copies.h"

struct yoke_worker;

/* Connections that are fetched at most. */
#define YK_RESCUE_MAX 256

/* Begins to look; `then` is called from the loop when that is over, unless the
 * worker has died before. Returns 0; -EALREADY when it was begun before;
 * -ETIMEDOUT when it was, and is taking too long: then `then` is not called any
 * more; or a negative code. */
int yk_rescue_begin(struct yoke_worker *worker,
                    void (*then)(struct yoke_worker *worker));

/* The worker is dead: gives up what had not been begun, closes the rest. To be
 * called before its copies are given up. */
void yk_rescue_finish(struct yoke_worker *worker, yk_give_fn *give, void *data);

#endif
