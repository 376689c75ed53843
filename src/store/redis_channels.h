/* Subscriptions at a Redis server: a connection of their own, for a client that
 * has subscribed may do nothing else on it. It is opened by the first, and kept
 * up; after a break everything is subscribed again, and subscribers are told
 * that they may have missed something. */
#ifndef YK_STORE_REDIS_CHANNELS_H
#define YK_STORE_REDIS_CHANNELS_H

#include "store/redis_conn.h"
#include "store/topics.h"

struct yk_redis_channels {
    struct yk_redis_conn conn;
    yoke_store *store;
    /* The connection, or an attempt, is over: it may be aimed at another
     * server. NULL: it stays. */
    void (*on_break)(yoke_store *store);
    void (*on_closed)(yoke_store *store);
};

/* `conn`'s address and settings, `store`, `on_break` and `on_closed` are
 * set. */
void yk_redis_channels_init(struct yk_redis_channels *channels);

void yk_redis_channels_add(struct yk_redis_channels *channels,
                           struct yk_topic *topic);
void yk_redis_channels_remove(struct yk_redis_channels *channels,
                              struct yk_topic *topic);

/* There is an address now: before, nothing was tried. */
void yk_redis_channels_start(struct yk_redis_channels *channels);

/* on_closed follows. */
void yk_redis_channels_close(struct yk_redis_channels *channels);

#endif
