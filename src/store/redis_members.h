/* The nodes of a cluster that this process speaks to, and which of them has
 * which slot, as far as is known: primaries, and nodes that others have named
 * for a single key. */
#ifndef YK_STORE_REDIS_MEMBERS_H
#define YK_STORE_REDIS_MEMBERS_H

#include "store/redis_node.h"
#include "store/redis_settings.h"
#include "store/redis_slots.h"

#define YK_REDIS_MEMBERS_MAX 1024

struct yk_redis_member {
    struct yk_redis_node node; /* First: the two are one address. */
    struct yk_redis_address address;
    char id[YK_REDIS_ID_MAX]; /* Once it is in the map. */
    unsigned index;           /* In the table. */
    bool has_slots;           /* By the map. */
    bool is_used;             /* Since the last map. */
    unsigned idle_maps;       /* In a row: it had no slots and was not used. */
    bool is_leaving;          /* It is being closed. */
};

struct yk_redis_members {
    const struct yk_redis_settings *settings;
    const struct yk_redis_node_ops *ops;
    void *owner;              /* Each node's. */
    struct yoke_store *store; /* Each link's. */

    struct yk_redis_member *list[YK_REDIS_MEMBERS_MAX]; /* Owned; with gaps. */
    unsigned end;                                       /* Behind the last. */
    unsigned count;                                     /* That exist. */
    uint16_t slots[YK_REDIS_SLOTS]; /* Index + 1; 0: nobody has it. */
    struct yk_redis_member *primaries[YK_REDIS_MEMBERS_MAX]; /* By id. */
    unsigned primary_count;
    uint32_t map;     /* A hash of who has which slots. */
    unsigned unowned; /* Slots that nobody has. */
};

/* The node at that address, which is connected to if it is new; NULL: there are
 * too many. */
struct yk_redis_member *
yk_redis_members_at(struct yk_redis_members *members,
                    const struct yk_redis_address *address);

/* Who has the slot, or NULL. */
struct yk_redis_member *
yk_redis_members_of(const struct yk_redis_members *members, unsigned slot);

/* One that calls can be sent to, or NULL. */
struct yk_redis_member *
yk_redis_members_any(const struct yk_redis_members *members);

/* Takes over a reply to CLUSTER SLOTS that yk_redis_slots_parse has found to be
 * one. Nodes that have no slots any more, and have not been used for a few maps,
 * are closed. */
void yk_redis_members_adopt(struct yk_redis_members *members,
                            const redisReply *reply, const char *otherwise);

/* Frees one; from its on_closed. */
void yk_redis_members_remove(struct yk_redis_members *members,
                             struct yk_redis_member *member);

/* Each member that is not leaving. Two loops in one: `break` goes on with the
 * next. */
#define YK_REDIS_MEMBERS_EACH(member, members)                                 \
    for (unsigned member##_i = 0; member##_i < (members)->end; member##_i++)   \
        for (struct yk_redis_member *member = (members)->list[member##_i];     \
             member && !member->is_leaving; member = NULL)

#endif
