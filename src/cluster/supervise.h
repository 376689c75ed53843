/* The supervised form: keeps a number of workers running.
 *
 * A fleet of slots (fleet.h), each with a worker (life.h).
 * What a worker does is the caller's `start`; this knows no application. */
#ifndef YK_CLUSTER_SUPERVISE_H
#define YK_CLUSTER_SUPERVISE_H

struct yoke_cluster_options;

/* In the primary: keeps workers running, as yoke_cluster_run says, and returns
 * the exit status when it has been stopped. In a worker: calls `start`, which
 * opens what is to be served and returns 0, or has given the reason to
 * yoke_cluster_fail and returns a negative code; then runs the loop, and
 * returns the exit status. `options` may be NULL; `data` is handed through. */
int yk_cluster_supervise(const struct yoke_cluster_options *options,
                         int (*start)(void *data), void *data);

#endif
