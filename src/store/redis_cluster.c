/* redis+cluster: a store at a Redis cluster: each key at the primary that has
 * its slot (redis_slots.h), with one connection to each of them (redis_node.h).
 *
 *     a call --> slot --> primary ----- answered
 *                  ^         | MOVED: the slot is elsewhere; ASK: this key is
 *                  |         v
 *                  |      the node that was named, and so on
 *                  '------ TRYAGAIN, or sent on several times: after a rest
 *
 *   - A call is sent a second time only when a node has said, by one of these
 *     errors, that it has not carried it out; and so often and no more.
 *   - Who has which slot is asked for by a scout (redis_scout.h): at first, when
 *     a node says MOVED, when one is away, and now and then.
 *   - A primary that is away makes its keys unavailable, and no others, until it
 *     is back or the cluster has put another in its place.
 *   - Keys of one call of the user's are calls of their own (many.c), so those
 *     of one node go there together.
 *   - Messages reach all nodes, whichever they are sent to; subscriptions are at
 *     one of them. A channel's messages go to the node of its slot, which keeps
 *     their order.
 *   - A scan goes over one primary after the other (redis_cursor.h). */
#include "store/redis_cluster.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "core/alloc.h"

#include "core/banned.h"

struct yk_redis_cluster *yk_redis_cluster_of(yoke_store *store)
{
    return store->state;
}

/* Up when all primaries are. */
void yk_redis_cluster_note(struct yk_redis_cluster *cluster)
{
    enum yoke_store_circuit circuit = YOKE_STORE_UP;

    for (unsigned i = 0; i < cluster->members.primary_count; i++) {
        const struct yk_redis_node *node = &cluster->members.primaries[i]->node;
        if (yk_redis_node_is_ready(node))
            continue;
        if (node->has_tried)
            circuit = YOKE_STORE_DOWN;
        else if (circuit == YOKE_STORE_UP) /* A new one changes nothing. */
            circuit = cluster->store->stats.circuit;
    }
    if (!cluster->has_map || cluster->members.unowned > 0)
        circuit = YOKE_STORE_DOWN;
    yk_store_set_circuit(cluster->store, circuit);
}

/* ---- Which node ---- */

static unsigned slot_of(const struct yk_call *call)
{
    char key[YK_REDIS_LOCK_KEY_MAX];
    bool is_lock = call->op >= YK_OP_LOCK && call->op <= YK_OP_UNLOCK;

    return yk_redis_slot(is_lock ? yk_redis_lock_key(key, "lock", call->key)
                                 : call->key);
}

/* Messages may go to any, if the right one is away. */
static struct yk_redis_member *member_of(struct yk_redis_cluster *cluster,
                                         const struct yk_call *call)
{
    struct yk_redis_member *member =
        yk_redis_members_of(&cluster->members, slot_of(call));

    if (call->op != YK_OP_PUBLISH ||
        (member && yk_redis_node_is_ready(&member->node)))
        return member;
    struct yk_redis_member *any = yk_redis_members_any(&cluster->members);
    return any ? any : member;
}

void yk_redis_cluster_send(struct yk_redis_member *member, struct yk_call *call)
{
    member->is_used = true;
    yk_redis_node_run(&member->node, call);
}

/* ---- Calls ---- */

void yk_redis_cluster_route(struct yk_redis_cluster *cluster,
                            struct yk_call *call)
{
    if (call->op == YK_OP_SCAN) {
        yk_redis_cluster_scan(cluster, call);
        return;
    }
    struct yk_redis_member *member = member_of(cluster, call);
    if (member) {
        yk_redis_cluster_send(member, call);
        return;
    }
    yk_redis_scout_want(&cluster->scout);
    yk_call_fail(call, -YOKE_EUNAVAILABLE,
                 "no node of the cluster has the key's slot");
}

void yk_redis_cluster_flush(struct yk_redis_cluster *cluster)
{
    YK_REDIS_MEMBERS_EACH(member, &cluster->members)
    {
        yk_redis_node_flush(&member->node);
    }
}

static void run_cluster(yoke_store *store, struct yk_list *calls)
{
    struct yk_redis_cluster *cluster = yk_redis_cluster_of(store);
    struct yk_list *item;

    if (!cluster->has_map && !cluster->has_tried) {
        yk_list_move_all(&cluster->waiting, calls);
        return;
    }
    if (!cluster->has_map) {
        yk_calls_fail(calls, -YOKE_EUNAVAILABLE, cluster->why);
        return;
    }
    while ((item = yk_list_take(calls))) {
        yk_call_of(item)->step = 0; /* A lock's may be of its last attempt. */
        yk_redis_cluster_route(cluster, yk_call_of(item));
    }
    yk_redis_cluster_flush(cluster);
}

static void suspect_cluster(yoke_store *store)
{
    struct yk_redis_cluster *cluster = yk_redis_cluster_of(store);

    YK_REDIS_MEMBERS_EACH(member, &cluster->members)
    {
        if (yk_redis_node_has_late(&member->node))
            yk_link_break(&member->node.conn.link,
                          "the server does not answer");
    }
}

/* ---- The nodes ---- */

