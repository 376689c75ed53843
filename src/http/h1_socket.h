/* HTTP/1 over a socket: a connection and its stream, in one allocation. */
#ifndef YK_HTTP_H1_SOCKET_H
#define YK_HTTP_H1_SOCKET_H

#include <uv.h>

struct yk_handoff;
struct yk_http_server;
struct yk_peer;

/* Serves HTTP on `fd`, which is taken over (closed, if there is no memory).
 * `handoff` may be NULL. */
void yk_h1_socket_start(struct yk_http_server *server, uv_loop_t *loop, int fd,
                        const struct yk_peer *peer,
                        const struct yk_handoff *handoff);

#endif
