#include "store/postgres_conn.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>
#include <yoke/loop.h>

#include "core/alloc.h"
#include "net/vitals.h"
#include "store/forks.h"
#include "store/postgres_statement.h"
#include "store/store.h"

#include "core/banned.h"

#define PAUSE_MIN_MS 25

/* libpq opens and closes sockets as it likes while it connects, so each has a
 * handle of its own, which may close after its connection has gone. */
struct yk_pg_watch {
    uv_poll_t poll;
    struct yk_pg_conn *conn; /* NULL: let go of. */
    int fd;
    int events;
};

static void try_connect(struct yk_pg_conn *conn);
static void on_timer(uv_timer_t *timer);

static void set_timer(struct yk_pg_conn *conn, uint64_t ms)
{
    uv_timer_start(&conn->timer, on_timer, ms, 0);
}

/* It is the parent's: its socket is not ours. */
static bool is_foreign(const struct yk_pg_conn *conn)
{
    return conn->forks != yk_forks();
}

bool yk_pg_conn_is_open(const struct yk_pg_conn *conn)
{
    return conn->state == YK_LINK_GREETING || conn->state == YK_LINK_UP;
}

void yk_pg_conn_init(struct yk_pg_conn *conn)
{
    conn->forks = yk_forks();
    uv_timer_init(yoke_loop(), &conn->timer);
    conn->timer.data = conn;
    if (!conn->keeps_loop)
        uv_unref((uv_handle_t *)&conn->timer);
    conn->state = YK_LINK_RESTING;
    yk_random_init(&conn->random);
}

/* ---- The end of a connection ---- */

/* Why the connection is of no use: what the server said at its end, or libpq. */
static void break_by_libpq(struct yk_pg_conn *conn)
{
    char why[YOKE_STORE_TEXT_MAX];

    if (*conn->last_words)
        snprintf(why, sizeof(why), "%s", conn->last_words);
    else
        yk_pg_one_line(why, yk_libpq.PQerrorMessage(conn->pg));
    yk_pg_conn_break(conn, *why ? why : "the connection is broken");
}

/* What comes without having been asked for; nothing may be printed. */
static void on_notice(void *data, const PGresult *result)
{
    struct yk_pg_conn *conn = data;
    const char *severity =
        yk_libpq.PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);

    if (severity && strcmp(severity, "FATAL") == 0)
        yk_pg_text(result, conn->last_words);
}

static void on_watch_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void drop_watch(struct yk_pg_conn *conn)
{
    if (!conn->watch)
        return;
    uv_poll_stop(&conn->watch->poll);
    conn->watch->conn = NULL;
    uv_close((uv_handle_t *)&conn->watch->poll, on_watch_closed);
    conn->watch = NULL;
}

static void tell_store(struct yk_pg_conn *conn, bool is_trying)
{
    if (!conn->store || conn->is_trying == is_trying)
        return;
    conn->is_trying = is_trying;
    yk_store_note_attempt(conn->store, is_trying);
}

/* A fork's copy must not say good-bye in the parent's name: its memory is left
 * alone. */
static void drop_connection(struct yk_pg_conn *conn)
{
    tell_store(conn, false);
    drop_watch(conn);
    if (conn->pg && !is_foreign(conn))
        yk_libpq.PQfinish(conn->pg);
    conn->pg = NULL;
    if (conn->lookup)
        conn->is_lookup_stale = true;
}

void yk_pg_conn_break(struct yk_pg_conn *conn, const char *why)
{
    char copy[YOKE_STORE_TEXT_MAX];

    if (conn->state == YK_LINK_RESTING)
        return;
    /* It may be libpq's, which forgets it. */
    snprintf(copy, sizeof(copy), "%s", why);
    drop_connection(conn);
    conn->state = YK_LINK_RESTING;
    set_timer(conn,
              yk_link_pause(&conn->random, conn->attempts, conn->tried_ms));
    conn->attempts++;
    conn->ops->on_break(conn, copy);
}

static void on_timer_closed(uv_handle_t *handle)
{
    struct yk_pg_conn *conn = handle->data;
    conn->ops->on_closed(conn);
}

void yk_pg_conn_close(struct yk_pg_conn *conn)
{
    conn->is_ending = true;
    drop_connection(conn);
    conn->state = YK_LINK_RESTING;
    if (conn->lookup)
        yk_pg_lookup_abandon(conn->lookup);
    conn->lookup = NULL;
    uv_close((uv_handle_t *)&conn->timer, on_timer_closed);
}

static void beat(struct yk_pg_conn *conn)
{
    if (!conn->has_heard) {
        yk_pg_conn_break(conn, "the connection is silent");
        return;
    }
    conn->has_heard = false;
    set_timer(conn, conn->target->beat_ms);
    conn->ops->on_beat(conn);
}

static void on_timer(uv_timer_t *timer)
{
    struct yk_pg_conn *conn = timer->data;

    if (is_foreign(conn))
        return;
    if (conn->state == YK_LINK_RESTING && conn->lookup)
        set_timer(conn, PAUSE_MIN_MS); /* The last look-up still runs. */
    else if (conn->state == YK_LINK_RESTING)
        try_connect(conn);
    else if (conn->state == YK_LINK_UP)
        beat(conn);
    else {
        conn->silences++;
        yk_pg_conn_break(conn, "the server does not answer in time");
    }
}