static void on_ready(struct yk_redis_node *node)
{
    yk_redis_cluster_note(node->owner);
}

static void on_break(struct yk_redis_node *node, const char *why)
{
    struct yk_redis_cluster *cluster = node->owner;
    struct yk_redis_member *member = (struct yk_redis_member *)node;
    char place[YK_REDIS_ADDRESS_TEXT_MAX];

    if (!*node->why && member->has_slots)
        yoke_log(YOKE_LOG_WARN, "store: %.200s: node %s: %s; trying again",
                 cluster->store->url,
                 yk_redis_address_text(&member->address, place), why);
    yk_redis_cluster_note(cluster);
    yk_redis_scout_want(&cluster->scout);
}

static void end_if_closed(struct yk_redis_cluster *cluster);

static void on_closed(struct yk_redis_node *node)
{
    struct yk_redis_cluster *cluster = node->owner;

    yk_redis_members_remove(&cluster->members, (struct yk_redis_member *)node);
    end_if_closed(cluster);
}

static const struct yk_redis_node_ops node_ops = {
    .on_ready = on_ready,
    .on_break = on_break,
    .on_closed = on_closed,
    .on_error = yk_redis_cluster_redirect,
    .cursor = yk_redis_cluster_cursor,
};

/* ---- Closing ---- */

static void free_cluster(struct yk_redis_cluster *cluster)
{
    yk_redis_settings_done(&cluster->settings);
    free(cluster);
}

static void end_if_closed(struct yk_redis_cluster *cluster)
{
    yoke_store *store = cluster->store;

    if (!cluster->is_closing || cluster->to_close > 0 ||
        cluster->members.count > 0)
        return;
    free_cluster(cluster);
    yk_store_closed(store);
}

void yk_redis_cluster_part_closed(yoke_store *store)
{
    struct yk_redis_cluster *cluster = yk_redis_cluster_of(store);

    cluster->to_close--;
    end_if_closed(cluster);
}

static void on_timer_closed(uv_handle_t *timer)
{
    struct yk_redis_cluster *cluster = timer->data;
    yk_redis_cluster_part_closed(cluster->store);
}

static void close_cluster(yoke_store *store)
{
    struct yk_redis_cluster *cluster = yk_redis_cluster_of(store);

    cluster->is_closing = true;
    cluster->to_close = 3;
    yk_calls_fail(&cluster->waiting, -ECANCELED, NULL);
    yk_calls_fail(&cluster->resting, -ECANCELED, NULL);
    YK_REDIS_MEMBERS_EACH(member, &cluster->members)
    {
        member->is_leaving = true;
        yk_link_close(&member->node.conn.link);
    }
    yk_redis_scout_close(&cluster->scout);
    yk_redis_channels_close(&cluster->channels);
    uv_close((uv_handle_t *)&cluster->timer, on_timer_closed);
}

/* ---- Opening ---- */

static int read_url(struct yk_redis_cluster *cluster, struct yk_url *url,
                    char *why)
{
    bool with_tls = strncmp(url->scheme, "rediss", 6) == 0;
    int err = yk_redis_settings_read(&cluster->settings, url, with_tls,
                                     cluster->store->max_value_len, why);

    if (err == 0)
        err = yk_url_check_params(url, why);
    if (err < 0)
        return err;
    if (url->host_count == 0)
        return yk_store_why(why, -EINVAL,
                            "URL: %s: has hosts (%s://HOST[:PORT],...)",
                            url->scheme, url->scheme);
    if (*url->path)
        return yk_store_why(why, -EINVAL,
                            "URL: a cluster has no databases: '/%.60s'",
                            url->path);
    return yk_redis_scout_init(&cluster->scout, url, YK_REDIS_PORT, why);
}

static void init_parts(struct yk_redis_cluster *cluster)
{
    struct yk_redis_members *members = &cluster->members;

    yk_list_init(&cluster->waiting);
    yk_list_init(&cluster->resting);
    uv_timer_init(yoke_loop(), &cluster->timer);
    cluster->timer.data = cluster;
    members->settings = &cluster->settings;
    members->ops = &node_ops;
    members->owner = cluster;
    members->store = cluster->store;
    yk_redis_cluster_init_channels(cluster);
}

static int open_cluster(yoke_store *store, struct yk_url *url, char *why)
{
    int err = yk_hiredis_load(why);
    if (err < 0)
        return err;
    struct yk_redis_cluster *cluster = yk_alloc(sizeof(*cluster));
    cluster->store = store;
    err = read_url(cluster, url, why);
    if (err < 0) {
        free_cluster(cluster);
        return err;
    }
    store->state = cluster;
    store->stats.circuit = YOKE_STORE_CONNECTING;
    init_parts(cluster);
    yk_redis_cluster_start_scout(cluster);
    return 0;
}

static const char *const schemes[] = {"redis+cluster", "rediss+cluster", NULL};

const struct yk_store_backend yk_store_redis_cluster = {
    .schemes = schemes,
    .open = open_cluster,
    .run = run_cluster,
    .listen = yk_redis_cluster_listen,
    .unlisten = yk_redis_cluster_unlisten,
    .suspect = suspect_cluster,
    .close = close_cluster,
};
