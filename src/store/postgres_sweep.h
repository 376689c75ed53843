/* When what has expired is removed at a PostgreSQL server. One worker does it,
 * of all that share the tables: the first that asks, for as long as its
 * connection lasts. It goes through the table again and again, some blocks at a
 * time; more seldom while there is nothing to remove. */
#ifndef YK_STORE_POSTGRES_SWEEP_H
#define YK_STORE_POSTGRES_SWEEP_H

#include <stdint.h>

#include <uv.h>

#include "core/random.h"
#include "store/postgres_statement.h"

struct yk_pg_queue;

struct yk_pg_sweep {
    struct yk_pg_queue *queue;
    void *owner;
    void (*on_closed)(void *owner);

    uv_timer_t timer;
    uint64_t pause_ms;          /* After a walk. */
    int64_t block;              /* Where it has come to. */
    uint64_t found;             /* In this walk. */
    struct yk_pg_params params; /* Of the step that is made. */
    struct yk_random random;
};

/* `queue`, `owner` and `on_closed` have been set. */
void yk_pg_sweep_init(struct yk_pg_sweep *sweep);

/* The connection is up, or gone. */
void yk_pg_sweep_start(struct yk_pg_sweep *sweep);
void yk_pg_sweep_stop(struct yk_pg_sweep *sweep);

/* A step is over. Returns how many it has removed. */
uint64_t yk_pg_sweep_done(struct yk_pg_sweep *sweep, const PGresult *result);

/* on_closed follows. */
void yk_pg_sweep_close(struct yk_pg_sweep *sweep);

#endif
