/* Buckets: which of a port's sockets a client's address belongs to, in such a
 * way that as few clients as possible move when sockets come and go.
 *
 * A hash of the address names one of 512 buckets, and each bucket has a socket
 * that is its home. The buckets are divided evenly, to within one.
 *
 *   - A socket that comes takes its share from those that have most; nothing
 *     else moves.
 *   - One that is closed for a while (its worker has died, or hangs) lends its
 *     buckets to the others, each to the one that a hash names; it gets them
 *     back. Nothing else moves.
 *
 * A socket never ceases to be a home: the primary keeps it for the next worker
 * that comes. */
#ifndef YK_CLUSTER_BUCKETS_H
#define YK_CLUSTER_BUCKETS_H

#include <stdbool.h>
#include <stdint.h>

#define YK_BUCKETS_BITS 9
#define YK_BUCKETS      (1 << YK_BUCKETS_BITS)
/* Sockets that buckets can be divided among. */
#define YK_HOMES_MAX    256
/* No socket is open. */
#define YK_HOME_NONE    UINT16_MAX

struct yk_buckets {
    uint16_t count;             /* Of sockets, numbered from 0. */
    uint16_t home[YK_BUCKETS];  /* By bucket. */
    uint16_t owner[YK_BUCKETS]; /* Who has it now, or YK_HOME_NONE. */
    bool is_open[YK_HOMES_MAX];
};

void yk_buckets_init(struct yk_buckets *buckets);

/* One more socket, the next number; it is closed. Returns 0, or -YOKE_EFULL when
 * there are YK_HOMES_MAX. */
int yk_buckets_add(struct yk_buckets *buckets);

/* Whether clients go to the socket. */
void yk_buckets_set_open(struct yk_buckets *buckets, uint16_t number,
                         bool is_open);

/* The socket that has the bucket of that hash now, or YK_HOME_NONE. */
static inline uint16_t yk_buckets_find(const struct yk_buckets *buckets,
                                       uint32_t hash)
{
    return buckets->owner[hash >> (32 - YK_BUCKETS_BITS)];
}

#endif
