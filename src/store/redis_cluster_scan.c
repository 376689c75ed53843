#include "store/redis_cluster.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>

#include <yoke/error.h>

#include "core/banned.h"

/* Where a page begins: stored in the call, with its own cursor as the tag. */
static const char *begin_page(struct yk_redis_cluster *cluster,
                              struct yk_call *call, int *ret_err)
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
const char *yk_redis_cluster_cursor(const struct yk_call *call, const char *own)
{
    struct yk_redis_cluster *cluster = yk_redis_cluster_of(call->store);
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

void yk_redis_cluster_scan(struct yk_redis_cluster *cluster,
                           struct yk_call *call)
{
    int err;
    const char *wrong = begin_page(cluster, call, &err);

    if (wrong)
        yk_call_fail(call, err, wrong);
    else
        yk_redis_cluster_send(cluster->members.primaries[call->number], call);
}
