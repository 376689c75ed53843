/* Ports: the listening sockets that the primary holds for its workers.
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

#include "cluster/conn_queue.h"
#include "cluster/message.h"
#include "cluster/sched.h"
#include "core/list.h"
#include "net/socket.h"

struct yk_intake;
struct yk_listen_request;
struct yk_shard_past;
struct yoke_worker;

/* One worker's part in one port. */
struct yk_user {
    struct yk_list node;      /* Of the port; in the order of turns. */
    struct yk_list of_worker; /* Of the worker. */
    struct yoke_worker *worker;
    struct yk_port *port; /* NULL: it has been closed. */
    uint32_t token;       /* The worker's number for it. */
    uint32_t room;  /* How many it may be dealt; YK_ROOM_ANY: it counts not. */
    bool is_full;   /* None; then it is in port->full. */
    bool has_ended; /* Then it is in port->ended. */
    void *state;    /* The scheduler's own, for this user. */
};

struct yk_port {
    struct yk_list node;
    char *name; /* Host, path or name that was asked for, or "". */
    struct yk_message_listen key;
    struct yk_socket socket;
    const struct yk_sched *sched;
    void *state;               /* The scheduler's own. */
    struct yk_list users;      /* Those that connections go to, */
    struct yk_list full;       /* and those that are at their limit. */
    struct yk_list ended;      /* Users no more that have not said CLOSE. */
    struct yk_conn_queue line; /* Connections that wait in the primary. */
    struct yk_intake *intake;  /* The primary accepts here; or NULL. */
    bool is_draining;          /* Accepts no more. */
    bool is_stopping;          /* Being closed. */
    /* Shards that it had with another primary, while it is resumed. */
    const struct yk_shard_past *past;
    int past_count;
    int past_kept[YK_SCHED_KEPT]; /* Taken by the policy, which sets it to -1;
                                     closed when it has started. */
};

/* Listeners of one worker, and ports of the primary. */
#define YK_LISTENERS_MAX 64
#define YK_PORTS_MAX     1024

/* Enters the worker as a user of the port it asks for, which is opened if it is
 * the first. Fills in the reply; returns the socket that goes with it, the
 * port's, or -1. */
int yk_ports_listen(struct yoke_worker *worker,
                    const struct yk_listen_request *request,
                    struct yk_message_listen_reply *reply);

/* So many connections may the worker be dealt there, until it says so again.
 * When there is room with nobody, connections wait. */
void yk_ports_set_room(struct yoke_worker *worker, uint32_t token,
                       uint32_t room);

/* For the line and the dealer: one has been put into the worker's outbox, or
 * has come back out of it unsent. */
void yk_ports_dealt(struct yk_user *user);
void yk_ports_undealt(struct yoke_worker *worker, uint32_t token);

/* All of them, as struct yk_port: for whoever hands them over. */
struct yk_list *yk_ports(void);

/* Goes on with a port of another primary. All is taken over, also on failure:
 * the socket, and the descriptors of its shards. Returns 0 with the port,
 * -ENOMEM, or what the scheduler says. */
int yk_ports_resume(const struct yk_message_listen *key, const char *name,
                    const struct yk_socket *socket,
                    const struct yk_sched *sched, const int kept[YK_SCHED_KEPT],
                    const struct yk_shard_past *shards, int shard_count,
                    struct yk_port **ret_port);

/* The worker listens there already, and accepts as it did. Returns 0, or as
 * above. */
int yk_ports_resume_user(struct yk_port *port, struct yoke_worker *worker,
                         uint32_t token, uint32_t room);

/* The port of the worker's listener with that number; NULL: it has none. */
struct yk_port *yk_ports_of(struct yoke_worker *worker, uint32_t token);

/* The port that a connection came to, by its own end's address; NULL: that is
 * closed, or never was. */
struct yk_port *yk_ports_at(const struct yoke_address *address);

/* The worker has said CLOSE: ends the use, if it has not ended before; a port
 * without users is closed. Returns true when it stays open, for others or for a
 * replacement. */
bool yk_ports_leave(struct yoke_worker *worker, uint32_t token);

/* The worker is going to drain: no new connection finds it any more. It goes on
 * with those that it has, and takes what is in its own queue. */
void yk_ports_unroute(struct yoke_worker *worker);

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

/* For schedulers: see `stop`. Frees the port. */
void yk_port_stopped(struct yk_port *port);

/* For schedulers: fewer connections may be waiting than before. Whoever waits
 * for that (yk_ports_drain) is told from the loop. */
void yk_ports_progress(void);

#endif
