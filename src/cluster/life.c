#include "cluster/life.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

#include <yoke/log.h>
#include <yoke/loop.h>

#include "cluster/confine.h"
#include "cluster/fleet.h"
#include "cluster/generation.h"
#include "cluster/primary.h"
#include "cluster/slot.h"
#include "cluster/worker.h"
#include "cluster/workers.h"
#include "core/alloc.h"
#include "core/random.h"

/* What a worker gets after its deadline to cut its connections by itself. */
#define GRACE_MS 500

static void on_deadline(struct yk_deadline *deadline)
{
    struct yk_life *life = YK_CONTAINER_OF(deadline, struct yk_life, deadline);

    if (life->state == YK_LIFE_STARTING)
        yk_life_handle(life, YK_LIFE_IS_LATE, YOKE_CAUSE_BOOT);
    else
        yk_life_handle(life, YK_LIFE_OVERSTAYS, YOKE_CAUSE_DEADLINE);
}

static void set_deadline(struct yk_life *life, uint32_t ms)
{
    if (ms)
        yk_deadline_start(&life->deadline, ms);
    else
        yk_deadline_stop(&life->deadline);
}

static void send_signal(struct yk_life *life, int signum)
{
    yk_worker_signal(life->worker, signum);
}

/* ---- Actions: each returns the state that follows ---- */

static enum yk_life_state become_ready(struct yk_life *life)
{
    yk_deadline_stop(&life->deadline);
    life->ready_ms = uv_now(yoke_loop());
    return YK_LIFE_READY;
}

static enum yk_life_state retire(struct yk_life *life)
{
    uint32_t drain_ms = life->limits->drain_ms;

    yk_primary_retire(life->worker, (int)drain_ms);
    set_deadline(life, drain_ms ? drain_ms + GRACE_MS : 0);
    return YK_LIFE_DRAINING;
}

/* The core, or the report that it leaves, is to say where it was stuck. */
static enum yk_life_state abort_worker(struct yk_life *life)
{
    send_signal(life, SIGABRT);
    /* A stopped process takes no other signal. */
    send_signal(life, SIGCONT);
    set_deadline(life, life->limits->abort_ms);
    return YK_LIFE_STOPPING;
}

static enum yk_life_state kill_worker(struct yk_life *life)
{
    yk_deadline_stop(&life->deadline);
    send_signal(life, SIGKILL);
    return YK_LIFE_STOPPING;
}

static enum yk_life_state die(struct yk_life *life)
{
    yk_deadline_stop(&life->deadline);
    return YK_LIFE_DEAD;
}

/* ---- The table ---- */

typedef enum yk_life_state action_fn(struct yk_life *life);

static action_fn *const actions[YK_LIFE_STATES][YK_LIFE_EVENTS] = {
    [YK_LIFE_STARTING] = {[YK_LIFE_SAYS_READY] = become_ready,
                          [YK_LIFE_IS_LATE] = abort_worker,
                          [YK_LIFE_RETIRE] = retire,
                          [YK_LIFE_HANGS] = abort_worker,
                          [YK_LIFE_DIES] = die},
    [YK_LIFE_READY] = {[YK_LIFE_RETIRE] = retire,
                       [YK_LIFE_HANGS] = abort_worker,
                       [YK_LIFE_DIES] = die},
    [YK_LIFE_DRAINING] = {[YK_LIFE_HANGS] = abort_worker,
                          [YK_LIFE_OVERSTAYS] = kill_worker,
                          [YK_LIFE_DIES] = die},
    [YK_LIFE_STOPPING] =
        {[YK_LIFE_OVERSTAYS] = kill_worker, [YK_LIFE_DIES] = die},
};

static bool gives_cause(enum yk_life_event event)
{
    return event == YK_LIFE_IS_LATE || event == YK_LIFE_RETIRE ||
           event == YK_LIFE_HANGS || event == YK_LIFE_OVERSTAYS;
}

void yk_life_handle(struct yk_life *life, enum yk_life_event event,
                    enum yoke_cause cause)
{
    action_fn *action = actions[life->state][event];

    if (!action)
        return;
    /* The first reason counts: what outlives its abort still hung. */
    if (gives_cause(event) && life->state != YK_LIFE_STOPPING) {
        life->has_cause = true;
        life->cause = cause;
    }
    life->state = action(life);
}

