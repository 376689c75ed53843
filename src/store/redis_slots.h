/* What a Redis cluster says about itself. Keys belong to 16,384 slots, by their
 * CRC16 (Redis Cluster Specification, "Key distribution model"); each slot
 * belongs to one primary. Here are the slot of a key, the map of slots that
 * CLUSTER SLOTS tells, and the errors that name another node. */
#ifndef YK_STORE_REDIS_SLOTS_H
#define YK_STORE_REDIS_SLOTS_H

#include <stdbool.h>
#include <stdint.h>

#include "store/redis_address.h"
#include "store/redis_library.h"

#define YK_REDIS_SLOTS      16384
/* A node's name, 40 hex digits, and a NUL. */
#define YK_REDIS_ID_MAX     41
/* Of one range: the primary, and so many replicas less one. */
#define YK_REDIS_COPIES_MAX 8

/* The slot of a key. If it has braces with something between, only that counts:
 * so keys can be kept together. */
unsigned yk_redis_slot(struct yk_slice key);

/* Slots in a row that one primary has. */
struct yk_redis_range {
    unsigned first, last;
    char id[YK_REDIS_ID_MAX];                            /* The primary's. */
    struct yk_redis_address copies[YK_REDIS_COPIES_MAX]; /* It comes first. */
    unsigned copy_count;
};

/* Calls `fn` for each range that the reply to CLUSTER SLOTS has; ranges whose
 * primary has no address are left out. `otherwise` is the host of nodes without
 * one. `fn` may be NULL. Returns the number of slots that were told; or -1, when
 * the reply is none of this form. */
int yk_redis_slots_parse(const redisReply *reply, const char *otherwise,
                         void (*fn)(const struct yk_redis_range *range,
                                    void *data),
                         void *data);

/* "MOVED slot host:port": the slot is there now; "ASK slot host:port": this one
 * time ask there. */
struct yk_redis_redirect {
    bool is_ask;
    unsigned slot;
    struct yk_redis_address address;
};

/* False when the error is none of the two. */
bool yk_redis_redirect_parse(const char *error, const char *otherwise,
                             struct yk_redis_redirect *ret_redirect);

#endif
