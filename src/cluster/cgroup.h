/* This process's control groups: their files, at every level.
 *
 * A limit may be set on the group itself or on any group above it. Which
 * groups they are is in /proc/self/cgroup:
 *
 *     0::/system.slice/app.service         v2: one hierarchy for everything
 *     4:memory:/docker/1f2e...             v1: one for each controller
 *
 * In a container the path may be that of the host, of which only the own part
 * is mounted, at the top; levels that are not there are passed over. */
#ifndef YK_CLUSTER_CGROUP_H
#define YK_CLUSTER_CGROUP_H

#include <stddef.h>

/* Where to look; other places in tests. */
struct yk_cgroup_roots {
    const char *self;  /* "/proc/self/cgroup" */
    const char *mount; /* "/sys/fs/cgroup" */
};

extern const struct yk_cgroup_roots yk_cgroup_system;

/* Calls `fn` with the content of the file at each level at which there is one,
 * from the own group up to the root. `controller` NULL: the v2 hierarchy; else
 * the v1 hierarchy of that controller. Stops when `fn` returns non-zero, and
 * returns that; else 0. */
int yk_cgroup_walk(const struct yk_cgroup_roots *roots, const char *controller,
                   const char *file, int (*fn)(const char *content, void *data),
                   void *data);

#endif
