/* Sticky: a client's address always finds the same worker, as long as that one
 * serves. The kernel chooses, by a filter (sticky_filter.h) that is attached
 * to the group of the workers' sockets (shards.h); that takes no privilege, and
 * nobody is on the way.
 *
 * A worker that dies, hangs or drains lends its clients to the others; its
 * replacement, which takes over its socket, gets them back. No other client
 * moves. What comes to the primary is dealt by the same hash. */
#include <errno.h>
#include <linux/filter.h>
#include <stdio.h>
#include <stdlib.h>

#include <yoke/error.h>
#include <yoke/log.h>

#include "cluster/buckets.h"
#include "cluster/dealer.h"
#include "cluster/fallback.h"
#include "cluster/message.h"
#include "cluster/port.h"
#include "cluster/sched.h"
#include "cluster/shards.h"
#include "cluster/sticky_filter.h"
#include "cluster/users.h"
#include "cluster/worker.h"
#include "core/alloc.h"
#include "core/cleanup.h"
#include "core/random.h"
#include "net/reuseport.h"

#include "core/banned.h"

_Static_assert(YK_SHARDS_MAX <= YK_HOMES_MAX, "each shard can be a home");

/* ---- The seed ---- */

/* One for all ports, so that a client has the same worker on each. Written by
 * find_seed. */
static struct yk_random random_;
static uint32_t seed;

static uint32_t find_seed(void)
{
    if (!seed) {
        yk_random_init(&random_);
        seed = (uint32_t)yk_random_next(&random_) | 1;
    }
    return seed;
}

/* ---- Shards ---- */

static int open_sticky(struct yk_shards *shards, char text[YK_SHARDS_TEXT_MAX])
{
    struct yk_buckets *buckets = yk_try_alloc(sizeof(*buckets));

    snprintf(text, YK_SHARDS_TEXT_MAX, "no memory");
    if (!buckets)
        return -ENOMEM;
    yk_buckets_init(buckets);
    shards->state = buckets;
    return 0;
}

static int attach_filter(const struct yk_shards *shards)
{
    YK_CLEANUP(yk_free_ptr)
    struct sock_filter *filter =
        yk_try_alloc(YK_STICKY_FILTER_MAX * sizeof(*filter));

    if (!filter)
        return -ENOMEM;
    size_t count = yk_sticky_filter_write(shards->state, find_seed(), filter);
    return yk_reuseport_attach_filter(shards->port->socket.fd, filter,
                                      (uint16_t)count);
}

static int add(struct yk_shards *shards, const struct yk_shard *shard,
               char text[YK_SHARDS_TEXT_MAX])
{
    struct yk_buckets *buckets = shards->state;
    struct yk_buckets before = *buckets;

    (void)shard;
    int err = yk_buckets_add(buckets);
    if (err == 0)
        err = attach_filter(shards);
    if (err == 0)
        return 0;
    /* There will be no such shard. */
    *buckets = before;
    snprintf(text, YK_SHARDS_TEXT_MAX,
             "a filter cannot be attached to sockets: %s", yoke_strerror(err));
    return err;
}

/* Without the new filter the old one goes on: connections that it sends to a
 * worker that is gone come to the primary, which deals them. */
static void route(struct yk_shards *shards, const struct yk_shard *shard)
{
    struct yk_buckets *buckets = shards->state;

    if (buckets->is_open[shard->number] == shard->is_routed)
        return;
    yk_buckets_set_open(buckets, shard->number, shard->is_routed);
    int err = attach_filter(shards);
    if (err < 0)
        yoke_log(YOKE_LOG_WARN,
                 "clients cannot be moved to other workers by the kernel: %s",
                 yoke_strerror(err));
}

static void close_sticky(struct yk_shards *shards)
{
    free(shards->state);
}

static const struct yk_shards_ops ops = {
    .open = open_sticky,
    .add = add,
    .route = route,
    .close = close_sticky,
};

/* ---- The policy ---- */

static int start(struct yk_port *port)
{
    char text[YK_SHARDS_TEXT_MAX];

    if (port->socket.address.family < 0)
        return yk_sched_fall_back(
            port, "the clients of a UNIX socket have no address");
    if (yk_shards_start(port, &ops, text) < 0)
        return yk_sched_fall_back(port, text);
    return 0;
}

/* The one that the kernel would have chosen; it is waited for when it is merely
 * busy. */
static struct yk_user *choose(struct yk_port *port, const struct yk_conn *conn)
{
    struct yk_shards *shards = port->state;
    uint16_t number = yk_buckets_find(shards->state,
                                      yk_sticky_hash(&conn->peer, find_seed()));
    struct yk_user *owner =
        number == YK_HOME_NONE ? NULL : shards->of[number]->owner;

    if (!owner)
        return yk_shards_take_turn(port);
    switch (yk_dealer_readiness(owner->worker)) {
    case YK_READY:
        return owner;
    case YK_BUSY:
        return NULL;
    case YK_LATE:
        break;
    }
    return yk_shards_take_turn(port);
}

const struct yk_sched yk_sched_sticky = {
    .policy = YOKE_SCHED_STICKY,
    .name = "sticky",
    .ways = YK_ACCEPT_OWN,
    .start = start,
    .user_added = yk_shards_user_added,
    .user_removed = yk_shards_user_removed,
    .unroute = yk_shards_unroute,
    .update = yk_shards_update,
    .socket = yk_shards_socket,
    .choose = choose,
    .drain = yk_shards_drain,
    .stop = yk_shards_stop,
};
