#include "store/ring.h"

#include <stdlib.h>

#include "core/alloc.h"

/* FNV-1a, and a finish that spreads its last bytes over all bits. */
static uint64_t hash(struct yk_slice text, uint64_t salt)
{
    uint64_t value = UINT64_C(0xcbf29ce484222325) ^ salt;

    for (size_t i = 0; i < text.len; i++) {
        value ^= (unsigned char)text.ptr[i];
        value *= UINT64_C(0x100000001b3);
    }
    value ^= value >> 32;
    value *= UINT64_C(0xd6e8feb86659fd93);
    value ^= value >> 32;
    return value;
}

static int compare(const void *a, const void *b)
{
    const struct yk_ring_point *x = a, *y = b;
    if (x->at != y->at)
        return x->at < y->at ? -1 : 1;
    return (x->server > y->server) - (x->server < y->server);
}

void yk_ring_init(struct yk_ring *ring, const char *const *names,
                  unsigned count)
{
    ring->count = (size_t)count * YK_RING_POINTS;
    ring->points = yk_alloc(ring->count * sizeof(ring->points[0]));
    for (unsigned server = 0; server < count; server++)
        for (unsigned n = 0; n < YK_RING_POINTS; n++)
            ring->points[server * YK_RING_POINTS + n] = (struct yk_ring_point){
                .at = hash(yk_slice_of(names[server]), n + 1),
                .server = server,
            };
    qsort(ring->points, ring->count, sizeof(ring->points[0]), compare);
}

void yk_ring_done(struct yk_ring *ring)
{
    free(ring->points);
    ring->points = NULL;
}

unsigned yk_ring_find(const struct yk_ring *ring, struct yk_slice key)
{
    uint64_t at = hash(key, 0);
    size_t low = 0, high = ring->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (ring->points[middle].at < at)
            low = middle + 1;
        else
            high = middle;
    }
    return ring->points[low < ring->count ? low : 0].server;
}
