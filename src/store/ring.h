/* Consistent hashing: which of several servers has a key. Each server has 160
 * points on a ring of 2^64, by the hash of its name; a key belongs to the server
 * whose point is the next. With a server more or fewer only the keys of that one
 * move, and they come from all others, or go to all. */
#ifndef YK_STORE_RING_H
#define YK_STORE_RING_H

#include <stddef.h>
#include <stdint.h>

#include "core/slice.h"

#define YK_RING_POINTS 160

struct yk_ring_point {
    uint64_t at;
    unsigned server;
};

struct yk_ring {
    struct yk_ring_point *points; /* In order; owned. */
    size_t count;
};

/* Of that many servers, named by `names`. */
void yk_ring_init(struct yk_ring *ring, const char *const *names,
                  unsigned count);
void yk_ring_done(struct yk_ring *ring);

/* The number of the server that has the key. */
unsigned yk_ring_find(const struct yk_ring *ring, struct yk_slice key);

#endif
