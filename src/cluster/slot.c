#include "cluster/slot.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "cluster/fleet.h"
#include "cluster/generation.h"
#include "cluster/primary.h"
#include "core/alloc.h"
#include "net/loop.h"

#include "core/banned.h"

static void on_due(uv_timer_t *timer)
{
    yk_slot_handle(timer->data, YK_SLOT_DUE);
}

/* Whoever is told may do with the slot what it likes, so it is not told in the
 * midst of things. */
static void tell(struct yk_later *later)
{
    struct yk_slot *slot =
        YK_CONTAINER_OF(later, struct yk_slot, replacement.later);
    struct yk_replacement ended = slot->replacement;

    slot->replacement = (struct yk_replacement){.fn = NULL};
    yk_later_init(&slot->replacement.later, tell);
    ended.fn(slot, ended.err, ended.text);
    free(ended.text);
}

int yk_slot_init(struct yk_slot *slot, int number,
                 const struct yk_backoff *backoff, uint32_t budget,
                 uint64_t budget_window_ms)
{
    *slot = (struct yk_slot){.number = number, .backoff = *backoff};
    int err = yk_budget_init(&slot->budget, budget, budget_window_ms);
    if (err < 0)
        return err;
    uv_timer_init(yoke_loop(), &slot->due);
    slot->due.data = slot;
    yk_later_init(&slot->replacement.later, tell);
    return 0;
}

void yk_slot_set_generation(struct yk_slot *slot,
                            struct yk_generation *generation)
{
    struct yk_generation *before = slot->generation;

    slot->generation = generation ? yk_generation_use(generation) : NULL;
    yk_generation_drop(before);
}

void yk_slot_resume(struct yk_slot *slot, enum yk_slot_state state,
                    struct yk_life *current, struct yk_generation *generation,
                    uint32_t restarts)
{
    slot->current = current;
    slot->restarts = restarts;
    if (generation)
        yk_slot_set_generation(slot, generation);
    slot->state = state;
    if (state == YK_SLOT_BACKING_OFF)
        uv_timer_start(&slot->due, on_due, 0, 0);
}

/* ---- Replacing ---- */

bool yk_slot_is_being_replaced(const struct yk_slot *slot)
{
    return slot->replacement.fn && !slot->replacement.has_ended;
}

/* NULL when there is none, or no memory. */
static char *copy(const char *text)
{
    size_t size = text ? strlen(text) + 1 : 0;
    char *own = size ? yk_try_alloc(size) : NULL;

    if (own)
        memcpy(own, text, size);
    return own;
}

/* Harmless when none is under way. */
static void end_replacing(struct yk_slot *slot, int err, const char *text)
{
    struct yk_replacement *replacement = &slot->replacement;

    if (!yk_slot_is_being_replaced(slot))
        return;
    replacement->has_ended = true;
    replacement->err = err;
    replacement->text = copy(text);
    replacement->goes = NULL;
    yk_later_start(&replacement->later);
}

static int replace_after(struct yk_slot *slot, struct yk_generation *generation,
                         bool is_on_trial)
{
    return yk_life_begin(slot, generation, yk_fleet_limits(), is_on_trial,
                         &slot->successor);
}

static void replace_before(struct yk_slot *slot,
                           struct yk_generation *generation, bool is_on_trial)
{
    slot->replacement.goes = slot->current;
    slot->replacement.is_on_trial = is_on_trial;
    yk_slot_set_generation(slot, generation);
    yk_life_handle(slot->current, YK_LIFE_RETIRE, slot->replace_cause);
}

int yk_slot_replace(struct yk_slot *slot, struct yk_generation *generation,
                    enum yoke_cause cause, bool surge, bool is_on_trial,
                    yk_replaced_fn *on_replaced)
{
    int err = 0;

    if (slot->replacement.fn || slot->successor)
        return -EBUSY;
    if (slot->state == YK_SLOT_EMPTY)
        return -ESHUTDOWN;
    slot->replace_cause = cause;
    if (surge || !slot->current)
        err = replace_after(slot, generation, is_on_trial);
    else
        replace_before(slot, generation, is_on_trial);
    if (err == 0)
        slot->replacement.fn = on_replaced;
    return err;
}

