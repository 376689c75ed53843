/* Randomness that need not be secret: jitter and hash seeds.
 *
 * A generator is a plain value, so that a test can seed it and get the same
 * numbers each time. */
#ifndef YK_CORE_RANDOM_H
#define YK_CORE_RANDOM_H

#include <stdint.h>

struct yk_random {
    uint64_t state;
};

/* Seeds from the system (getrandom(2)). */
void yk_random_init(struct yk_random *random);

/* The next 64 bits (splitmix64). */
uint64_t yk_random_next(struct yk_random *random);

/* A number from 0 to `limit` - 1; 0 when the limit is 0. */
uint64_t yk_random_below(struct yk_random *random, uint64_t limit);

#endif
