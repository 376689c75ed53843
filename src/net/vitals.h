/* Vitals: what a process tells about itself while it serves.
 *
 * Counters and the state of the loop, in memory that others may share: in a
 * worker it is its board, which the primary reads without asking, also when the
 * worker hangs. There is one writer, this process, and its loop's thread in it;
 * so counting is a load, an addition and a store, without a locked instruction.
 * Readers see each counter whole, but not all of one moment.
 *
 *   a turn of the loop:
 *
 *     poll     first callback that       callbacks       before the next poll:
 *     sleeps   calls yk_turn_begin       run             yk_vitals_watch's
 *     |--------|---------------------------------------|-----
 *      due: 0, or   due: the time of that, now past      turn counted,
 *      the next                                          due set again
 *      timer's
 *
 * `due_ns` is when the loop became busy or, while it sleeps, when it is to wake
 * up at the latest. So an idle worker need not tick to show that it is well,
 * and one that hangs shows by a time that lies further and further back. A
 * callback that hangs before yoke hears of the turn (of a libuv handle of the
 * user's own, the first in its turn) is seen when the next timer is overdue. */
#ifndef YK_NET_VITALS_H
#define YK_NET_VITALS_H

#include <stdatomic.h>
#include <stdint.h>

#include "core/histogram.h"
#include "core/ticks.h"

struct uv_loop_s;

/* Answers by the first digit of their status; [0]: requests that ended without
 * any. */
#define YK_ANSWER_CLASSES 6

/* Times are of the monotonic clock, in nanoseconds. All zero at first. */
struct yk_vitals {
    /* The loop. */
    _Atomic uint64_t due_ns;     /* See above; 0: it may sleep for ever. */
    _Atomic uint64_t turns;      /* That had something to do. */
    _Atomic uint64_t busy_ns;    /* All of them together. */
    _Atomic uint64_t longest_ns; /* The longest one, ever; */
    _Atomic uint64_t recent_ns;  /* in this window, */
    _Atomic uint64_t before_ns;  /* in the window before; */
    _Atomic uint64_t window_ns;  /* when this window began. */
    /* Connections. Open are those opened and not closed. */
    _Atomic uint64_t conns_opened;
    _Atomic uint64_t conns_closed;
    _Atomic uint64_t conns_rejected; /* Over a limit; opened all the same. */
    /* Requests that are over are as many as `latency` has counted; answers that
     * were made without one (to what was no request) are more. */
    _Atomic uint64_t answers[YK_ANSWER_CLASSES];
    _Atomic uint64_t bytes_in, bytes_out;
    struct yk_histogram latency; /* Microseconds from the turn in which the head
                                    was complete to the end of the answer. */
};

/* How long a window of recent turns is. */
#define YK_VITALS_WINDOW_NS (10 * UINT64_C(1000000000))

/* This process's; never NULL. Its own memory until it is given another place.
 * Written by yk_vitals_place. */
extern struct yk_vitals *yk_vitals;

/* This turn of the loop, or, while it polls, the last one. Written by the
 * functions of this module. */
struct yk_turn {
    uint64_t begun_ns;    /* When it began; */
    uint64_t begun_ticks; /* the same by core/ticks.h. */
    uint64_t rate;        /* Nanoseconds in 2^32 ticks; 0: not known. */
    uint64_t is_on;       /* 0 while the loop polls. */
};
extern struct yk_turn yk_turn;

/* When a turn begins that is noted here, too, for other workers to see, unless
 * it is NULL. Whoever sets it says 0 there when the turn is over. */
extern _Atomic uint64_t *yk_turn_mirror;

/* From here on they are kept in `place`, all zero and for the life of the
 * process; NULL: in its own memory. What has been counted is not taken along,
 * so it is to be called before anything runs. */
void yk_vitals_place(struct yk_vitals *place);

/* Begins to watch the loop's turns; once, and best before any other handle, for
 * libuv calls the first prepare handle last. Further calls do nothing. */
void yk_vitals_watch(struct uv_loop_s *loop);

/* ---- Counting, in this process ---- */

/* The monotonic clock. */
uint64_t yk_now_ns(void);

static inline uint64_t yk_vitals_get(const _Atomic uint64_t *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

static inline void yk_vitals_set(_Atomic uint64_t *counter, uint64_t value)
{
    atomic_store_explicit(counter, value, memory_order_relaxed);
}

static inline void yk_vitals_add(_Atomic uint64_t *counter, uint64_t n)
{
    yk_vitals_set(counter, yk_vitals_get(counter) + n);
}

/* For yk_turn_begin. */
void yk_turn_begin_now(void);

/* To be called first thing in a callback that the loop's poll makes; only the
 * first in a turn does anything. */
static inline void yk_turn_begin(void)
{
    if (__builtin_expect(!yk_turn.is_on, 0))
        yk_turn_begin_now();
}

/* When this turn began; now, if nothing has said so. */
static inline uint64_t yk_turn_time(void)
{
    return __builtin_expect(yk_turn.is_on, 1) ? yk_turn.begun_ns : yk_now_ns();
}

/* What time it is, as cheaply as can be: for each request. */
static inline uint64_t yk_turn_now_ns(void)
{
    if (__builtin_expect(!yk_turn.rate, 0))
        return yk_now_ns();
    uint64_t ticks = yk_ticks() - yk_turn.begun_ticks;
    return yk_turn.begun_ns +
           (uint64_t)((unsigned __int128)ticks * yk_turn.rate >> 32);
}

/* A request is over that had begun then. `class` is the first digit of its
 * answer's status, or 0. Returns how long it took, in microseconds. */
static inline uint64_t yk_vitals_answered(uint64_t begun_ns, unsigned class)
{
    struct yk_vitals *vitals = yk_vitals;
    uint64_t taken_us = (yk_turn_now_ns() - begun_ns) / 1000;
    yk_vitals_add(&vitals->answers[class], 1);
    yk_histogram_add(&vitals->latency, taken_us);
    return taken_us;
}

/* ---- Reading, in any process ---- */

/* For how long the loop has been in the same turn, or should have woken up; 0
 * when it sleeps as it may. */
uint64_t yk_vitals_stalled_ns(const struct yk_vitals *vitals, uint64_t now_ns);

/* The loop's lag: the longest that an event may have waited for it of late (in
 * this window and the one before), or waits now. */
uint64_t yk_vitals_lag_ns(const struct yk_vitals *vitals, uint64_t now_ns);

#endif
