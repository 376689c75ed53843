/* The supervised form: keeps a number of workers running.
 *
 * A fleet of slots (fleet.h), each with a worker (life.h).
 * What a worker does is the caller's duty; this knows no application. */
#ifndef YK_CLUSTER_SUPERVISE_H
#define YK_CLUSTER_SUPERVISE_H

struct yoke_cluster_options;

/* What a worker does. Each returns 0, or has given the reason to
 * yoke_cluster_fail and returns a negative code. */
struct yk_duty {
    /* Makes what is to be served; under preload in the template. Or NULL. */
    int (*load)(void *data);
    /* Opens it. */
    int (*serve)(void *data);
};

/* In the primary: keeps workers running, as yoke_cluster_run says, and returns
 * the exit status when it has been stopped. In a worker: loads, serves, runs
 * the loop, and returns the exit status; so it does in those that are forked
 * from a template. `options` may be NULL; `data` is handed through. */
int yk_cluster_supervise(const struct yoke_cluster_options *options,
                         const struct yk_duty *duty, void *data);

#endif
