#include "cluster/fleet.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

#include <yoke/cluster.h>
#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "cluster/deaths.h"
#include "cluster/events.h"
#include "cluster/generation.h"
#include "cluster/notify.h"
#include "cluster/ports.h"
#include "cluster/postmortem.h"
#include "cluster/primary.h"
#include "cluster/rollout.h"
#include "cluster/worker.h"
#include "core/alloc.h"
#include "core/random.h"
#include "net/loop.h"

#include "core/banned.h"

#define TEXT_MAX 1024

/* Written by the functions of this file, in the primary. */
static struct {
    const struct yoke_cluster_options *options;
    struct yk_life_limits limits;
    struct yk_slot *slots[YK_WORKERS_MAX]; /* By number - 1; never freed. */
    int slot_count;                        /* That have ever been used. */
    int size;                              /* That are to be filled. */
    struct yk_generation *generation;
    bool has_served;
    struct yk_random random;
} fleet;

const struct yoke_cluster_options *yk_fleet_options(void)
{
    return fleet.options;
}

const struct yk_life_limits *yk_fleet_limits(void)
{
    return &fleet.limits;
}

int yk_fleet_size(void)
{
    return fleet.size;
}

struct yk_slot *yk_fleet_slot(int number)
{
    return number <= fleet.slot_count ? fleet.slots[number - 1] : NULL;
}

struct yk_generation *yk_fleet_generation(void)
{
    return fleet.generation;
}

void yk_fleet_set_generation(struct yk_generation *generation)
{
    struct yk_generation *before = fleet.generation;

    fleet.generation = yk_generation_use(generation);
    yk_generation_drop(before);
}

struct yk_random *yk_fleet_random(void)
{
    return &fleet.random;
}

void yk_fleet_served(void)
{
    fleet.has_served = true;
}

bool yk_fleet_has_served(void)
{
    return fleet.has_served;
}

void yk_fleet_slot_failed(void)
{
    struct yk_slot *slot;
    int failed = 0;

    YK_FLEET_EACH(slot)
    failed += slot->state == YK_SLOT_FAILED && !slot->successor;
    if (failed < fleet.size)
        return;
    yoke_log(YOKE_LOG_ERROR, "every slot has been given up: stopping");
    yk_loop_fail_quietly();
}

/* ---- Size ---- */

static struct yk_slot *new_slot(int number)
{
    const struct yoke_cluster_options *options = fleet.options;
    struct yk_backoff backoff = {
        .base_ms = (uint32_t)options->backoff_base_ms,
        .max_ms = (uint32_t)options->backoff_max_ms,
        .healthy_ms = (uint32_t)options->healthy_ms,
    };
    struct yk_slot *slot = yk_try_alloc(sizeof(*slot));

    if (slot && yk_slot_init(slot, number, &backoff, (uint32_t)options->budget,
                             (uint64_t)options->budget_window_ms) == 0)
        return slot;
    free(slot);
    return NULL;
}

/* Slots that are beyond the fleet's size are empty, and do no harm. */
static int grow_to(int size)
{
    while (fleet.slot_count < size) {
        int number = fleet.slot_count + 1;
        struct yk_slot *slot = new_slot(number);
        if (!slot)
            return -ENOMEM;
        fleet.slots[fleet.slot_count] = slot;
        fleet.slot_count = number;
    }
    return 0;
}

int yk_fleet_scale(int size)
{
    if (size < 1 || size > YK_WORKERS_MAX)
        return -EINVAL;
    if (yk_primary_is_stopping())
        return -ESHUTDOWN;
    int err = grow_to(size);
    if (err < 0)
        return err;
    fleet.size = size;
    for (int i = 0; i < fleet.slot_count; i++) {
        struct yk_slot *slot = fleet.slots[i];
        bool is_wanted = i < size;
        if (is_wanted && slot->state == YK_SLOT_EMPTY)
            yk_slot_set_generation(slot, fleet.generation);
        yk_slot_handle(slot, is_wanted ? YK_SLOT_FILL : YK_SLOT_CLEAR);
    }
    return 0;
}

/* ---- Replacing ---- */

/* How many slots are being replaced that way. */
static int count_replaced(bool surges)
{
    struct yk_slot *slot;
    int count = 0;

    YK_FLEET_EACH(slot)
    count +=
        yk_slot_is_being_replaced(slot) && surges == (slot->successor != NULL);
    return count;
}

int yk_fleet_replace(struct yk_slot *slot, struct yk_generation *generation,
                     enum yoke_cause cause, bool is_on_trial,
                     yk_replaced_fn *on_replaced)
{
    bool surge = count_replaced(true) < fleet.options->max_surge;

    if (!surge && count_replaced(false) >= fleet.options->max_unavailable)
        return -YOKE_EFULL;
    return yk_slot_replace(slot, generation, cause, surge, is_on_trial,
                           on_replaced);
}

/* ---- Events ---- */

static void on_ready(struct yoke_worker *worker)
{
    struct yk_life *life = worker->life;

    if (!life || life->state != YK_LIFE_STARTING)
        return;
    yk_life_handle(life, YK_LIFE_SAYS_READY, YOKE_CAUSE_EXIT);
    yk_slot_life_ready(life->slot, life);
    yk_notify_ready();
}

