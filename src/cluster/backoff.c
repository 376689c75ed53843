#include "cluster/backoff.h"

#include "core/random.h"

uint32_t yk_backoff_death(struct yk_backoff *backoff, uint64_t lived_ms,
                          struct yk_random *random)
{
    uint64_t debt_ms;

    if (lived_ms >= backoff->healthy_ms) {
        backoff->debt_ms = 0;
        return 0;
    }
    debt_ms =
        backoff->debt_ms ? (uint64_t)backoff->debt_ms * 2 : backoff->base_ms;
    if (debt_ms > backoff->max_ms)
        debt_ms = backoff->max_ms;
    backoff->debt_ms = (uint32_t)debt_ms;
    return (uint32_t)(debt_ms - yk_random_below(random, debt_ms / 4 + 1));
}
