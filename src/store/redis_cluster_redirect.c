#include "store/redis_cluster.h"

#include <yoke/error.h>

#include "core/banned.h"

/* How often a call is sent on; after the first few it rests before. */
#define HOPS_MASK    0xffff
#define HOPS_MAX     64
#define HOPS_AT_ONCE 4
#define REST_MS      20

static void on_timer(uv_timer_t *timer)
{
    struct yk_redis_cluster *cluster = timer->data;
    struct yk_list resting, *item;

    if (yk_store_is_foreign(cluster->store))
        return;
    yk_list_init(&resting);
    yk_list_move_all(&resting, &cluster->resting);
    while ((item = yk_list_take(&resting)))
        yk_redis_cluster_route(cluster, yk_call_of(item));
    yk_redis_cluster_flush(cluster);
}

/* Where it goes then, the map says. */
static void rest(struct yk_redis_cluster *cluster, struct yk_call *call)
{
    call->step &= HOPS_MASK;
    yk_list_add(&cluster->resting, &call->node);
    if (!uv_is_active((uv_handle_t *)&cluster->timer))
        uv_timer_start(&cluster->timer, on_timer, REST_MS, 0);
}

static void follow(struct yk_redis_cluster *cluster, struct yk_call *call,
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
    yk_redis_cluster_send(member, call);
    yk_redis_node_flush(&member->node);
}

/* What a node has said that it has not carried out. TRYAGAIN: of a lock's keys
 * one has moved and one has not; for how long that is tried again, the call's
 * deadline says. */
bool yk_redis_cluster_redirect(struct yk_redis_node *node, struct yk_call *call,
                               const char *error)
{
    struct yk_redis_cluster *cluster = node->owner;
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
