/* redis: a store at a Redis server (6 or later), over one connection: the
 * server's of the URL, or the primary that sentinels name (redis+sentinel:).
 *
 *   - What becomes of calls: redis_node.h.
 *   - A server that answers nothing while three calls run into their deadlines
 *     is given up, and connected to again.
 *   - When the sentinels name another primary, both connections are given up and
 *     made there. Until then, and when a primary says that it is none any more,
 *     calls are unavailable.
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
#include "store/redis_node.h"
#include "store/redis_sentinel.h"
#include "store/redis_settings.h"
#include "store/store.h"

#include "core/banned.h"

#define DATABASES_MAX 1000000

struct redis {
    yoke_store *store;
    struct yk_redis_settings settings;
    struct yk_redis_address address;
    char *path; /* Of a UNIX socket; else NULL. */
    struct yk_redis_node node;
    struct yk_redis_channels channels;
    struct yk_redis_sentinel *sentinel; /* NULL: none. */
    unsigned to_close;                  /* Connections. */
};

static struct redis *redis_of(yoke_store *store)
{
    return store->state;
}

/* ---- Calls ---- */

static void run_redis(yoke_store *store, struct yk_list *calls)
{
    struct redis *redis = redis_of(store);
    struct yk_list *item;

    while ((item = yk_list_take(calls)))
        yk_redis_node_run(&redis->node, yk_call_of(item));
    yk_redis_node_flush(&redis->node);
}

/* The connection may be dead without a sign: a frozen server, a cut cable. */
static void suspect_redis(yoke_store *store)
{
    struct redis *redis = redis_of(store);

    if (redis->node.conn.link.state == YK_LINK_UP)
        yk_link_break(&redis->node.conn.link, "the server does not answer");
}

/* ---- The server ---- */

static void on_ready(struct yk_redis_node *node)
{
    struct redis *redis = node->owner;

    yk_store_set_circuit(redis->store, YOKE_STORE_UP);
    if (redis->sentinel)
        yk_redis_sentinel_trust(redis->sentinel);
}

static void note_down(struct redis *redis, const char *why)
{
    if (redis->store->stats.circuit != YOKE_STORE_DOWN)
        yoke_log(YOKE_LOG_WARN, "store: %s: %s; trying again",
                 redis->store->url, why);
    yk_store_set_circuit(redis->store, YOKE_STORE_DOWN);
}

static void on_break(struct yk_redis_node *node, const char *why)
{
    struct redis *redis = node->owner;

    note_down(redis, why);
    if (redis->sentinel)
        yk_redis_sentinel_doubt(redis->sentinel);
}

/* A primary that has become a replica says so to whoever writes. */
static bool on_error(struct yk_redis_node *node, struct yk_call *call,
                     const char *error)
{
    struct redis *redis = node->owner;

    (void)call;
    if (redis->sentinel && yk_redis_error_is(error, "READONLY"))
        yk_link_break(&node->conn.link, "the server is the primary no more");
    return false;
}

/* ---- Sentinels ---- */

static void move(struct yk_link *link, const char *why)
{
    yk_link_break(link, why);
    yk_link_hurry(link);
}

static void on_found(struct yk_redis_sentinel *sentinel,
                     const struct yk_redis_address *address)
{
    struct redis *redis = sentinel->owner;
    char place[YK_REDIS_ADDRESS_TEXT_MAX];
    char why[YK_REDIS_ADDRESS_TEXT_MAX + 32];

    if (yk_redis_address_eq(&redis->address, address))
        return;
    bool is_first = redis->address.port == 0;
    redis->address = *address;
    yk_redis_conn_aim(&redis->node.conn, &redis->address);
    yk_redis_conn_aim(&redis->channels.conn, &redis->address);
    snprintf(why, sizeof(why), "the primary is now %s",
             yk_redis_address_text(address, place));
    if (is_first) {
        yk_link_start(&redis->node.conn.link);
        yk_redis_channels_start(&redis->channels);
        return;
    }
    move(&redis->node.conn.link, why);
    move(&redis->channels.conn.link, why);
}

static void on_lost(struct yk_redis_sentinel *sentinel, const char *why)
{
    struct redis *redis = sentinel->owner;

    if (yk_redis_node_is_ready(&redis->node))
        return;
    note_down(redis, why);
    yk_redis_node_give_up(&redis->node, why);
}

/* ---- Channels ---- */

/* Whoever listens waits for the sentinels, too. */
static void listen_redis(yoke_store *store, struct yk_topic *topic)
{
    struct redis *redis = redis_of(store);

    if (redis->sentinel)
        yk_link_hold_loop(&redis->sentinel->scout.conn.link, true);
    yk_redis_channels_add(&redis->channels, topic);
}

static void unlisten_redis(yoke_store *store, struct yk_topic *topic)
{
    struct redis *redis = redis_of(store);

    if (redis->sentinel && store->topics.by_name.count <= 1)
        yk_link_hold_loop(&redis->sentinel->scout.conn.link, false);
    yk_redis_channels_remove(&redis->channels, topic);
}

/* ---- Closing ---- */

static void free_redis(struct redis *redis)
{
    yk_redis_settings_done(&redis->settings);
    yk_redis_sentinel_free(redis->sentinel);
    free(redis->path);
    free(redis);
}

