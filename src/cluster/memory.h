/* How much memory a process has, as the kernel counts it (proc(5)). */
#ifndef YK_CLUSTER_MEMORY_H
#define YK_CLUSTER_MEMORY_H

#include <stdint.h>
#include <sys/types.h>
#include <uv.h>

/* What it has in memory (RSS), in bytes; 0 when that cannot be read. Cheap. */
uint64_t yk_memory_resident(pid_t pid);

/* Its proportional share (PSS): a page that n processes share counts as an n-th
 * of a page. The kernel has to look at every page: some ms for a large process.
 * 0 when that cannot be read. */
uint64_t yk_memory_share(pid_t pid);

/* Both. */
struct yk_memory {
    uint64_t resident, share;
};

/* A look at both that keeps nobody waiting: the kernel is asked by one of
 * libuv's threads, which touch nothing else. Embedded in its owner, who may not
 * free it before it is told. */
struct yk_weighing {
    uv_work_t work;
    pid_t pid;
    struct yk_memory found;
    void (*fn)(struct yk_weighing *weighing);
};

/* Calls `fn`, from the loop, when `found` is filled in. Returns 0, or a
 * negative code, and `fn` is not called. */
int yk_memory_weigh(struct yk_weighing *weighing, pid_t pid,
                    void (*fn)(struct yk_weighing *weighing));

#endif
