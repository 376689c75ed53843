/* No scheduling: every worker gets the listening socket and accepts; which of
 * them does is the kernel's choice. The primary only keeps the port open. */
#include "cluster/ports.h"
#include "cluster/sched.h"

static int start(struct yk_port *port)
{
    (void)port;
    return 0;
}

static void users_changed(struct yk_port *port)
{
    (void)port;
}

static void stop(struct yk_port *port)
{
    yk_port_stopped(port);
}

const struct yk_sched yk_sched_none = {
    .gives_socket = true,
    .start = start,
    .users_changed = users_changed,
    .stop = stop,
};
