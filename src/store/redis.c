/* redis: a store at a Redis server (6 or later), over one connection, on which
 * commands are sent without waiting for the replies of those before.
 *
 *   - Nothing waits for a server that is away: a call fails at once, unless it
 *     is made before the first connection ever.
 *   - A connection that breaks fails what was sent on it: whether the server has
 *     done it is not known. Nothing is sent twice, but a script that the server
 *     said it does not know.
 *   - A server that answers nothing while three calls run into their deadlines
 *     is given up, and connected to again.
 *
 * Layout: redis_layout.h. Channels: redis_channels.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>
#include <yoke/log.h>

#include "core/alloc.h"
#include "core/number.h"
#include "store/redis_channels.h"
#include "store/redis_command.h"
#include "store/store.h"

#include "core/banned.h"

#define PORT           6379
#define CONNECT_MS     2000
#define BEAT_MS        2500
#define CONNECT_MS_MAX 600000
#define DATABASES_MAX  1000000

struct redis {
    yoke_store *store;
    struct yk_redis_login login;
    char *host, *path, *user, *password; /* What others borrow. */
    struct yk_redis_conn conn;
    struct yk_redis_channels channels;
    struct yk_redis_hashes hashes;
    unsigned loaded;        /* Scripts; all of them: calls may be sent. */
    struct yk_list sent;    /* Calls, in the order of their replies. */
    struct yk_list waiting; /* Calls that were made before the first
                               connection. */
    bool has_tried;         /* The first attempt is over. */
    char why[YOKE_STORE_TEXT_MAX]; /* There is no connection. */
    unsigned closed;               /* Of two connections. */
};

static struct redis *redis_of(yoke_store *store)
{
    return store->state;
}

static bool is_ready(const struct redis *redis)
{
    return redis->conn.link.state == YK_LINK_UP &&
           redis->loaded == YK_SCRIPT_COUNT;
}

/* ---- Calls ---- */

static void send_calls(struct redis *redis, struct yk_list *calls)
{
    struct yk_list *node;

    while ((node = yk_list_take(calls))) {
        struct yk_call *call = yk_call_of(node);
        if (call->is_late) {
            yk_call_fail(call, -ETIMEDOUT, NULL);
            continue;
        }
        yk_redis_command(&redis->conn, call, &redis->hashes);
        yk_list_add(&redis->sent, node);
    }
    yk_link_flush(&redis->conn.link);
}

static void run_redis(yoke_store *store, struct yk_list *calls)
{
    struct redis *redis = redis_of(store);

    if (is_ready(redis))
        send_calls(redis, calls);
    else if (!redis->has_tried)
        yk_list_move_all(&redis->waiting, calls);
    else
        yk_calls_fail(calls, -YOKE_EUNAVAILABLE, redis->why);
}

/* ---- Replies ---- */

/* The first replies tell the scripts' hashes. */
static void take_hash(struct redis *redis, const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_STRING || reply->len != YK_SCRIPT_HASH_LEN) {
        yk_link_break(&redis->conn.link, "the server takes no scripts");
        return;
    }
    memcpy(redis->hashes.text[redis->loaded++], reply->str,
           YK_SCRIPT_HASH_LEN + 1);
    if (redis->loaded < YK_SCRIPT_COUNT)
        return;
    redis->has_tried = true;
    yk_store_set_circuit(redis->store, YOKE_STORE_UP);
    send_calls(redis, &redis->waiting);
}

static void on_reply(struct yk_redis_conn *conn, redisReply *reply)
{
    struct redis *redis = conn->owner;

    if (redis->loaded < YK_SCRIPT_COUNT) {
        take_hash(redis, reply);
        return;
    }
    struct yk_list *node = yk_list_take(&redis->sent);
    if (!node) {
        yk_link_break(&conn->link, "the server answers what was not asked");
        return;
    }
    struct yk_call *call = yk_call_of(node);
    if (!yk_redis_sends_again(conn, call, reply, &redis->hashes)) {
        yk_redis_answer(call, reply);
        return;
    }
    yk_list_add(&redis->sent, node);
    yk_link_flush(&conn->link);
}

static void on_up(struct yk_redis_conn *conn)
{
    struct redis *redis = conn->owner;

    redis->loaded = 0;
    for (int i = 0; i < YK_SCRIPT_COUNT; i++) {
        yk_redis_begin(conn, 3);
        yk_redis_argument(conn, YK_LIT("SCRIPT"));
        yk_redis_argument(conn, YK_LIT("LOAD"));
        yk_redis_argument(conn, yk_slice_of(yk_redis_scripts[i]));
    }
    yk_link_flush(&conn->link);
}

static void on_break(struct yk_redis_conn *conn, const char *why)
{
    struct redis *redis = conn->owner;
    bool was_up = redis->store->stats.circuit == YOKE_STORE_UP;

    if (was_up || !redis->has_tried)
        yoke_log(YOKE_LOG_WARN, "store: %s: %s; trying again",
                 redis->store->url, why);
    redis->has_tried = true;
    redis->loaded = 0;
    snprintf(redis->why, sizeof(redis->why), "%s", why);
    yk_store_set_circuit(redis->store, YOKE_STORE_DOWN);
    yk_calls_fail(&redis->sent, -YOKE_EUNAVAILABLE, why);
    yk_calls_fail(&redis->waiting, -YOKE_EUNAVAILABLE, why);
}

