/* No scheduling: every worker gets the listening socket and accepts; which of
 * them does is the kernel's choice. The primary only keeps the port open, and
 * deals again what a worker gives back. */
#include <stddef.h>

#include "cluster/dealer.h"
#include "cluster/message.h"
#include "cluster/port.h"
#include "cluster/sched.h"
#include "cluster/users.h"
#include "cluster/worker.h"
#include "net/handshakes.h"

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

/* The kernel has chosen already: the one it came from, if it can. */
static struct yk_user *choose(struct yk_port *port, const struct yk_conn *conn)
{
    struct yk_user *found = NULL;

    YK_LIST_EACH(node, &port->users)
    {
        struct yk_user *user = YK_CONTAINER_OF(node, struct yk_user, node);
        if (yk_dealer_readiness(user->worker) != YK_READY)
            continue;
        if (user->worker->id == conn->giver)
            return user;
        found = user;
    }
    return found;
}

static void stop(struct yk_port *port)
{
    yk_port_stopped(port);
}

const struct yk_sched yk_sched_none = {
    .policy = YOKE_SCHED_NONE,
    .name = "none",
    .ways = YK_ACCEPT_SHARED,
    .start = start,
    .socket = socket_of,
    .choose = choose,
    .stop = stop,
};
