/* The life of a supervised worker, from fork to exit, as one table.
 *
 *                  READY      LATE     RETIRE    HANGS     OVERSTAYS  DIES
 *   STARTING    -> READY      abort    retire    abort                dead
 *   READY                              retire    abort                dead
 *   DRAINING                                     abort     kill       dead
 *   STOPPING                                               kill       dead
 *   DEAD
 *
 *   retire -> DRAINING: no new connection; it ends when it has finished.
 *   abort  -> STOPPING: SIGABRT, which leaves a report; soon after, SIGKILL.
 *   kill   -> STOPPING: SIGKILL.
 *
 * LATE and OVERSTAYS come from a timer: a boot, a drain and an abort have a
 * deadline each, of time for which the primary was awake. Which slot it serves is the slot's business (slot.h). */
#ifndef YK_CLUSTER_LIFE_H
#define YK_CLUSTER_LIFE_H

#include <stdbool.h>
#include <stdint.h>
#include <yoke/cluster.h>

#include "cluster/output.h"
#include "net/deadline.h"

struct yk_generation;
struct yk_slot;
struct yoke_worker;

enum yk_life_state {
    YK_LIFE_STARTING,
    YK_LIFE_READY,
    YK_LIFE_DRAINING,
    YK_LIFE_STOPPING,
    YK_LIFE_DEAD,
    YK_LIFE_STATES
};

enum yk_life_event {
    YK_LIFE_SAYS_READY,
    YK_LIFE_IS_LATE,
    YK_LIFE_RETIRE,
    YK_LIFE_HANGS,
    YK_LIFE_OVERSTAYS,
    YK_LIFE_DIES,
    YK_LIFE_EVENTS
};

/* Deadlines of a life, in milliseconds; 0: none. */
struct yk_life_limits {
    uint32_t boot_ms;  /* From fork to ready. */
    uint32_t drain_ms; /* From retiring to the end. */
    uint32_t abort_ms; /* From SIGABRT to SIGKILL. */
};

struct yk_life {
    struct yoke_worker *worker; /* Borrowed; NULL once it is dead. */
    struct yk_slot *slot;
    struct yk_generation *generation; /* One use. */
    const struct yk_life_limits *limits;
    enum yk_life_state state;
    /* Why it is to end, if it does not end by itself. */
    enum yoke_cause cause;
    bool has_cause;
    bool is_on_trial; /* The first of its generation: checks itself first. */
    uint64_t forked_ms, ready_ms;
    uint64_t stopped_since_ms; /* By a signal; 0: it is not. */
    uint64_t lost_since_ms;    /* Its channel has ended; 0: it has not. */
    bool is_asked_to_end;      /* For that. */
    bool is_too_large;         /* It has been weighed (patrol.c). */
    uint32_t jitter;           /* Its limits are lower by so many per cent. */
    struct yk_output output;   /* Its standard error. */
    struct yk_deadline deadline;
};

/* Forks a worker for the slot. Returns 0 with its life, which frees itself some
 * time after it has died; or what yk_primary_fork says. */
int yk_life_begin(struct yk_slot *slot, struct yk_generation *generation,
                  const struct yk_life_limits *limits, bool is_on_trial,
                  struct yk_life **ret);

/* Goes on with a life that began under another primary: `was` says how far it
 * had come, without slot, generation and limits. A deadline that runs begins
 * anew. Returns 0 with the life, or -ENOMEM. */
int yk_life_resume(struct yk_slot *slot, struct yk_generation *generation,
                   const struct yk_life_limits *limits,
                   const struct yk_life *was, struct yk_life **ret);

/* Something has happened to it. What is not in the table is ignored. `cause`
 * counts for RETIRE, HANGS and IS_LATE: what its exit will be explained by. */
void yk_life_handle(struct yk_life *life, enum yk_life_event event,
                    enum yoke_cause cause);

/* A worker's own limit of what it may have, before it is recycled: lower than
 * what was asked for, by chance, so that they do not all go at once. */
uint64_t yk_life_own_limit(const struct yk_life *life, uint64_t limit);

/* It has died: the last event. The memory is not the caller's any more. */
void yk_life_end(struct yk_life *life);

/* "starting", "ready", ... */
const char *yk_life_state_text(enum yk_life_state state);

#endif
