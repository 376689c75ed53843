#include "cluster/rollout.h"

#include <errno.h>
#include <stdio.h>
#include <uv.h>

#include <yoke/cluster.h>
#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "cluster/fleet.h"
#include "cluster/generation.h"
#include "cluster/primary.h"
#include "cluster/worker.h"
#include "cluster/workers.h"
#include "net/later.h"

#include "core/banned.h"

#define TEXT_MAX 1024

enum state {
    IDLE,
    TRIAL,
    PROBATION,
    ROLLING,
    UNDOING
};

/* Written by the functions of this file, in the primary. */
static struct {
    enum state state;
    struct yk_generation *before, *after; /* One use each. */
    yk_rollout_fn *fn;
    void *data;
    char reason[TEXT_MAX]; /* Why it is undone. */
    uint64_t begun_ms;
    struct yk_later later; /* Begins the trial, from the loop. */
    uv_timer_t probation;
    bool has_timer;
} rollout;

static void step(void);

bool yk_rollout_is_under_way(void)
{
    return rollout.state != IDLE;
}

/* ---- The end ---- */

static void end(int err, const char *text)
{
    yk_rollout_fn *fn = rollout.fn;

    rollout.state = IDLE;
    rollout.fn = NULL;
    yk_generation_drop(rollout.before);
    yk_generation_drop(rollout.after);
    rollout.before = rollout.after = NULL;
    if (fn)
        fn(err, text, rollout.data);
}

static void succeed(void)
{
    char text[TEXT_MAX];

    snprintf(text, sizeof(text), "%d worker%s of generation %u, after %llu ms",
             yk_fleet_size(), yk_fleet_size() == 1 ? "" : "s",
             rollout.after->number,
             (unsigned long long)(uv_now(yoke_loop()) - rollout.begun_ms));
    yk_fleet_set_generation(rollout.after);
    yoke_log(YOKE_LOG_INFO, "reload: done: %s", text);
    end(0, text);
}

static void give_up(void)
{
    char text[TEXT_MAX + 64];

    snprintf(text, sizeof(text), "generation %u failed, %u goes on: %s",
             rollout.after->number, rollout.before->number, rollout.reason);
    yoke_log(YOKE_LOG_ERROR, "reload: %s", text);
    end(-YOKE_ESTARTUP, text);
}

/* ---- Undoing ---- */

static void undo(const char *reason)
{
    if (rollout.state == UNDOING)
        return;
    snprintf(rollout.reason, sizeof(rollout.reason), "%s",
             reason ? reason : "it could not be started");
    uv_timer_stop(&rollout.probation);
    rollout.state = UNDOING;
    step();
}

void yk_rollout_worker_died(const struct yk_life *life, const char *text)
{
    bool is_new = rollout.state != IDLE && life->generation == rollout.after;

    /* One that was still to be ready is told of by its slot. */
    if (is_new && life->ready_ms &&
        (rollout.state == PROBATION || rollout.state == ROLLING))
        undo(text);
}

/* ---- Going on ---- */

static struct yk_generation *target(void)
{
    return rollout.state == UNDOING ? rollout.before : rollout.after;
}

static bool is_done(const struct yk_slot *slot)
{
    return slot->state == YK_SLOT_EMPTY ||
           (slot->generation == target() && !slot->successor &&
            (!slot->current || slot->current->generation == target()));
}

static void on_probation_over(uv_timer_t *timer)
{
    (void)timer;
    rollout.state = ROLLING;
    step();
}

static void on_replaced(struct yk_slot *slot, int err, const char *text)
{
    if (err == -ESHUTDOWN && rollout.state != TRIAL) {
        step();
        return;
    }
    if (err < 0 && slot->generation == rollout.after)
        yk_slot_set_generation(slot, rollout.before);
    if (err < 0 && rollout.state != UNDOING) {
        undo(text);
        return;
    }
    if (rollout.state == TRIAL) {
        rollout.state = PROBATION;
        uv_timer_start(&rollout.probation, on_probation_over,
                       (uint64_t)yk_fleet_options()->probation_ms, 0);
        return;
    }
    step();
}

/* A slot without a worker is only told what the next one is to be. */
static int replace(struct yk_slot *slot)
{
    if (rollout.state == UNDOING && !slot->current && !slot->successor) {
        yk_slot_set_generation(slot, rollout.before);
        return 0;
    }
    return yk_fleet_replace(slot, target(), YOKE_CAUSE_RELOAD,
                            rollout.state == TRIAL, on_replaced);
}

/* Replaces as many as may be at a time; on_replaced comes back here. */
static void step(void)
{
    struct yk_slot *slot;
    bool is_complete = true;

    YK_FLEET_EACH(slot)
    {
        if (is_done(slot))
            continue;
        is_complete = false;
        if (slot->on_replaced)
            continue;
        int err = replace(slot);
        if (err == -EAGAIN)
            return;
        if (err < 0 && rollout.state != UNDOING) {
            undo(yoke_strerror(err));
            return;
        }
    }
    if (!is_complete)
        return;
    if (rollout.state == UNDOING)
        give_up();
    else
        succeed();
}

/* ---- The beginning ---- */

/* Too many generations at once cost memory: who has drained longest goes. */
static void cut_oldest(void)
{
    unsigned oldest = rollout.after->number;
    struct yoke_worker *worker;

    if ((int)yk_generations() <= yk_fleet_options()->max_generations)
        return;
    YK_WORKERS_EACH(worker)
    if (worker->life && worker->life->generation->number < oldest)
        oldest = worker->life->generation->number;
    YK_WORKERS_EACH(worker)
    if (worker->life && worker->life->generation->number == oldest &&
        worker->life->state == YK_LIFE_DRAINING)
        yk_life_handle(worker->life, YK_LIFE_OVERSTAYS, YOKE_CAUSE_DEADLINE);
}

static struct yk_slot *first_in_use(void)
{
    struct yk_slot *slot;

    YK_FLEET_EACH(slot)
    if (slot->state != YK_SLOT_EMPTY && !slot->on_replaced)
        return slot;
    return NULL;
}

static void begin_trial(struct yk_later *later)
{
    (void)later;
    struct yk_slot *slot = first_in_use();
    int err = slot ? yk_fleet_replace(slot, rollout.after, YOKE_CAUSE_RELOAD,
                                      true, on_replaced)
                   : -EBUSY;

    if (err < 0)
        undo(yoke_strerror(err));
}

int yk_rollout_begin(yk_rollout_fn *fn, void *data)
{
    if (yk_primary_is_stopping())
        return -ESHUTDOWN;
    if (rollout.state != IDLE)
        return -EBUSY;
    int err = yk_generation_open(yoke_cluster_settings()->exec,
                                 yk_fleet_options()->file, &rollout.after);
    if (err < 0)
        return err;
    if (!rollout.has_timer)
        uv_timer_init(yoke_loop(), &rollout.probation);
    rollout.has_timer = true;
    yk_later_init(&rollout.later, begin_trial);
    rollout.before = yk_generation_use(yk_fleet_generation());
    rollout.fn = fn;
    rollout.data = data;
    rollout.begun_ms = uv_now(yoke_loop());
    rollout.state = TRIAL;
    yoke_log(YOKE_LOG_INFO, "reload: generation %u begins",
             rollout.after->number);
    cut_oldest();
    yk_later_start(&rollout.later);
    return 0;
}
