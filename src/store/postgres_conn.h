/* A connection to a PostgreSQL server that is kept up: libpq's, driven by the
 * loop, in its pipeline mode: statements are sent without waiting for the
 * results of those before.
 *
 * It goes through the states of a link (link.h), for the same reasons, with the
 * same pauses. What is sent between two yk_pg_conn_sync is one transaction, which
 * is over, done or undone, when on_sync is called: until then no result of it is
 * to be believed. */
#ifndef YK_STORE_POSTGRES_CONN_H
#define YK_STORE_POSTGRES_CONN_H

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include <yoke/store.h>

#include "core/random.h"
#include "store/link.h"
#include "store/postgres_library.h"
#include "store/postgres_lookup.h"

struct yk_pg_watch;
struct yk_pg_conn;

struct yk_pg_conn_ops {
    /* Logged in: send what has to be sent first, and call yk_pg_conn_up. */
    void (*on_connected)(struct yk_pg_conn *conn);
    /* The result of a statement, in their order, and one more when the
     * transaction could not be ended. It is yours: PQclear. */
    void (*on_result)(struct yk_pg_conn *conn, PGresult *result);
    void (*on_sync)(struct yk_pg_conn *conn);
    /* Borrowed. */
    void (*on_notify)(struct yk_pg_conn *conn, const PGnotify *notify);
    /* As a link's. */
    void (*on_break)(struct yk_pg_conn *conn, const char *why);
    void (*on_beat)(struct yk_pg_conn *conn);
    void (*on_closed)(struct yk_pg_conn *conn);
};

struct yk_pg_conn {
    const struct yk_pg_conn_ops *ops;
    const struct yk_pg_target *target;
    void *owner;
    bool keeps_loop;
    struct yoke_store *store; /* As a link's. */

    enum yk_link_state state; /* But CLOSING. */
    unsigned forks;           /* When it was set up: a fork's copy is dead. */
    bool is_ending;           /* yk_pg_conn_close has been called. */
    bool has_heard;           /* Since the last beat. */
    bool is_torn;             /* Something could not be sent. */
    bool is_trying;           /* The store has been told of an attempt. */
    unsigned attempts;        /* Since it was up; */
    unsigned silences;        /* of them ended by the time. */
    uint64_t tried_ms;        /* When the last one began. */
    struct yk_random random;
    PGconn *pg;
    unsigned syncs_due;          /* Transactions that are not over. */
    struct yk_pg_watch *watch;   /* Of its socket. */
    struct yk_pg_lookup *lookup; /* One that runs. */
    bool is_lookup_stale;        /* It is an earlier attempt's. */
    uv_timer_t timer;            /* Of the attempt, the pause, or the beat. */
    char last_words[YOKE_STORE_TEXT_MAX]; /* Of a server that ends it. */
};

/* The fields from `ops` to `keeps_loop` have been set. */
void yk_pg_conn_init(struct yk_pg_conn *conn);

/* These are as a link's. */
void yk_pg_conn_start(struct yk_pg_conn *conn);
void yk_pg_conn_hold_loop(struct yk_pg_conn *conn, bool keeps_loop);
void yk_pg_conn_up(struct yk_pg_conn *conn);
void yk_pg_conn_break(struct yk_pg_conn *conn, const char *why);
void yk_pg_conn_close(struct yk_pg_conn *conn);

/* Something could not be sent: the next sync breaks it. */
void yk_pg_conn_tear(struct yk_pg_conn *conn);

/* Whether something may be sent: it is GREETING or UP. */
bool yk_pg_conn_is_open(const struct yk_pg_conn *conn);

/* Ends the transaction. */
void yk_pg_conn_sync(struct yk_pg_conn *conn);

#endif
