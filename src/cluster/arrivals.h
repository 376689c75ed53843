/* Arrivals: how many of the connections that the kernel's program has sent to
 * this worker's sockets (bpf_program.h) it has accepted, for the program to
 * know how many are still to come. In a worker; a few instructions each.
 *
 * Some never come: a client that does not finish its handshake. What was sent
 * over two seconds ago counts as arrived. */
#ifndef YK_CLUSTER_ARRIVALS_H
#define YK_CLUSTER_ARRIVALS_H

#include <stdint.h>

struct yk_load;

struct yk_arrivals {
    struct yk_load *load; /* This worker's; NULL: nobody asks. */
    uint64_t looked_ns;   /* When it was last looked how many had been */
    uint32_t routed;      /* sent, and how many it were. */
};

/* Counts `count` connections that have been accepted, at that time, and says
 * how many are open now. */
void yk_arrivals_add(struct yk_arrivals *arrivals, uint32_t count,
                     uint32_t open, uint64_t now_ns);

#endif
