/* Ports: the listening sockets that the primary holds for its workers.
 *
 * Workers that listen on the same address share one. They are told apart by
 * what was asked for, not by the address that came of it, so that the n-th
 * listener on port 0 of every worker is the same port.
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
#include "cluster/sched.h"
#include "core/list.h"
#include "net/socket.h"

struct yoke_worker;

/* One worker's part in one port. */
struct yk_user {
    struct yk_list node;      /* Of the port; in the order of turns. */
    struct yk_list of_worker; /* Of the worker. */
    struct yoke_worker *worker;
    struct yk_port *port;
    uint32_t token; /* The worker's number for it. */
};

struct yk_port {
    struct yk_list node;
    char *name; /* Host or path that was asked for, or NULL. */
    struct yk_message_listen key;
    struct yk_socket socket;
    const struct yk_sched *sched;
    void *state; /* The scheduler's own. */
    struct yk_list users;
    bool is_draining; /* Accepts no more. */
    bool is_stopping; /* Being closed. */
};

/* Enters the worker as a user of the port it asks for, which is opened if it is
 * the first. `name` is NULL without one. Fills in the reply; returns the socket
 * that goes with it, the port's, or -1. */
int yk_ports_listen(struct yoke_worker *worker,
                    const struct yk_message_listen *request, const char *name,
                    struct yk_message_listen_reply *reply);

/* Ends the use; a port without users is closed. Returns true when others still
 * use it. */
bool yk_ports_leave(struct yoke_worker *worker, uint32_t token);

/* Ends all of a worker's uses. `by_accident`: a replacement may come. */
void yk_ports_leave_all(struct yoke_worker *worker, bool by_accident);

/* Some worker may have room now: deals what waits on all ports. */
void yk_ports_deal(void);

/* Closes the ports without users that nobody is coming for. */
void yk_ports_review(void);

/* Ports stay open without users from here on. */
void yk_ports_keep(void);

/* Connections that wait in the primary, on all ports. */
unsigned yk_ports_waiting(void);

/* Accepts what is in the backlogs, and closes the sockets; connections that
 * wait are still dealt. `on_progress` is called whenever some may have been:
 * yk_ports_waiting tells. */
void yk_ports_drain(void (*on_progress)(void));

/* Closes all ports and the connections that wait on them. */
void yk_ports_stop(void);

/* For schedulers: see `stop`. Frees the port. */
void yk_port_stopped(struct yk_port *port);

/* For schedulers: fewer connections may be waiting than before. */
void yk_ports_progress(void);

#endif
