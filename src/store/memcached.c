/* memcached: a store at one or several memcached servers (1.6 or later), each
 * key at one of them (ring.h).
 *
 *   - A server that is away is not replaced by another: its keys are
 *     unavailable until it is back, for else two workers that see the network
 *     differently would each have a value of their own.
 *   - memcached forgets what has not been used when it is full: also counters
 *     and locks.
 *   - One connection to each, as redis.c has: commands follow one another, and
 *     nothing waits for a server that is away. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>
#include <yoke/log.h>

#include "core/alloc.h"
#include "store/memcached_command.h"
#include "store/memcached_tally.h"
#include "store/ring.h"
#include "store/store.h"

#include "core/banned.h"

#define PORT           11211
#define CONNECT_MS     2000
#define CONNECT_MS_MAX 600000

struct server {
    struct yk_mc_conn conn;
    struct memcached *memcached;
    char name[300];           /* "host:port", or a path. */
    char *address;            /* Host or path; owned. */
    struct yk_list sent;      /* Calls, in the order of their replies. */
    struct yk_list waiting;   /* Made before the first connection. */
    struct yk_mc_tally tally; /* Increments that are about to be sent. */
    bool has_tried;
    char why[YOKE_STORE_TEXT_MAX]; /* There is no connection. */
};

struct memcached {
    yoke_store *store;
    struct yk_ring ring;
    unsigned count, closed;
    struct server servers[];
};

/* Up when all are. */
static void note_circuit(struct memcached *memcached)
{
    enum yoke_store_circuit circuit = YOKE_STORE_UP;

    for (unsigned i = 0; i < memcached->count; i++) {
        const struct server *server = &memcached->servers[i];
        if (!server->has_tried && circuit == YOKE_STORE_UP)
            circuit = YOKE_STORE_CONNECTING;
        else if (server->conn.link.state != YK_LINK_UP && server->has_tried)
            circuit = YOKE_STORE_DOWN;
    }
    yk_store_set_circuit(memcached->store, circuit);
}

/* ---- Calls ---- */

static void send_call(struct server *server, struct yk_call *call)
{
    if (call->is_late) {
        yk_call_fail(call, -ETIMEDOUT, NULL);
        return;
    }
    if (yk_mc_tally_takes(call)) {
        yk_mc_tally_add(&server->tally, call);
        return;
    }
    yk_mc_begin(&server->conn, call);
    yk_list_add(&server->sent, &call->node);
}

/* Sends what has been gathered, too. */
static void flush(struct server *server)
{
    struct yk_call *call;

    while ((call = yk_mc_tally_take(&server->tally))) {
        if (!yk_mc_tally_shares(call))
            yk_mc_begin(&server->conn, call);
        yk_list_add(&server->sent, &call->node);
    }
    yk_link_flush(&server->conn.link);
}

static void send_waiting(struct server *server)
{
    struct yk_list *node;

    while ((node = yk_list_take(&server->waiting)))
        send_call(server, yk_call_of(node));
    flush(server);
}

static void run_call(struct memcached *memcached, struct yk_call *call)
{
    unsigned n =
        memcached->count > 1 ? yk_ring_find(&memcached->ring, call->key) : 0;
    struct server *server = &memcached->servers[n];
    bool is_lock = call->op >= YK_OP_LOCK && call->op <= YK_OP_UNLOCK;

    if (is_lock && call->key.len > YK_MC_LOCK_NAME_MAX)
        yk_call_fail(call, -EINVAL,
                     "the name of a lock is at most 248 bytes "
                     "long here");
    else if (server->conn.link.state == YK_LINK_UP)
        send_call(server, call);
    else if (!server->has_tried)
        yk_list_add(&server->waiting, &call->node);
    else
        yk_call_fail(call, -YOKE_EUNAVAILABLE, server->why);
}

static void run_memcached(yoke_store *store, struct yk_list *calls)
{
    struct memcached *memcached = store->state;
    struct yk_list *node;

    while ((node = yk_list_take(calls)))
        run_call(memcached, yk_call_of(node));
    for (unsigned i = 0; i < memcached->count; i++)
        flush(&memcached->servers[i]);
}

