#include "cluster/options.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/cluster.h>
#include <yoke/loop.h>

#include "cluster/fleet.h"
#include "net/owner.h"

#include "core/banned.h"

#define DAY_MS      86400000
#define RLIMITS_MAX 16

/* A field that counts something, or a time. */
struct rule {
    const char *name;
    size_t offset;
    int fallback; /* For 0; 0: none. */
    int max;
    int min; /* -1: "none" can be asked for, and becomes 0. */
};

#define RULE(field, fallback, min, max)                                        \
    {                                                                          \
#        field, offsetof(struct yoke_cluster_options, field), fallback, max,   \
            min                                                                \
    }

static const struct rule rules[] = {
    RULE(workers, 0, 0, YK_WORKERS_MAX),
    RULE(backoff_base_ms, 100, 0, DAY_MS),
    RULE(backoff_max_ms, 30000, 0, DAY_MS),
    RULE(healthy_ms, 10000, 0, DAY_MS),
    RULE(budget, 10, 0, YK_BUDGET_MAX),
    RULE(budget_window_ms, 60000, 0, DAY_MS),
    RULE(stop_timeout_ms, 30000, 0, DAY_MS),
    RULE(boot_timeout_ms, 60000, -1, DAY_MS),
    RULE(survive_ms, 0, -1, DAY_MS),
    RULE(hang_timeout_ms, 30000, -1, DAY_MS),
    RULE(abort_timeout_ms, 2000, 0, DAY_MS),
    RULE(request_timeout_ms, 0, -1, DAY_MS),
    RULE(max_surge, 1, -1, YK_WORKERS_MAX),
    RULE(max_unavailable, 0, -1, YK_WORKERS_MAX),
    RULE(probation_ms, 1000, -1, DAY_MS),
    RULE(max_generations, 4, 2, 100),
    RULE(max_requests, 0, -1, INT_MAX),
    RULE(max_lifetime_ms, 0, -1, INT_MAX),
    RULE(recycle_jitter, 10, -1, 90),
    RULE(nice, 0, -40, 39),
    RULE(rlimit_count, 0, 0, RLIMITS_MAX),
};

static int apply(const struct rule *rule, struct yoke_cluster_options *options,
                 char text[128])
{
    int *field = (int *)(void *)((char *)options + rule->offset);

    if (*field == 0)
        *field = rule->fallback;
    else if (*field < rule->min || *field > rule->max) {
        snprintf(text, 128, "the option %s is %d: it may be %d to %d",
                 rule->name, *field, rule->min, rule->max);
        return -EINVAL;
    }
    /* Below it, a negative value is one; -1 asks for none. */
    if (*field < 0 && rule->min == -1)
        *field = 0;
    return 0;
}

static int count_workers(void)
{
    int count = yoke_env_int("YOKE_WORKERS", 0);

    if (count <= 0)
        count = yoke_cpus();
    return count > YK_WORKERS_MAX ? YK_WORKERS_MAX : count;
}

static int check_umask(const char *text, char message[128])
{
    size_t len = text ? strspn(text, "01234567") : 0;

    if (!text || (len > 0 && len <= 4 && text[len] == '\0'))
        return 0;
    snprintf(message, 128, "the option umask is '%.40s': it is octal, as 027",
             text);
    return -EINVAL;
}

static int check_path(const char *path, char message[128])
{
    if (!path || !*path || *path == '/')
        return 0;
    snprintf(message, 128,
             "the option check is '%.40s': a path begins with /, as /health",
             path);
    return -EINVAL;
}

/* The option goes before the environment. */
static int choose_preload(struct yoke_cluster_options *options, char text[128])
{
    static const struct {
        const char *name;
        enum yoke_preload value;
    } names[] = {{"0", YOKE_PRELOAD_OFF},
                 {"1", YOKE_PRELOAD_ON},
                 {"strict", YOKE_PRELOAD_STRICT}};
    const char *wanted = getenv("YOKE_PRELOAD");

    if (options->preload != YOKE_PRELOAD_DEFAULT)
        return 0;
    options->preload = YOKE_PRELOAD_OFF;
    if (!wanted || !*wanted)
        return 0;
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (strcmp(wanted, names[i].name) == 0) {
            options->preload = names[i].value;
            return 0;
        }
    snprintf(text, 128, "YOKE_PRELOAD is '%.40s': it may be 0, 1 or strict",
             wanted);
    return -EINVAL;
}

int yk_options_owner(const struct yoke_cluster_options *options,
                     struct yoke_cluster_settings *settings, char text[128])
{
    int uid = 0, gid = 0;

    if (options->user && yk_owner_user(options->user, &uid) < 0) {
        snprintf(text, 128, "there is no user '%.64s'", options->user);
        return -EINVAL;
    }
    if (options->group && yk_owner_group(options->group, &gid) < 0) {
        snprintf(text, 128, "there is no group '%.64s'", options->group);
        return -EINVAL;
    }
    settings->uid = (uid_t)uid;
    settings->gid = (gid_t)gid;
    return 0;
}

int yk_options_fill(struct yoke_cluster_options *options,
                    const struct yoke_cluster_options *given, char text[128])
{
    *options = given ? *given : (struct yoke_cluster_options){.workers = 0};
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
        if (apply(&rules[i], options, text) < 0)
            return -EINVAL;
    if (check_umask(options->umask, text) < 0 ||
        check_path(options->check_path, text) < 0 ||
        choose_preload(options, text) < 0)
        return -EINVAL;
    if (options->workers == 0)
        options->workers = count_workers();
    if (options->max_surge == 0 && options->max_unavailable == 0)
        options->max_unavailable = 1;
    if (!options->check_path)
        options->check_path = "/";
    return 0;
}
