/* An HTTP/1 connection: bytes in, exchanges, bytes out. It does no I/O; what
 * carries the bytes is a transport. */
#ifndef YK_HTTP_H1_CONN_H
#define YK_HTTP_H1_CONN_H

#include "net/transport.h"

struct yk_h1_conn;
struct yk_http_server;
struct yk_peer;

/* Bytes that a connection takes, for whoever embeds or allocates one. */
size_t yk_h1_conn_size(void);

/* Starts a connection in `conn`, memory of yk_h1_conn_size() bytes that the
 * caller owns, on a transport that is open: sets the transport's `user` and
 * `owner` and starts reading. When the transport has closed, the connection is
 * over, and `on_gone` is called: then the memory of both is the caller's
 * again. `peer` is copied. */
void yk_h1_conn_start(struct yk_h1_conn *conn, struct yk_http_server *server,
                      struct yk_transport *transport,
                      const struct yk_peer *peer,
                      void (*on_gone)(struct yk_transport *transport));

#endif
