/* A port: one listening socket, what was asked for when it was opened, the
 * policy by which its connections find a worker, and the workers that use it.
 *
 * Two requests mean the same port when they ask for the same, not when the same
 * address comes of it (ports.h). */
#ifndef YK_CLUSTER_PORT_H
#define YK_CLUSTER_PORT_H

#include <stdbool.h>

#include "cluster/conn_queue.h"
#include "cluster/message.h"
#include "cluster/sched.h"
#include "core/list.h"
#include "net/socket.h"

struct yk_intake;
struct yk_listen_request;
struct yk_shard_past;

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

/* Opens one: the socket listens, and its policy has begun. In no list yet.
 * Returns 0 with it; or a negative code, with what went wrong in words. */
int yk_port_open(const struct yk_listen_request *request,
                 struct yk_port **ret_port, char text[YK_SOCKET_TEXT_MAX]);

/* Goes on with a port of another primary. All is taken over, also on failure:
 * the socket, and the descriptors of its shards. Returns 0 with the port,
 * -ENOMEM, or what the scheduler says. */
int yk_port_resume(const struct yk_message_listen *key, const char *name,
                   const struct yk_socket *socket, const struct yk_sched *sched,
                   const int kept[YK_SCHED_KEPT],
                   const struct yk_shard_past *shards, int shard_count,
                   struct yk_port **ret_port);

/* It is what is asked for; it was opened as port 0, and has got the number that
 * is asked for now. */
bool yk_port_is_same(const struct yk_port *port,
                     const struct yk_listen_request *request);
bool yk_port_has_become(const struct yk_port *port,
                        const struct yk_listen_request *request);

/* How closely an address fits its own, as the kernel has it: 3, the very one;
 * 2, all of its family; 1, all there are; 0, not at all. */
int yk_port_closeness(const struct yoke_address *own,
                      const struct yoke_address *address);

/* Whether it has users, full or not. */
bool yk_port_is_used(const struct yk_port *port);

/* Ends it: its users have it no more, no connection goes back to it, and its
 * policy lets go of the socket. A second call is harmless. */
void yk_port_stop(struct yk_port *port);

/* For schedulers: see `stop`. Frees the port. */
void yk_port_stopped(struct yk_port *port);

#endif
