#include "cluster/rollout.h"

#include <errno.h>
#include <stdio.h>
#include <uv.h>

#include <yoke/cluster.h>
#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "cluster/backoff.h"
#include "cluster/fleet.h"
#include "cluster/generation.h"
#include "cluster/notify.h"
#include "cluster/primary.h"
#include "cluster/templates.h"
#include "cluster/worker.h"
#include "cluster/workers.h"
#include "net/deadline.h"
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

/* A worker that has been told to go may still accept connections until it has
 * heard of it. That is waited for, but not for one that hangs. */
#define LOOK_MS      10
#define DEAF_MS      2000
/* How long until what could not be done is tried again: this, doubled with each
 * failure that follows another. */
#define RETRY_MS     200
#define RETRY_MAX_MS 10000
/* Failures in a row, until the next step back is taken: about half a minute
 * while going on, two minutes while undoing. */
#define ROLL_TRIES   9
#define UNDO_TRIES   16

/* Written by the functions of this file, in the primary. */
static struct {
    enum state state;
    struct yk_generation *before, *after; /* One use each. */
    yk_rollout_fn *fn;
    void *data;
    char reason[TEXT_MAX]; /* Why it is undone. */
    uint64_t begun_ms;
    struct yk_slot *trial;      /* Where it is under way; or NULL. */
    struct yk_backoff backoff;  /* After failures in a row, */
    uint32_t failures;          /* so many. */
    uint64_t rests_until_ms;    /* Nothing is begun before that. */
    uint64_t complete_since_ms; /* All are replaced; 0: not yet. */
    struct yk_later later;      /* Goes on, from the loop. */
    struct yk_deadline probation;
    uv_timer_t tick; /* Goes on, too: something may have changed. */
    bool has_timers;
} rollout;

bool yk_rollout_is_under_way(void)
{
    return rollout.state != IDLE;
}

/* ---- The end ---- */

