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
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "core/alloc.h"
#include "store/redis_channels.h"
#include "store/redis_cursor.h"
#include "store/redis_members.h"
#include "store/redis_scout.h"
#include "store/store.h"

#include "core/banned.h"

/* The scout asks in one of so many beats, when nothing seems wrong. */
#define QUIET_BEATS  10
/* How often a call is sent on; after the first few it rests before. */
#define HOPS_MASK    0xffff
#define HOPS_MAX     64
#define HOPS_AT_ONCE 4
#define REST_MS      20

struct cluster {
    yoke_store *store;
    struct yk_redis_settings settings;
    struct yk_redis_scout scout;
    struct yk_redis_members members;
    struct yk_redis_channels channels;
    struct yk_redis_address listening; /* Where the channels are. */
    unsigned next_listening;
    struct yk_list waiting; /* Calls that were made before the first map, */
    struct yk_list resting; /* and those that are tried again by the timer. */
    uv_timer_t timer;
    bool has_map;
    bool has_tried;                   /* The scout has asked everybody. */
    char why[YOKE_STORE_TEXT_MAX];    /* There is no map. */
    char cursor[YK_REDIS_CURSOR_MAX]; /* The last that a user was told. */
    bool is_closing;
    unsigned to_close; /* Scout, channels and timer; members are counted by
                          themselves. */
};

static struct cluster *cluster_of(yoke_store *store)
{
    return store->state;
}

/* Up when all primaries are. */
static void note_circuit(struct cluster *cluster)
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
static struct yk_redis_member *member_of(struct cluster *cluster,
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

static void send_to(struct yk_redis_member *member, struct yk_call *call)
{
    member->is_used = true;
    yk_redis_node_run(&member->node, call);
}

/* ---- Scans ---- */

/* Where a page begins: stored in the call, with its own cursor as the tag. */
static const char *begin_page(struct cluster *cluster, struct yk_call *call,
                              int *ret_err)
{
    struct yk_redis_cursor cursor = {.map = cluster->members.map, .own = "0"};

    *ret_err = -EINVAL;
    if (call->value.len > 0 && !yk_redis_cursor_parse(call->value.ptr, &cursor))
        return "the cursor is none of this store's";
    if (cursor.map != cluster->members.map) {
        cursor.map = cluster->members.map;
        cursor.restarts++;
        cursor.index = 0;
        cursor.own = "0";
    }
    *ret_err = -YOKE_EUNAVAILABLE;
    if (cursor.restarts > YK_REDIS_CURSOR_RESTARTS)
        return "slots move all the time: nothing can be scanned";
    if (cursor.index >= cluster->members.primary_count)
        return "the cluster has no such primary";
    call->tag = (void *)(uintptr_t)cursor.own;
    call->number = cursor.index;
    call->done_number = cursor.restarts;
    call->done_version = cursor.map;
    return NULL;
}

/* The cursor behind a page. If the map has changed meanwhile, the next page
 * finds out. */
static const char *end_page(const struct yk_call *call, const char *own)
{
    struct cluster *cluster = cluster_of(call->store);
    struct yk_redis_cursor cursor = {
        .map = (uint32_t)call->done_version,
        .restarts = (uint32_t)call->done_number,
        .index = (uint32_t)call->number,
        .own = own,
    };

    if (strcmp(own, "0") == 0) {
        cursor.index++;
        if (cursor.map == cluster->members.map &&
            cursor.index >= cluster->members.primary_count)
            return NULL;
    }
    yk_redis_cursor_format(&cursor, cluster->cursor);
    return cluster->cursor;
}

static void run_scan(struct cluster *cluster, struct yk_call *call)
{
    int err;
    const char *wrong = begin_page(cluster, call, &err);

    if (wrong)
        yk_call_fail(call, err, wrong);
    else
        send_to(cluster->members.primaries[call->number], call);
}

/* ---- Calls ---- */

static void route(struct cluster *cluster, struct yk_call *call)
{
    if (call->op == YK_OP_SCAN) {
        run_scan(cluster, call);
        return;
    }
    struct yk_redis_member *member = member_of(cluster, call);
    if (member) {
        send_to(member, call);
        return;
    }
    yk_redis_scout_want(&cluster->scout);
    yk_call_fail(call, -YOKE_EUNAVAILABLE,
                 "no node of the cluster has the key's slot");
}

static void flush(struct cluster *cluster)
{
    YK_REDIS_MEMBERS_EACH(member, &cluster->members)
    {
        yk_redis_node_flush(&member->node);
    }
}

static void run_cluster(yoke_store *store, struct yk_list *calls)
{
    struct cluster *cluster = cluster_of(store);
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
        route(cluster, yk_call_of(item));
    }
    flush(cluster);
}

