#include "cluster/upgrade.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <jansson.h>
#include <yoke/error.h>
#include <yoke/log.h>

#include "cluster/control.h"
#include "cluster/fleet.h"
#include "cluster/generation.h"
#include "cluster/handover.h"
#include "cluster/handover_copies.h"
#include "cluster/handover_fleet.h"
#include "cluster/handover_past.h"
#include "cluster/handover_ports.h"
#include "cluster/primary.h"
#include "cluster/rollout.h"
#include "cluster/settings.h"
#include "cluster/settle.h"
#include "cluster/spawn.h"
#include "cluster/upgrade_check.h"
#include "core/alloc.h"
#include "core/cleanup.h"
#include "net/inherit.h"
#include "net/later.h"

#include "core/banned.h"

/* Written by the functions of this file, in the primary. */
static struct {
    bool is_under_way;
    yk_upgrade_failed_fn *fn;
    int (*client_fd)(void *data);
    void *data;
    struct yk_later later; /* The last look, after */
    bool has_polled;       /* the loop has polled once more. */
    sigset_t signals;      /* That were blocked before. */
} upgrade;

static void fail(int err, const char *text)
{
    yk_upgrade_failed_fn *fn = upgrade.fn;

    upgrade.is_under_way = false;
    yoke_log(YOKE_LOG_ERROR, "upgrade: failed, nothing has changed: %s", text);
    if (fn)
        fn(err, text, upgrade.data);
}

/* ---- Handing over ---- */

static int save(struct yk_handover *handover, int *ret_fd)
{
    const char *name = yk_control_name();
    int err = yk_handover_init(handover);

    if (err < 0)
        return err;
    if (name)
        json_object_set_new(handover->root, "name", json_string(name));
    for (int i = 0; i < yk_inherit_count(); i++)
        json_decref(yk_handover_keep(handover, YK_INHERIT_FIRST + i));
    yk_handover_save_fleet(handover);
    yk_handover_save_ports(handover);
    yk_handover_save_copies(handover);
    yk_handover_save_past(handover);
    int client = upgrade.client_fd ? upgrade.client_fd(upgrade.data) : -1;
    json_object_set_new(handover->root, "client",
                        yk_handover_keep(handover, client));
    return yk_handover_seal(handover, ret_fd);
}

static int run(int state_fd)
{
    char text[64];
    YK_CLEANUP(yk_free_ptr) char **argv = yk_settings_own_argv();
    snprintf(text, sizeof(text), "YOKE_UPGRADE=take:%d", state_fd);
    YK_CLEANUP(yk_free_ptr) char **envp = yk_spawn_env(NULL, text);

    if (!argv || !envp)
        return -ENOMEM;
    fflush(NULL);
    execve(yk_generation_own_path(), argv, envp);
    return -errno;
}

static int hand_over(void)
{
    struct yk_handover handover;
    YK_CLEANUP(yk_close_fd) int fd = -1;
    int err = save(&handover, &fd);

    if (err == 0) {
        yk_handover_pass(&handover, true);
        err = run(fd);
        yk_handover_pass(&handover, false);
    }
    yk_handover_done(&handover);
    return err;
}

/* ---- The last look ---- */

static void on_settled(int err, const char *text);

/* From here on signals wait: for the new version, which would be ended by one
 * before it has handlers. */
static void block_signals(void)
{
    sigset_t all;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &upgrade.signals);
}

static void allow_signals(void)
{
    sigprocmask(SIG_SETMASK, &upgrade.signals, NULL);
}

static void go(void)
{
    int err = yk_primary_is_stopping() ? -ESHUTDOWN : hand_over();

    allow_signals();
    yk_settle_undo();
    fail(err, yoke_strerror(err));
}

/* A signal that has come before is in the loop's hands, and would be lost with
 * it: so the loop polls once more. The first call comes before it polls. */
static void look_again(struct yk_later *later)
{
    if (!upgrade.has_polled) {
        upgrade.has_polled = true;
        yk_later_start(later);
        return;
    }
    if (yk_primary_is_stopping() || yk_settle_holds()) {
        go();
        return;
    }
    allow_signals();
    yk_settle_begin(on_settled);
}

static void on_settled(int err, const char *text)
{
    if (err < 0) {
        fail(err, text);
        return;
    }
    block_signals();
    upgrade.has_polled = false;
    yk_later_init(&upgrade.later, look_again);
    yk_later_start(&upgrade.later);
}

/* ---- The beginning ---- */

static void on_checked(int err, const char *text)
{
    if (err < 0) {
        fail(err, text);
        return;
    }
    yoke_log(YOKE_LOG_INFO, "upgrade: version %s can take over", text);
    yk_settle_begin(on_settled);
}

/* The draft is only looked at. */
static int check(void)
{
    struct yk_handover draft;
    YK_CLEANUP(yk_close_fd) int fd = -1;
    int err = save(&draft, &fd);

    yk_handover_done(&draft);
    if (err < 0)
        return err;
    return yk_upgrade_check(yk_generation_own_path(), fd,
                            yk_fleet_options()->boot_timeout_ms, on_checked);
}

int yk_upgrade_begin(yk_upgrade_failed_fn *fn, int (*client_fd)(void *data),
                     void *data)
{
    if (yk_primary_is_stopping())
        return -ESHUTDOWN;
    if (upgrade.is_under_way || yk_rollout_is_under_way())
        return -EBUSY;
    upgrade.fn = fn;
    upgrade.client_fd = client_fd;
    upgrade.data = data;
    int err = check();
    if (err < 0)
        return err;
    upgrade.is_under_way = true;
    yoke_log(YOKE_LOG_INFO, "upgrade: asking %s whether it can take over",
             yk_generation_own_path());
    return 0;
}