/* ---- The connections ---- */

/* Those that share the command whose reply has come. */
static void take_sharing(struct server *server, struct yk_list *sharing)
{
    YK_LIST_EACH(node, &server->sent)
    {
        if (!yk_mc_tally_shares(yk_call_of(node)))
            return;
        yk_list_remove(node);
        yk_list_add(sharing, node);
    }
}

/* Each is on its own. */
static void send_apart(struct server *server, struct yk_list *sharing)
{
    struct yk_list *node;

    while ((node = yk_list_take(sharing))) {
        yk_mc_tally_part(yk_call_of(node));
        yk_mc_begin(&server->conn, yk_call_of(node));
        yk_list_add(&server->sent, node);
    }
}

/* Others may share it, and then it is theirs, too. */
static void take_count(struct server *server, struct yk_call *call,
                       const struct yk_mc_reply *reply)
{
    struct yk_list sharing;

    yk_list_init(&sharing);
    take_sharing(server, &sharing);
    bool is_shared = !yk_list_is_empty(&sharing);
    if (is_shared && yk_mc_tally_answer(call, &sharing, reply))
        return;
    bool goes_on = yk_mc_continue(&server->conn, call, reply);
    if (goes_on)
        yk_list_add(&server->sent, &call->node);
    send_apart(server, &sharing);
    if (goes_on || is_shared)
        yk_link_flush(&server->conn.link);
}

static void on_reply(struct yk_mc_conn *conn, const struct yk_mc_reply *reply)
{
    struct server *server = conn->owner;
    struct yk_list *node = yk_list_take(&server->sent);

    if (!node)
        yk_link_break(&conn->link, "the server answers what was not asked");
    else if (yk_call_of(node)->op == YK_OP_INCR)
        take_count(server, yk_call_of(node), reply);
    else if (yk_mc_continue(conn, yk_call_of(node), reply)) {
        yk_list_add(&server->sent, node);
        yk_link_flush(&conn->link);
    }
}

static void on_up(struct yk_mc_conn *conn)
{
    struct server *server = conn->owner;

    server->has_tried = true;
    server->why[0] = '\0';
    note_circuit(server->memcached);
    send_waiting(server);
}

static void on_break(struct yk_mc_conn *conn, const char *why)
{
    struct server *server = conn->owner;

    if (!server->has_tried || !*server->why)
        yoke_log(YOKE_LOG_WARN, "store: memcached %.200s: %s; trying again",
                 server->name, why);
    server->has_tried = true;
    snprintf(server->why, sizeof(server->why), "%s", why);
    note_circuit(server->memcached);
    yk_calls_fail(&server->sent, -YOKE_EUNAVAILABLE, why);
    yk_calls_fail(&server->waiting, -YOKE_EUNAVAILABLE, why);
}

/* True when a call to it has run into its deadline. */
static bool has_late(const struct server *server)
{
    YK_LIST_EACH(node, &server->sent)
    {
        if (yk_call_of(node)->is_late)
            return true;
    }
    return false;
}

static void suspect_memcached(yoke_store *store)
{
    struct memcached *memcached = store->state;

    for (unsigned i = 0; i < memcached->count; i++)
        if (has_late(&memcached->servers[i]))
            yk_link_break(&memcached->servers[i].conn.link,
                          "the server does not answer");
}

/* ---- Closing ---- */

static void free_memcached(struct memcached *memcached)
{
    for (unsigned i = 0; i < memcached->count; i++)
        free(memcached->servers[i].address);
    yk_ring_done(&memcached->ring);
    free(memcached);
}

static void on_closed(struct yk_mc_conn *conn)
{
    struct server *server = conn->owner;
    struct memcached *memcached = server->memcached;
    yoke_store *store = memcached->store;

    yk_calls_fail(&server->sent, -ECANCELED, NULL);
    yk_calls_fail(&server->waiting, -ECANCELED, NULL);
    if (++memcached->closed < memcached->count)
        return;
    free_memcached(memcached);
    yk_store_closed(store);
}

