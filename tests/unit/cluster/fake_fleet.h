/* A fleet of workers that only exist in fake_primary.h, for the tests of slots
 * and of rollouts. There is one in a process; a test leaves it as it was. */
#ifndef YK_TESTS_FAKE_FLEET_H
#define YK_TESTS_FAKE_FLEET_H

#include "../unit.h"

#include "fake_primary.h"

#include <stdio.h>
#include <string.h>

#include <yoke/error.h>
#include <yoke/log.h>

#include "cluster/fleet.h"
#include "cluster/generation.h"
#include "cluster/options.h"
#include "cluster/rollout.h"

#define FLEET_SIZE 3
#define HOUR_MS    3600000

static const struct fake_plan fleet_good = {.boot_ms = 20, .drain_ms = 10};
static struct yoke_cluster_options fleet_options;

/* How replacements and rollouts have ended. */
static struct {
    int count, err;
    char text[1024];
} fleet_reload, fleet_replaced;

static inline void fleet_on_reloaded(int err, const char *text, void *data)
{
    (void)data;
    fleet_reload.count++;
    fleet_reload.err = err;
    snprintf(fleet_reload.text, sizeof(fleet_reload.text), "%s", text);
}

static inline void fleet_on_replaced(struct yk_slot *slot, int err,
                                     const char *text)
{
    assert_null(slot->replacement.fn);
    fleet_replaced.count++;
    fleet_replaced.err = err;
    snprintf(fleet_replaced.text, sizeof(fleet_replaced.text), "%s",
             text ? text : "");
}

/* ---- What it looks like ---- */

static bool is_settled_slot(const struct yk_slot *slot)
{
    bool is_wanted = slot->number <= yk_fleet_size();

    if (slot->successor || slot->replacement.fn)
        return false;
    return is_wanted ? slot->state == YK_SLOT_SERVING &&
                           slot->current->state == YK_LIFE_READY
                     : slot->state == YK_SLOT_EMPTY && !slot->current;
}

/* Every slot serves, and nobody else lives. */
static inline bool fleet_is_settled(void)
{
    struct yk_slot *slot;

    YK_FLEET_EACH(slot)
    if (!is_settled_slot(slot))
        return false;
    return !yk_rollout_is_under_way() &&
           fake_count == (unsigned)yk_fleet_size() && yk_generations() == 1;
}

static inline bool fleet_has_reloaded(void)
{
    return fleet_reload.count > 0;
}

static inline bool fleet_has_replaced(void)
{
    return fleet_replaced.count > 0;
}

static inline unsigned fleet_generation_of(int number)
{
    return yk_fleet_slot(number)->current->generation->number;
}

/* Waits until it is; what it looks like goes to standard error if not. */
static inline bool fleet_settles(void)
{
    struct yk_slot *slot;

    if (fake_run_until(fleet_is_settled, HOUR_MS))
        return true;
    fprintf(stderr, "%d slots, %u workers, %u generations%s\n", yk_fleet_size(),
            fake_count, yk_generations(),
            yk_rollout_is_under_way() ? ", reloading" : "");
    YK_FLEET_EACH(slot)
    fprintf(stderr, "slot %d: %s, %s%s%s\n", slot->number,
            yk_slot_state_text(slot->state),
            slot->current ? yk_life_state_text(slot->current->state) : "empty",
            slot->successor ? ", with successor" : "",
            slot->replacement.fn ? ", being replaced" : "");
    return false;
}

/* All workers are of the fleet's own generation. */
static inline void fleet_assert_one_generation(void)
{
    for (int number = 1; number <= yk_fleet_size(); number++) {
        assert_int_equal(fleet_generation_of(number),
                         yk_fleet_generation()->number);
        assert_ptr_equal(yk_fleet_slot(number)->generation,
                         yk_fleet_generation());
    }
}

static inline struct fake_worker *fleet_worker(int number)
{
    struct yk_life *life = yk_fleet_slot(number)->current;

    return life ? (struct fake_worker *)life->worker : NULL;
}

/* ---- Before and after ---- */

static int fleet_begin(void **state)
{
    (void)state;
    fake_old = fake_new = fleet_good;
    fake_fork_failures = 0;
    fleet_options.max_surge = 1;
    fleet_options.max_unavailable = 0;
    assert_int_equal(yk_fleet_scale(FLEET_SIZE), 0);
    assert_true(fleet_settles());
    fake_old_generation = yk_fleet_generation()->number;
    fleet_reload.count = fleet_replaced.count = 0;
    return 0;
}

/* Whatever has happened, it is as good as new some time after. */
static int fleet_end(void **state)
{
    (void)state;
    fake_old = fake_new = fleet_good;
    fake_fork_failures = 0;
    fake_is_stopping = false;
    assert_true(fleet_settles());
    fleet_assert_one_generation();
    fake_pass(HOUR_MS); /* Budgets and back-offs are as they were. */
    return 0;
}

static int fleet_setup(void **state)
{
    struct yoke_cluster_options given = {.workers = FLEET_SIZE, .budget = 3};
    char text[128];

    (void)state;
    yoke_log_set_level(YOKE_LOG_OFF);
    fake_old = fake_new = fleet_good;
    assert_int_equal(yk_options_fill(&fleet_options, &given, text), 0);
    assert_int_equal(yk_fleet_start(&fleet_options), 0);
    assert_true(fleet_settles());
    return 0;
}

#endif
