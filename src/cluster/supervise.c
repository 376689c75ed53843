/* A slot's life. Rows are states, columns events; in each place the action, and
 * the state it leads to.
 *
 *             LISTENS     DIES         LEAVES       FAILS        DUE
 *   STARTING  -> RUNNING  end or wait  wait         end or wait
 *   RUNNING               wait         replace      wait
 *   WAITING                                                      -> STARTING
 *   GIVEN_UP
 *
 * `replace` -> WAITING, for as long as the back-off says. `wait` asks the
 * budget first: when it is exhausted, the slot is given up. A worker LEAVES
 * when it was disconnected; it FAILS when it dies after saying that it cannot
 * start. `end`: as long as none has ever listened, that, or a crash on the way,
 * is a failure of the whole start, for another try would fare no better. When
 * the primary stops, these are no events any more. */
#include "cluster/supervise.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

#include <yoke/cluster.h>
#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "cluster/backoff.h"
#include "cluster/budget.h"
#include "cluster/events.h"
#include "cluster/ports.h"
#include "cluster/primary.h"
#include "cluster/settings.h"
#include "cluster/worker.h"
#include "core/alloc.h"
#include "core/random.h"
#include "net/loop.h"

#include "core/banned.h"

#define BACKOFF_BASE_MS  100
#define BACKOFF_MAX_MS   30000
#define HEALTHY_MS       10000
#define BUDGET           10
#define BUDGET_WINDOW_MS 60000

enum state {
    STARTING,
    RUNNING,
    WAITING,
    GIVEN_UP,
    STATES
};
enum event {
    LISTENS,
    DIES,
    LEAVES,
    FAILS,
    DUE,
    EVENTS
};

struct slot {
    enum state state;
    int number;         /* From 1. */
    uv_timer_t due;     /* Ends the wait. */
    uint64_t forked_ms; /* When its worker was. */
    struct yk_backoff backoff;
    struct yk_budget budget;
};

/* The fleet. Written by the functions of this file, in the primary. */
static struct {
    struct slot *slots;
    int count;
    int given_up;
    bool has_listened; /* Some worker, ever. */
    struct yk_random random;
} fleet;

static void handle(struct slot *slot, enum event event);

/* ---- Actions: each returns the state that follows ---- */

static enum state give_up(struct slot *slot)
{
    yoke_log(YOKE_LOG_ERROR,
             "slot %d is given up: its workers died %u times within %u s",
             slot->number, (unsigned)slot->budget.limit,
             (unsigned)(slot->budget.window_ms / 1000));
    if (++fleet.given_up == fleet.count) {
        yoke_log(YOKE_LOG_ERROR, "every slot has been given up: stopping");
        yk_loop_fail_quietly();
    }
    return GIVEN_UP;
}

static void on_due(uv_timer_t *timer)
{
    handle(timer->data, DUE);
}

static enum state replace(struct slot *slot)
{
    uint64_t lived_ms = uv_now(yoke_loop()) - slot->forked_ms;
    uint32_t wait_ms =
        yk_backoff_death(&slot->backoff, lived_ms, &fleet.random);

    uv_timer_start(&slot->due, on_due, wait_ms, 0);
    return WAITING;
}

static enum state wait_for_next(struct slot *slot)
{
    if (yk_budget_fail(&slot->budget, uv_now(yoke_loop())))
        return give_up(slot);
    return replace(slot);
}

static enum state fork_worker(struct slot *slot)
{
    struct yoke_worker *worker;
    int err = yk_primary_fork(NULL, slot->number, &worker);

    slot->forked_ms = uv_now(yoke_loop());
    if (err == 0)
        return STARTING;
    yoke_log(YOKE_LOG_ERROR, "cannot start a worker in slot %d: %s",
             slot->number, yoke_strerror(err));
    return wait_for_next(slot);
}

static enum state serve(struct slot *slot)
{
    (void)slot;
    fleet.has_listened = true;
    return RUNNING;
}

static enum state fail_to_start(struct slot *slot)
{
    if (fleet.has_listened)
        return wait_for_next(slot);
    yk_loop_fail_quietly();
    return GIVEN_UP;
}

static enum state crash_at_start(struct slot *slot)
{
    if (!fleet.has_listened)
        yoke_log(YOKE_LOG_ERROR, "no worker could start: stopping");
    return fail_to_start(slot);
}

/* ---- The table ---- */

typedef enum state action_fn(struct slot *slot);

static action_fn *const actions[STATES][EVENTS] = {
    [STARTING] = {[LISTENS] = serve,
                  [DIES] = crash_at_start,
                  [LEAVES] = wait_for_next,
                  [FAILS] = fail_to_start},
    [RUNNING] =
        {[DIES] = wait_for_next, [LEAVES] = replace, [FAILS] = wait_for_next},
    [WAITING] = {[DUE] = fork_worker},
};

static void handle(struct slot *slot, enum event event)
{
    action_fn *action = actions[slot->state][event];

    if (action && !yk_primary_is_stopping())
        slot->state = action(slot);
}

