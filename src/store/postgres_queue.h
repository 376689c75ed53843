/* Calls on their way to a PostgreSQL server, and back.
 *
 *   waiting ---> a transaction under way (sent ---> held) ---> answered
 *                  |
 *                  | one of them failed, so all are undone
 *                  v
 *                alone ---> a transaction of its own ---> answered
 *
 * Most of what a small write costs is its transaction's end. So there are few
 * transactions under way at a time, and what comes meanwhile shares the next:
 * the more there is to do, the less each costs. Within one, if several of them
 * write, calls are sorted by their keys, so that workers wait for each other's
 * rows in the same order and never in a circle; and increments of one key are one
 * statement. Nothing is answered before its transaction is over. */
#ifndef YK_STORE_POSTGRES_QUEUE_H
#define YK_STORE_POSTGRES_QUEUE_H

#include <stdbool.h>

#include "core/list.h"
#include "store/postgres_conn.h"
#include "store/postgres_statement.h"

/* Transactions under way: one that is carried out, one that is there next. */
#define YK_PG_UNDER_WAY_MAX 2

struct yk_pg_transaction {
    unsigned size;    /* Statements. */
    unsigned results; /* That have come. */
    bool is_sweep;
    PGresult *first; /* Result of a sweep. Owned. */
    PGresult *error; /* The first; NULL: none. Owned. */
};

struct yk_pg_queue {
    struct yk_pg_conn *conn;
    /* A step of the sweep is over; NULL: it could not be done. Borrowed. */
    void (*on_swept)(struct yk_pg_queue *queue, const PGresult *result);

    struct yk_list waiting; /* Calls, as they came. */
    struct yk_list alone;   /* Calls that share no transaction. */
    struct yk_list sent;    /* Calls, in the order of their results. */
    struct yk_list held;    /* Calls with a result of a transaction that is not
                               over: in `tag`, or kept in the call, which is its
                               own `tag` then. */
    struct yk_pg_transaction under_way[YK_PG_UNDER_WAY_MAX];
    unsigned first, count;
    const struct yk_pg_params *wants_sweep; /* NULL: not now. */
};

/* `conn` and `on_swept` have been set. */
void yk_pg_queue_init(struct yk_pg_queue *queue);

/* Takes over all calls of the list. */
void yk_pg_queue_add(struct yk_pg_queue *queue, struct yk_list *calls);

/* Sends what may be sent, if the connection is up. */
void yk_pg_queue_pump(struct yk_pg_queue *queue);

/* Has the server remove what has expired, in a step; on_swept follows, unless
 * the connection breaks. The parameters have to stay until then. */
void yk_pg_queue_sweep(struct yk_pg_queue *queue,
                       const struct yk_pg_params *params);

/* What the connection has got. */
void yk_pg_queue_result(struct yk_pg_queue *queue, PGresult *result);
void yk_pg_queue_sync(struct yk_pg_queue *queue);

/* Fails all calls. */
void yk_pg_queue_fail(struct yk_pg_queue *queue, int err, const char *why);

#endif
