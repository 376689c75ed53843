#include "core/random.h"

#include <sys/random.h>
#include <time.h>

void yk_random_init(struct yk_random *random)
{
    if (getrandom(&random->state, sizeof(random->state), 0) ==
        (ssize_t)sizeof(random->state))
        return;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    random->state = (uint64_t)now.tv_sec << 32 ^ (uint64_t)now.tv_nsec;
}

uint64_t yk_random_next(struct yk_random *random)
{
    uint64_t z = random->state += 0x9e3779b97f4a7c15u;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
    z = (z ^ z >> 27) * 0x94d049bb133111ebu;
    return z ^ z >> 31;
}

uint64_t yk_random_below(struct yk_random *random, uint64_t limit)
{
    return limit ? yk_random_next(random) % limit : 0;
}
