/* v2: cpu.max has "200000 100000", microseconds of CPU per microseconds of
 * time, or "max 100000". v1: cpu.cfs_quota_us has -1 for none, and
 * cpu.cfs_period_us the other; they are walked one after the other, level by
 * level in the same order. */
#include "cluster/cpus.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <yoke/cluster.h>

#include "cluster/cgroup.h"

#include "core/banned.h"

/* Levels of control groups that are looked at. */
#define LEVELS_MAX 64
/* Largest mask that is asked for. */
#define CPUS_MAX   65536

struct smallest {
    int cpus;
};

static void add_quota(struct smallest *smallest, long long quota,
                      long long period)
{
    if (quota <= 0 || period <= 0 || quota / period >= smallest->cpus)
        return;
    long long cpus = quota / period + (quota % period > 0);
    if (cpus < smallest->cpus)
        smallest->cpus = cpus < 1 ? 1 : (int)cpus;
}

static int read_v2(const char *content, void *data)
{
    long long quota, period;

    if (sscanf(content, "%lld %lld", &quota, &period) == 2)
        add_quota(data, quota, period);
    return 0;
}

struct levels {
    long long values[LEVELS_MAX];
    int count;
};

static int read_level(const char *content, void *data)
{
    struct levels *levels = data;

    if (levels->count == LEVELS_MAX)
        return 1;
    if (sscanf(content, "%lld", &levels->values[levels->count]) == 1)
        levels->count++;
    return 0;
}

static void read_v1(const struct yk_cgroup_roots *roots,
                    struct smallest *smallest)
{
    struct levels quotas = {.count = 0}, periods = {.count = 0};

    yk_cgroup_walk(roots, "cpu", "cpu.cfs_quota_us", read_level, &quotas);
    yk_cgroup_walk(roots, "cpu", "cpu.cfs_period_us", read_level, &periods);
    for (int i = 0; i < quotas.count && i < periods.count; i++)
        add_quota(smallest, quotas.values[i], periods.values[i]);
}

int yk_cpus_limit(const struct yk_cgroup_roots *roots, int affinity)
{
    struct smallest smallest = {affinity};

    yk_cgroup_walk(roots, NULL, "cpu.max", read_v2, &smallest);
    read_v1(roots, &smallest);
    return smallest.cpus < 1 ? 1 : smallest.cpus;
}

/* The kernel says EINVAL to a mask that is smaller than its own. */
int yk_cpus_affinity(void)
{
    for (int room = 1024; room <= CPUS_MAX; room *= 2) {
        cpu_set_t *set = CPU_ALLOC((size_t)room);
        size_t size = CPU_ALLOC_SIZE((size_t)room);
        int count = 0;
        if (set && sched_getaffinity(0, size, set) == 0)
            count = CPU_COUNT_S(size, set);
        int err = errno;
        CPU_FREE(set);
        if (count > 0)
            return count;
        if (err != EINVAL)
            break;
    }
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

int yoke_cpus(void)
{
    return yk_cpus_limit(&yk_cgroup_system, yk_cpus_affinity());
}

int yk_cpus_nth(int n)
{
    cpu_set_t set;

    if (sched_getaffinity(0, sizeof(set), &set) < 0 || CPU_COUNT(&set) == 0)
        return -1;
    n %= CPU_COUNT(&set);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET((size_t)cpu, &set) && n-- == 0)
            return cpu;
    return -1;
}
