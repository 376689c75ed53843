/* Why a worker died: what the kernel says, in words. */
#ifndef YK_CLUSTER_DEATH_H
#define YK_CLUSTER_DEATH_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include <yoke/cluster.h>

struct yk_cgroup_roots;

/* Fills in code, signal and core_dumped from what waitid(2) gave; the cause is
 * EXIT or SIGNAL, or UNKNOWN if it gave nothing (si_code is 0). */
void yk_death_read(struct yoke_exit *why, const siginfo_t *info);

/* How many processes the kernel has killed in this memory group; 0 when it
 * does not say. A worker that ends by SIGKILL while this counts up was killed
 * for memory. */
uint64_t yk_death_memory_kills(const struct yk_cgroup_roots *roots);

#endif
