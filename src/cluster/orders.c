#include "cluster/orders.h"

#include <errno.h>
#include <stddef.h>

#include <jansson.h>
#include <yoke/error.h>

#include "cluster/control.h"
#include "cluster/fleet.h"
#include "cluster/rollout.h"
#include "cluster/upgrade.h"
#include "net/loop.h"

/* ---- reload: answered when it is over ---- */

static void on_reloaded(int err, const char *text, void *data)
{
    struct yk_control_call *call = data;

    if (err == -ESHUTDOWN)
        yk_control_fail(call, "stopping", "is stopping");
    else if (err < 0)
        yk_control_fail(call, "failed", "%s", text);
    else
        yk_control_answer(call, json_pack("{s:s}", "text", text));
}

static void reload(struct yk_control_call *call, const json_t *request)
{
    int err = yk_rollout_begin(on_reloaded, call);

    (void)request;
    if (err == -EBUSY)
        yk_control_fail(call, "busy", "is being reloaded already");
    else if (err == -ESHUTDOWN)
        yk_control_fail(call, "stopping", "is stopping");
    else if (err < 0)
        yk_control_fail(call, "failed", "cannot be reloaded: %s: %s",
                        yk_rollout_culprit(), yoke_strerror(err));
}

/* ---- upgrade: the new version answers, when it is over ---- */

static void on_failed(int err, const char *text, void *data)
{
    (void)err;
    yk_control_fail(data, "failed",
                    "is not upgraded, and goes on as it was: %s", text);
}

static int client_of(void *data)
{
    return yk_control_fd(data);
}

static void upgrade(struct yk_control_call *call, const json_t *request)
{
    int err = yk_upgrade_begin(on_failed, client_of, call);

    (void)request;
    if (err == -EBUSY)
        yk_control_fail(call, "busy", "is being upgraded or reloaded already");
    else if (err == -ESHUTDOWN)
        yk_control_fail(call, "stopping", "is stopping");
    else if (err < 0)
        yk_control_fail(call, "failed", "cannot be upgraded: %s",
                        yoke_strerror(err));
}

/* ---- scale: {"workers": N}, or {"by": N} ---- */

/* How many there are to be; -1: that is not said. */
static json_int_t wanted(const json_t *request)
{
    const json_t *workers = json_object_get(request, "workers");
    const json_t *by = json_object_get(request, "by");

    if (json_is_integer(workers))
        return json_integer_value(workers);
    json_int_t size = -1;
    if (json_is_integer(by) &&
        __builtin_add_overflow(json_integer_value(by), yk_fleet_size(), &size))
        return -1;
    return size;
}

static void scale(struct yk_control_call *call, const json_t *request)
{
    json_int_t size = wanted(request);
    int err = size >= 1 && size <= YK_WORKERS_MAX ? yk_fleet_scale((int)size)
                                                  : -EINVAL;

    if (err == -EINVAL)
        yk_control_fail(call, "invalid", "can have 1 to %d workers, not %lld",
                        YK_WORKERS_MAX, (long long)size);
    else if (err == -ENOMEM)
        yk_control_fail(call, "no-memory", "has no memory for it");
    else if (err < 0)
        yk_control_fail(call, "stopping", "is stopping");
    else
        yk_control_answer(call, json_pack("{s:i}", "workers", (int)size));
}

/* ---- stop: answered at once; the socket closes when it is over ---- */

static void stop(struct yk_control_call *call, const json_t *request)
{
    (void)request;
    yk_control_answer(call, json_pack("{s:s}", "text", "stopping"));
    yk_loop_stop(-1);
}

int yk_orders_register(void)
{
    if (yk_control_register("reload", reload) < 0 ||
        yk_control_register("upgrade", upgrade) < 0 ||
        yk_control_register("scale", scale) < 0 ||
        yk_control_register("stop", stop) < 0)
        return -YOKE_EFULL;
    return 0;
}
