/* A connection in the primary. */
#ifndef YK_CLUSTER_CONNECTION_H
#define YK_CLUSTER_CONNECTION_H

#include <stdbool.h>
#include <stdint.h>

#include "net/peer.h"

struct yk_port;

struct yk_conn {
    int fd;         /* The primary's own copy. */
    uint8_t deaths; /* How many workers died that had taken it. */
    int giver;      /* The id of the worker that gave it; 0: nobody did. */
    struct yk_peer peer;
    struct yk_port *port; /* Where it came in; NULL: that is closed. */
};

/* Fills in what the kernel tells of a connection that was found in a worker.
 * False: it is none, or none of a port that there is. */
bool yk_conn_describe(struct yk_conn *conn, int fd);

#endif
