/* A Redis server as calls see it: a connection that is kept up, on which they
 * are sent without waiting for the replies of those before.
 *
 *   - Nothing waits for a server that is away: a call fails at once, unless it
 *     is made before the first connection ever.
 *   - A connection that breaks fails what was sent on it: whether the server has
 *     done it is not known. Nothing is sent twice, but what the server said it
 *     has not done.
 *
 * One server, or each of a cluster's. */
#ifndef YK_STORE_REDIS_NODE_H
#define YK_STORE_REDIS_NODE_H

#include "core/list.h"
#include "store/redis_command.h"
#include "store/redis_conn.h"

struct yk_redis_node;

struct yk_redis_node_ops {
    /* Calls may be sent; those that waited have been. */
    void (*on_ready)(struct yk_redis_node *node);
    /* The connection, or the attempt, is over; its calls are failed after this.
     * Until then `node->why` is empty if it was up. */
    void (*on_break)(struct yk_redis_node *node, const char *why);
    /* After yk_link_close: its memory is the owner's again. Its calls are to be
     * failed by yk_redis_node_fail. */
    void (*on_closed)(struct yk_redis_node *node);
    /* The reply to a call, which is in no list, is this error. True: it has
     * been taken over. NULL: never. */
    bool (*on_error)(struct yk_redis_node *node, struct yk_call *call,
                     const char *error);
    /* See redis_command.h; NULL: cursors stay as they are. */
    yk_redis_cursor_fn *cursor;
};

struct yk_redis_node {
    struct yk_redis_conn conn; /* Its address is set by the owner, which starts
                                  the link. */
    const struct yk_redis_node_ops *ops;
    void *owner;
    struct yk_redis_hashes hashes;
    unsigned loaded;        /* Scripts; all of them: calls may be sent. */
    struct yk_list sent;    /* Calls, in the order of their replies. */
    struct yk_list waiting; /* Calls that were made before the first
                               connection. */
    bool has_tried;         /* The first attempt is over. */
    char why[YOKE_STORE_TEXT_MAX]; /* There is no connection. */
};

/* `conn`'s settings, `ops` and `owner` have been set. */
void yk_redis_node_init(struct yk_redis_node *node);

bool yk_redis_node_is_ready(const struct yk_redis_node *node);

/* Sends a call, has it wait, or fails it. */
void yk_redis_node_run(struct yk_redis_node *node, struct yk_call *call);
void yk_redis_node_flush(struct yk_redis_node *node);

/* Fails all calls that it has. */
void yk_redis_node_fail(struct yk_redis_node *node, int err, const char *why);

/* There will be no connection for now: what waits is failed, and what follows
 * does not wait. */
void yk_redis_node_give_up(struct yk_redis_node *node, const char *why);

/* True when a call that was sent has run into its deadline. */
bool yk_redis_node_has_late(const struct yk_redis_node *node);

#endif
