/* Clients of the control socket (control.h): their connections, the lines they
 * send, and the calls that come of these. */
#ifndef YK_CLUSTER_CONTROL_CLIENTS_H
#define YK_CLUSTER_CONTROL_CLIENTS_H

#include <uv.h>

/* Takes the next from the socket. One that may not connect, or is one too many,
 * is told so. Returns 0; -ENOMEM: it has not been taken, and libuv hears of no
 * other until it is. */
int yk_control_clients_accept(uv_stream_t *server);

/* Cuts all. Their calls go on, and answer into the void. */
void yk_control_clients_close(void);

#endif
