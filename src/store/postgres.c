/* postgresql: a store at a PostgreSQL server (14 or later), over one connection,
 * on which statements are sent without waiting for the results of those before.
 *
 *   - Nothing waits for a server that is away: a call fails at once, unless it
 *     is made before the first connection ever.
 *   - A connection that breaks fails what was sent on it: whether the server has
 *     done it is not known. Nothing is sent twice but what the server said it
 *     has undone.
 *   - A server that answers nothing while three calls run into their deadlines
 *     is given up, and connected to again. It is told the deadline, too, so that
 *     a statement which waits for somebody's lock does not hold up others.
 *
 * One connection for calls: a server carries out what comes on it one after the
 * other, and every worker has one. Tables and statements: postgres_schema.h.
 * Transactions: postgres_queue.h. Channels: postgres_channels.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>
#include <yoke/log.h>

#include "core/alloc.h"
#include "store/postgres_channels.h"
#include "store/postgres_queue.h"
#include "store/postgres_sweep.h"
#include "store/store.h"

#include "core/banned.h"

/* Two connections and the sweep. */
#define PARTS 3

struct postgres {
    yoke_store *store;
    struct yk_pg_target target;
    struct yk_pg_conn conn;
    struct yk_pg_greeting greeting;
    struct yk_pg_queue queue;
    struct yk_pg_sweep sweep;
    struct yk_pg_channels channels;
    bool has_tried;                /* The first attempt is over. */
    char why[YOKE_STORE_TEXT_MAX]; /* There is no connection. */
    unsigned closed;               /* Of the parts. */
};

static struct postgres *postgres_of(yoke_store *store)
{
    return store->state;
}

static bool is_up(const struct postgres *postgres)
{
    return postgres->conn.state == YK_LINK_UP;
}

/* ---- Calls ---- */

static void run_postgres(yoke_store *store, struct yk_list *calls)
{
    struct postgres *postgres = postgres_of(store);

    if (!is_up(postgres) && postgres->has_tried) {
        yk_calls_fail(calls, -YOKE_EUNAVAILABLE, postgres->why);
        return;
    }
    yk_pg_queue_add(&postgres->queue, calls);
    yk_pg_queue_pump(&postgres->queue);
}

/* ---- The connection ---- */

static void on_connected(struct yk_pg_conn *conn)
{
    struct postgres *postgres = conn->owner;
    yk_pg_greeting_start(&postgres->greeting);
}

static void on_result(struct yk_pg_conn *conn, PGresult *result)
{
    struct postgres *postgres = conn->owner;

    if (is_up(postgres))
        yk_pg_queue_result(&postgres->queue, result);
    else
        yk_pg_greeting_result(&postgres->greeting, result);
}

static void on_sync(struct yk_pg_conn *conn)
{
    struct postgres *postgres = conn->owner;

    if (is_up(postgres)) {
        yk_pg_queue_sync(&postgres->queue);
        return;
    }
    if (!yk_pg_greeting_sync(&postgres->greeting))
        return;
    yk_pg_conn_up(conn);
    postgres->has_tried = true;
    yk_store_set_circuit(postgres->store, YOKE_STORE_UP);
    yk_pg_sweep_start(&postgres->sweep);
    yk_pg_queue_pump(&postgres->queue);
}

/* Who has called LISTEN in this database has not done it here. */
static void on_notify(struct yk_pg_conn *conn, const PGnotify *notify)
{
    (void)conn, (void)notify;
}

static void on_break(struct yk_pg_conn *conn, const char *why)
{
    struct postgres *postgres = conn->owner;
    bool was_up = postgres->store->stats.circuit == YOKE_STORE_UP;

    if (was_up || !postgres->has_tried)
        yoke_log(YOKE_LOG_WARN, "store: %s: %s; trying again",
                 postgres->store->url, why);
    postgres->has_tried = true;
    snprintf(postgres->why, sizeof(postgres->why), "%s", why);
    yk_store_set_circuit(postgres->store, YOKE_STORE_DOWN);
    yk_pg_sweep_stop(&postgres->sweep);
    yk_pg_queue_fail(&postgres->queue, -YOKE_EUNAVAILABLE, postgres->why);
}