static void suspect_cluster(yoke_store *store)
{
    struct cluster *cluster = cluster_of(store);

    YK_REDIS_MEMBERS_EACH(member, &cluster->members)
    {
        if (yk_redis_node_has_late(&member->node))
            yk_link_break(&member->node.conn.link,
                          "the server does not answer");
    }
}

/* ---- Redirections ---- */

static void on_timer(uv_timer_t *timer)
{
    struct cluster *cluster = timer->data;
    struct yk_list resting, *item;

    if (yk_store_is_foreign(cluster->store))
        return;
    yk_list_init(&resting);
    yk_list_move_all(&resting, &cluster->resting);
    while ((item = yk_list_take(&resting)))
        route(cluster, yk_call_of(item));
    flush(cluster);
}

/* Where it goes then, the map says. */
static void rest(struct cluster *cluster, struct yk_call *call)
{
    call->step &= HOPS_MASK;
    yk_list_add(&cluster->resting, &call->node);
    if (!uv_is_active((uv_handle_t *)&cluster->timer))
        uv_timer_start(&cluster->timer, on_timer, REST_MS, 0);
}

static void follow(struct cluster *cluster, struct yk_call *call,
                   const struct yk_redis_redirect *redirect,
                   struct yk_redis_member *member)
{
    if (!redirect->is_ask)
        cluster->members.slots[redirect->slot] = (uint16_t)(member->index + 1);
    if ((call->step & HOPS_MASK) > HOPS_AT_ONCE) {
        rest(cluster, call);
        return;
    }
    call->step &= HOPS_MASK;
    if (redirect->is_ask)
        call->step |= YK_REDIS_ASK;
    send_to(member, call);
    yk_redis_node_flush(&member->node);
}

/* What a node has said that it has not carried out. TRYAGAIN: of a lock's keys
 * one has moved and one has not; for how long that is tried again, the call's
 * deadline says. */
static bool on_error(struct yk_redis_node *node, struct yk_call *call,
                     const char *error)
{
    struct cluster *cluster = node->owner;
    struct yk_redis_redirect redirect;
    bool is_unstable = yk_redis_error_is(error, "TRYAGAIN");

    if (yk_redis_error_is(error, "CLUSTERDOWN") ||
        yk_redis_error_is(error, "MOVED"))
        yk_redis_scout_want(&cluster->scout);
    if (cluster->is_closing || call->op == YK_OP_SCAN)
        return false;
    if (is_unstable) {
        rest(cluster, call);
        return true;
    }
    if ((call->step & HOPS_MASK) >= HOPS_MAX ||
        !yk_redis_redirect_parse(error, node->conn.link.host, &redirect))
        return false;
    struct yk_redis_member *member =
        yk_redis_members_at(&cluster->members, &redirect.address);
    if (!member)
        return false;
    call->step++;
    follow(cluster, call, &redirect, member);
    return true;
}

/* ---- The nodes ---- */

static void on_ready(struct yk_redis_node *node)
{
    note_circuit(node->owner);
}

static void on_break(struct yk_redis_node *node, const char *why)
{
    struct cluster *cluster = node->owner;
    struct yk_redis_member *member = (struct yk_redis_member *)node;
    char place[YK_REDIS_ADDRESS_TEXT_MAX];

    if (!*node->why && member->has_slots)
        yoke_log(YOKE_LOG_WARN, "store: %.200s: node %s: %s; trying again",
                 cluster->store->url,
                 yk_redis_address_text(&member->address, place), why);
    note_circuit(cluster);
    yk_redis_scout_want(&cluster->scout);
}

static void end_if_closed(struct cluster *cluster);

static void on_closed(struct yk_redis_node *node)
{
    struct cluster *cluster = node->owner;

    yk_redis_members_remove(&cluster->members, (struct yk_redis_member *)node);
    end_if_closed(cluster);
}

static const struct yk_redis_node_ops node_ops = {
    .on_ready = on_ready,
    .on_break = on_break,
    .on_closed = on_closed,
    .on_error = on_error,
    .cursor = end_page,
};