static void end(int err, const char *text)
{
    yk_rollout_fn *fn = rollout.fn;

    yk_deadline_stop(&rollout.probation);
    uv_timer_stop(&rollout.tick);
    yk_later_stop(&rollout.later);
    rollout.state = IDLE;
    rollout.fn = NULL;
    rollout.trial = NULL;
    yk_generation_drop(rollout.before);
    yk_generation_drop(rollout.after);
    rollout.before = rollout.after = NULL;
    yk_templates_keep(yk_fleet_generation());
    if (err != -ESHUTDOWN)
        yk_notify_reloaded(text);
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

/* Workers of the generation that failed, where the old one could not be
 * started again. */
static int count_left(void)
{
    struct yk_slot *slot;
    int count = 0;

    YK_FLEET_EACH(slot)
    count += slot->current && slot->current->generation == rollout.after;
    return count;
}

static void fail(void)
{
    char text[TEXT_MAX + 160];
    int left = count_left();
    int len =
        snprintf(text, sizeof(text), "generation %u failed, %u goes on: %s",
                 rollout.after->number, rollout.before->number, rollout.reason);

    if (left > 0)
        snprintf(text + len, sizeof(text) - (size_t)len,
                 "; but %d worker%s of generation %u cannot be replaced now",
                 left, left == 1 ? "" : "s", rollout.after->number);
    yoke_log(YOKE_LOG_ERROR, "reload: %s", text);
    end(-YOKE_ESTARTUP, text);
}

/* ---- Undoing ---- */

static void forget_failures(void)
{
    rollout.backoff.debt_ms = 0;
    rollout.failures = 0;
    rollout.rests_until_ms = 0;
}

static void undo(const char *reason)
{
    if (rollout.state == UNDOING)
        return;
    snprintf(rollout.reason, sizeof(rollout.reason), "%s",
             reason ? reason : "it could not be started");
    yk_deadline_stop(&rollout.probation);
    forget_failures();
    rollout.state = UNDOING;
    yk_later_start(&rollout.later);
}

void yk_rollout_worker_died(const struct yk_life *life, const char *text)
{
    /* One that was still to be ready is told of by its slot. */
    if (rollout.state != IDLE && life->generation == rollout.after &&
        life->ready_ms)
        undo(text);
}

/* Something could not be started: a worker, or the process for it. */
static void put_off(const char *reason)
{
    uint32_t tries = rollout.state == UNDOING ? UNDO_TRIES : ROLL_TRIES;

    rollout.rests_until_ms =
        uv_now(yoke_loop()) +
        yk_backoff_death(&rollout.backoff, 0, yk_fleet_random());
    if (++rollout.failures >= tries)
        undo(reason);
}

/* ---- Going on ---- */

static struct yk_generation *target(void)
{
    return rollout.state == UNDOING ? rollout.before : rollout.after;
}

static bool is_done(const struct yk_slot *slot)
{
    if (slot->replacement.fn)
        return false;
    return slot->state == YK_SLOT_EMPTY ||
           (slot->generation == target() && !slot->successor &&
            (!slot->current || slot->current->generation == target()));
}

/* The new generation is still there: the worker on trial may have been scaled
 * away. */
static bool has_new_one(void)
{
    struct yk_slot *slot;

    YK_FLEET_EACH(slot)
    if (slot->current && slot->current->generation == rollout.after)
        return true;
    return false;
}

static void on_probation_over(struct yk_deadline *deadline)
{
    (void)deadline;
    rollout.state = has_new_one() ? ROLLING : TRIAL;
    yk_later_start(&rollout.later);
}

static void begin_probation(void)
{
    rollout.state = PROBATION;
    yk_deadline_start(&rollout.probation,
                      (uint64_t)yk_fleet_options()->probation_ms);
}

static void replacement_failed(const char *text)
{
    if (rollout.state == UNDOING)
        put_off(text);
    else
        undo(text);
}

static void on_replaced(struct yk_slot *slot, int err, const char *text)
{
    bool was_trial = rollout.trial == slot;

    if (rollout.state == IDLE)
        return;
    if (was_trial)
        rollout.trial = NULL;
    /* One that was scaled away has not failed. */
    if (err < 0 && err != -ESHUTDOWN)
        replacement_failed(text);
    else if (err == 0)
        forget_failures();
    if (err == 0 && was_trial && rollout.state == TRIAL)
        begin_probation();
    yk_later_start(&rollout.later);
}

static bool is_resting(void)
{
    return uv_now(yoke_loop()) < rollout.rests_until_ms;
}

/* Returns false when no other need be tried now. */
static bool replace(struct yk_slot *slot)
{
    char text[128];
    bool is_trial = rollout.state == TRIAL;
    int err = yk_fleet_replace(slot, target(), YOKE_CAUSE_RELOAD, is_trial,
                               on_replaced);

    if (err == 0) {
        rollout.trial = is_trial ? slot : NULL;
        return true;
    }
    if (err == -YOKE_EFULL || err == -EBUSY)
        return false;
    snprintf(text, sizeof(text), "a worker cannot be started: %s",
             yoke_strerror(err));
    put_off(text);
    return false;
}

/* Not in a slot that is being recycled. */
static void begin_trial(void)
{
    struct yk_slot *slot;

    if (rollout.trial || is_resting())
        return;
    YK_FLEET_EACH(slot)
    if (slot->state != YK_SLOT_EMPTY && !slot->replacement.fn) {
        replace(slot);
        return;
    }
}

/* What dies from here on is replaced by the old generation. */
static void relabel(void)
{
    struct yk_slot *slot;

    YK_FLEET_EACH(slot)
    if (slot->generation == rollout.after)
        yk_slot_set_generation(slot, rollout.before);
}

static bool has_given_up(void)
{
    return rollout.state == UNDOING && rollout.failures >= UNDO_TRIES;
}

/* One of another generation has a listener still. */
static bool may_other_accept(void)
{
    struct yoke_worker *worker;

    YK_WORKERS_EACH(worker)
    if (worker->life && worker->life->generation != target() &&
        worker->is_connected && !yk_list_is_empty(&worker->users))
        return true;
    return false;
}

static void on_tick(uv_timer_t *timer);

/* All have been replaced: from here on only the new ones answer, or, when it
 * has been undone, the old ones. */
static void finish(void)
{
    uint64_t now_ms = uv_now(yoke_loop());

    if (rollout.complete_since_ms == 0)
        rollout.complete_since_ms = now_ms;
    if (may_other_accept() && now_ms - rollout.complete_since_ms < DEAF_MS)
        uv_timer_start(&rollout.tick, on_tick, LOOK_MS, RETRY_MS);
    else if (rollout.state == UNDOING)
        fail();
    else
        succeed();
}

/* Replaces as many as may be at a time; what comes of it leads back here. */
static void step(void)
{
    struct yk_slot *slot;
    bool is_complete = true;
    bool is_waiting = false; /* For replacements that are under way. */
    bool may_begin = !is_resting() && !has_given_up();

    if (rollout.state == UNDOING)
        relabel();
    YK_FLEET_EACH(slot)
    {
        is_complete &= is_done(slot);
        is_waiting |= slot->replacement.fn != NULL;
        if (may_begin && !is_done(slot) && !slot->replacement.fn)
            may_begin = replace(slot);
    }
    if (!is_complete)
        rollout.complete_since_ms = 0;
    if (is_complete)
        finish();
    else if (has_given_up() && !is_waiting)
        fail();
}

static void go_on(void)
{
    if (yk_primary_is_stopping())
        end(-ESHUTDOWN, "the primary stops");
    else if (rollout.state == TRIAL)
        begin_trial();
    else if (rollout.state != PROBATION)
        step();
}

static void on_later(struct yk_later *later)
{
    (void)later;
    go_on();
}

static void on_tick(uv_timer_t *timer)
{
    (void)timer;
    go_on();
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

static void start_timers(void)
{
    if (!rollout.has_timers) {
        yk_deadline_init(&rollout.probation, on_probation_over);
        uv_timer_init(yoke_loop(), &rollout.tick);
    }
    rollout.has_timers = true;
    uv_update_time(yoke_loop());
    uv_timer_start(&rollout.tick, on_tick, RETRY_MS, RETRY_MS);
    yk_later_init(&rollout.later, on_later);
    yk_later_start(&rollout.later);
}

const char *yk_rollout_culprit(void)
{
    return yk_generation_culprit(yoke_cluster_settings()->exec,
                                 yk_fleet_options()->file);
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
    rollout.before = yk_generation_use(yk_fleet_generation());
    rollout.fn = fn;
    rollout.data = data;
    rollout.backoff = (struct yk_backoff){
        .base_ms = RETRY_MS, .max_ms = RETRY_MAX_MS, .healthy_ms = UINT32_MAX};
    forget_failures();
    rollout.complete_since_ms = 0;
    rollout.state = TRIAL;
    yoke_log(YOKE_LOG_INFO, "reload: generation %u begins",
             rollout.after->number);
    yk_notify_reloading();
    start_timers();
    rollout.begun_ms = uv_now(yoke_loop());
    cut_oldest();
    return 0;
}