/* ---- Events ---- */

static struct slot *slot_of(const struct yoke_worker *worker)
{
    if (worker->slot < 1 || worker->slot > fleet.count)
        return NULL;
    return &fleet.slots[worker->slot - 1];
}

static void on_listening(struct yoke_worker *worker)
{
    struct slot *slot = slot_of(worker);

    if (slot)
        handle(slot, LISTENS);
}

/* While stopping only bad ends are told. A start that failed is told once: the
 * reason is the same for every worker. */
static bool is_worth_a_line(const struct yoke_exit *why)
{
    if (!yk_primary_is_stopping())
        return true;
    return why->cause != YOKE_CAUSE_STARTUP &&
           why->cause != YOKE_CAUSE_DEADLINE && !yk_primary_is_clean(why);
}

/* It was disconnected, by either side, to be replaced. */
static bool has_left(const struct yoke_worker *worker,
                     const struct yoke_exit *why)
{
    return worker->is_leaving && yk_primary_is_clean(why);
}

static enum event event_of(const struct yoke_worker *worker,
                           const struct yoke_exit *why)
{
    if (why->cause == YOKE_CAUSE_STARTUP)
        return FAILS;
    return has_left(worker, why) ? LEAVES : DIES;
}

static void log_death(const struct yoke_worker *worker,
                      const struct yoke_exit *why)
{
    if (!is_worth_a_line(why) || has_left(worker, why))
        return;
    if (why->cause == YOKE_CAUSE_STARTUP && !fleet.has_listened)
        yoke_log(YOKE_LOG_ERROR, "%s", why->reason);
    else
        yoke_log(YOKE_LOG_WARN, "worker %d died (%s)", (int)worker->pid,
                 yoke_exit_text(why));
}

static void on_exit_(struct yoke_worker *worker, const struct yoke_exit *why)
{
    struct slot *slot = slot_of(worker);

    log_death(worker, why);
    if (slot)
        handle(slot, event_of(worker, why));
}

static const struct yk_observer observer = {
    .on_listening = on_listening,
    .on_exit = on_exit_,
};

/* ---- The primary ---- */

static int or_default(int value, int fallback)
{
    return value > 0 ? value : fallback;
}

static int count_workers(const struct yoke_cluster_options *options)
{
    int count = options->workers;

    if (count <= 0)
        count = yoke_env_int("YOKE_WORKERS", 0);
    if (count <= 0)
        count = yoke_cpus();
    return count > YK_WORKERS_MAX ? YK_WORKERS_MAX : count;
}

static void init_slot(struct slot *slot, int number,
                      const struct yoke_cluster_options *options)
{
    slot->number = number;
    slot->state = WAITING;
    slot->backoff = (struct yk_backoff){
        .base_ms =
            (uint32_t)or_default(options->backoff_base_ms, BACKOFF_BASE_MS),
        .max_ms = (uint32_t)or_default(options->backoff_max_ms, BACKOFF_MAX_MS),
        .healthy_ms = (uint32_t)or_default(options->healthy_ms, HEALTHY_MS)};
    yk_budget_init(
        &slot->budget, (uint32_t)or_default(options->budget, BUDGET),
        (uint64_t)or_default(options->budget_window_ms, BUDGET_WINDOW_MS));
    uv_timer_init(yoke_loop(), &slot->due);
    slot->due.data = slot;
}

static int run_primary(const struct yoke_cluster_options *options)
{
    fleet.count = count_workers(options);
    fleet.slots = yk_alloc((size_t)fleet.count * sizeof(struct slot));
    yk_random_init(&fleet.random);
    yk_events_set_observer(&observer);
    yk_ports_keep();
    for (int i = 0; i < fleet.count; i++) {
        init_slot(&fleet.slots[i], i + 1, options);
        handle(&fleet.slots[i], DUE);
    }
    return yoke_run();
}

static int run_worker(int (*start)(void *data), void *data)
{
    if (start(data) < 0)
        yk_loop_fail_quietly();
    return yoke_run();
}

int yk_cluster_supervise(const struct yoke_cluster_options *options,
                         int (*start)(void *data), void *data)
{
    struct yoke_cluster_options defaults = {.workers = 0};
    struct yoke_cluster_settings settings = {.exec = NULL};
    int err;

    if (!options)
        options = &defaults;
    if (!options->quiet)
        printf("Starting up %s process\n",
               yoke_cluster_is_worker() ? "worker" : "primary");
    if (options->stop_timeout_ms > 0)
        yoke_set_stop_timeout(options->stop_timeout_ms);
    if (yoke_cluster_is_worker())
        return run_worker(start, data);
    settings.sched = options->sched;
    err = yk_settings_change(&settings);
    if (err < 0) {
        yoke_log(YOKE_LOG_ERROR, "the scheduling cannot be had: %s",
                 yoke_strerror(err));
        return 1;
    }
    return run_primary(options);
}