static void close_memcached(yoke_store *store)
{
    struct memcached *memcached = store->state;

    for (unsigned i = 0; i < memcached->count; i++)
        yk_link_close(&memcached->servers[i].conn.link);
}

/* ---- Opening ---- */

static void init_server(struct memcached *memcached, unsigned n,
                        const char *address, int port, uint32_t connect_ms)
{
    struct server *server = &memcached->servers[n];
    struct yk_mc_conn *conn = &server->conn;

    server->memcached = memcached;
    server->address = yk_strdup(address);
    snprintf(server->name, sizeof(server->name), port ? "%.255s:%d" : "%.255s",
             address, port);
    yk_list_init(&server->sent);
    yk_list_init(&server->waiting);
    yk_mc_tally_init(&server->tally);
    conn->link.host = port ? server->address : NULL;
    conn->link.path = port ? NULL : server->address;
    conn->link.port = port;
    conn->link.connect_ms = connect_ms;
    conn->link.store = memcached->store;
    conn->max_value_len = memcached->store->max_value_len;
    conn->owner = server;
    conn->on_reply = on_reply;
    conn->on_up = on_up;
    conn->on_break = on_break;
    conn->on_closed = on_closed;
    yk_mc_conn_init(conn);
}

static void start_all(struct memcached *memcached)
{
    const char *names[YK_URL_HOSTS_MAX];

    for (unsigned i = 0; i < memcached->count; i++)
        names[i] = memcached->servers[i].name;
    yk_ring_init(&memcached->ring, names, memcached->count);
    for (unsigned i = 0; i < memcached->count; i++)
        yk_link_start(&memcached->servers[i].conn.link);
}

static int check_url(struct yk_url *url, uint64_t *ret_connect_ms, char *why)
{
    bool is_unix = strcmp(url->scheme, "memcached+unix") == 0;
    int err =
        yk_url_size(url, "connect_ms", CONNECT_MS_MAX, ret_connect_ms, why);

    if (err == 0)
        err = yk_url_check_params(url, why);
    if (err < 0)
        return err;
    if (is_unix && (url->has_hosts || !*url->path))
        return yk_store_why(why, -EINVAL,
                            "URL: memcached+unix: is followed by "
                            "the path of a socket");
    if (!is_unix && url->host_count == 0)
        return yk_store_why(why, -EINVAL,
                            "URL: memcached: has hosts "
                            "(memcached://HOST[:PORT],...)");
    if (!is_unix && *url->path)
        return yk_store_why(why, -EINVAL,
                            "URL: memcached has no databases: "
                            "'/%.60s'",
                            url->path);
    if (url->user || url->password)
        return yk_store_why(why, -EINVAL,
                            "URL: logging in to memcached is not "
                            "supported");
    return 0;
}

static int open_memcached(yoke_store *store, struct yk_url *url, char *why)
{
    uint64_t connect_ms = CONNECT_MS;
    int err = check_url(url, &connect_ms, why);

    if (err < 0)
        return err;
    unsigned count = url->has_hosts ? (unsigned)url->host_count : 1;
    struct memcached *memcached =
        yk_alloc(sizeof(*memcached) + count * sizeof(memcached->servers[0]));
    memcached->store = store;
    memcached->count = count;
    for (unsigned i = 0; i < count; i++) {
        const struct yk_url_host *host = &url->hosts[i];
        if (url->has_hosts)
            init_server(memcached, i, host->name,
                        host->port ? host->port : PORT, (uint32_t)connect_ms);
        else
            init_server(memcached, i, url->path, 0, (uint32_t)connect_ms);
    }
    store->state = memcached;
    store->stats.circuit = YOKE_STORE_CONNECTING;
    start_all(memcached);
    return 0;
}

static const char *const schemes[] = {"memcached", "memcached+unix", NULL};

const struct yk_store_backend yk_store_memcached = {
    .schemes = schemes,
    .lacks = YK_OP_BIT(YK_OP_SCAN) | YK_OP_BIT(YK_OP_PUBLISH),
    .open = open_memcached,
    .run = run_memcached,
    .suspect = suspect_memcached,
    .close = close_memcached,
};
