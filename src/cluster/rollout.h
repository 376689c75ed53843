/* A rollout: the whole fleet goes over to a new generation, or none of it does.
 *
 *           begin           ready            it lived           all done
 *   IDLE ----------> TRIAL --------> PROBATION ------> ROLLING ---------> IDLE
 *                      |                 |  a new one     |
 *                      | failed          |  failed or     |
 *                      v                 v  died          v
 *                    IDLE <------------------------- UNDOING
 *                    (nothing has changed)   (all old again)
 *
 * The first new worker is on trial: it answers a request of its own before it
 * gets a connection (options' check_path), and then has to live for a while.
 * Only then do the others follow, as many at a time as the options say. An old
 * worker goes when the new one in its slot is ready.
 *
 * What a rollout cannot do at once it tries again a moment later: when workers
 * are being recycled, or when the system has no memory or no process left. It
 * ends whatever happens: a trial that is scaled away begins anew in another
 * slot; what keeps failing is undone; what cannot be undone stays as it is,
 * which is told, and is replaced when it dies. */
#ifndef YK_CLUSTER_ROLLOUT_H
#define YK_CLUSTER_ROLLOUT_H

#include <stdbool.h>

struct yk_life;

/* How it ended: `err` is 0 or negative, `text` says it in words; borrowed. */
typedef void yk_rollout_fn(int err, const char *text, void *data);

/* Begins one; `fn`, which may be NULL, is called once from the loop when it has
 * ended: with 0, -YOKE_ESTARTUP, or -ESHUTDOWN when the primary stops. Returns
 * 0; -EBUSY when one is under way, -ESHUTDOWN when the primary stops, -errno
 * when the program cannot be opened: then it is not called. */
int yk_rollout_begin(yk_rollout_fn *fn, void *data);

/* What could not be opened then: a name for people. Borrowed. */
const char *yk_rollout_culprit(void);

bool yk_rollout_is_under_way(void);

/* A worker on which its slot counted has died by accident. */
void yk_rollout_worker_died(const struct yk_life *life, const char *text);

#endif
