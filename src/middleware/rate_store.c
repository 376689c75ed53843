/* Buckets in this process.
 *
 * A bucket is one number, the time at which it will be full: each request taken
 * moves that on by one step, and none may be taken when it would lie further
 * ahead than all of them together (the generic cell rate algorithm). A bucket
 * that is full is no different from one that was never there, so nothing has
 * to be cleaned up.
 *
 *     now            full_at                      now + window
 *      |----------------|                              |
 *       taken: 4 of 10   still to be taken: 6
 *
 * Places are found by a hash of the key that nobody outside can guess, and held
 * by another one: keys are not kept, so that any key costs the same. */
#include "middleware/rate_shared.h"

#include <stdlib.h>

#include "middleware/sip_hash.h"

#include "core/banned.h"

/* A key has its place in one of so many. */
#define WAYS 8
#define NS   1000000

struct bucket {
    uint64_t tag; /* A hash of the key. */
    uint64_t full_at_ns;
};

struct store {
    struct yoke_rate_store base;
    struct yk_sip_key place_key, tag_key; /* Of the two hashes. */
    size_t set_count;                     /* A power of two. */
    struct bucket buckets[];              /* WAYS for each set. */
};

/* ---- Places ---- */

/* The bucket of a key, or the place for one, if it is to be made: that which is
 * nearest to full goes first, for its owner gains the least. */
static struct bucket *find(struct store *store, const char *key, bool makes)
{
    uint64_t tag = yk_sip_hash(&store->tag_key, key);
    uint64_t place = yk_sip_hash(&store->place_key, key);
    size_t set = place & (store->set_count - 1);
    struct bucket *first = &store->buckets[set * WAYS], *oldest = first;
    for (struct bucket *b = first; b < first + WAYS; b++) {
        if (b->tag == tag)
            return b;
        if (b->full_at_ns < oldest->full_at_ns)
            oldest = b;
    }
    if (!makes)
        return NULL;
    *oldest = (struct bucket){.tag = tag};
    return oldest;
}

/* ---- Taking ---- */

static uint64_t ms_up(uint64_t ns)
{
    return (ns + NS - 1) / NS;
}

uint64_t yk_rate_cost(const struct yoke_rate *rate)
{
    return rate->cost > 0 ? rate->cost : 1;
}

/* What so many requests move it on by; of more than all, as of one more. */
static uint64_t moved_by(const struct yoke_rate *rate, uint64_t step)
{
    uint64_t cost = yk_rate_cost(rate);
    return step * (cost <= rate->limit ? cost : rate->limit + 1);
}

static uint64_t step_of(const struct yoke_rate *rate)
{
    return rate->window_ms * NS / rate->limit;
}

struct yoke_rate_state yk_rate_take(uint64_t *full_at_ns,
                                    const struct yoke_rate *rate,
                                    uint64_t now_ns)
{
    uint64_t step = step_of(rate), most = step * rate->limit;
    uint64_t wanted = moved_by(rate, step);
    if (*full_at_ns < now_ns)
        *full_at_ns = now_ns;
    struct yoke_rate_state state = {.is_allowed = false};
    uint64_t ahead = *full_at_ns - now_ns;
    if (ahead + wanted <= most && yk_rate_cost(rate) <= rate->limit) {
        state.is_allowed = true;
        ahead += wanted;
        *full_at_ns += wanted;
    }
    if (ahead < most && step > 0)
        state.remaining = (most - ahead) / step;
    if (ahead + wanted > most)
        state.next_in_ms = ms_up(ahead + wanted - most);
    state.full_in_ms = ms_up(ahead);
    return state;
}

bool yk_rate_give(uint64_t *full_at_ns, const struct yoke_rate *rate,
                  uint64_t now_ns)
{
    uint64_t back = moved_by(rate, step_of(rate));
    if (*full_at_ns <= now_ns)
        return false;
    uint64_t ahead = *full_at_ns - now_ns;
    *full_at_ns -= back < ahead ? back : ahead;
    return true;
}

static void take(struct yoke_rate_store *base, const char *key,
                 const struct yoke_rate *rate, uint64_t now_ms,
                 yoke_rate_done *done, void *data)
{
    struct store *store = (struct store *)base;
    struct yoke_rate_state state =
        yk_rate_take(&find(store, key, true)->full_at_ns, rate, now_ms * NS);
    done(data, 0, &state);
}

static void give(struct yoke_rate_store *base, const char *key,
                 const struct yoke_rate *rate,
                 const struct yoke_rate_state *state, uint64_t now_ms)
{
    struct store *store = (struct store *)base;
    struct bucket *bucket = find(store, key, false);
    (void)state;
    if (bucket)
        yk_rate_give(&bucket->full_at_ns, rate, now_ms * NS);
}

/* A full bucket is no different from none. */
static void reset(struct yoke_rate_store *base, const char *key,
                  const struct yoke_rate *rate, uint64_t now_ms)
{
    struct bucket *bucket = find((struct store *)base, key, false);
    (void)rate, (void)now_ms;
    if (bucket)
        bucket->full_at_ns = 0;
}

static void store_free(struct yoke_rate_store *base)
{
    free(base);
}

struct yoke_rate_store *yoke_rate_store_local(size_t max_clients)
{
    size_t sets = 1;
    while (sets * WAYS < max_clients && sets < SIZE_MAX / WAYS / 64)
        sets *= 2;
    /* Only what is used of it takes memory. */
    struct store *store =
        calloc(1, sizeof(*store) + sets * WAYS * sizeof(struct bucket));
    if (!store)
        abort();
    store->base = (struct yoke_rate_store){take, store_free, give, reset};
    store->set_count = sets;
    yk_sip_key_make(&store->place_key);
    yk_sip_key_make(&store->tag_key);
    return &store->base;
}
