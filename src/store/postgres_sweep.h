/* When what has expired is removed at a PostgreSQL server: seldom while there is
 * nothing, and step by step, with pauses, while there is. Each worker asks, and
 * the server lets one at a time. */
#ifndef YK_STORE_POSTGRES_SWEEP_H
#define YK_STORE_POSTGRES_SWEEP_H

#include <stdint.h>

#include <uv.h>

#include "core/random.h"

struct yk_pg_queue;

struct yk_pg_sweep {
    struct yk_pg_queue *queue;
    uv_timer_t timer;
    uint64_t pause_ms;
    struct yk_random random;
    void *owner;
    void (*on_closed)(void *owner);
};

/* `queue`, `owner` and `on_closed` have been set. */
void yk_pg_sweep_init(struct yk_pg_sweep *sweep);

/* The connection is up, or gone. */
void yk_pg_sweep_start(struct yk_pg_sweep *sweep);
void yk_pg_sweep_stop(struct yk_pg_sweep *sweep);

/* A step is over, and so many have been removed. */
void yk_pg_sweep_done(struct yk_pg_sweep *sweep, int64_t count);

/* on_closed follows. */
void yk_pg_sweep_close(struct yk_pg_sweep *sweep);

#endif
