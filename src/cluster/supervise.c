#include "cluster/supervise.h"

#include <stdio.h>

#include <yoke/cluster.h>
#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "cluster/fleet.h"
#include "cluster/options.h"
#include "cluster/rollout.h"
#include "cluster/self.h"
#include "cluster/settings.h"
#include "cluster/signals.h"
#include "net/loop.h"

#include "core/banned.h"

/* As they were given, filled in; of the only fleet that there is. */
static struct yoke_cluster_options resolved;
static bool is_supervising; /* This process is the primary of a fleet. */

static int run_primary(void)
{
    const struct yoke_cluster_settings settings = {.sched = resolved.sched};
    int err = yk_settings_change(&settings);

    if (err < 0) {
        yoke_log(YOKE_LOG_ERROR, "the scheduling cannot be had: %s",
                 yoke_strerror(err));
        return 1;
    }
    is_supervising = true;
    yk_signals_watch();
    err = yk_fleet_start(&resolved);
    if (err < 0) {
        yoke_log(YOKE_LOG_ERROR, "cannot run this program again: %s",
                 yoke_strerror(err));
        return 1;
    }
    return yoke_run();
}

static int run_worker(int (*start)(void *data), void *data)
{
    yk_signals_ignore();
    if (start(data) < 0)
        yk_loop_fail_quietly();
    return yoke_run();
}

int yk_cluster_supervise(const struct yoke_cluster_options *options,
                         int (*start)(void *data), void *data)
{
    char text[128];

    if (yk_options_fill(&resolved, options, text) < 0) {
        yoke_log(YOKE_LOG_ERROR, "%s", text);
        return 1;
    }
    if (!resolved.quiet)
        printf("Starting up %s process\n",
               yoke_cluster_is_worker() ? "worker" : "primary");
    yoke_set_stop_timeout(resolved.stop_timeout_ms);
    return yoke_cluster_is_worker() ? run_worker(start, data) : run_primary();
}

int yoke_cluster_reload(void (*fn)(int err, const char *text, void *data),
                        void *data)
{
    return is_supervising ? yk_rollout_begin(fn, data) : -YOKE_EROLE;
}

int yoke_cluster_scale(int workers)
{
    return is_supervising ? yk_fleet_scale(workers) : -YOKE_EROLE;
}

void yoke_ready(void)
{
    yk_self_ready();
}