/* The connection may be dead without a sign: a frozen server, a cut cable. */
static void suspect_redis(yoke_store *store)
{
    struct redis *redis = redis_of(store);

    if (redis->conn.link.state == YK_LINK_UP)
        yk_link_break(&redis->conn.link, "the server does not answer");
}

/* ---- Channels ---- */

static void listen_redis(yoke_store *store, struct yk_topic *topic)
{
    yk_redis_channels_add(&redis_of(store)->channels, topic);
}

static void unlisten_redis(yoke_store *store, struct yk_topic *topic)
{
    yk_redis_channels_remove(&redis_of(store)->channels, topic);
}

/* ---- Closing ---- */

static void free_redis(struct redis *redis)
{
    free(redis->host);
    free(redis->path);
    free(redis->user);
    if (redis->password)
        explicit_bzero(redis->password, strlen(redis->password));
    free(redis->password);
    free(redis);
}

static void note_closed(yoke_store *store)
{
    struct redis *redis = redis_of(store);

    if (++redis->closed < 2)
        return;
    yk_calls_fail(&redis->sent, -ECANCELED, NULL);
    yk_calls_fail(&redis->waiting, -ECANCELED, NULL);
    free_redis(redis);
    yk_store_closed(store);
}

static void on_closed(struct yk_redis_conn *conn)
{
    struct redis *redis = conn->owner;
    note_closed(redis->store);
}

static void close_redis(yoke_store *store)
{
    struct redis *redis = redis_of(store);

    yk_link_close(&redis->conn.link);
    yk_redis_channels_close(&redis->channels);
}

/* ---- Opening ---- */

/* Host, port and database; or the path of a UNIX socket. */
static int read_address(struct redis *redis, struct yk_url *url, char *why)
{
    struct yk_link *link = &redis->conn.link;
    uint64_t db = 0;

    if (strcmp(url->scheme, "redis+unix") == 0) {
        if (url->has_hosts || !*url->path)
            return yk_store_why(why, -EINVAL,
                                "URL: redis+unix: is followed by "
                                "the path of a socket");
        link->path = redis->path = yk_strdup(url->path);
        return 0;
    }
    if (!url->has_hosts || url->host_count != 1)
        return yk_store_why(why, -EINVAL,
                            "URL: redis: has one host "
                            "(redis://HOST[:PORT][/DB])");
    if (*url->path &&
        yk_parse_u64(yk_slice_of(url->path), DATABASES_MAX, &db) < 0)
        return yk_store_why(why, -EINVAL, "URL: database '%.60s' is no number",
                            url->path);
    link->host = redis->host = yk_strdup(url->hosts[0].name);
    link->port = url->hosts[0].port ? url->hosts[0].port : PORT;
    redis->login.db = (int)db;
    return 0;
}

static int read_url(struct redis *redis, struct yk_url *url, char *why)
{
    uint64_t connect_ms = CONNECT_MS, beat_ms = BEAT_MS;
    int err = read_address(redis, url, why);

    if (err == 0)
        err = yk_url_size(url, "connect_ms", CONNECT_MS_MAX, &connect_ms, why);
    if (err == 0)
        err = yk_url_size(url, "beat_ms", CONNECT_MS_MAX, &beat_ms, why);
    if (err == 0)
        err = yk_url_check_params(url, why);
    if (err == 0 && url->user && !url->password)
        err = yk_store_why(why, -EINVAL,
                           "URL: user '%.60s' has no password "
                           "(USER:PASSWORD@)",
                           url->user);
    if (err < 0)
        return err;
    redis->conn.link.connect_ms = (uint32_t)connect_ms;
    redis->channels.conn.link.beat_ms = (uint32_t)beat_ms;
    redis->login.user = redis->user = yk_strdup(url->user);
    redis->login.password = redis->password = yk_strdup(url->password);
    return 0;
}

static void init_conns(struct redis *redis)
{
    struct yk_redis_conn *conn = &redis->conn;
    struct yk_redis_channels *channels = &redis->channels;

    conn->login = &redis->login;
    conn->owner = redis;
    conn->on_reply = on_reply;
    conn->on_up = on_up;
    conn->on_break = on_break;
    conn->on_closed = on_closed;
    channels->store = redis->store;
    channels->on_closed = note_closed;
    channels->conn.login = &redis->login;
    channels->conn.link.path = conn->link.path;
    channels->conn.link.host = conn->link.host;
    channels->conn.link.port = conn->link.port;
    channels->conn.link.connect_ms = conn->link.connect_ms;
    yk_redis_conn_init(conn, false);
    yk_redis_channels_init(channels);
}

static int open_redis(yoke_store *store, struct yk_url *url, char *why)
{
    int err = yk_hiredis_load(why);
    if (err < 0)
        return err;
    struct redis *redis = yk_alloc(sizeof(*redis));
    redis->store = store;
    err = read_url(redis, url, why);
    if (err < 0) {
        free_redis(redis);
        return err;
    }
    yk_list_init(&redis->sent);
    yk_list_init(&redis->waiting);
    store->state = redis;
    store->stats.circuit = YOKE_STORE_CONNECTING;
    init_conns(redis);
    yk_link_start(&redis->conn.link);
    return 0;
}

static const char *const schemes[] = {"redis", "redis+unix", NULL};

const struct yk_store_backend yk_store_redis = {
    .schemes = schemes,
    .open = open_redis,
    .run = run_redis,
    .listen = listen_redis,
    .unlisten = unlisten_redis,
    .suspect = suspect_redis,
    .close = close_redis,
};
