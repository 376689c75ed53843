/* A scheduler: how the connections of a port find a worker. One file for each
 * policy. */
#ifndef YK_CLUSTER_SCHED_H
#define YK_CLUSTER_SCHED_H

#include <stdbool.h>

#include <yoke/cluster.h>

struct yk_conn;
struct yk_port;

struct yk_sched {
    /* The workers get the socket and accept themselves; then none of the calls
     * below but `start` and `stop` is made. */
    bool gives_socket;
    /* The port's socket listens; begins to serve it. Returns 0 or a negative
     * code. */
    int (*start)(struct yk_port *port);
    /* A worker has come, or the last one has gone (port->users). */
    void (*users_changed)(struct yk_port *port);
    /* A connection has come back from a worker that did not begin it. Takes the
     * descriptor over. Deals nothing before the next `deal`. */
    void (*give)(struct yk_port *port, const struct yk_conn *conn);
    /* A worker may have room: deals what waits. */
    void (*deal)(struct yk_port *port);
    /* How many connections wait in the primary; while it drains, at least one
     * until the backlog is empty. */
    unsigned (*waiting)(const struct yk_port *port);
    /* Takes what is in the kernel's backlog and closes the socket. What waits
     * is still dealt. */
    void (*drain)(struct yk_port *port);
    /* Ends, and closes the connections that wait. Calls yk_port_stopped when
     * the socket may be closed, which may be at once. */
    void (*stop)(struct yk_port *port);
};

extern const struct yk_sched yk_sched_none;
extern const struct yk_sched yk_sched_rr;

/* NULL for a policy that there is none for. */
const struct yk_sched *yk_sched_of(enum yoke_sched policy);

#endif
