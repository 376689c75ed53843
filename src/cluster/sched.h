/* A scheduler: how the connections of a port find a worker. One file for each
 * policy.
 *
 * There are two kinds. Either the primary accepts (intake.h) and deals each
 * connection to the worker that `choose` names; or each worker gets a socket
 * (`socket`) and accepts itself. Also then connections may come to the primary:
 * those that a worker gives back (surplus.h) are dealt by `choose` as well.
 *
 * Slots that may be NULL say so; the others have to be there. */
#ifndef YK_CLUSTER_SCHED_H
#define YK_CLUSTER_SCHED_H

#include <stdbool.h>

#include <yoke/cluster.h>

struct yk_conn;
struct yk_port;
struct yk_user;

#define YK_SCHED_KEPT 2

struct yk_sched {
    enum yoke_sched policy;
    const char *name; /* As in YOKE_SCHED_POLICY. */
    unsigned ways;    /* How workers accept: enum yk_accept_ways (message.h). */
    bool in_kernel;   /* A program in the kernel reads the loads. */

    /* The port's socket listens; begins to serve it. Returns 0 or a negative
     * code. NULL: there is nothing to begin. */
    int (*start)(struct yk_port *port);

    /* A worker has come; it is in port->users. A negative code: it cannot
     * listen, and is taken out again without `user_removed`. May be NULL. */
    int (*user_added)(struct yk_port *port, struct yk_user *user);

    /* A worker has gone, or died; it is in port->users no more, and is freed
     * after this. Not called for those that are left when the port is stopped.
     * May be NULL. */
    void (*user_removed)(struct yk_port *port, struct yk_user *user);

    /* The worker is going to drain: no new connection may find it any more
     * (`choose` does not have to look, for it is not ready). It goes on with
     * what is in a queue of its own until it is told to drain; `user_removed`
     * follows later. NULL: there is none, or it is shared with the others. */
    void (*unroute)(struct yk_port *port, struct yk_user *user);

    /* Who is full (user->is_full), or what the line has room for, may have
     * changed. NULL: it makes no difference. */
    void (*update)(struct yk_port *port);

    /* The socket on which this worker accepts, which stays the policy's (it is
     * sent a copy); -1: it is dealt its connections. NULL: all are. */
    int (*socket)(struct yk_port *port, struct yk_user *user);

    /* Whose the connection is: a user that is YK_READY (dealer.h), or NULL: it
     * has to wait. */
    struct yk_user *(*choose)(struct yk_port *port, const struct yk_conn *conn);

    /* Takes what is in the kernel's backlog and closes the socket. NULL: the
     * workers do that, when they drain. */
    void (*drain)(struct yk_port *port);

    /* Beside the sockets, what another primary needs to go on with the port
     * (handover_ports.h): YK_SCHED_KEPT descriptors, which stay the policy's;
     * it finds copies of them in port->past_kept when it starts. NULL:
     * nothing. */
    void (*kept)(const struct yk_port *port, int fds[YK_SCHED_KEPT]);

    /* Ends. Calls yk_port_stopped when the sockets may be closed, which may be
     * at once. */
    void (*stop)(struct yk_port *port);
};

extern const struct yk_sched yk_sched_balanced;
extern const struct yk_sched yk_sched_callback;
extern const struct yk_sched yk_sched_kernel_least;
extern const struct yk_sched yk_sched_kernel_rr;
extern const struct yk_sched yk_sched_none;
extern const struct yk_sched yk_sched_rr;
extern const struct yk_sched yk_sched_sticky;

/* NULL for a policy that there is none for. */
const struct yk_sched *yk_sched_of(enum yoke_sched policy);

/* The policy that `auto` means here and now; logs which and why, for debugging.
 */
enum yoke_sched yk_sched_auto(void);

#endif