/* ---- Watching the socket ---- */

static void on_poll(uv_poll_t *poll, int status, int events);

static void watch_for(struct yk_pg_conn *conn, int events)
{
    struct yk_pg_watch *watch = conn->watch;

    if (watch->events == events)
        return;
    watch->events = events;
    uv_poll_start(&watch->poll, events, on_poll);
}

/* Watches the socket that libpq has now. */
static int watch_socket(struct yk_pg_conn *conn, int events)
{
    int fd = yk_libpq.PQsocket(conn->pg);

    if (conn->watch && conn->watch->fd != fd)
        drop_watch(conn);
    if (!conn->watch) {
        struct yk_pg_watch *watch = yk_alloc(sizeof(*watch));
        int err = uv_poll_init(yoke_loop(), &watch->poll, fd);
        if (err < 0) {
            free(watch);
            return err;
        }
        watch->poll.data = watch;
        watch->conn = conn;
        watch->fd = fd;
        if (!conn->keeps_loop)
            uv_unref((uv_handle_t *)&watch->poll);
        conn->watch = watch;
    }
    watch_for(conn, events);
    return 0;
}

/* ---- Results ---- */

static void read_notifies(struct yk_pg_conn *conn)
{
    PGnotify *notify;

    while (yk_pg_conn_is_open(conn) &&
           (notify = yk_libpq.PQnotifies(conn->pg))) {
        conn->ops->on_notify(conn, notify);
        yk_libpq.PQfreemem(notify);
    }
}

/* It is about the connection, not about the statement: the server's last words,
 * or libpq's own, which have no code. */
static bool ends_connection(struct yk_pg_conn *conn, const PGresult *result)
{
    if (yk_libpq.PQresultStatus(result) != PGRES_FATAL_ERROR)
        return false;
    on_notice(conn, result);
    return *conn->last_words || !*yk_pg_state(result);
}

static void hand_up(struct yk_pg_conn *conn, PGresult *result)
{
    if (yk_libpq.PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
        yk_libpq.PQclear(result);
        conn->syncs_due--;
        conn->ops->on_sync(conn);
    } else if (ends_connection(conn, result)) {
        yk_libpq.PQclear(result);
        break_by_libpq(conn);
    } else {
        conn->ops->on_result(conn, result);
    }
}

/* Between the results of two statements there is a NULL, but none behind the end
 * of a transaction; two of them are the end of what there is. With no
 * transaction under way there is nothing to ask for: libpq looks through its
 * input for each question. */
static void read_results(struct yk_pg_conn *conn)
{
    bool is_between = false;

    while (yk_pg_conn_is_open(conn) && conn->syncs_due > 0 &&
           !yk_libpq.PQisBusy(conn->pg)) {
        PGresult *result = yk_libpq.PQgetResult(conn->pg);
        if (!result && is_between)
            return;
        is_between = !result;
        if (result)
            hand_up(conn, result);
    }
}

static void flush(struct yk_pg_conn *conn)
{
    int left = conn->is_torn ? -1 : yk_libpq.PQflush(conn->pg);

    if (left < 0)
        break_by_libpq(conn);
    else
        watch_for(conn, left > 0 ? UV_READABLE | UV_WRITABLE : UV_READABLE);
}

static void read_and_write(struct yk_pg_conn *conn)
{
    conn->has_heard = true;
    bool is_alive = yk_libpq.PQconsumeInput(conn->pg) == 1;
    read_results(conn);
    read_notifies(conn);
    if (!yk_pg_conn_is_open(conn))
        return;
    if (is_alive && yk_libpq.PQstatus(conn->pg) == CONNECTION_OK)
        flush(conn);
    else
        break_by_libpq(conn);
}

/* ---- Connecting ---- */

static void note_connected(struct yk_pg_conn *conn)
{
    if (yk_libpq.PQsetnonblocking(conn->pg, 1) < 0 ||
        !yk_libpq.PQenterPipelineMode(conn->pg)) {
        break_by_libpq(conn);
        return;
    }
    conn->state = YK_LINK_GREETING;
    conn->ops->on_connected(conn);
}

static void poll_connection(struct yk_pg_conn *conn)
{
    /* libpq may close the socket in there. */
    if (conn->watch)
        uv_poll_stop(&conn->watch->poll);
    PostgresPollingStatusType wants = yk_libpq.PQconnectPoll(conn->pg);
    if (conn->watch)
        conn->watch->events = 0;
    if (wants == PGRES_POLLING_FAILED) {
        break_by_libpq(conn);
        return;
    }
    int events = wants == PGRES_POLLING_WRITING ? UV_WRITABLE : UV_READABLE;
    int err = watch_socket(conn, events);
    if (err < 0)
        yk_pg_conn_break(conn, yoke_strerror(err));
    else if (wants == PGRES_POLLING_OK)
        note_connected(conn);
}

