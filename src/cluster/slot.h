/* A slot: a worker's place in the fleet, which is to be filled at all times.
 *
 *               READY      DIES       LEAVES   FAILS      DUE    FILL   CLEAR
 *   EMPTY                                                        fork
 *   STARTING    -> SERVING end | wait wait     end | wait               clear
 *   SERVING                wait       replace  wait                     clear
 *   BACKING_OFF                                           fork          clear
 *   FAILED                                                       fork   clear
 *
 *   fork    -> STARTING, or as `wait` if the system refuses
 *   replace -> BACKING_OFF, for as long as the back-off says, perhaps 0
 *   wait    the same, but asks the budget first: exhausted -> FAILED
 *   end     as long as no worker of the fleet has ever been ready, a failure on
 *           the way there ends the whole start: another try would fare no
 *           better
 *   clear   -> EMPTY: its workers retire
 *
 * These are the events of its current worker. It DIES by accident, LEAVES when
 * it was meant to end, FAILS when it said why it cannot start.
 *
 * Beside the current worker there may be a successor, which is starting. When
 * that is ready it takes the place, and the current one retires: nothing is
 * missing in between. If it is not ready for any reason, the current one stays.
 * Retired workers belong to nobody; they only still name their slot. */
#ifndef YK_CLUSTER_SLOT_H
#define YK_CLUSTER_SLOT_H

#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "cluster/backoff.h"
#include "cluster/budget.h"
#include "cluster/causes.h"
#include "cluster/life.h"
#include "net/later.h"

enum yk_slot_state {
    YK_SLOT_EMPTY,
    YK_SLOT_STARTING,
    YK_SLOT_SERVING,
    YK_SLOT_BACKING_OFF,
    YK_SLOT_FAILED,
    YK_SLOT_STATES
};

enum yk_slot_event {
    YK_SLOT_READY,
    YK_SLOT_DIES,
    YK_SLOT_LEAVES,
    YK_SLOT_MAKES_ROOM,
    YK_SLOT_FAILS,
    YK_SLOT_DUE,
    YK_SLOT_FILL,
    YK_SLOT_CLEAR,
    YK_SLOT_EVENTS
};

/* How a replacement has ended, told from the loop: whoever is told may replace,
 * fill and clear slots. `err` is 0, or negative, and `text` says why in words,
 * borrowed for the call. */
typedef void yk_replaced_fn(struct yk_slot *slot, int err, const char *text);

/* Another worker for the slot, wanted while there is one. It has ended when the
 * new one is ready, has died before, or is not wanted any more; what came of it
 * is told a moment later. */
struct yk_replacement {
    yk_replaced_fn *fn; /* Whom to tell; NULL: there is none. */
    bool has_ended;     /* But has not been told. */
    int err;
    char *text;           /* Owned; or NULL. */
    struct yk_life *goes; /* The one that makes room first; or NULL. */
    bool is_on_trial;     /* The one that is to come then. */
    struct yk_later later;
};

struct yk_slot {
    int number; /* From 1. */
    enum yk_slot_state state;
    struct yk_life *current;   /* Starting or serving; or NULL. */
    struct yk_life *successor; /* Starting, to take over; or NULL. */
    struct yk_generation
        *generation;               /* Of the next worker. One use, or NULL. */
    enum yoke_cause replace_cause; /* What the current one retires for. */
    uint32_t restarts;             /* Deaths that were replaced. */
    struct yk_causes ends;         /* Of its workers, whatever came of it. */
    struct yk_replacement replacement;
    struct yk_backoff backoff;
    struct yk_budget budget;
    uv_timer_t due; /* Ends the back-off. */
};

/* An empty slot. Returns 0, or -ENOMEM. */
int yk_slot_init(struct yk_slot *slot, int number,
                 const struct yk_backoff *backoff, uint32_t budget,
                 uint64_t budget_window_ms);

void yk_slot_handle(struct yk_slot *slot, enum yk_slot_event event);

/* What the slot is to be filled with from now on; those there are stay. */
void yk_slot_set_generation(struct yk_slot *slot,
                            struct yk_generation *generation);

/* Puts a worker of that generation in the place of the current one, which goes
 * when the new one is ready (`surge`), or first. Later `on_replaced` is called,
 * once. Returns 0; -EBUSY when a replacement is under way or has not been told
 * of, -ESHUTDOWN when the slot is empty, or what forking says: then it is not
 * called. */
int yk_slot_replace(struct yk_slot *slot, struct yk_generation *generation,
                    enum yoke_cause cause, bool surge, bool is_on_trial,
                    yk_replaced_fn *on_replaced);

/* Goes on with a slot of another primary; `current` is its worker, or NULL. One
 * that backed off is filled at once. */
void yk_slot_resume(struct yk_slot *slot, enum yk_slot_state state,
                    struct yk_life *current, struct yk_generation *generation,
                    uint32_t restarts);

/* A replacement is under way. */
bool yk_slot_is_being_replaced(const struct yk_slot *slot);

/* One of its workers is ready, or has died. `event` is DIES, LEAVES or FAILS;
 * `text` says why. */
void yk_slot_life_ready(struct yk_slot *slot, struct yk_life *life);
void yk_slot_life_died(struct yk_slot *slot, struct yk_life *life,
                       enum yk_slot_event event, const char *text);

/* "empty", "starting", "serving", "backing off", "failed". */
const char *yk_slot_state_text(enum yk_slot_state state);

#endif