/* ---- Channels ---- */

/* Another node, one that is up if there is any. */
static void aim_channels(struct cluster *cluster)
{
    const struct yk_redis_members *members = &cluster->members;
    const struct yk_redis_member *chosen = NULL;

    for (unsigned i = 0; i < members->primary_count; i++) {
        unsigned at = cluster->next_listening++ % members->primary_count;
        chosen = members->primaries[at];
        if (yk_redis_node_is_ready(&chosen->node))
            break;
    }
    if (!chosen)
        return;
    cluster->listening = chosen->address;
    yk_redis_conn_aim(&cluster->channels.conn, &cluster->listening);
}

static void on_channels_break(yoke_store *store)
{
    aim_channels(cluster_of(store));
}

/* A node that is none of the cluster's any more hears nothing. */
static void check_channels(struct cluster *cluster)
{
    const struct yk_redis_scout *scout = &cluster->scout;
    bool is_known = false;

    for (size_t i = scout->seed_count; i < scout->count; i++)
        is_known |=
            yk_redis_address_eq(&cluster->listening, &scout->addresses[i]);
    if (cluster->listening.port == 0)
        aim_channels(cluster);
    else if (!is_known && scout->count < YK_REDIS_SCOUT_MAX)
        yk_link_break(&cluster->channels.conn.link,
                      "the node has left the cluster");
    yk_redis_channels_start(&cluster->channels);
}

/* Whoever listens waits for the map, too. */
static void listen_cluster(yoke_store *store, struct yk_topic *topic)
{
    struct cluster *cluster = cluster_of(store);

    yk_link_hold_loop(&cluster->scout.conn.link, true);
    yk_redis_channels_add(&cluster->channels, topic);
}

static void unlisten_cluster(yoke_store *store, struct yk_topic *topic)
{
    struct cluster *cluster = cluster_of(store);

    if (store->topics.by_name.count <= 1)
        yk_link_hold_loop(&cluster->scout.conn.link, false);
    yk_redis_channels_remove(&cluster->channels, topic);
}

/* ---- The map ---- */

static void ask(struct yk_redis_scout *scout)
{
    yk_redis_begin(&scout->conn, 2);
    yk_redis_argument(&scout->conn, YK_LIT("CLUSTER"));
    yk_redis_argument(&scout->conn, YK_LIT("SLOTS"));
}

struct places {
    struct yk_redis_address list[YK_REDIS_SCOUT_MAX];
    size_t count;
};

/* A primary has many ranges when slots have been moved. */
static void note_places(const struct yk_redis_range *range, void *data)
{
    struct places *places = data;

    for (unsigned i = 0; i < range->copy_count; i++) {
        bool is_known = places->count == YK_REDIS_SCOUT_MAX;
        for (size_t k = 0; k < places->count && !is_known; k++)
            is_known = yk_redis_address_eq(&places->list[k], &range->copies[i]);
        if (!is_known)
            places->list[places->count++] = range->copies[i];
    }
}

/* The scout may ask whoever the map names, replicas too. */
static void learn_places(struct yk_redis_scout *scout, const redisReply *reply)
{
    struct places *places = yk_alloc(sizeof(*places));

    yk_redis_slots_parse(reply, scout->current.host, note_places, places);
    yk_redis_scout_learn(scout, places->list, places->count);
    free(places);
}

static void send_waiting(struct cluster *cluster)
{
    struct yk_list *item;

    while ((item = yk_list_take(&cluster->waiting)))
        route(cluster, yk_call_of(item));
    flush(cluster);
}

static bool on_answer(struct yk_redis_scout *scout, const redisReply *reply,
                      char *why)
{
    struct cluster *cluster = scout->owner;
    char place[YK_REDIS_ADDRESS_TEXT_MAX];
    int told = yk_redis_slots_parse(reply, scout->current.host, NULL, NULL);

    yk_redis_address_text(&scout->current, place);
    if (reply->type == REDIS_REPLY_ERROR)
        yk_store_why(why, 0, "%.80s: %.140s", place, reply->str);
    else if (told <= 0)
        yk_store_why(why, 0, "%.80s knows no node that has slots", place);
    if (told <= 0)
        return false;
    yk_redis_members_adopt(&cluster->members, reply, scout->current.host);
    cluster->has_map = cluster->has_tried = true;
    learn_places(scout, reply);
    check_channels(cluster);
    note_circuit(cluster);
    send_waiting(cluster);
    return true;
}

