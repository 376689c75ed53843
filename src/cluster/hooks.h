/* Hooks: what the application does around the making of a worker
 * (yoke_cluster_before_fork, yoke_cluster_after_fork). */
#ifndef YK_CLUSTER_HOOKS_H
#define YK_CLUSTER_HOOKS_H

struct yoke_worker;

/* Of each kind. */
#define YK_HOOKS_MAX 32

/* In a template, before it forks: calls those of that kind, the last one
 * first, so that what builds on something else goes before it. */
void yk_hooks_before_fork(void);

/* In a worker, before it serves: calls those, the first one first. */
void yk_hooks_after_fork(struct yoke_worker *worker);

#endif
