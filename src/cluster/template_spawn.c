#include "cluster/template_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <yoke/cluster.h>

#include "cluster/confine.h"
#include "cluster/fleet.h"
#include "cluster/generation.h"
#include "cluster/settings.h"
#include "cluster/spawn.h"
#include "core/cleanup.h"

#include "core/banned.h"

/* What its descriptor is to be. Places that workers get something in are kept
 * for that, so that nothing else is opened there. */
static int stdio_of(const struct yoke_cluster_settings *settings, int number,
                    int said, int nothing)
{
    int what = number > STDERR_FILENO ? YOKE_STDIO_NONE
                                      : yk_settings_stdio(settings, number);
    int fd = nothing;

    if (what == YOKE_STDIO_PIPE && number != STDIN_FILENO)
        fd = said;
    else if (what == YOKE_STDIO_INHERIT)
        fd = number;
    else if (what >= YOKE_STDIO_FIRST_FD)
        fd = what - YOKE_STDIO_FIRST_FD;
    return fcntl(fd, F_GETFD) < 0 ? nothing : fd;
}

void yk_template_describe(const struct yk_generation *generation,
                          const struct yk_settings *settings,
                          struct yk_spawn *ret)
{
    *ret = (struct yk_spawn){
        .exec = generation->program,
        .cwd = settings->values.cwd,
        .account = settings->has_account ? &settings->account : NULL};
}

/* The slot's CPU is each worker's own affair; the rest they have from here. */
static void confine_it(struct yk_confine *confine)
{
    yk_confine_of(confine, yk_fleet_options(), 1);
    confine->cpu = -1;
}

int yk_template_spawn(const struct yk_generation *generation,
                      const struct yk_settings *settings, int channel_fd,
                      int said, pid_t *ret_pid, int *ret_pidfd)
{
    YK_CLEANUP(yk_close_fd) int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    int stdio[YOKE_STDIO_MAX],
        count = yk_settings_stdio_count(&settings->values);
    struct yk_spawn what;
    struct yk_confine confine;
    char identity[64];

    if (nothing < 0)
        return -errno;
    yk_template_describe(generation, settings, &what);
    for (int i = 0; i < count; i++)
        stdio[i] = stdio_of(&settings->values, i, said, nothing);
    confine_it(&confine);
    snprintf(identity, sizeof(identity), "YOKE_WORKER=0:0:%d:%u:0",
             yk_spawn_channel_number(count), generation->number);
    YK_CLEANUP(yk_free_ptr) char **argv = yk_settings_argv();
    YK_CLEANUP(yk_free_ptr) char **envp = yk_spawn_env(NULL, identity);
    what.confine = &confine;
    what.argv = argv;
    what.env = envp;
    what.channel_fd = channel_fd;
    what.stdio = stdio;
    what.stdio_count = count;
    return argv && envp ? yk_spawn(&what, ret_pid, ret_pidfd) : -ENOMEM;
}
