#include "store/redis_cluster.h"

#include <stdio.h>
#include <stdlib.h>

#include <yoke/error.h>
#include <yoke/log.h>

#include "core/alloc.h"

#include "core/banned.h"

/* The scout asks in one of so many beats, when nothing seems wrong. */
#define QUIET_BEATS 10

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

static void send_waiting(struct yk_redis_cluster *cluster)
{
    struct yk_list *item;

    while ((item = yk_list_take(&cluster->waiting)))
        yk_redis_cluster_route(cluster, yk_call_of(item));
    yk_redis_cluster_flush(cluster);
}

static bool on_answer(struct yk_redis_scout *scout, const redisReply *reply,
                      char *why)
{
    struct yk_redis_cluster *cluster = scout->owner;
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
    yk_redis_cluster_check_channels(cluster);
    yk_redis_cluster_note(cluster);
    send_waiting(cluster);
    return true;
}

/* With a map, the nodes tell for themselves that they are away. */
static void on_lost(struct yk_redis_scout *scout, const char *why)
{
    struct yk_redis_cluster *cluster = scout->owner;

    if (cluster->has_map)
        return;
    if (!cluster->has_tried)
        yoke_log(YOKE_LOG_WARN, "store: %.200s: %s; trying again",
                 cluster->store->url, why);
    cluster->has_tried = true;
    snprintf(cluster->why, sizeof(cluster->why), "%s", why);
    yk_redis_cluster_note(cluster);
    yk_calls_fail(&cluster->waiting, -YOKE_EUNAVAILABLE, cluster->why);
}

static void on_scout_closed(struct yk_redis_scout *scout)
{
    struct yk_redis_cluster *cluster = scout->owner;
    yk_redis_cluster_part_closed(cluster->store);
}

static const struct yk_redis_scout_ops scout_ops = {
    .ask = ask,
    .on_answer = on_answer,
    .on_lost = on_lost,
    .on_closed = on_scout_closed,
};

void yk_redis_cluster_start_scout(struct yk_redis_cluster *cluster)
{
    struct yk_redis_scout *scout = &cluster->scout;

    yk_redis_settings_apply(&cluster->settings, &scout->conn);
    scout->conn.link.beat_ms = YK_REDIS_SCOUT_BEAT_MS;
    scout->ops = &scout_ops;
    scout->owner = cluster;
    scout->quiet_beats = QUIET_BEATS;
    yk_redis_scout_start(scout);
}