/* The successor takes the place. */
static void promote(struct yk_slot *slot)
{
    struct yk_life *before = slot->current;

    slot->current = slot->successor;
    slot->successor = NULL;
    uv_timer_stop(&slot->due);
    slot->state = YK_SLOT_STARTING;
    yk_slot_set_generation(slot, slot->current->generation);
    if (before)
        yk_life_handle(before, YK_LIFE_RETIRE, slot->replace_cause);
    yk_slot_handle(slot, YK_SLOT_READY);
}

/* ---- Actions: each returns the state that follows ---- */

static enum yk_slot_state give_up(struct yk_slot *slot)
{
    char text[128];

    snprintf(text, sizeof(text),
             "slot %d is given up: its workers died %u times within %u s",
             slot->number, (unsigned)slot->budget.limit,
             (unsigned)(slot->budget.window_ms / 1000));
    yoke_log(YOKE_LOG_ERROR, "%s", text);
    /* The fleet counts. */
    slot->state = YK_SLOT_FAILED;
    if (!slot->successor)
        end_replacing(slot, -YOKE_ESTARTUP, text);
    yk_fleet_slot_failed();
    return slot->state;
}

static enum yk_slot_state back_off(struct yk_slot *slot, uint32_t wait_ms)
{
    uv_update_time(yoke_loop());
    uv_timer_start(&slot->due, on_due, wait_ms, 0);
    return YK_SLOT_BACKING_OFF;
}

/* The life that has just ended. */
static uint64_t lived_ms(const struct yk_slot *slot)
{
    return slot->current ? uv_now(yoke_loop()) - slot->current->forked_ms : 0;
}

/* A replacement that is under way does not have to be waited for. */
static enum yk_slot_state replace(struct yk_slot *slot)
{
    if (yk_slot_is_being_replaced(slot))
        return back_off(slot, 0);
    return back_off(slot, yk_backoff_death(&slot->backoff, lived_ms(slot),
                                           yk_fleet_random()));
}

static enum yk_slot_state wait_for_next(struct yk_slot *slot)
{
    slot->restarts++;
    if (yk_budget_fail(&slot->budget, uv_now(yoke_loop())))
        return give_up(slot);
    return back_off(slot, yk_backoff_death(&slot->backoff, lived_ms(slot),
                                           yk_fleet_random()));
}

static enum yk_slot_state fork_worker(struct yk_slot *slot)
{
    bool is_on_trial =
        yk_slot_is_being_replaced(slot) && slot->replacement.is_on_trial;
    int err = yk_life_begin(slot, slot->generation, yk_fleet_limits(),
                            is_on_trial, &slot->current);

    if (err == 0)
        return YK_SLOT_STARTING;
    yoke_log(YOKE_LOG_ERROR, "cannot start a worker in slot %d: %s",
             slot->number, yoke_strerror(err));
    return wait_for_next(slot);
}

static enum yk_slot_state fork_anew(struct yk_slot *slot)
{
    yk_budget_clear(&slot->budget);
    slot->backoff.debt_ms = 0;
    return fork_worker(slot);
}

static enum yk_slot_state serve(struct yk_slot *slot)
{
    yk_fleet_served();
    if (!slot->successor)
        end_replacing(slot, 0, NULL);
    return YK_SLOT_SERVING;
}

static enum yk_slot_state fail_to_start(struct yk_slot *slot)
{
    if (yk_fleet_has_served())
        return wait_for_next(slot);
    yk_loop_fail_quietly();
    return YK_SLOT_FAILED;
}

static enum yk_slot_state crash_at_start(struct yk_slot *slot)
{
    if (!yk_fleet_has_served())
        yoke_log(YOKE_LOG_ERROR, "no worker could start: stopping");
    return fail_to_start(slot);
}

