/* The primary's own accepting on a port: what it accepts goes to the port's
 * line, and as long as that is full, or nobody listens, it accepts no more, and
 * the rest waits in the kernel's backlog. For the policies that deal.
 *
 * The calls can stand in a policy's vtable. */
#ifndef YK_CLUSTER_INTAKE_H
#define YK_CLUSTER_INTAKE_H

#include <stdbool.h>

struct yk_acceptor;
struct yk_peer;
struct yk_port;

/* Begins to accept on the port's socket, once it has users. Returns 0 or a
 * negative code. */
int yk_intake_start(struct yk_port *port);

/* Whether it is to accept may have changed: the users, or the line. Harmless
 * for a port without intake. The policy is told, too. */
void yk_intake_update(struct yk_port *port);

/* From here on the primary takes no connection anywhere, from the kernel or from
 * a worker, or again does: while it is about to be replaced. */
void yk_intake_hold(bool holds);
bool yk_intake_is_held(void);

/* Somebody listens, and the line is not full: whether the primary may accept. */
bool yk_intake_has_room(const struct yk_port *port);

/* True while it is still taking what is in the backlog of a port that drains.
 */
bool yk_intake_is_draining(const struct yk_port *port);

/* Takes what is in the backlog and closes the socket. What waits in the line is
 * still dealt. */
void yk_intake_drain(struct yk_port *port);

/* Ends; yk_port_stopped is called when it has. */
void yk_intake_stop(struct yk_port *port);

/* ---- What an acceptor of the primary does, also of a socket that a policy
 * keeps beside the port's own (shards.h) ---- */

/* A connection has been accepted for the port; its descriptor is taken over. */
void yk_intake_take(struct yk_port *port, struct yk_acceptor *acceptor, int fd,
                    const struct yk_peer *peer);

/* For on_batch and on_shortage (net/acceptor.h). */
void yk_intake_batch_over(struct yk_acceptor *acceptor);
bool yk_intake_is_short(struct yk_acceptor *acceptor, int err);

#endif