static void note_closed(yoke_store *store)
{
    struct redis *redis = redis_of(store);

    if (--redis->to_close > 0)
        return;
    yk_redis_node_fail(&redis->node, -ECANCELED, NULL);
    free_redis(redis);
    yk_store_closed(store);
}

static void on_closed(struct yk_redis_node *node)
{
    struct redis *redis = node->owner;
    note_closed(redis->store);
}

static void on_sentinel_closed(struct yk_redis_sentinel *sentinel)
{
    struct redis *redis = sentinel->owner;
    note_closed(redis->store);
}

static void close_redis(yoke_store *store)
{
    struct redis *redis = redis_of(store);

    redis->to_close = redis->sentinel ? 3 : 2;
    if (redis->sentinel)
        yk_redis_sentinel_close(redis->sentinel);
    yk_link_close(&redis->node.conn.link);
    yk_redis_channels_close(&redis->channels);
}

/* ---- Opening ---- */

static int read_path(struct redis *redis, const struct yk_url *url, char *why)
{
    if (url->has_hosts || !*url->path)
        return yk_store_why(why, -EINVAL,
                            "URL: redis+unix: is followed by "
                            "the path of a socket");
    redis->path = yk_strdup(url->path);
    return 0;
}

static int read_host(struct redis *redis, const struct yk_url *url, char *why)
{
    const struct yk_url_host *host = &url->hosts[0];
    uint64_t db = 0;

    if (!url->has_hosts || url->host_count != 1)
        return yk_store_why(why, -EINVAL,
                            "URL: %s: has one host (%s://HOST[:PORT][/DB])",
                            url->scheme, url->scheme);
    if (*url->path &&
        yk_parse_u64(yk_slice_of(url->path), DATABASES_MAX, &db) < 0)
        return yk_store_why(why, -EINVAL, "URL: database '%.60s' is no number",
                            url->path);
    if (!yk_redis_address_set(&redis->address, yk_slice_of(host->name),
                              host->port ? host->port : YK_REDIS_PORT))
        return yk_store_why(why, -EINVAL,
                            "URL: host '%.60s...' is longer than %d bytes",
                            host->name, YK_REDIS_HOST_MAX);
    redis->settings.login.db = (int)db;
    return 0;
}

static int read_sentinels(struct redis *redis, struct yk_url *url, char *why)
{
    int db = 0;

    if (url->host_count == 0)
        return yk_store_why(why, -EINVAL,
                            "URL: %s: has hosts (%s://HOST[:PORT],.../NAME)",
                            url->scheme, url->scheme);
    redis->sentinel = yk_redis_sentinel_new(url, &redis->settings, &db, why);
    if (!redis->sentinel)
        return -EINVAL;
    redis->settings.login.db = db;
    redis->settings.login.is_primary_wanted = true;
    redis->sentinel->owner = redis;
    redis->sentinel->on_found = on_found;
    redis->sentinel->on_lost = on_lost;
    redis->sentinel->on_closed = on_sentinel_closed;
    return 0;
}

static int read_url(struct redis *redis, struct yk_url *url, char *why)
{
    bool with_tls = strncmp(url->scheme, "rediss", 6) == 0;
    int err = yk_redis_settings_read(&redis->settings, url, with_tls,
                                     redis->store->max_value_len, why);

    if (err < 0)
        return err;
    if (strcmp(url->scheme, "redis+unix") == 0)
        err = read_path(redis, url, why);
    else if (strstr(url->scheme, "+sentinel"))
        err = read_sentinels(redis, url, why);
    else
        err = read_host(redis, url, why);
    return err == 0 ? yk_url_check_params(url, why) : err;
}

static const struct yk_redis_node_ops node_ops = {
    .on_ready = on_ready,
    .on_break = on_break,
    .on_closed = on_closed,
    .on_error = on_error,
};

static void init_conns(struct redis *redis)
{
    struct yk_redis_node *node = &redis->node;
    struct yk_redis_channels *channels = &redis->channels;

    node->ops = &node_ops;
    node->owner = redis;
    channels->store = redis->store;
    channels->on_closed = note_closed;
    yk_redis_settings_apply(&redis->settings, &node->conn);
    yk_redis_settings_apply(&redis->settings, &channels->conn);
    yk_redis_conn_aim(&node->conn, &redis->address);
    yk_redis_conn_aim(&channels->conn, &redis->address);
    node->conn.link.path = channels->conn.link.path = redis->path;
    node->conn.link.store = redis->store;
    yk_redis_node_init(node);
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
    store->state = redis;
    store->stats.circuit = YOKE_STORE_CONNECTING;
    init_conns(redis);
    if (redis->sentinel)
        yk_redis_sentinel_start(redis->sentinel);
    else
        yk_link_start(&redis->node.conn.link);
    return 0;
}

static const char *const schemes[] = {
    "redis", "redis+unix", "redis+sentinel", "rediss", "rediss+sentinel", NULL,
};

const struct yk_store_backend yk_store_redis = {
    .schemes = schemes,
    .open = open_redis,
    .run = run_redis,
    .listen = listen_redis,
    .unlisten = unlisten_redis,
    .suspect = suspect_redis,
    .close = close_redis,
};
