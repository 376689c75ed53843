/* A timer wheel: many coarse deadlines, cheap to move.
 *
 * A connection's deadline changes with every request, but it almost never
 * passes. So a timer that is set later than it stands is not moved: it only
 * remembers the new deadline, and when the wheel comes to its slot it is put
 * where it now belongs. Setting a timer is then two stores; only setting it
 * earlier moves a list node.
 *
 *   slot:  0   1   2   3   4 ...  63      one slot is `tick_ms` wide
 *          |   |   |
 *          A   B   C-D                    farther than a turn: the last slot,
 *              ^ now                      from where it is put again
 *
 * Pure data structure: the caller passes time in. A deadline is met at the
 * first advance that is at or after it, up to a tick late, never early. */
#ifndef YK_CORE_WHEEL_H
#define YK_CORE_WHEEL_H

#include <stdint.h>

#include "core/list.h"

#define YK_WHEEL_SLOTS 64

/* Embedded in what has a deadline. */
struct yk_timer {
    struct yk_list node;
    uint64_t deadline_ms; /* 0: not set. */
    uint64_t slot_ms;     /* When its slot is due; at most the deadline. */
};

struct yk_wheel {
    struct yk_list slots[YK_WHEEL_SLOTS];
    uint64_t tick_ms; /* Width of a slot; less than 2^25. */
    uint64_t now_ms;  /* Everything due up to here has been met. */
    uint64_t next;    /* The number of the next slot, since time 0. */
    uint32_t count;   /* Timers in the slots. */
};

void yk_wheel_init(struct yk_wheel *wheel, uint64_t tick_ms, uint64_t now_ms);

/* Goes on to `now_ms` while no timer is set, without a look at the slots. */
static inline void yk_wheel_skip(struct yk_wheel *wheel, uint64_t now_ms)
{
    if (now_ms == wheel->now_ms)
        return;
    wheel->now_ms = now_ms;
    wheel->next = now_ms / wheel->tick_ms + 1;
}

void yk_timer_init(struct yk_timer *timer);

/* Sets or moves the deadline; one that has passed is met at the next advance.
 * O(1), allocates nothing. */
void yk_timer_set(struct yk_wheel *wheel, struct yk_timer *timer,
                  uint64_t deadline_ms);

/* Takes the timer out; harmless if it is not set. */
void yk_timer_clear(struct yk_wheel *wheel, struct yk_timer *timer);

/* Goes on to `now_ms` and calls `fn` for each timer whose deadline has passed,
 * which is cleared before the call. `fn` may set and clear any timer, and free
 * its own. */
void yk_wheel_advance(struct yk_wheel *wheel, uint64_t now_ms,
                      void (*fn)(struct yk_timer *timer, void *data),
                      void *data);

#endif
