/* A store at a Redis cluster, from the inside: what its files have for one
 * another.
 *
 *     redis_cluster.c           opening, closing, calls to the nodes they belong to
 *     redis_cluster_map.c       who has which slot
 *     redis_cluster_redirect.c  calls that a node has sent on
 *     redis_cluster_scan.c      over one primary after the other
 *     redis_cluster_channels.c  at which node messages are heard */
#ifndef YK_STORE_REDIS_CLUSTER_H
#define YK_STORE_REDIS_CLUSTER_H

#include <stdbool.h>

#include <uv.h>

#include "store/redis_channels.h"
#include "store/redis_cursor.h"
#include "store/redis_members.h"
#include "store/redis_scout.h"
#include "store/store.h"

struct yk_redis_cluster {
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

struct yk_redis_cluster *yk_redis_cluster_of(yoke_store *store);

/* Tells the store how the cluster is: up when all primaries are. */
void yk_redis_cluster_note(struct yk_redis_cluster *cluster);

/* ---- Calls ---- */

/* Sends a call to the node that has its slot, or fails it. */
void yk_redis_cluster_route(struct yk_redis_cluster *cluster,
                            struct yk_call *call);

/* Sends a call to a node. */
void yk_redis_cluster_send(struct yk_redis_member *member,
                           struct yk_call *call);

/* Writes what has been sent to all nodes. */
void yk_redis_cluster_flush(struct yk_redis_cluster *cluster);

/* ---- redis_cluster_map.c ---- */

/* The scout has begun to ask who has which slot. */
void yk_redis_cluster_start_scout(struct yk_redis_cluster *cluster);

/* ---- redis_cluster_redirect.c ---- */

/* A node's error (yk_redis_node_ops.on_error): true when the call is taken over,
 * and is sent on. */
bool yk_redis_cluster_redirect(struct yk_redis_node *node, struct yk_call *call,
                               const char *error);

/* ---- redis_cluster_scan.c ---- */

void yk_redis_cluster_scan(struct yk_redis_cluster *cluster,
                           struct yk_call *call);

/* The cursor behind a page (yk_redis_node_ops.cursor). */
const char *yk_redis_cluster_cursor(const struct yk_call *call,
                                    const char *own);

/* ---- redis_cluster_channels.c ---- */

/* Before they are listened to. */
void yk_redis_cluster_init_channels(struct yk_redis_cluster *cluster);

/* There is a new map: a node that is none of the cluster's any more hears
 * nothing. */
void yk_redis_cluster_check_channels(struct yk_redis_cluster *cluster);

/* The backend's `listen` and `unlisten`. */
void yk_redis_cluster_listen(yoke_store *store, struct yk_topic *topic);
void yk_redis_cluster_unlisten(yoke_store *store, struct yk_topic *topic);

/* The scout, the channels or the timer has closed. */
void yk_redis_cluster_part_closed(yoke_store *store);

#endif
