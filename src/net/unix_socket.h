/* UNIX sockets: the file of one, its permissions, and its end.
 *
 *   - A path that is too long for a socket's address (108 bytes) is bound by
 *     way of its folder, "/proc/self/fd/N/app.sock".
 *   - A file that a dead process has left behind is replaced; one that somebody
 *     still listens on is in use; anything else is left alone.
 *   - Mode and owner are set before the socket listens, when nobody can connect
 *     yet.
 *   - "@name" is an abstract socket: it has no file, and so neither mode nor
 *     owner. */
#ifndef YK_NET_UNIX_SOCKET_H
#define YK_NET_UNIX_SOCKET_H

#include "net/socket.h"

/* Longest absolute path: what fits into an address. Its last part has to fit
 * behind the name of the folder's descriptor. */
#define YK_UNIX_LONG_PATH_MAX (sizeof(((struct yoke_address *)0)->host) - 1)
#define YK_UNIX_NAME_MAX      80

/* Binds a stream socket to `spec->path`. Fills in descriptor, file and the
 * address's host. Returns 0; or a negative code, with what is still to be
 * closed in `socket`. `text` is filled in where the code says too little. */
int yk_unix_socket_bind(struct yk_socket *socket,
                        const struct yk_listen_spec *spec,
                        char text[YK_SOCKET_TEXT_MAX]);

#endif