static void on_listening(struct yoke_worker *worker)
{
    if (!fleet.options->wait_ready)
        on_ready(worker);
}

/* It ended because it was told to, and as it should. */
static bool has_left(const struct yoke_worker *worker,
                     const struct yoke_exit *why)
{
    return worker->is_leaving && yk_postmortem_is_clean(why);
}

/* While stopping only bad ends are told. A start that failed is told once: the
 * reason is the same for every worker. */
static bool is_worth_a_line(const struct yoke_exit *why)
{
    if (!yk_primary_is_stopping())
        return true;
    return why->cause != YOKE_CAUSE_STARTUP &&
           why->cause != YOKE_CAUSE_DEADLINE && !yk_postmortem_is_clean(why);
}

static void log_death(const struct yoke_worker *worker,
                      const struct yoke_exit *why)
{
    if (!is_worth_a_line(why) || has_left(worker, why))
        return;
    if (why->cause == YOKE_CAUSE_STARTUP && !fleet.has_served)
        yoke_log(YOKE_LOG_ERROR, "%s", why->reason);
    else if (!worker->is_stillborn) /* Else its template has said it. */
        yoke_log(YOKE_LOG_WARN, "worker %d died (%s)", (int)worker->pid,
                 yoke_exit_text(why));
}

static enum yk_slot_event event_of(const struct yoke_worker *worker,
                                   const struct yoke_exit *why)
{
    if (why->cause == YOKE_CAUSE_STARTUP)
        return YK_SLOT_FAILS;
    return has_left(worker, why) ? YK_SLOT_LEAVES : YK_SLOT_DIES;
}

/* The end of what it said, for whoever asks why it died. */
static void keep_output(struct yk_life *life)
{
    char kept[YK_OUTPUT_KEPT];

    yk_output_end(&life->output, STDERR_FILENO);
    yk_deaths_set_stderr(life->worker->id, kept,
                         yk_output_read(&life->output, kept, sizeof(kept)));
}

/* Why it died, and what it said last, unless that is the reason. */
static void explain(const struct yk_life *life, const struct yoke_exit *why,
                    char *out, size_t size)
{
    char line[256];

    yk_output_last_line(&life->output, line, sizeof(line));
    bool has_said = *line && why->cause != YOKE_CAUSE_STARTUP;
    snprintf(out, size, "%s %d: %s%s%s",
             life->worker->is_stillborn ? "template" : "worker",
             (int)life->worker->pid, yoke_exit_text(why),
             has_said ? "; it said: " : "", has_said ? line : "");
}

/* Its slot counted on it: it had neither been replaced nor was to be. */
static bool is_missed(const struct yk_life *life)
{
    return life->slot->current == life &&
           life->slot->replacement.goes != life && !yk_primary_is_stopping();
}

static void on_exit_(struct yoke_worker *worker, const struct yoke_exit *why)
{
    struct yk_life *life = worker->life;
    char text[TEXT_MAX];

    if (life)
        keep_output(life);
    log_death(worker, why);
    if (!life)
        return;
    explain(life, why, text, sizeof(text));
    enum yk_slot_event event = event_of(worker, why);
    yk_causes_count(&life->slot->ends, why->cause);
    yk_life_handle(life, YK_LIFE_DIES, why->cause);
    if (event != YK_SLOT_LEAVES && is_missed(life))
        yk_rollout_worker_died(life, text);
    yk_slot_life_died(life->slot, life, event, text);
    yk_life_end(life);
}

static void on_output(struct yoke_worker *worker, int number, const char *ptr,
                      size_t len)
{
    if (number == STDERR_FILENO && worker->life)
        yk_output_take(&worker->life->output, STDERR_FILENO, ptr, len);
}

static const struct yk_observer observer = {
    .on_output = on_output,
    .on_listening = on_listening,
    .on_ready = on_ready,
    .on_exit = on_exit_,
};

/* ---- Start ---- */

static void set_up(const struct yoke_cluster_options *options,
                   struct yk_generation *generation)
{
    fleet.options = options;
    fleet.limits = (struct yk_life_limits){
        .boot_ms = (uint32_t)options->boot_timeout_ms,
        .drain_ms = (uint32_t)options->stop_timeout_ms,
        .abort_ms = (uint32_t)options->abort_timeout_ms,
    };
    yk_random_init(&fleet.random);
    yk_events_set_observer(&observer);
    yk_ports_keep();
    yk_fleet_set_generation(generation);
}

int yk_fleet_start(const struct yoke_cluster_options *options)
{
    struct yk_generation *first;
    int err = yk_generation_open(yoke_cluster_settings()->exec, options->file,
                                 &first);

    if (err < 0)
        return err;
    set_up(options, first);
    yk_generation_drop(first);
    return yk_fleet_scale(options->workers);
}

void yk_fleet_resume(const struct yoke_cluster_options *options, int slot_count,
                     int size, struct yk_generation *generation)
{
    set_up(options, generation);
    fleet.size = size;
    fleet.has_served = true;
    grow_to(slot_count);
}