static void on_poll(uv_poll_t *poll, int status, int events)
{
    struct yk_pg_watch *watch = poll->data;
    struct yk_pg_conn *conn = watch->conn;

    (void)status, (void)events; /* libpq finds out for itself. */
    if (!conn || is_foreign(conn)) {
        uv_poll_stop(poll);
        return;
    }
    yk_turn_begin();
    if (status < 0)
        watch->events = 0;
    if (conn->state == YK_LINK_CONNECTING)
        poll_connection(conn);
    else
        read_and_write(conn);
}

/* What libpq is told: its options, and where the hosts are. */
static PGconn *begin(const struct yk_pg_target *target,
                     const struct yk_pg_addresses *addresses)
{
    const char *names[YK_PG_OPTIONS_MAX + 4];
    const char *values[YK_PG_OPTIONS_MAX + 4];
    int n = 0;

    for (; n < target->option_count; n++) {
        names[n] = target->names[n];
        values[n] = target->values[n];
    }
    if (addresses->count > 0) {
        const char *const words[] = {"host", "hostaddr", "port"};
        const char *const lists[] = {addresses->host, addresses->hostaddr,
                                     addresses->port};
        for (int i = 0; i < 3; i++) {
            names[n] = words[i];
            values[n] = lists[i];
            /* Nothing but commas: not said. */
            n += lists[i][strspn(lists[i], ",")] ? 1 : 0;
        }
    }
    names[n] = values[n] = NULL;
    return yk_libpq.PQconnectStartParams(names, values, 0);
}

static void connect_to(struct yk_pg_conn *conn,
                       const struct yk_pg_addresses *addresses)
{
    *conn->last_words = '\0';
    conn->is_torn = false;
    conn->syncs_due = 0;
    conn->pg = begin(conn->target, addresses);
    if (!conn->pg) {
        yk_pg_conn_break(conn, "there is no memory");
        return;
    }
    yk_libpq.PQsetNoticeReceiver(conn->pg, on_notice, conn);
    if (yk_libpq.PQstatus(conn->pg) == CONNECTION_BAD) {
        break_by_libpq(conn);
        return;
    }
    /* As if PQconnectPoll had said so. */
    int err = watch_socket(conn, UV_WRITABLE);
    if (err < 0)
        yk_pg_conn_break(conn, yoke_strerror(err));
}

static void on_looked_up(struct yk_pg_addresses *addresses, int err,
                         const char *name, void *data)
{
    struct yk_pg_conn *conn = data;
    char why[YOKE_STORE_TEXT_MAX];

    conn->lookup = NULL;
    if (conn->is_lookup_stale || is_foreign(conn))
        return;
    if (err == 0) {
        /* libpq goes on to the next only when one refuses. */
        yk_pg_addresses_rotate(addresses, conn->silences);
        connect_to(conn, addresses);
        return;
    }
    snprintf(why, sizeof(why), "%.160s: %s", name, yoke_strerror(err));
    yk_pg_conn_break(conn, why);
}

static void try_connect(struct yk_pg_conn *conn)
{
    conn->state = YK_LINK_CONNECTING;
    conn->tried_ms = uv_now(yoke_loop());
    tell_store(conn, true);
    set_timer(conn, conn->target->connect_ms);
    conn->is_lookup_stale = false;
    conn->lookup = yk_pg_lookup_new(conn->target, on_looked_up, conn);
    if (conn->lookup)
        yk_pg_lookup_start(conn->lookup);
    else
        yk_pg_conn_break(conn, "there is no memory");
}

void yk_pg_conn_start(struct yk_pg_conn *conn)
{
    if (conn->state == YK_LINK_RESTING && !conn->is_ending &&
        !uv_is_active((uv_handle_t *)&conn->timer))
        try_connect(conn);
}

void yk_pg_conn_up(struct yk_pg_conn *conn)
{
    if (conn->state != YK_LINK_GREETING)
        return;
    conn->state = YK_LINK_UP;
    tell_store(conn, false);
    conn->attempts = conn->silences = 0;
    conn->has_heard = true;
    if (conn->ops->on_beat)
        set_timer(conn, conn->target->beat_ms);
    else
        uv_timer_stop(&conn->timer);
}

static void hold(uv_handle_t *handle, bool keeps_loop)
{
    if (keeps_loop)
        uv_ref(handle);
    else
        uv_unref(handle);
}

void yk_pg_conn_hold_loop(struct yk_pg_conn *conn, bool keeps_loop)
{
    conn->keeps_loop = keeps_loop;
    hold((uv_handle_t *)&conn->timer, keeps_loop);
    if (conn->watch)
        hold((uv_handle_t *)&conn->watch->poll, keeps_loop);
}

/* ---- Sending ---- */

void yk_pg_conn_tear(struct yk_pg_conn *conn)
{
    conn->is_torn = true;
}

void yk_pg_conn_sync(struct yk_pg_conn *conn)
{
    if (!yk_pg_conn_is_open(conn))
        return;
    if (!conn->is_torn && !yk_libpq.PQpipelineSync(conn->pg))
        conn->is_torn = true;
    conn->syncs_due++;
    flush(conn);
}
