#include "store/redis_members.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"

#include "core/banned.h"

/* One that only a redirection has named is used again soon, or not at all. */
#define IDLE_MAPS_MAX 3

/* ---- Finding ---- */

static struct yk_redis_member *find(const struct yk_redis_members *members,
                                    const struct yk_redis_address *address)
{
    YK_REDIS_MEMBERS_EACH(member, members)
    {
        if (yk_redis_address_eq(&member->address, address))
            return member;
    }
    return NULL;
}

struct yk_redis_member *
yk_redis_members_of(const struct yk_redis_members *members, unsigned slot)
{
    unsigned at = members->slots[slot];
    return at ? members->list[at - 1] : NULL;
}

struct yk_redis_member *
yk_redis_members_any(const struct yk_redis_members *members)
{
    for (unsigned i = 0; i < members->primary_count; i++)
        if (yk_redis_node_is_ready(&members->primaries[i]->node))
            return members->primaries[i];
    return NULL;
}

/* ---- Adding and removing ---- */

static bool find_room(struct yk_redis_members *members, unsigned *ret_index)
{
    unsigned i = 0;

    while (i < members->end && members->list[i])
        i++;
    if (i == YK_REDIS_MEMBERS_MAX)
        return false;
    if (i == members->end)
        members->end++;
    *ret_index = i;
    return true;
}

struct yk_redis_member *
yk_redis_members_at(struct yk_redis_members *members,
                    const struct yk_redis_address *address)
{
    struct yk_redis_member *member = find(members, address);
    unsigned index;

    if (member || !find_room(members, &index))
        return member;
    member = yk_alloc(sizeof(*member));
    member->address = *address;
    member->index = index;
    member->node.ops = members->ops;
    member->node.owner = members->owner;
    member->node.conn.link.store = members->store;
    yk_redis_settings_apply(members->settings, &member->node.conn);
    yk_redis_conn_aim(&member->node.conn, &member->address);
    yk_redis_node_init(&member->node);
    members->list[index] = member;
    members->count++;
    yk_link_start(&member->node.conn.link);
    return member;
}

void yk_redis_members_remove(struct yk_redis_members *members,
                             struct yk_redis_member *member)
{
    yk_redis_node_fail(&member->node, -ECANCELED, NULL);
    members->list[member->index] = NULL;
    members->count--;
    free(member);
}

static void close_idle(struct yk_redis_members *members)
{
    YK_REDIS_MEMBERS_EACH(member, members)
    {
        bool is_idle = !member->has_slots && !member->is_used &&
                       yk_list_is_empty(&member->node.sent) &&
                       yk_list_is_empty(&member->node.waiting);
        member->is_used = false;
        member->idle_maps = is_idle ? member->idle_maps + 1 : 0;
        member->is_leaving = member->idle_maps >= IDLE_MAPS_MAX;
        if (member->is_leaving)
            yk_link_close(&member->node.conn.link);
    }
}

/* ---- The map ---- */

static void take_range(const struct yk_redis_range *range, void *data)
{
    struct yk_redis_members *members = data;
    struct yk_redis_member *member =
        yk_redis_members_at(members, &range->copies[0]);

    if (!member)
        return;
    member->has_slots = true;
    memcpy(member->id, range->id, sizeof(member->id));
    for (unsigned slot = range->first; slot <= range->last; slot++)
        members->slots[slot] = (uint16_t)(member->index + 1);
}

static int compare_ids(const void *a, const void *b)
{
    const struct yk_redis_member *const *x = a, *const *y = b;
    return strcmp((*x)->id, (*y)->id);
}

static void order_primaries(struct yk_redis_members *members)
{
    unsigned count = 0;

    YK_REDIS_MEMBERS_EACH(member, members)
    {
        if (member->has_slots)
            members->primaries[count++] = member;
    }
    qsort(members->primaries, count, sizeof(members->primaries[0]),
          compare_ids);
    members->primary_count = count;
}

/* FNV-1a. */
static uint32_t hash(uint32_t value, const void *ptr, size_t len)
{
    const unsigned char *bytes = ptr;

    for (size_t i = 0; i < len; i++)
        value = (value ^ bytes[i]) * UINT32_C(16777619);
    return value;
}

/* Of what a scan depends on: the primaries, and where slots change hands. */
static void hash_map(struct yk_redis_members *members)
{
    uint32_t value = UINT32_C(2166136261);
    unsigned unowned = 0;

    for (unsigned slot = 0; slot < YK_REDIS_SLOTS; slot++) {
        const struct yk_redis_member *owner =
            yk_redis_members_of(members, slot);
        unowned += !owner;
        if (slot > 0 && members->slots[slot] == members->slots[slot - 1])
            continue;
        value = hash(value, &slot, sizeof(slot));
        if (owner)
            value = hash(value, owner->id, strlen(owner->id));
    }
    members->map = value;
    members->unowned = unowned;
}

void yk_redis_members_adopt(struct yk_redis_members *members,
                            const redisReply *reply, const char *otherwise)
{
    memset(members->slots, 0, sizeof(members->slots));
    YK_REDIS_MEMBERS_EACH(member, members)
    {
        member->has_slots = false;
    }
    yk_redis_slots_parse(reply, otherwise, take_range, members);
    order_primaries(members);
    hash_map(members);
    close_idle(members);
}
