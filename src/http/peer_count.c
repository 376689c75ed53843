#include "http/peer_count.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/random.h"

#define CAPACITY_MIN 64

/* Open addressing with linear probing; removal moves later entries back, so
 * there are no tombstones. */
struct yk_peer_slot {
    uint8_t ip[16];
    uint8_t family;
    uint32_t count; /* 0: the slot is free. */
};

void yk_peer_count_init(struct yk_peer_count *counts)
{
    struct yk_random random;
    yk_random_init(&random);
    *counts = (struct yk_peer_count){.seed = random.state};
}

void yk_peer_count_done(struct yk_peer_count *counts)
{
    free(counts->slots);
    counts->slots = NULL;
}

static uint32_t home_of(const struct yk_peer_count *counts, const uint8_t *ip)
{
    struct yk_random mixer = {.state = counts->seed};
    for (int i = 0; i < 16; i += 8) {
        uint64_t half;
        memcpy(&half, ip + i, 8);
        mixer.state ^= half;
        mixer.state = yk_random_next(&mixer);
    }
    return (uint32_t)mixer.state & (counts->capacity - 1);
}

/* The slot of the address, or the free one where it belongs. */
static struct yk_peer_slot *find(const struct yk_peer_count *counts,
                                 const uint8_t *ip, uint8_t family)
{
    uint32_t i = home_of(counts, ip);
    for (;; i = (i + 1) & (counts->capacity - 1)) {
        struct yk_peer_slot *slot = &counts->slots[i];
        if (slot->count == 0 ||
            (slot->family == family && memcmp(slot->ip, ip, 16) == 0))
            return slot;
    }
}

static bool grow(struct yk_peer_count *counts)
{
    struct yk_peer_count bigger = *counts;
    bigger.capacity = counts->capacity ? counts->capacity * 2 : CAPACITY_MIN;
    bigger.slots = yk_try_alloc(bigger.capacity * sizeof(*bigger.slots));
    if (!bigger.slots)
        return false;
    memset(bigger.slots, 0, bigger.capacity * sizeof(*bigger.slots));
    for (uint32_t i = 0; i < counts->capacity; i++) {
        const struct yk_peer_slot *slot = &counts->slots[i];
        if (slot->count)
            *find(&bigger, slot->ip, slot->family) = *slot;
    }
    free(counts->slots);
    *counts = bigger;
    return true;
}

uint32_t yk_peer_count_add(struct yk_peer_count *counts,
                           const struct yk_peer *peer)
{
    if (counts->used * 2 >= counts->capacity && !grow(counts))
        return 0;
    struct yk_peer_slot *slot = find(counts, peer->ip, peer->family);
    if (slot->count == 0) {
        memcpy(slot->ip, peer->ip, 16);
        slot->family = peer->family;
        counts->used++;
    }
    return ++slot->count;
}

/* Closes the gap at `hole`: an entry behind it may only stay if its home lies
 * between the hole and itself. */
static void close_gap(struct yk_peer_count *counts, uint32_t hole)
{
    uint32_t mask = counts->capacity - 1;
    for (uint32_t i = (hole + 1) & mask; counts->slots[i].count;
         i = (i + 1) & mask) {
        uint32_t home = home_of(counts, counts->slots[i].ip);
        if (((i - home) & mask) < ((i - hole) & mask))
            continue;
        counts->slots[hole] = counts->slots[i];
        counts->slots[i].count = 0;
        hole = i;
    }
}

void yk_peer_count_remove(struct yk_peer_count *counts,
                          const struct yk_peer *peer)
{
    if (!counts->slots)
        return;
    struct yk_peer_slot *slot = find(counts, peer->ip, peer->family);
    if (slot->count == 0 || --slot->count > 0)
        return;
    counts->used--;
    close_gap(counts, (uint32_t)(slot - counts->slots));
}
