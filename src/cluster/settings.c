#include "cluster/settings.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>
#include <yoke/log.h>

#include "core/alloc.h"

#include "core/banned.h"

/* The settings, with strings of their own, and the program's name. Written by
 * yk_settings_init and _change. */
static struct yoke_cluster_settings settings;
static char *program;
static bool is_sched_fixed;

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

static void set_string(const char **field, const char *value)
{
    /* The new value may be the old one itself. */
    const char *old = *field;

    if (!value)
        return;
    *field = yk_strdup(value);
    free((void *)(uintptr_t)old);
}

void yk_settings_init(int argc, char **argv)
{
    free(program);
    program = yk_strdup(argc > 0 ? argv[0] : "yoke");
    free_strings(settings.args);
    settings.args =
        copy_strings((const char *const *)(argc > 0 ? argv + 1 : argv));
}

char **yk_settings_argv(void)
{
    size_t n = 0;

    while (settings.args && settings.args[n])
        n++;
    if (!program)
        return NULL;
    char **argv = yk_try_alloc((n + 2) * sizeof(*argv));
    if (!argv)
        return NULL;
    /* A program of the user's own is named by its path. */
    argv[0] = settings.exec ? (char *)(uintptr_t)settings.exec : program;
    for (size_t i = 0; i < n; i++)
        argv[i + 1] = (char *)(uintptr_t)settings.args[i];
    argv[n + 1] = NULL;
    return argv;
}

static enum yoke_sched sched_from_environment(void)
{
    const char *name = getenv("YOKE_SCHED_POLICY");

    if (!name || !*name || strcmp(name, "rr") == 0)
        return YOKE_SCHED_RR;
    if (strcmp(name, "none") == 0)
        return YOKE_SCHED_NONE;
    yoke_log(YOKE_LOG_ERROR,
             "YOKE_SCHED_POLICY is neither rr nor none, but '%s': taking rr",
             name);
    return YOKE_SCHED_RR;
}

enum yoke_sched yk_settings_sched(void)
{
    if (settings.sched == YOKE_SCHED_DEFAULT)
        settings.sched = sched_from_environment();
    is_sched_fixed = true;
    return settings.sched;
}

int yk_settings_change(const struct yoke_cluster_settings *new_settings)
{
    enum yoke_sched sched = new_settings->sched;

    if (sched > YOKE_SCHED_RR)
        return -EINVAL;
    if (sched != YOKE_SCHED_DEFAULT && is_sched_fixed &&
        sched != settings.sched)
        return -YOKE_ESTARTED;
    if (sched != YOKE_SCHED_DEFAULT)
        settings.sched = sched;
    set_string(&settings.exec, new_settings->exec);
    set_string(&settings.cwd, new_settings->cwd);
    if (new_settings->args) {
        const char *const *old = settings.args;
        settings.args = copy_strings(new_settings->args);
        free_strings(old);
    }
    return 0;
}

const struct yoke_cluster_settings *yoke_cluster_settings(void)
{
    return &settings;
}
