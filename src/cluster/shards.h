/* Shards: a port with a listening socket for each worker, between which the
 * kernel chooses (net/reuseport.h), for the policies that tell it how.
 *
 *     port->socket   member 0   the primary's own: "parking"
 *     shard 0        member 1   worker A accepts
 *     shard 1        member 2   worker B accepts
 *     shard 2        member 3   nobody's: the primary accepts
 *
 * The primary opens every socket and keeps it, so that a worker's death resets
 * nothing and a member keeps its number. While a shard has an owner who is well
 * (guard.h), new connections are routed there and the owner accepts. When he
 * has died, hangs, is full or is about to drain, the kernel is told to route to
 * others, and what is in his queue already, or still comes there, the primary
 * accepts and deals to them. A replacement takes the shard over with all that
 * is in it. While nobody is well, connections come to the parking socket, or
 * stay where they are.
 *
 * A worker of the supervised form has the shard of its slot; one that replaces
 * another while that still serves shares the shard with it. Others get one that
 * is nobody's, before another is opened. */
#ifndef YK_CLUSTER_SHARDS_H
#define YK_CLUSTER_SHARDS_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster/guard.h"
#include "net/acceptor.h"

struct yk_conn;
struct yk_port;
struct yk_shards;
struct yk_user;
struct yoke_worker;

/* Shards of one port. */
#define YK_SHARDS_MAX      256
/* Room for an error in words. */
#define YK_SHARDS_TEXT_MAX 256

struct yk_shard {
    struct yk_shards *all;
    struct yk_user *owner; /* Or NULL. */
    int fd;
    uint16_t number;
    uint8_t open_count; /* Handles that are not closed yet. */
    bool is_routed;     /* New connections go there. */
    bool was_owned;
    int slot;                    /* Of the owner, or the last one. */
    struct yk_acceptor acceptor; /* The primary's; mostly paused. */
    struct yk_guard guard;
};

/* One that was opened by another primary. */
struct yk_shard_past {
    int fd;
    int slot; /* Of its last owner; -1: it never had one. */
};

/* How the kernel is told. */
struct yk_shards_ops {
    /* Begins: shards->state. There is no group yet. Returns 0; or a negative
     * code, with the reason in words. */
    int (*open)(struct yk_shards *shards, char text[YK_SHARDS_TEXT_MAX]);
    /* A shard has joined the group, the first one: has made it. It is not
     * routed. Returns 0; or a negative code, with the reason in words. */
    int (*add)(struct yk_shards *shards, const struct yk_shard *shard,
               char text[YK_SHARDS_TEXT_MAX]);
    /* Whether connections are routed to the shard has changed, or who its owner
     * is. */
    void (*route)(struct yk_shards *shards, const struct yk_shard *shard);
    /* Ends, also after an `open` that failed. */
    void (*close)(struct yk_shards *shards);
};

struct yk_shards {
    struct yk_port *port; /* NULL: stopped. */
    const struct yk_shards_ops *ops;
    void *state; /* The policy's own. */
    struct yk_shard *of[YK_SHARDS_MAX];
    uint16_t count;
    uint16_t open_count; /* Shards that are not closed yet. */
};

/* Makes the port's socket the first of a group. Returns 0; or a negative code,
 * with the reason in words, and the port is as it was. */
int yk_shards_start(struct yk_port *port, const struct yk_shards_ops *ops,
                    char text[YK_SHARDS_TEXT_MAX]);

/* The port's, or NULL when its policy has none. */
struct yk_shards *yk_shards_of(const struct yk_port *port);

/* Connections that wait in the kernel for that worker, NULL: for any; 0 when
 * the port's policy has no shards. */
unsigned yk_shards_backlog(const struct yk_port *port,
                           const struct yoke_worker *worker);

/* These stand in a policy's vtable. */
int yk_shards_user_added(struct yk_port *port, struct yk_user *user);
void yk_shards_user_removed(struct yk_port *port, struct yk_user *user);
void yk_shards_unroute(struct yk_port *port, struct yk_user *user);
void yk_shards_update(struct yk_port *port);
int yk_shards_socket(struct yk_port *port, struct yk_user *user);
void yk_shards_drain(struct yk_port *port);
void yk_shards_stop(struct yk_port *port);

/* For `choose`: a user whose worker is ready and not late; the next one of the
 * port whose turn it is, moved to the end, or NULL. */
bool yk_shards_is_ready(const struct yk_user *user);
struct yk_user *yk_shards_take_turn(struct yk_port *port);

#endif
