#include "store/redis_cluster.h"

#include "core/banned.h"

/* Another node, one that is up if there is any. */
static void aim(struct yk_redis_cluster *cluster)
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
    aim(yk_redis_cluster_of(store));
}

/* A node that is none of the cluster's any more hears nothing. */
void yk_redis_cluster_check_channels(struct yk_redis_cluster *cluster)
{
    const struct yk_redis_scout *scout = &cluster->scout;
    bool is_known = false;

    for (size_t i = scout->seed_count; i < scout->count; i++)
        is_known |=
            yk_redis_address_eq(&cluster->listening, &scout->addresses[i]);
    if (cluster->listening.port == 0)
        aim(cluster);
    else if (!is_known && scout->count < YK_REDIS_SCOUT_MAX)
        yk_link_break(&cluster->channels.conn.link,
                      "the node has left the cluster");
    yk_redis_channels_start(&cluster->channels);
}

/* Whoever listens waits for the map, too. */
void yk_redis_cluster_listen(yoke_store *store, struct yk_topic *topic)
{
    struct yk_redis_cluster *cluster = yk_redis_cluster_of(store);

    yk_link_hold_loop(&cluster->scout.conn.link, true);
    yk_redis_channels_add(&cluster->channels, topic);
}

void yk_redis_cluster_unlisten(yoke_store *store, struct yk_topic *topic)
{
    struct yk_redis_cluster *cluster = yk_redis_cluster_of(store);

    if (store->topics.by_name.count <= 1)
        yk_link_hold_loop(&cluster->scout.conn.link, false);
    yk_redis_channels_remove(&cluster->channels, topic);
}

void yk_redis_cluster_init_channels(struct yk_redis_cluster *cluster)
{
    struct yk_redis_channels *channels = &cluster->channels;

    channels->store = cluster->store;
    channels->on_break = on_channels_break;
    channels->on_closed = yk_redis_cluster_part_closed;
    yk_redis_settings_apply(&cluster->settings, &channels->conn);
    yk_redis_conn_aim(&channels->conn, &cluster->listening);
    yk_redis_channels_init(channels);
}
