/* Why a worker has died: what the kernel says (death.h), and beside it what the
 * primary knows. A worker that was to be killed was killed for that; one that
 * said why it cannot start did not just exit; and when the kernel has killed in
 * this memory group since the last death, it was for memory. */
#ifndef YK_CLUSTER_POSTMORTEM_H
#define YK_CLUSTER_POSTMORTEM_H

#include <signal.h>
#include <stdbool.h>

#include <yoke/cluster.h>

/* Before the first worker: what was killed before is none of theirs. */
void yk_postmortem_begin(void);

/* Fills in why it ended, from what waitid(2) gave. The reason is borrowed of the
 * worker. */
void yk_postmortem(struct yoke_worker *worker, const siginfo_t *info,
                   struct yoke_exit *ret_why);

/* How a worker may end that is to end: a service manager sends SIGTERM to every
 * process of the service, a terminal SIGINT, which one that has just been
 * forked does not catch yet. */
bool yk_postmortem_is_clean(const struct yoke_exit *why);

#endif
