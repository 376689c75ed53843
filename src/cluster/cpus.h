/* How many CPUs this process may use: its affinity mask, and the quotas of its
 * control groups. */
#ifndef YK_CLUSTER_CPUS_H
#define YK_CLUSTER_CPUS_H

struct yk_cgroup_roots;

/* The smaller of `affinity` and every quota, rounded up; at least 1. */
int yk_cpus_limit(const struct yk_cgroup_roots *roots, int affinity);

/* CPUs in the affinity mask; at least 1. */
int yk_cpus_affinity(void);

/* The n-th CPU of the affinity mask, from 0, and round again behind the last
 * one; -1 when it is not known. */
int yk_cpus_nth(int n);

#endif
