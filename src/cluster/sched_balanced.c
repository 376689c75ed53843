/* Balanced: the workers accept from one shared queue, and even out among
 * themselves what they have got.
 *
 *   - The kernel wakes one worker that sleeps for each connection, another one
 *     each time (net/exclusive.h): none waits for a worker that is busy while
 *     another is idle, and the primary is not on the way.
 *   - What a worker has too much of it gives away (surplus.h); it is dealt here
 *     to the worker that has fewest.
 *   - TCP clients that have sent nothing yet wait in the kernel for a second
 *     (TCP_DEFER_ACCEPT): a worker that dies takes none of them along. */
#include <stddef.h>

#include "cluster/dealer.h"
#include "cluster/message.h"
#include "cluster/port.h"
#include "cluster/sched.h"
#include "cluster/users.h"
#include "cluster/worker.h"
#include "net/handshakes.h"
#include "net/vitals.h"

/* A turn of a loop that has taken so long may take long still. */
#define LONG_TURN_NS 1000000
/* How many connections more count as much: as a loop that is not asleep, or has
 * something on its way; and as one that is stuck. */
#define BUSY_COST    16
#define STUCK_COST   (UINT64_C(1) << 40)

static int start(struct yk_port *port)
{
    yk_handshakes_defer(port->socket.fd);
    return 0;
}

static int socket_of(struct yk_port *port, struct yk_user *user)
{
    (void)user;
    return port->socket.fd;
}

/* What the connection would wait for, as so many connections. */
static uint64_t wait_of(const struct yoke_worker *worker, uint64_t now_ns)
{
    uint64_t busy_ns = yk_dealer_busy_ns(worker, now_ns);

    if (busy_ns == 0)
        return yk_copies_coming(&worker->copies) > 0 ? BUSY_COST : 0;
    return busy_ns < LONG_TURN_NS ? BUSY_COST : STUCK_COST;
}

/* Whoever has fewest; one that is stuck only if all are, and the giver only if
 * there is nobody else. */
static struct yk_user *choose(struct yk_port *port, const struct yk_conn *conn)
{
    uint64_t now_ns = yk_now_ns();
    struct yk_user *best = NULL;
    uint64_t least = UINT64_MAX;

    YK_LIST_EACH(node, &port->users)
    {
        struct yk_user *user = YK_CONTAINER_OF(node, struct yk_user, node);
        struct yoke_worker *worker = user->worker;
        if (yk_dealer_readiness(worker) != YK_READY)
            continue;
        uint64_t load = yk_dealer_load(worker) + wait_of(worker, now_ns);
        if (worker->id == conn->giver)
            load += 2 * STUCK_COST;
        if (load < least) {
            least = load;
            best = user;
        }
    }
    return best;
}

static void stop(struct yk_port *port)
{
    yk_port_stopped(port);
}

const struct yk_sched yk_sched_balanced = {
    .policy = YOKE_SCHED_BALANCED,
    .name = "balanced",
    .ways = YK_ACCEPT_SHARED | YK_ACCEPT_BALANCED,
    .start = start,
    .socket = socket_of,
    .choose = choose,
    .stop = stop,
};
