#include "cluster/supervise.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include <yoke/cluster.h>
#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "cluster/confine.h"
#include "cluster/fleet.h"
#include "cluster/forker.h"
#include "cluster/generation.h"
#include "cluster/hooks.h"
#include "cluster/notify.h"
#include "cluster/options.h"
#include "cluster/orders.h"
#include "cluster/orphan.h"
#include "cluster/patrol.h"
#include "cluster/rollout.h"
#include "cluster/self.h"
#include "cluster/settings.h"
#include "cluster/signals.h"
#include "cluster/succession.h"
#include "cluster/upgrade.h"
#include "cluster/watch.h"
#include "net/loop.h"

#include "core/banned.h"

/* As they were given, filled in; of the only fleet that there is. */
static struct yoke_cluster_options resolved;
static bool is_supervising; /* This process is the primary of a fleet. */

/* A name that was asked for and cannot be had is a mistake; a server that
 * cannot be watched still serves. */
static bool start_watch(void)
{
    const char *name = yk_succession_name();
    int err = yk_orders_register();

    if (err == 0)
        err = yk_watch_start(name ? name : resolved.name, resolved.name_hint);
    /* Workers are served whatever they are called. */
    if (yk_succession_is_due())
        return true;
    return err != -EADDRINUSE && err != -EINVAL;
}

/* What the settings are to be for it. */
static int set_up(void)
{
    struct yoke_cluster_settings settings = {.sched = resolved.sched};
    char text[128];

    if (!resolved.own_stderr)
        settings.stdio[STDERR_FILENO] = YOKE_STDIO_PIPE;
    int err = yk_options_owner(&resolved, &settings, text);
    if (err < 0) {
        yoke_log(YOKE_LOG_ERROR, "%s", text);
        return err;
    }
    yk_settings_prefer_sched(YOKE_SCHED_AUTO);
    err = yk_settings_change(&settings);
    if (err < 0)
        yoke_log(YOKE_LOG_ERROR, "the settings cannot be had: %s",
                 yoke_strerror(err));
    return err;
}

/* With workers that are serving already; after an upgrade that has been told. */
static int resume_fleet(void)
{
    int err = yk_succession_resume(&resolved);

    if (err == 0 && !yk_succession_is_due())
        yk_notify_ready();
    return err;
}

static int start_fleet(void)
{
    if (yk_succession_is_due() || yk_succession_find_orphans(&resolved))
        return resume_fleet();
    const char *exec = yoke_cluster_settings()->exec;
    int err = yk_fleet_start(&resolved);
    if (err < 0)
        yoke_log(YOKE_LOG_ERROR, "cannot open what workers run: %s: %s",
                 yk_generation_culprit(exec, resolved.file),
                 yoke_strerror(err));
    return err;
}

static int run_primary(void)
{
    if (set_up() < 0)
        return 1;
    if (yk_succession_is_check())
        return yk_succession_answer();
    is_supervising = true;
    if (!start_watch())
        return 1;
    yk_signals_watch();
    yk_notify_start();
    if (start_fleet() < 0) {
        yk_watch_stop();
        return 1;
    }
    yk_patrol_start();
    if (yk_succession_is_due())
        yk_succession_finish();
    return yoke_run();
}

static void announce(void)
{
    const char *what = yk_forker_is_template()    ? "template"
                       : yoke_cluster_is_worker() ? "worker"
                                                  : "primary";

    if (!resolved.quiet && !yk_succession_is_check())
        printf("Starting up %s process\n", what);
}

/* Comes back in each worker. Returns 0 or a negative code. */
static int fork_workers(void)
{
    int err = yk_forker_audit(resolved.preload == YOKE_PRELOAD_STRICT);

    if (err < 0 || yk_loop_is_stopping())
        return err;
    yk_forker_serve();
    announce();
    return 0;
}

/* What becomes of this worker when its primary has gone. */
static void survive(void)
{
    yk_confine_survive(resolved.stop_timeout_ms + resolved.survive_ms);
    yk_orphan_set_limit(resolved.survive_ms);
}

/* What is called may fail by its return value, or by yoke_cluster_fail. */
static int work(const struct yk_duty *duty, void *data)
{
    int err = duty->load ? duty->load(data) : 0;

    if (err == 0 && yk_forker_is_template())
        err = fork_workers();
    if (err < 0 || yk_loop_is_stopping())
        return err;
    survive();
    yk_hooks_after_fork(yk_self());
    return yk_loop_is_stopping() ? 0 : duty->serve(data);
}

static int run_worker(const struct yk_duty *duty, void *data)
{
    yk_signals_ignore();
    if (!yk_forker_is_template())
        survive();
    if (work(duty, data) < 0)
        yk_loop_fail_quietly();
    return yoke_run();
}

int yk_cluster_supervise(const struct yoke_cluster_options *options,
                         const struct yk_duty *duty, void *data)
{
    char text[128];

    if (!yk_settings_is_ready()) {
        yoke_log(YOKE_LOG_ERROR, "a cluster cannot be run yet: call "
                                 "yoke_cluster_init first, at the beginning "
                                 "of main");
        return 1;
    }
    if (yk_options_fill(&resolved, options, text) < 0) {
        yoke_log(YOKE_LOG_ERROR, "%s", text);
        return 1;
    }
    announce();
    yoke_set_stop_timeout(resolved.stop_timeout_ms);
    return yoke_cluster_is_worker() ? run_worker(duty, data) : run_primary();
}

int yoke_cluster_reload(void (*fn)(int err, const char *text, void *data),
                        void *data)
{
    return is_supervising ? yk_rollout_begin(fn, data) : -YOKE_EROLE;
}

int yoke_cluster_upgrade(void (*fn)(int err, const char *text, void *data),
                         void *data)
{
    return is_supervising ? yk_upgrade_begin(fn, NULL, data) : -YOKE_EROLE;
}

int yoke_cluster_scale(int workers)
{
    return is_supervising ? yk_fleet_scale(workers) : -YOKE_EROLE;
}

void yoke_ready(void)
{
    if (yk_forker_is_template())
        yk_forker_note_ready();
    else
        yk_self_ready();
}
