#include "cluster/confine.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cluster/cpus.h"
#include "cluster/signals.h"

/* A worker hears by its channel that the primary has gone, and drains. This is
 * for one whose loop does not turn: nobody else would ever end it. */
#define SIGNAL (SIGRTMAX - 3)

void yk_confine_of(struct yk_confine *confine,
                   const struct yoke_cluster_options *options, int slot)
{
    *confine = (struct yk_confine){
        .nice = options->nice,
        .umask = options->umask ? (int)strtol(options->umask, NULL, 8) : -1,
        .cpu = options->pin_cpus ? yk_cpus_nth(slot - 1) : -1,
        .rlimits = options->rlimits,
        .rlimit_count = options->rlimit_count,
        .parent = getpid(),
    };
}

static int take_limits(const struct yk_confine *confine)
{
    for (int i = 0; i < confine->rlimit_count; i++) {
        const struct yoke_rlimit *limit = &confine->rlimits[i];
        const struct rlimit value = {.rlim_cur = limit->value,
                                     .rlim_max = limit->value};
        if (setrlimit((__rlimit_resource_t)limit->resource, &value) < 0)
            return -errno;
    }
    return 0;
}

int yk_confine_pin(int cpu)
{
    cpu_set_t set;

    if (cpu < 0)
        return 0;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    return sched_setaffinity(0, sizeof(set), &set) < 0 ? -errno : 0;
}

int yk_confine_take(const struct yk_confine *confine)
{
    int err = take_limits(confine);

    /* The primary's, from before the worker can say so itself. */
    yk_signals_ignore();
    if (err == 0)
        err = yk_confine_pin(confine->cpu);
    if (err == 0 && confine->umask >= 0)
        umask((mode_t)confine->umask);
    errno = 0;
    if (err == 0 && confine->nice && nice(confine->nice) == -1 && errno)
        err = -errno;
    return err;
}

int yk_confine_tie(pid_t parent)
{
    if (!parent)
        return 0;
    if (prctl(PR_SET_PDEATHSIG, SIGNAL) < 0)
        return -errno;
    /* It may have ended before the call. */
    return getppid() == parent ? 0 : -ESRCH;
}

/* Written by yk_confine_survive, read by the handler. */
static volatile unsigned grace_s;

static void on_parent_ended(int signum)
{
    (void)signum;
    alarm(grace_s);
}

void yk_confine_is_safe(void)
{
    alarm(0);
}

void yk_confine_survive(int timeout_ms)
{
    const struct sigaction action = {.sa_handler = on_parent_ended,
                                     .sa_flags = SA_RESTART};

    grace_s = (unsigned)timeout_ms / 1000 + 2;
    sigaction(SIGNAL, &action, NULL);
}
