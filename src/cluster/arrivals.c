#include "cluster/arrivals.h"

#include <stdatomic.h>
#include <stdbool.h>

#include "cluster/loads.h"

#define LATEST_NS UINT64_C(2000000000)

/* The counters go round. */
static bool is_after(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) > 0;
}

void yk_arrivals_add(struct yk_arrivals *arrivals, uint32_t count,
                     uint32_t open, uint64_t now_ns)
{
    struct yk_load *load = arrivals->load;

    if (!load)
        return;
    uint32_t routed = atomic_load_explicit(&load->routed, memory_order_relaxed);
    uint32_t arrived =
        atomic_load_explicit(&load->arrived, memory_order_relaxed) + count;
    if (now_ns - arrivals->looked_ns >= LATEST_NS) {
        if (arrivals->looked_ns && is_after(arrivals->routed, arrived))
            arrived = arrivals->routed;
        arrivals->looked_ns = now_ns;
        arrivals->routed = routed;
    }
    if (is_after(arrived, routed))
        arrived = routed;
    atomic_store_explicit(&load->open, open, memory_order_relaxed);
    atomic_store_explicit(&load->arrived, arrived, memory_order_relaxed);
}
