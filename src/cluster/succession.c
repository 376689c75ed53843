#include "cluster/succession.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <jansson.h>
#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/version.h>

#include "cluster/control.h"
#include "cluster/fleet.h"
#include "cluster/handover.h"
#include "cluster/handover_copies.h"
#include "cluster/handover_fleet.h"
#include "cluster/handover_past.h"
#include "cluster/handover_ports.h"
#include "cluster/roll_call.h"
#include "cluster/rollout.h"
#include "core/cleanup.h"

#include "core/banned.h"

#define VARIABLE "YOKE_UPGRADE"

/* Written by the functions of this file. */
static enum {
    NONE,
    TAKE,
    CHECK,
    ADOPT
} what;
static int reply_fd = -1;
static json_t *root; /* What is handed over; NULL: it cannot be read. */
static char reason[YK_HANDOVER_TEXT_MAX]; /* Why it cannot. */

/* ---- The variable ---- */

static bool is_text(const char *text, int *state_fd)
{
    char end;

    if (sscanf(text, "take:%d%c", state_fd, &end) == 1)
        what = TAKE;
    else if (sscanf(text, "check:%d:%d%c", state_fd, &reply_fd, &end) == 2)
        what = CHECK;
    return what != NONE && *state_fd > STDERR_FILENO;
}

void yk_succession_init(void)
{
    const char *text = getenv(VARIABLE);
    int state_fd = -1;
    bool is_valid = text && is_text(text, &state_fd);

    unsetenv(VARIABLE);
    if (!is_valid)
        return;
    yk_handover_load(state_fd, &root, reason);
    yk_close_fd(&state_fd);
}

/* ---- Asked whether it could ---- */

bool yk_succession_is_check(void)
{
    return what == CHECK;
}

int yk_succession_answer(void)
{
    char text[YK_HANDOVER_TEXT_MAX];

    snprintf(text, sizeof(text), "%s", root ? "ok " YOKE_VERSION : reason);
    send(reply_fd, text, strlen(text), MSG_NOSIGNAL);
    json_decref(root);
    root = NULL;
    return 0;
}

/* ---- Taking the place ---- */

bool yk_succession_is_due(void)
{
    return what == TAKE || what == ADOPT;
}

bool yk_succession_find_orphans(const struct yoke_cluster_options *options)
{
    root = yk_roll_call(options);
    if (root)
        what = ADOPT;
    return root != NULL;
}

const char *yk_succession_name(void)
{
    const char *name = root ? yk_handover_text(root, "name") : "";
    return *name ? name : NULL;
}

/* As many as there are to be; some may have died meanwhile. */
static void fill_up(const struct yoke_cluster_options *options)
{
    const json_t *fleet = json_object_get(root, "fleet");

    yoke_log(YOKE_LOG_INFO, "goes on with %zu workers whose primary has died",
             json_array_size(json_object_get(fleet, "workers")));
    yk_fleet_scale(options->workers);
}

int yk_succession_resume(const struct yoke_cluster_options *options)
{
    int err = root ? yk_handover_resume_fleet(root, options) : -EPROTO;

    if (err < 0) {
        yoke_log(YOKE_LOG_ERROR, "the workers cannot be taken over: %s",
                 root ? yoke_strerror(err) : reason);
        return err;
    }
    yk_handover_resume_ports(root);
    yk_handover_resume_copies(root);
    yk_handover_resume_past(root);
    if (what == TAKE)
        yoke_log(YOKE_LOG_INFO, "upgrade: version %s has taken over from %s",
                 YOKE_VERSION, yk_handover_text(root, "version"));
    else
        fill_up(options);
    return 0;
}

/* ---- The workers follow ---- */

static void on_reloaded(int err, const char *text, void *data)
{
    struct yk_control_call *call = data;

    if (!call)
        return;
    if (err < 0)
        yk_control_fail(call, "failed",
                        "the primary is upgraded, its workers are not: %s",
                        text);
    else
        yk_control_answer(call, json_pack("{s:s}", "text", text));
}

static void reload(struct yk_control_call *call)
{
    int err = yk_rollout_begin(on_reloaded, call);

    if (err < 0)
        on_reloaded(err, yoke_strerror(err), call);
}

void yk_succession_finish(void)
{
    struct yk_control_call *call = NULL;
    int client = yk_handover_take_fd(root, "client");
    sigset_t none;

    if (client >= 0)
        call = yk_control_resume(client);
    json_decref(root);
    root = NULL;
    if (what == ADOPT)
        return;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    reload(call);
}
