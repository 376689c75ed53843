/* How much memory a process has, as the kernel counts it (proc(5)). */
#ifndef YK_CLUSTER_MEMORY_H
#define YK_CLUSTER_MEMORY_H

#include <stdint.h>
#include <sys/types.h>

/* What it has in memory (RSS), in bytes; 0 when that cannot be read. Cheap. */
uint64_t yk_memory_resident(pid_t pid);

/* Its proportional share (PSS): a page that n processes share counts as an n-th
 * of a page. The kernel has to look at every page: some ms for a large process.
 * 0 when that cannot be read. */
uint64_t yk_memory_share(pid_t pid);

#endif
