/* Connections that wait in the primary for a worker: a ring that grows. */
#ifndef YK_CLUSTER_CONN_QUEUE_H
#define YK_CLUSTER_CONN_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "cluster/copies.h"

/* Zeroed: empty. */
struct yk_conn_queue {
    struct yk_conn *ring;
    uint32_t room;  /* Of the ring: 0 or a power of two. */
    uint32_t first; /* Where the oldest one is. */
    uint32_t count;
};

/* Adds one at the end, or in front of all others; takes its descriptor over.
 * Returns 0; -ENOMEM, and nothing is taken over. */
int yk_conn_queue_add(struct yk_conn_queue *queue, const struct yk_conn *conn);
int yk_conn_queue_add_first(struct yk_conn_queue *queue,
                            const struct yk_conn *conn);

/* The oldest one, which stays; the queue may not be empty. */
const struct yk_conn *yk_conn_queue_first(const struct yk_conn_queue *queue);

/* Takes the oldest one out. */
void yk_conn_queue_remove_first(struct yk_conn_queue *queue);

/* Whether one from there waits. */
bool yk_conn_queue_has(const struct yk_conn_queue *queue,
                       const struct yk_peer *peer);

/* Closes all that wait, and frees the ring. */
void yk_conn_queue_clear(struct yk_conn_queue *queue);

#endif