/* ---- Beginning and end ---- */

static void on_closed(uv_handle_t *handle)
{
    struct yk_life *life =
        YK_CONTAINER_OF(handle, struct yk_life, deadline.timer);

    yk_output_done(&life->output);
    yk_generation_drop(life->generation);
    free(life);
}

/* Rest and hundreds apart: a limit may be as large as it likes. */
uint64_t yk_life_own_limit(const struct yk_life *life, uint64_t limit)
{
    return limit - limit / 100 * life->jitter -
           limit % 100 * life->jitter / 100;
}

void yk_life_end(struct yk_life *life)
{
    life->worker->life = NULL;
    life->worker = NULL;
    uv_close((uv_handle_t *)&life->deadline.timer, on_closed);
}

int yk_life_begin(struct yk_slot *slot, struct yk_generation *generation,
                  const struct yk_life_limits *limits, bool is_on_trial,
                  struct yk_life **ret)
{
    struct yk_life *life = yk_try_alloc(sizeof(*life));
    if (!life)
        return -ENOMEM;
    *life = (struct yk_life){
        .slot = slot, .limits = limits, .is_on_trial = is_on_trial};
    struct yk_confine confine;
    yk_confine_of(&confine, yk_fleet_options(), slot->number);
    bool is_preloaded = yk_fleet_options()->preload > YOKE_PRELOAD_OFF;
    struct yk_fork how = {.slot = slot->number,
                          .preloaded = is_preloaded ? generation : NULL,
                          .program = generation->program,
                          .file_fd = generation->file_fd,
                          .generation = generation->number,
                          .confine = &confine,
                          .is_on_trial = is_on_trial};
    int err = yk_primary_fork(&how, &life->worker);
    if (err < 0) {
        free(life);
        return err;
    }
    life->worker->life = life;
    life->generation = yk_generation_use(generation);
    life->forked_ms = uv_now(yoke_loop());
    life->jitter = (uint32_t)yk_random_below(
        yk_fleet_random(), (uint64_t)yk_fleet_options()->recycle_jitter + 1);
    yk_deadline_init(&life->deadline, on_deadline);
    set_deadline(life, limits->boot_ms);
    *ret = life;
    return 0;
}

static uint32_t deadline_of(const struct yk_life *life)
{
    const struct yk_life_limits *limits = life->limits;

    switch (life->state) {
    case YK_LIFE_STARTING:
        return limits->boot_ms;
    case YK_LIFE_DRAINING:
        return limits->drain_ms ? limits->drain_ms + GRACE_MS : 0;
    case YK_LIFE_STOPPING:
        return limits->abort_ms;
    case YK_LIFE_READY:
    case YK_LIFE_DEAD:
    case YK_LIFE_STATES:
        break;
    }
    return 0;
}

int yk_life_resume(struct yk_slot *slot, struct yk_generation *generation,
                   const struct yk_life_limits *limits,
                   const struct yk_life *was, struct yk_life **ret)
{
    struct yk_life *life = yk_try_alloc(sizeof(*life));

    if (!life)
        return -ENOMEM;
    *life = (struct yk_life){.worker = was->worker,
                             .slot = slot,
                             .generation = yk_generation_use(generation),
                             .limits = limits,
                             .state = was->state,
                             .cause = was->cause,
                             .has_cause = was->has_cause,
                             .is_on_trial = was->is_on_trial,
                             .forked_ms = was->forked_ms,
                             .ready_ms = was->ready_ms,
                             .jitter = was->jitter};
    life->worker->life = life;
    yk_deadline_init(&life->deadline, on_deadline);
    set_deadline(life, deadline_of(life));
    *ret = life;
    return 0;
}

const char *yk_life_state_text(enum yk_life_state state)
{
    static const char *const texts[YK_LIFE_STATES] = {
        [YK_LIFE_STARTING] = "starting", [YK_LIFE_READY] = "ready",
        [YK_LIFE_DRAINING] = "draining", [YK_LIFE_STOPPING] = "stopping",
        [YK_LIFE_DEAD] = "dead",
    };
    return texts[state];
}
