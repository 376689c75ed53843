/* How many connections each address has: a hash table that grows with the
 * number of addresses, not of connections. Its hash has a random seed, so that
 * nobody can choose addresses that collide. */
#ifndef YK_HTTP_PEER_COUNT_H
#define YK_HTTP_PEER_COUNT_H

#include <stdint.h>

#include "net/peer.h"

struct yk_peer_count {
    struct yk_peer_slot *slots; /* NULL while nothing was counted. */
    uint32_t capacity;          /* A power of two. */
    uint32_t used;              /* Slots that hold an address. */
    uint64_t seed;
};

void yk_peer_count_init(struct yk_peer_count *counts);
void yk_peer_count_done(struct yk_peer_count *counts);

/* Counts one more, and returns how many the address has now; 0 when there is no
 * memory, and nothing was counted. The port does not matter. */
uint32_t yk_peer_count_add(struct yk_peer_count *counts,
                           const struct yk_peer *peer);

/* Counts one less. Harmless for an address that has none. */
void yk_peer_count_remove(struct yk_peer_count *counts,
                          const struct yk_peer *peer);

#endif
