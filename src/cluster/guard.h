/* A guard watches one worker's own queue, from the primary: whether the worker
 * takes what comes there.
 *
 *            connections wait               250 ms, and it has taken none
 *    CALM --------------------> WAITING -------------------------------> LATE
 *     ^                            |                                       |
 *     |`----- nothing waits -------'                                       |
 *     `------------------ its loop turns again ----------------------------'
 *
 * While nothing happens it costs nothing; while connections come, a few system
 * calls eight times a second. A worker that is late is sent a message, which
 * wakes it if anything does. */
#ifndef YK_CLUSTER_GUARD_H
#define YK_CLUSTER_GUARD_H

#include <stdbool.h>
#include <stdint.h>

#include "core/list.h"
#include "net/backlog.h"

struct yk_guard;
struct yoke_worker;

enum yk_guard_state {
    YK_GUARD_OFF,
    YK_GUARD_CALM,
    YK_GUARD_WAITING,
    YK_GUARD_LATE,
};

/* Embedded in its owner. */
struct yk_guard {
    struct yk_list node; /* Among those that the timer looks at. */
    struct yk_backlog backlog;
    void (*on_change)(struct yk_guard *guard); /* LATE, or CALM again. */
    struct yoke_worker *worker;                /* While it is not OFF. */
    enum yk_guard_state state;
    uint64_t since_ms; /* When the worker was last seen to take something. */
    uint64_t conns;    /* How many it had taken then. */
    uint64_t turns;    /* Of its loop, when it became late. */
};

/* Prepares to watch the queue of a listening socket. Returns 0 or a negative
 * code. */
int yk_guard_open(struct yk_guard *guard, int fd,
                  void (*on_change)(struct yk_guard *guard));

/* From here on it is this worker that ought to take them, which has to be there
 * until the next start or the stop. */
void yk_guard_start(struct yk_guard *guard, struct yoke_worker *worker);
void yk_guard_stop(struct yk_guard *guard);

static inline bool yk_guard_is_late(const struct yk_guard *guard)
{
    return guard->state == YK_GUARD_LATE;
}

/* Ends; `on_closed` follows from the loop, for guard->backlog. */
void yk_guard_close(struct yk_guard *guard, yk_backlog_fn *on_closed);

#endif
