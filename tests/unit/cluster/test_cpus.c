/* How many CPUs there are for this process: control groups of both versions,
 * at every level. */
#include "../unit.h"

#include <sched.h>

#include <yoke/cluster.h>

#include "../tree.h"
#include "cluster/cgroup.h"
#include "cluster/cpus.h"

struct file {
    const char *path, *text;
};

struct sample {
    const char *name;
    const char *groups; /* /proc/self/cgroup */
    struct file files[6];
    int affinity, expected;
};

static const struct sample samples[] = {
    {"no groups at all", "", {{NULL, NULL}}, 8, 8},
    {"v2 without a quota",
     "0::/app\n",
     {{"app/cpu.max", "max 100000\n"}},
     8,
     8},
    {"v2 quota", "0::/app\n", {{"app/cpu.max", "200000 100000\n"}}, 8, 2},
    {"rounded up", "0::/app\n", {{"app/cpu.max", "150000 100000\n"}}, 8, 2},
    {"less than one", "0::/app\n", {{"app/cpu.max", "10000 100000\n"}}, 8, 1},
    {"more than there are",
     "0::/a\n",
     {{"a/cpu.max", "900000 100000\n"}},
     4,
     4},
    {"v2 quota of a group above",
     "0::/slice/app\n",
     {{"slice/cpu.max", "300000 100000\n"},
      {"slice/app/cpu.max", "max 100000\n"}},
     8,
     3},
    {"v2 quota of the root, in a container",
     "0::/\n",
     {{"cpu.max", "100000 100000\n"}},
     8,
     1},
    {"path of the host, only the root is mounted",
     "0::/docker/1f\n",
     {{"cpu.max", "400000 100000\n"}},
     8,
     4},
    {"v1 quota",
     "4:memory:/m\n3:cpu,cpuacct:/app\n",
     {{"cpu/app/cpu.cfs_quota_us", "250000\n"},
      {"cpu/app/cpu.cfs_period_us", "100000\n"}},
     8,
     3},
    {"v1 without a quota",
     "3:cpu:/app\n",
     {{"cpu/app/cpu.cfs_quota_us", "-1\n"},
      {"cpu/app/cpu.cfs_period_us", "100000\n"}},
     8,
     8},
    {"v1 quota of a group above, with another period",
     "3:cpu:/slice/app\n",
     {{"cpu/slice/cpu.cfs_quota_us", "100000\n"},
      {"cpu/slice/cpu.cfs_period_us", "50000\n"},
      {"cpu/slice/app/cpu.cfs_quota_us", "-1\n"},
      {"cpu/slice/app/cpu.cfs_period_us", "100000\n"}},
     8,
     2},
    {"both versions, the smaller counts",
     "3:cpu:/a\n0::/b\n",
     {{"cpu/a/cpu.cfs_quota_us", "500000\n"},
      {"cpu/a/cpu.cfs_period_us", "100000\n"},
      {"b/cpu.max", "300000 100000\n"}},
     8,
     3},
    {"nonsense is no quota", "0::/a\n", {{"a/cpu.max", "lots\n"}}, 8, 8},
    {"a period of 0 is no quota", "0::/a\n", {{"a/cpu.max", "100 0\n"}}, 8, 8},
    {"a controller's name is no part of another's",
     "3:cpuset:/a\n",
     {{"cpu/a/cpu.cfs_quota_us", "100000\n"},
      {"cpu/a/cpu.cfs_period_us", "100000\n"}},
     8,
     8},
    {"no affinity is one", "", {{NULL, NULL}}, 0, 1},
};

static int count(const struct sample *sample)
{
    struct tree tree;

    tree_make(&tree);
    tree_write(&tree, "self", sample->groups);
    for (size_t i = 0; i < COUNT_OF(sample->files); i++)
        if (sample->files[i].path) {
            char path[128];
            snprintf(path, sizeof(path), "sys/%s", sample->files[i].path);
            tree_write(&tree, path, sample->files[i].text);
        }
    struct yk_cgroup_roots roots = {.self = tree_path(&tree, "self"),
                                    .mount = tree_path(&tree, "sys")};
    int cpus = yk_cpus_limit(&roots, sample->affinity);
    tree_remove(&tree);
    return cpus;
}

static void the_smallest_limit_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        int found = count(&samples[i]);
        if (found != samples[i].expected)
            fail_msg("%s: %d, not %d", samples[i].name, found,
                     samples[i].expected);
    }
}

static void the_affinity_mask_is_counted(void **state)
{
    cpu_set_t before, one;

    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof(before), &before), 0);
    assert_int_equal(yk_cpus_affinity(), CPU_COUNT(&before));
    CPU_ZERO(&one);
    for (int cpu = 0; cpu < CPU_SETSIZE && !CPU_COUNT(&one); cpu++)
        if (CPU_ISSET(cpu, &before))
            CPU_SET(cpu, &one);
    sched_setaffinity(0, sizeof(one), &one);
    assert_int_equal(yk_cpus_affinity(), 1);
    assert_int_equal(yoke_cpus(), 1);
    sched_setaffinity(0, sizeof(before), &before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_smallest_limit_counts),
        cmocka_unit_test(the_affinity_mask_is_counted),
    };
    return cmocka_run_group_tests_name("cpus", tests, NULL, NULL);
}
