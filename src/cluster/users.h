/* Users: a worker's part in a port, from LISTEN until it says CLOSE. Worker and
 * port have it in a list each.
 *
 *     port->users  in the order of turns   --full-->  port->full
 *           |                              <--room--
 *           v  drained, disconnected, dead
 *     port->ended  until the worker says CLOSE, or is gone */
#ifndef YK_CLUSTER_USERS_H
#define YK_CLUSTER_USERS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/list.h"

struct yk_port;
struct yoke_worker;

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

/* ---- Finding ---- */

/* The worker's with that number, also one that has ended; NULL: there is none. */
struct yk_user *yk_user_find(struct yoke_worker *worker, uint32_t token);

/* The port of the worker's listener with that number; NULL: it has none. */
struct yk_port *yk_user_port(struct yoke_worker *worker, uint32_t token);

/* Whether the worker uses that port. */
bool yk_user_is_at(const struct yk_port *port,
                   const struct yoke_worker *worker);

/* ---- Coming and going ---- */

/* Enters the worker. Returns 0, -ENOMEM, or what the policy says. */
int yk_user_add(struct yoke_worker *worker, struct yk_port *port,
                uint32_t token, struct yk_user **ret_user);

/* The worker listens there already, and accepts as it did. Returns 0, or as
 * above. */
int yk_user_resume(struct yk_port *port, struct yoke_worker *worker,
                   uint32_t token, uint32_t room);

/* No connection goes to it any more. It stays, for when the worker says CLOSE:
 * then that is told whether others still listen on this very port. */
void yk_user_end(struct yk_user *user);

/* The port is closed. */
void yk_user_lose_port(struct yk_user *user);

void yk_user_free(struct yk_user *user);

/* The worker is going to drain: no new connection finds it any more. It goes on
 * with those that it has, and takes what is in its own queue. */
void yk_user_unroute_all(struct yoke_worker *worker);

/* ---- Room ---- */

/* So many connections may the worker be dealt there, until it says so again.
 * When there is room with nobody, connections wait. */
void yk_user_set_room(struct yoke_worker *worker, uint32_t token,
                      uint32_t room);

/* For the line and the dealer: one has been put into the worker's outbox, or
 * has come back out of it unsent. */
void yk_user_dealt(struct yk_user *user);
void yk_user_undealt(struct yoke_worker *worker, uint32_t token);

#endif
