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
#include <string.h>
#include <sys/random.h>

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
    uint64_t place_keys[2], tag_keys[2]; /* Of the two hashes. */
    size_t set_count;                    /* A power of two. */
    struct bucket buckets[];             /* WAYS for each set. */
};

/* ---- SipHash-1-3 (Aumasson and Bernstein) ---- */

static uint64_t rotate(uint64_t x, int bits)
{
    return x << bits | x >> (64 - bits);
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[2] += v[3];
    v[1] = rotate(v[1], 13) ^ v[0];
    v[3] = rotate(v[3], 16) ^ v[2];
    v[0] = rotate(v[0], 32);
    v[2] += v[1];
    v[0] += v[3];
    v[1] = rotate(v[1], 17) ^ v[2];
    v[3] = rotate(v[3], 21) ^ v[0];
    v[2] = rotate(v[2], 32);
}

static uint64_t hash(const uint64_t keys[2], const char *text)
{
    size_t len = strlen(text), left = len;
    uint64_t v[4] = {keys[0] ^ 0x736f6d6570736575, keys[1] ^ 0x646f72616e646f6d,
                     keys[0] ^ 0x6c7967656e657261,
                     keys[1] ^ 0x7465646279746573};
    for (bool is_last = false; !is_last; text += 8) {
        uint64_t word = 0;
        is_last = left < 8;
        memcpy(&word, text, is_last ? left : 8);
        if (is_last)
            word |= (uint64_t)len << 56;
        else
            left -= 8;
        v[3] ^= word;
        sip_round(v);
        v[0] ^= word;
    }
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

/* ---- Places ---- */

/* The bucket of a key, or the place for one: that which is nearest to full goes
 * first, for its owner gains the least. */
static struct bucket *find(struct store *store, const char *key)
{
    uint64_t tag = hash(store->tag_keys, key);
    size_t set = hash(store->place_keys, key) & (store->set_count - 1);
    struct bucket *first = &store->buckets[set * WAYS], *oldest = first;
    for (struct bucket *b = first; b < first + WAYS; b++) {
        if (b->tag == tag)
            return b;
        if (b->full_at_ns < oldest->full_at_ns)
            oldest = b;
    }
    *oldest = (struct bucket){.tag = tag};
    return oldest;
}

/* ---- Taking ---- */

static uint64_t ms_up(uint64_t ns)
{
    return (ns + NS - 1) / NS;
}

struct yoke_rate_state yk_rate_take(uint64_t *full_at_ns,
                                    const struct yoke_rate *rate,
                                    uint64_t now_ns)
{
    uint64_t step = rate->window_ms * NS / rate->limit;
    uint64_t most = step * rate->limit;
    if (*full_at_ns < now_ns)
        *full_at_ns = now_ns;
    struct yoke_rate_state state = {.is_allowed = false};
    uint64_t ahead = *full_at_ns - now_ns;
    if (ahead + step <= most) {
        state.is_allowed = true;
        ahead += step;
        *full_at_ns += step;
    }
    if (ahead < most && step > 0)
        state.remaining = (most - ahead) / step;
    if (ahead + step > most)
        state.next_in_ms = ms_up(ahead + step - most);
    state.full_in_ms = ms_up(ahead);
    return state;
}

static void take(struct yoke_rate_store *base, const char *key,
                 const struct yoke_rate *rate, uint64_t now_ms,
                 yoke_rate_done *done, void *data)
{
    struct store *store = (struct store *)base;
    struct yoke_rate_state state =
        yk_rate_take(&find(store, key)->full_at_ns, rate, now_ms * NS);
    done(data, 0, &state);
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
    store->base = (struct yoke_rate_store){take, store_free};
    store->set_count = sets;
    if (getrandom(store->place_keys, sizeof(store->place_keys), 0) < 0 ||
        getrandom(store->tag_keys, sizeof(store->tag_keys), 0) < 0)
        abort();
    return &store->base;
}
