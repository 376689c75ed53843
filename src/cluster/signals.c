#include "cluster/signals.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <uv.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "cluster/fleet.h"
#include "cluster/life.h"
#include "cluster/rollout.h"
#include "cluster/upgrade.h"
#include "cluster/worker.h"
#include "cluster/workers.h"

/* ---- What they do ---- */

/* A reload that was asked for while one was under way follows it. */
static bool wants_another;

static void reload(void);

static void on_reloaded(int err, const char *text, void *data)
{
    (void)err;
    (void)text;
    (void)data;
    if (wants_another)
        reload();
}

static void reload(void)
{
    int err = yk_rollout_begin(on_reloaded, NULL);

    wants_another = err == -EBUSY;
    if (err == -EBUSY)
        yoke_log(YOKE_LOG_INFO, "reload: one is under way: another follows it");
    else if (err < 0 && err != -ESHUTDOWN)
        yoke_log(YOKE_LOG_ERROR, "reload: cannot begin: %s: %s",
                 yk_rollout_culprit(), yoke_strerror(err));
}

static void upgrade(void)
{
    int err = yk_upgrade_begin(NULL, NULL, NULL);

    if (err < 0 && err != -ESHUTDOWN)
        yoke_log(YOKE_LOG_ERROR, "upgrade: cannot begin: %s",
                 err == -EBUSY ? "one, or a reload, is under way"
                               : yoke_strerror(err));
}

static void scale(int by)
{
    int size = yk_fleet_size() + by;

    if (yk_fleet_scale(size) == 0)
        yoke_log(YOKE_LOG_INFO, "%d worker%s from now on", size,
                 size == 1 ? "" : "s");
}

static void add_worker(void)
{
    scale(1);
}

static void remove_worker(void)
{
    scale(-1);
}

/* Log files have been rotated: workers open theirs anew. It would end one that
 * has just been forked, and not come to ignore it; that opens the new ones. */
static void pass_on(void)
{
    struct yoke_worker *worker;

    YK_WORKERS_EACH(worker)
    if (worker->life && worker->life->state != YK_LIFE_STARTING &&
        !worker->is_dead)
        yk_worker_signal(worker, SIGUSR1);
}

/* ---- Watching ---- */

static struct {
    int signum;
    void (*fn)(void);
    uv_signal_t handle;
} watched[] = {
    {.signum = SIGHUP, .fn = reload},
    {.signum = SIGUSR1, .fn = pass_on},
    {.signum = SIGUSR2, .fn = upgrade},
    {.signum = SIGTTIN, .fn = add_worker},
    {.signum = SIGTTOU, .fn = remove_worker},
};

#define COUNT (sizeof(watched) / sizeof(watched[0]))

static void on_signal(uv_signal_t *handle, int signum)
{
    (void)handle;
    for (size_t i = 0; i < COUNT; i++)
        if (watched[i].signum == signum)
            watched[i].fn();
}

void yk_signals_watch(void)
{
    for (size_t i = 0; i < COUNT; i++) {
        uv_signal_init(yoke_loop(), &watched[i].handle);
        uv_signal_start(&watched[i].handle, on_signal, watched[i].signum);
        uv_unref((uv_handle_t *)&watched[i].handle);
    }
}

void yk_signals_ignore(void)
{
    static const int signums[] = {SIGHUP, SIGUSR1, SIGUSR2, SIGTTIN, SIGTTOU};

    for (size_t i = 0; i < sizeof(signums) / sizeof(signums[0]); i++)
        signal(signums[i], SIG_IGN);
}