static enum yk_slot_state clear(struct yk_slot *slot)
{
    struct yk_life *current = slot->current, *successor = slot->successor;

    uv_timer_stop(&slot->due);
    slot->current = slot->successor = NULL;
    if (successor)
        yk_life_handle(successor, YK_LIFE_RETIRE, YOKE_CAUSE_SCALED);
    if (current)
        yk_life_handle(current, YK_LIFE_RETIRE, YOKE_CAUSE_SCALED);
    yk_slot_set_generation(slot, NULL);
    end_replacing(slot, -ESHUTDOWN, "the slot is not wanted any more");
    return YK_SLOT_EMPTY;
}

/* ---- The table ---- */

typedef enum yk_slot_state action_fn(struct yk_slot *slot);

static action_fn *const actions[YK_SLOT_STATES][YK_SLOT_EVENTS] = {
    [YK_SLOT_EMPTY] = {[YK_SLOT_FILL] = fork_anew},
    [YK_SLOT_STARTING] = {[YK_SLOT_READY] = serve,
                          [YK_SLOT_DIES] = crash_at_start,
                          [YK_SLOT_LEAVES] = wait_for_next,
                          [YK_SLOT_MAKES_ROOM] = replace,
                          [YK_SLOT_FAILS] = fail_to_start,
                          [YK_SLOT_CLEAR] = clear},
    [YK_SLOT_SERVING] = {[YK_SLOT_DIES] = wait_for_next,
                         [YK_SLOT_LEAVES] = replace,
                         [YK_SLOT_MAKES_ROOM] = replace,
                         [YK_SLOT_FAILS] = wait_for_next,
                         [YK_SLOT_CLEAR] = clear},
    [YK_SLOT_BACKING_OFF] =
        {[YK_SLOT_DUE] = fork_worker, [YK_SLOT_CLEAR] = clear},
    [YK_SLOT_FAILED] = {[YK_SLOT_FILL] = fork_anew, [YK_SLOT_CLEAR] = clear},
};

void yk_slot_handle(struct yk_slot *slot, enum yk_slot_event event)
{
    action_fn *action = actions[slot->state][event];

    if (action && !yk_primary_is_stopping())
        slot->state = action(slot);
}

/* ---- Its workers ---- */

void yk_slot_life_ready(struct yk_slot *slot, struct yk_life *life)
{
    if (life == slot->successor)
        promote(slot);
    else if (life == slot->current)
        yk_slot_handle(slot, YK_SLOT_READY);
}

/* The state follows from the life that has ended, so that it is let go of only
 * then. */
static void current_died(struct yk_slot *slot, struct yk_life *life,
                         enum yk_slot_event event, const char *text)
{
    bool made_room = slot->replacement.goes == life;

    slot->replacement.goes = NULL;
    yk_slot_handle(slot, made_room ? YK_SLOT_MAKES_ROOM : event);
    if (slot->current == life)
        slot->current = NULL;
    if (!made_room && !slot->successor)
        end_replacing(slot, -YOKE_ESTARTUP, text);
}

static void successor_died(struct yk_slot *slot, const char *text)
{
    slot->successor = NULL;
    end_replacing(slot, -YOKE_ESTARTUP, text);
    if (slot->state == YK_SLOT_FAILED)
        yk_fleet_slot_failed();
}

void yk_slot_life_died(struct yk_slot *slot, struct yk_life *life,
                       enum yk_slot_event event, const char *text)
{
    if (life == slot->successor)
        successor_died(slot, text);
    else if (life == slot->current)
        current_died(slot, life, event, text);
}

const char *yk_slot_state_text(enum yk_slot_state state)
{
    static const char *const texts[YK_SLOT_STATES] = {
        [YK_SLOT_EMPTY] = "empty",     [YK_SLOT_STARTING] = "starting",
        [YK_SLOT_SERVING] = "serving", [YK_SLOT_BACKING_OFF] = "backing off",
        [YK_SLOT_FAILED] = "failed",
    };
    return texts[state];
}