/* With a map, the nodes tell for themselves that they are away. */
static void on_lost(struct yk_redis_scout *scout, const char *why)
{
    struct cluster *cluster = scout->owner;

    if (cluster->has_map)
        return;
    if (!cluster->has_tried)
        yoke_log(YOKE_LOG_WARN, "store: %.200s: %s; trying again",
                 cluster->store->url, why);
    cluster->has_tried = true;
    snprintf(cluster->why, sizeof(cluster->why), "%s", why);
    note_circuit(cluster);
    yk_calls_fail(&cluster->waiting, -YOKE_EUNAVAILABLE, cluster->why);
}

/* ---- Closing ---- */

static void free_cluster(struct cluster *cluster)
{
    yk_redis_settings_done(&cluster->settings);
    free(cluster);
}

static void end_if_closed(struct cluster *cluster)
{
    yoke_store *store = cluster->store;

    if (!cluster->is_closing || cluster->to_close > 0 ||
        cluster->members.count > 0)
        return;
    free_cluster(cluster);
    yk_store_closed(store);
}

static void on_part_closed(yoke_store *store)
{
    struct cluster *cluster = cluster_of(store);

    cluster->to_close--;
    end_if_closed(cluster);
}

static void on_scout_closed(struct yk_redis_scout *scout)
{
    struct cluster *cluster = scout->owner;
    on_part_closed(cluster->store);
}

static void on_timer_closed(uv_handle_t *timer)
{
    struct cluster *cluster = timer->data;
    on_part_closed(cluster->store);
}

static void close_cluster(yoke_store *store)
{
    struct cluster *cluster = cluster_of(store);

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

static const struct yk_redis_scout_ops scout_ops = {
    .ask = ask,
    .on_answer = on_answer,
    .on_lost = on_lost,
    .on_closed = on_scout_closed,
};

static int read_url(struct cluster *cluster, struct yk_url *url, char *why)
{
    bool with_tls = strncmp(url->scheme, "rediss", 6) == 0;
    int err = yk_redis_settings_read(&cluster->settings, url, with_tls, why);

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

static void init_parts(struct cluster *cluster)
{
    struct yk_redis_members *members = &cluster->members;
    struct yk_redis_channels *channels = &cluster->channels;

    yk_list_init(&cluster->waiting);
    yk_list_init(&cluster->resting);
    uv_timer_init(yoke_loop(), &cluster->timer);
    cluster->timer.data = cluster;
    members->settings = &cluster->settings;
    members->ops = &node_ops;
    members->owner = cluster;
    members->store = cluster->store;
    channels->store = cluster->store;
    channels->on_break = on_channels_break;
    channels->on_closed = on_part_closed;
    yk_redis_settings_apply(&cluster->settings, &channels->conn);
    yk_redis_conn_aim(&channels->conn, &cluster->listening);
    yk_redis_channels_init(channels);
}

static void start_scout(struct cluster *cluster)
{
    struct yk_redis_scout *scout = &cluster->scout;

    yk_redis_settings_apply(&cluster->settings, &scout->conn);
    scout->conn.link.beat_ms = YK_REDIS_SCOUT_BEAT_MS;
    scout->ops = &scout_ops;
    scout->owner = cluster;
    scout->quiet_beats = QUIET_BEATS;
    yk_redis_scout_start(scout);
}

static int open_cluster(yoke_store *store, struct yk_url *url, char *why)
{
    int err = yk_hiredis_load(why);
    if (err < 0)
        return err;
    struct cluster *cluster = yk_alloc(sizeof(*cluster));
    cluster->store = store;
    err = read_url(cluster, url, why);
    if (err < 0) {
        free_cluster(cluster);
        return err;
    }
    store->state = cluster;
    store->stats.circuit = YOKE_STORE_CONNECTING;
    init_parts(cluster);
    start_scout(cluster);
    return 0;
}

static const char *const schemes[] = {"redis+cluster", "rediss+cluster", NULL};

const struct yk_store_backend yk_store_redis_cluster = {
    .schemes = schemes,
    .open = open_cluster,
    .run = run_cluster,
    .listen = listen_cluster,
    .unlisten = unlisten_cluster,
    .suspect = suspect_cluster,
    .close = close_cluster,
};
