/* Limits that workers share through a store, from the inside.
 *
 * Requests of a client that come to a worker while it is asking the store for
 * that client wait, and are then asked for together, in one round. So however many
 * there are at once, the store has at most one round of each worker. */
#ifndef YK_MIDDLEWARE_RATE_SHARED_H
#define YK_MIDDLEWARE_RATE_SHARED_H

#include <stdbool.h>
#include <stdint.h>

#include <yoke/middleware/rate_limit.h>
#include <yoke/store.h>

#include "middleware/sip_hash.h"

/* Longest key of a client, as the store has it, without what a window adds. */
#define YK_RATE_KEY_MAX 200

/* Queues are looked for in so many lists. */
#define YK_RATE_LISTS 256

/* Older slices that a window looks at. */
#define YK_RATE_SLICES 5

struct yk_rate_queue;

/* A request that waits. */
struct yk_rate_waiting {
    struct yk_rate_waiting *next;
    yoke_rate_done *done; /* NULL: it gives back, and is not told. */
    void *data;
    uint64_t cost;
    struct yoke_rate_state state;
};

/* What `yoke_rate_store_shared` makes. */
struct yk_rate_shared {
    struct yoke_rate_store base;
    struct yoke_rate_shared_options options; /* Defaults filled in. */
    yoke_store *store;
    void (*round)(struct yk_rate_queue *queue); /* Asks for those who wait. */
    struct yk_sip_key list_key;                 /* Of the hash of `queues`. */
    struct yk_rate_queue *queues[YK_RATE_LISTS];
    unsigned queue_count; /* It is freed after the last. */
    bool is_freed;
};

/* Of one client; there is one while somebody waits. */
struct yk_rate_queue {
    struct yk_rate_queue *next; /* In its list. */
    struct yk_rate_shared *shared;
    struct yoke_rate rate;
    struct yk_rate_waiting *first, **last;
    unsigned batch; /* So many of them, from the first, are in this round; */
    uint64_t batch_cost; /* what those take that may pass at all. */
    char key[YK_RATE_KEY_MAX + 1];

    /* Of a bucket: */
    unsigned tries;
    uint64_t version; /* 0: the store has none. */
    uint64_t full_at_ns;

    /* Of a window: */
    uint64_t now_ms, slice_ms;
    uint64_t newest;                    /* The number of the newest slice. */
    int64_t counts[YK_RATE_SLICES + 1]; /* The oldest first. */
    int calls;                          /* Not answered yet. */
    int err;
    char slice_key[YOKE_STORE_KEY_MAX + 1]; /* Of the newest slice. */
};

/* Most requests of one round; the loop has others, too. */
#define YK_RATE_BATCH_MAX 1000

uint64_t yk_rate_now_ms(const struct yk_rate_shared *shared);

/* Seconds until what is written now is of no use any more. */
uint32_t yk_rate_ttl_s(uint64_t ms);

/* The round is over: answers those who were in it, all with their state or, if
 * there is an error, with that. Then the next round begins, or the queue is no
 * more. */
void yk_rate_answer(struct yk_rate_queue *queue, int err);

/* The rounds of the two ways. */
void yk_rate_window_round(struct yk_rate_queue *queue);
void yk_rate_bucket_round(struct yk_rate_queue *queue);

/* Gives back to the slice in which it was taken. */
void yk_rate_window_give(struct yk_rate_shared *shared, const char *key,
                         const struct yoke_rate *rate, uint64_t slice);

/* Forgets all slices that count. */
void yk_rate_window_reset(struct yk_rate_shared *shared, const char *key,
                          const struct yoke_rate *rate);

/* A key has been removed, or could not be, which is logged. */
void yk_rate_on_forgotten(const struct yoke_store_result *result, void *data);

/* What a request takes. */
uint64_t yk_rate_cost(const struct yoke_rate *rate);

/* Takes a request from a bucket that will be full at a time; also for the store
 * of one process (rate_store.c). */
struct yoke_rate_state yk_rate_take(uint64_t *full_at_ns,
                                    const struct yoke_rate *rate,
                                    uint64_t now_ns);

/* Gives it back. False: the bucket is full, and nothing has changed. */
bool yk_rate_give(uint64_t *full_at_ns, const struct yoke_rate *rate,
                  uint64_t now_ns);

#endif