static void on_swept(struct yk_pg_queue *queue, const PGresult *result)
{
    struct postgres *postgres = YK_CONTAINER_OF(queue, struct postgres, queue);
    postgres->store->stats.swept += yk_pg_sweep_done(&postgres->sweep, result);
}

/* The connection may be dead without a sign: a frozen server, a cut cable. */
static void suspect_postgres(yoke_store *store)
{
    struct postgres *postgres = postgres_of(store);

    if (is_up(postgres))
        yk_pg_conn_break(&postgres->conn, "the server does not answer");
}

/* ---- Channels ---- */

static void listen_postgres(yoke_store *store, struct yk_topic *topic)
{
    yk_pg_channels_add(&postgres_of(store)->channels, topic);
}

static void unlisten_postgres(yoke_store *store, struct yk_topic *topic)
{
    yk_pg_channels_remove(&postgres_of(store)->channels, topic);
}

/* ---- Closing ---- */

static void note_closed(yoke_store *store)
{
    struct postgres *postgres = postgres_of(store);

    if (++postgres->closed < PARTS)
        return;
    yk_pg_queue_fail(&postgres->queue, -ECANCELED, NULL);
    yk_pg_target_done(&postgres->target);
    free(postgres);
    yk_store_closed(store);
}

static void on_closed(struct yk_pg_conn *conn)
{
    struct postgres *postgres = conn->owner;
    note_closed(postgres->store);
}

static void on_sweep_closed(void *store)
{
    note_closed(store);
}

static void close_postgres(yoke_store *store)
{
    struct postgres *postgres = postgres_of(store);

    yk_pg_conn_close(&postgres->conn);
    yk_pg_sweep_close(&postgres->sweep);
    yk_pg_channels_close(&postgres->channels);
}

/* ---- Opening ---- */

static const struct yk_pg_conn_ops ops = {
    .on_connected = on_connected,
    .on_result = on_result,
    .on_sync = on_sync,
    .on_notify = on_notify,
    .on_break = on_break,
    .on_closed = on_closed,
};

static void init_parts(struct postgres *postgres)
{
    struct yk_pg_channels *channels = &postgres->channels;

    postgres->conn.ops = &ops;
    postgres->conn.owner = postgres;
    postgres->conn.store = postgres->store;
    postgres->conn.target = channels->conn.target = &postgres->target;
    postgres->greeting.conn = &postgres->conn;
    postgres->greeting.has_statements = true;
    postgres->greeting.timeout_ms = postgres->store->timeout_ms;
    postgres->queue.conn = &postgres->conn;
    postgres->queue.on_swept = on_swept;
    postgres->sweep.queue = &postgres->queue;
    postgres->sweep.owner = postgres->store;
    postgres->sweep.on_closed = on_sweep_closed;
    channels->store = postgres->store;
    channels->on_closed = note_closed;
    channels->greeting.timeout_ms = postgres->store->timeout_ms;
    yk_pg_conn_init(&postgres->conn);
    yk_pg_queue_init(&postgres->queue);
    yk_pg_sweep_init(&postgres->sweep);
    yk_pg_channels_init(channels);
}

static int open_postgres(yoke_store *store, struct yk_url *url, char *why)
{
    int err = yk_libpq_load(why);

    if (err < 0)
        return err;
    struct postgres *postgres = yk_alloc(sizeof(*postgres));
    postgres->store = store;
    err = yk_pg_target_read(&postgres->target, url, why);
    if (err < 0) {
        yk_pg_target_done(&postgres->target);
        free(postgres);
        return err;
    }
    store->state = postgres;
    store->stats.circuit = YOKE_STORE_CONNECTING;
    init_parts(postgres);
    yk_pg_conn_start(&postgres->conn);
    return 0;
}

static const char *const schemes[] = {"postgresql", "postgres",
                                      "postgresql+unix", NULL};

const struct yk_store_backend yk_store_postgres = {
    .schemes = schemes,
    .open = open_postgres,
    .run = run_postgres,
    .listen = listen_postgres,
    .unlisten = unlisten_postgres,
    .suspect = suspect_postgres,
    .close = close_postgres,
};
