#include "cluster/attention.h"

void yk_attention_round(struct yk_attention *attention, uint64_t now,
                        uint64_t gap_max)
{
    if (attention->since == 0 || now - attention->last > gap_max)
        attention->since = now;
    attention->last = now;
}

uint64_t yk_attention_lasted(const struct yk_attention *attention,
                             uint64_t then)
{
    uint64_t from = then > attention->since ? then : attention->since;

    return attention->last > from ? attention->last - from : 0;
}
