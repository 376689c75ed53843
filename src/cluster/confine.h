/* What a worker's process is bound to, beside its user (account.h): priority,
 * limits, file mode mask, CPU, and its parent's life. Taken between fork and
 * exec, so only with calls that signal-safety(7) allows. */
#ifndef YK_CLUSTER_CONFINE_H
#define YK_CLUSTER_CONFINE_H

#include <stdbool.h>
#include <sys/types.h>

#include <yoke/cluster.h>

struct yk_confine {
    int nice;  /* Added to the primary's. */
    int umask; /* Or -1: the primary's. */
    int cpu;   /* The only one it runs on; or -1: any. */
    const struct yoke_rlimit *rlimits;
    int rlimit_count;
    pid_t parent; /* It ends with this process; or 0: on its own. */
};

/* For the worker of a slot, as the options say. */
void yk_confine_of(struct yk_confine *confine,
                   const struct yoke_cluster_options *options, int slot);

/* Takes all but the parent. Returns 0 or -errno. */
int yk_confine_take(const struct yk_confine *confine);

/* Takes the CPU alone; -1: harmless. */
int yk_confine_pin(int cpu);

/* The process is told when its parent ends (yk_confine_survive); to be called
 * when it has taken its user, for that forgets it. 0: it is not tied. -ESRCH:
 * the parent has ended already. */
int yk_confine_tie(pid_t parent);

/* In a worker that was tied: when its primary ends, so does it: it may finish
 * what it has begun for so long, but no longer, also when its loop hangs. */
void yk_confine_survive(int timeout_ms);

/* It has another primary: it may stay. */
void yk_confine_is_safe(void);

#endif
