/* The ports (port.h): the listening sockets that the primary holds for its
 * workers (users.h), from the first who asks for one to the last who leaves.
 *
 * Workers that listen on the same address share one. They are told apart by
 * what was asked for, not by the address that came of it, so that the n-th
 * listener on port 0 of every worker is the same port. Who asks for that port by
 * its number shares it all the same.
 *
 * Datagram sockets are shared as without scheduling, whatever the policy: the
 * workers read from one socket.
 *
 * A port is closed with its last user. When that user has died, rather than
 * closed it, a worker that is just starting may be its replacement: the port is
 * kept for it for a while, and connections wait. The supervised form keeps its
 * ports until it ends. */
#ifndef YK_CLUSTER_PORTS_H
#define YK_CLUSTER_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster/message.h"

struct yk_list;
struct yk_listen_request;
struct yk_port;
struct yoke_address;
struct yoke_worker;

/* Listeners of one worker, and ports of the primary. */
#define YK_LISTENERS_MAX 64
#define YK_PORTS_MAX     1024

/* Enters the worker as a user of the port it asks for, which is opened if it is
 * the first. Fills in the reply; returns the socket that goes with it, the
 * port's, or -1. */
int yk_ports_listen(struct yoke_worker *worker,
                    const struct yk_listen_request *request,
                    struct yk_message_listen_reply *reply);

/* All of them, as struct yk_port: for whoever hands them over; and one more, for
 * whoever takes them over. */
struct yk_list *yk_ports(void);
void yk_ports_add(struct yk_port *port);

/* The port that a connection came to, by its own end's address; NULL: that is
 * closed, or never was. */
struct yk_port *yk_ports_at(const struct yoke_address *address);

/* The worker has said CLOSE: ends the use, if it has not ended before; a port
 * without users is closed. Returns true when it stays open, for others or for a
 * replacement. */
bool yk_ports_leave(struct yoke_worker *worker, uint32_t token);

/* Ends all of a worker's uses. `by_accident`: a replacement may come. */
void yk_ports_leave_all(struct yoke_worker *worker, bool by_accident);

/* The same, and the worker will not say anything any more. */
void yk_ports_forget(struct yoke_worker *worker, bool by_accident);

/* Some worker may have room now: deals what waits on all ports. */
void yk_ports_deal(void);

/* Closes the ports without users that nobody is coming for. */
void yk_ports_review(void);

/* Ports stay open without users from here on. */
void yk_ports_keep(void);

/* Connections that wait in the primary, on all ports. */
unsigned yk_ports_waiting(void);

/* Connections that wait in the kernel to be accepted, at sockets that only that
 * worker accepts on; NULL: at any of the ports. */
unsigned yk_ports_backlog(const struct yoke_worker *worker);

/* Accepts what is in the backlogs, and closes the sockets; connections that
 * wait are still dealt. `on_progress` is called whenever some may have been:
 * yk_ports_waiting tells. */
void yk_ports_drain(void (*on_progress)(void));

/* Closes all ports and the connections that wait on them. */
void yk_ports_stop(void);

/* For schedulers: fewer connections may be waiting than before. Whoever waits
 * for that (yk_ports_drain) is told from the loop. */
void yk_ports_progress(void);

#endif
