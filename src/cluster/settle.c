#include "cluster/settle.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <uv.h>

#include <yoke/loop.h>

#include "cluster/dealer.h"
#include "cluster/fleet.h"
#include "cluster/intake.h"
#include "cluster/port.h"
#include "cluster/ports.h"
#include "cluster/rollout.h"
#include "cluster/templates.h"
#include "cluster/worker.h"
#include "cluster/workers.h"

#include "core/banned.h"

/* How often it looks, and for how long at most. A worker that hangs is found
 * and replaced meanwhile, if it can be. */
#define LOOK_MS  2
#define LIMIT_MS 10000
#define TEXT_MAX 128

/* Written by the functions of this file, in the primary. */
static struct {
    yk_settled_fn *fn;
    uv_timer_t timer;
    bool has_timer;
    uint64_t begun_ms;
} settling;

/* ---- What is still under way ---- */

static bool is_replacing(void)
{
    struct yoke_worker *worker;
    struct yk_slot *slot;

    YK_WORKERS_EACH(worker)
    if (worker->birth)
        return true;

    YK_FLEET_EACH(slot)
    if (slot->successor || yk_slot_is_being_replaced(slot))
        return true;
    return false;
}

static unsigned count_waiting(void)
{
    unsigned sum = 0;

    YK_LIST_EACH(node, yk_ports())
    sum += YK_CONTAINER_OF(node, struct yk_port, node)->line.count;
    return sum;
}

/* Those that it has taken and not begun are handed over. */
static bool has_coming(const struct yoke_worker *worker)
{
    return worker->outbox.count > 0 || yk_copies_coming(&worker->copies) > 0;
}

static bool is_busy(struct yoke_worker *worker)
{
    if (worker->is_dead)
        return true; /* Its end is on the way. */
    if (!worker->is_connected)
        return false;
    if (has_coming(worker))
        yk_dealer_woken(worker, false);
    return has_coming(worker) || !yk_channel_is_idle(&worker->channel);
}

/* The next primary makes its own; this one does when it needs one again. To be
 * asked last: nobody is to be born any more. */
static bool has_template(char text[TEXT_MAX])
{
    if (!yk_templates_are_there())
        return false;
    yk_templates_keep(NULL);
    snprintf(text, TEXT_MAX, "a template does not end");
    return true;
}

/* Returns false when nothing is; else `text` says what. */
static bool find_busy(char text[TEXT_MAX])
{
    struct yoke_worker *worker;
    int busy = 0;

    if (is_replacing() || yk_rollout_is_under_way()) {
        snprintf(text, TEXT_MAX, "a worker is being replaced");
        return true;
    }
    YK_WORKERS_EACH(worker)
    if (is_busy(worker))
        busy = worker->pid;
    if (busy)
        snprintf(text, TEXT_MAX, "worker %d does not take what it was sent",
                 busy);
    else if (count_waiting())
        snprintf(text, TEXT_MAX, "%u connections wait, for no worker is ready",
                 count_waiting());
    return busy || count_waiting() || has_template(text);
}

/* ---- Waiting ---- */

static void end(int err, const char *text)
{
    yk_settled_fn *fn = settling.fn;

    uv_timer_stop(&settling.timer);
    settling.fn = NULL;
    if (err < 0)
        yk_settle_undo();
    fn(err, text);
}

static void look(uv_timer_t *timer)
{
    char text[TEXT_MAX];
    bool is_late = uv_now(timer->loop) - settling.begun_ms >= LIMIT_MS;

    if (!find_busy(text))
        end(0, NULL);
    else if (is_late)
        end(-ETIMEDOUT, text);
}

void yk_settle_begin(yk_settled_fn *fn)
{
    if (!settling.has_timer)
        uv_timer_init(yoke_loop(), &settling.timer);
    settling.has_timer = true;
    settling.fn = fn;
    settling.begun_ms = uv_now(yoke_loop());
    yk_intake_hold(true);
    uv_timer_start(&settling.timer, look, LOOK_MS, LOOK_MS);
}

bool yk_settle_holds(void)
{
    char text[TEXT_MAX];

    return !find_busy(text);
}

void yk_settle_undo(void)
{
    yk_intake_hold(false);
    yk_ports_deal();
}
