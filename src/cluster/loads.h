/* Loads: how much each worker has to do, as all others see it.
 *
 * One table in shared memory for the primary and all workers. Each worker has a
 * seat in it (seats.h), a cache line of its own, which it writes and everybody
 * reads: so a worker that accepts knows without asking whether another has less
 * to do.
 *
 * What stands there is a hint. It may be old, and a worker may write rubbish,
 * also into the seats of others: the worst that may come of it is a connection
 * on a worker that is not the best for it. */
#ifndef YK_CLUSTER_LOADS_H
#define YK_CLUSTER_LOADS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

/* Seats, and with them workers, at a time. */
#define YK_SEATS_MAX 2048

enum yk_seat_state {
    YK_SEAT_FREE,
    YK_SEAT_TAKEN,  /* Of a worker that accepts nothing, yet or any more. */
    YK_SEAT_SERVES, /* Of one that new connections may go to. */
};

/* A seat: 64 bytes. */
struct yk_load {
    /* Written by the primary. */
    _Atomic uint32_t state;  /* An enum yk_seat_state. */
    _Atomic uint32_t coming; /* Connections on their way to it. */
    /* Written by the worker. */
    _Atomic uint32_t open;          /* Connections that it has. */
    _Atomic uint32_t arrived;       /* What has come of `routed`. */
    _Atomic uint64_t busy_since_ns; /* Of the monotonic clock; 0: it sleeps. */
    _Atomic uint64_t accepted;      /* Connections that it ever accepted. */
    /* Written by programs in the kernel (bpf_program.h). */
    _Atomic uint32_t routed; /* Connections that were sent to its sockets, */
    uint32_t unused;
    _Atomic uint64_t routed_ns; /* and when the last one was. */
    uint64_t rest[2];
};

struct yk_loads {
    struct {
        _Atomic uint32_t limit; /* Seats from here on have never been taken. */
        uint32_t rest[15];
    } head;
    struct yk_load seats[YK_SEATS_MAX];
};

/* Makes a table, all free, and maps it. Returns 0 with the map and a descriptor
 * for others, which is the caller's; or -errno. */
int yk_loads_create(struct yk_loads **ret_loads, int *ret_fd);

/* The same in memory that programs in the kernel can use, if this process may
 * have such; else in any. */
int yk_loads_create_for_kernel(struct yk_loads **ret_loads, int *ret_fd);

/* Maps the table behind the descriptor, which stays the caller's. Returns 0;
 * -EINVAL when it is none; -errno. */
int yk_loads_map(int fd, struct yk_loads **ret_loads);

/* NULL is allowed. */
void yk_loads_unmap(struct yk_loads *loads);

/* Connections that the worker has or will have in a moment. */
uint32_t yk_load_total(const struct yk_load *load);

/* Since when it is in the same turn of its loop; 0: it sleeps. */
static inline uint64_t yk_load_busy_ns(const struct yk_load *load,
                                       uint64_t now_ns)
{
    uint64_t since =
        atomic_load_explicit(&load->busy_since_ns, memory_order_relaxed);
    return since == 0 || since > now_ns ? 0 : now_ns - since;
}

/* What one worker learns about the others. */
struct yk_others {
    uint32_t count; /* That serve, and are not stuck. */
    uint32_t idle;  /* Of them, those that sleep. */
    uint32_t least; /* The smallest load of them; UINT32_MAX without any. */
};

/* Looks at the others, at YK_OTHERS_MAX of them at most, from a different place
 * each time. One that has been busy for `stuck_ns` does not count. */
#define YK_OTHERS_MAX 64
void yk_loads_look(const struct yk_loads *loads, uint32_t own_seat,
                   uint64_t now_ns, uint64_t stuck_ns,
                   struct yk_others *ret_others);

#endif
