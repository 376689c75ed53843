#include "cluster/settings.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <yoke/error.h>
#include <yoke/log.h>

#include "cluster/account.h"
#include "cluster/sched.h"
#include "core/alloc.h"

#include "core/banned.h"

/* The settings, with strings of their own, and the program's name. Written by
 * yk_settings_init and _change; what was replaced lives as long as it is used.
 */
static struct yk_settings first = {.uses = 1};
static struct yk_settings *current = &first;
static char *program;
static const char *const *own_args; /* Behind it, on this command line. */
static bool is_sched_fixed;
/* Written by yk_settings_prefer_sched. */
static enum yoke_sched preferred_sched = YOKE_SCHED_RR;

static void free_strings(const char *const *strings)
{
    for (size_t i = 0; strings && strings[i]; i++)
        free((void *)(uintptr_t)strings[i]);
    free((void *)(uintptr_t)strings);
}

static const char *const *copy_strings(const char *const *strings)
{
    size_t n = 0;

    while (strings[n])
        n++;
    char **copy = yk_alloc((n + 1) * sizeof(*copy));
    for (size_t i = 0; i < n; i++)
        copy[i] = yk_strdup(strings[i]);
    return (const char *const *)copy;
}

static void free_values(struct yoke_cluster_settings *values)
{
    free((void *)(uintptr_t)values->exec);
    free((void *)(uintptr_t)values->cwd);
    free_strings(values->args);
}

struct yk_settings *yk_settings_ref(void)
{
    current->uses++;
    return current;
}

void yk_settings_unref(struct yk_settings *settings)
{
    if (!settings || --settings->uses > 0)
        return;
    free_values(&settings->values);
    if (settings != &first)
        free(settings);
}

void yk_settings_init(int argc, char **argv)
{
    free(program);
    program = yk_strdup(argc > 0 ? argv[0] : "yoke");
    free_strings(current->values.args);
    free_strings(own_args);
    own_args = copy_strings((const char *const *)(argc > 0 ? argv + 1 : argv));
    current->values.args = copy_strings(own_args);
}

bool yk_settings_is_ready(void)
{
    return program != NULL;
}

static char **make_argv(const char *name, const char *const *args)
{
    size_t n = 0;

    while (args && args[n])
        n++;
    char **argv = program ? yk_try_alloc((n + 2) * sizeof(*argv)) : NULL;
    if (!argv)
        return NULL;
    argv[0] = (char *)(uintptr_t)name;
    for (size_t i = 0; i < n; i++)
        argv[i + 1] = (char *)(uintptr_t)args[i];
    argv[n + 1] = NULL;
    return argv;
}

/* A program of the user's own is named by its path. */
char **yk_settings_argv(void)
{
    const struct yoke_cluster_settings *settings = &current->values;

    return make_argv(settings->exec ? settings->exec : program, settings->args);
}

char **yk_settings_own_argv(void)
{
    return make_argv(program, own_args);
}

static enum yoke_sched sched_from_environment(void)
{
    const char *name = getenv("YOKE_SCHED_POLICY");

    if (!name || !*name)
        return preferred_sched;
    int found = yoke_sched_find(name);
    if (found >= 0)
        return (enum yoke_sched)found;
    yoke_log(YOKE_LOG_ERROR, "YOKE_SCHED_POLICY is not %s, but '%s': taking %s",
             yoke_sched_names(), name, yoke_sched_name(preferred_sched));
    return preferred_sched;
}

void yk_settings_prefer_sched(enum yoke_sched sched)
{
    preferred_sched = sched;
}

enum yoke_sched yk_settings_sched(void)
{
    if (current->values.sched == YOKE_SCHED_DEFAULT)
        current->values.sched = sched_from_environment();
    if (current->values.sched == YOKE_SCHED_AUTO)
        current->values.sched = yk_sched_auto();
    is_sched_fixed = true;
    return current->values.sched;
}

/* ---- Changing ---- */

static bool is_known(enum yoke_sched sched)
{
    return sched == YOKE_SCHED_DEFAULT || yoke_sched_name(sched);
}

static int check(const struct yoke_cluster_settings *values)
{
    if (!is_known(values->sched) || values->silent < -1 || values->silent > 1)
        return -EINVAL;
    for (int i = 0; i < YOKE_STDIO_MAX; i++)
        if (values->stdio[i] < 0)
            return -EINVAL;
    if (values->sched != YOKE_SCHED_DEFAULT && is_sched_fixed &&
        values->sched != current->values.sched)
        return -YOKE_ESTARTED;
    return 0;
}

/* Lays what is set over the current values; strings are borrowed still. */
static struct yoke_cluster_settings
merge(const struct yoke_cluster_settings *change)
{
    struct yoke_cluster_settings merged = current->values;

    if (change->sched)
        merged.sched = change->sched;
    if (change->exec)
        merged.exec = change->exec;
    if (change->cwd)
        merged.cwd = change->cwd;
    if (change->args)
        merged.args = change->args;
    if (change->silent)
        merged.silent = change->silent;
    if (change->uid)
        merged.uid = change->uid;
    if (change->gid)
        merged.gid = change->gid;
    for (int i = 0; i < YOKE_STDIO_MAX; i++)
        if (change->stdio[i])
            merged.stdio[i] = change->stdio[i];
    return merged;
}

/* A user that the database does not know would keep this process's groups. */
static int find_account(struct yk_settings *settings)
{
    const struct yoke_cluster_settings *values = &settings->values;

    settings->has_account = values->uid || values->gid;
    if (!settings->has_account)
        return 0;
    return yk_account_find(values->uid, values->gid, &settings->account);
}

int yk_settings_change(const struct yoke_cluster_settings *change)
{
    struct yoke_cluster_settings merged = merge(change);
    int err = check(&merged);

    if (err < 0)
        return err;
    struct yk_settings *settings = yk_alloc(sizeof(*settings));
    settings->uses = 1;
    settings->values = merged;
    err = find_account(settings);
    if (err < 0) {
        free(settings);
        return err;
    }
    settings->values.exec = yk_strdup(merged.exec);
    settings->values.cwd = yk_strdup(merged.cwd);
    if (merged.args)
        settings->values.args = copy_strings(merged.args);
    yk_settings_unref(current);
    current = settings;
    return 0;
}

const struct yoke_cluster_settings *yoke_cluster_settings(void)
{
    return &current->values;
}

/* ---- Descriptors ---- */

int yk_settings_stdio(const struct yoke_cluster_settings *settings, int number)
{
    if (settings->stdio[number] != YOKE_STDIO_DEFAULT)
        return settings->stdio[number];
    if (number > STDERR_FILENO)
        return YOKE_STDIO_NONE;
    return settings->silent == 1 ? YOKE_STDIO_PIPE : YOKE_STDIO_INHERIT;
}

int yk_settings_stdio_count(const struct yoke_cluster_settings *settings)
{
    int count = YOKE_STDIO_MAX;

    while (count > 0 && (settings->stdio[count - 1] == YOKE_STDIO_DEFAULT ||
                         settings->stdio[count - 1] == YOKE_STDIO_NONE))
        count--;
    return settings->silent == 1 && count <= STDERR_FILENO ? STDERR_FILENO + 1
                                                           : count;
}
