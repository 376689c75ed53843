/* Listening sockets: from what was asked for to a descriptor that listens.
 *
 *   - No host: `::` that also takes IPv4, or `0.0.0.0` where there is no IPv6.
 *   - A host name is looked up, which blocks: sockets are opened at start.
 *   - A UNIX socket's file that a dead process has left behind is replaced; one
 *     that somebody still listens on is in use. The file is removed when the
 *     socket is closed, if it is still this socket's. Its mode is what the
 *     umask makes it.
 *   - Accepted connections inherit TCP_NODELAY. */
#ifndef YK_NET_SOCKET_H
#define YK_NET_SOCKET_H

#include <stddef.h>
#include <sys/types.h>

#include <yoke/listen.h>

struct yk_listen_spec;

struct yk_socket {
    int fd;                      /* -1: closed. */
    struct yoke_address address; /* As bound: the real port. */
    dev_t dev;                   /* The file of a UNIX socket, to know it */
    ino_t ino;                   /* again; 0 otherwise. */
};

/* Room for an error in words. */
#define YK_SOCKET_TEXT_MAX 256

/* Opens, binds and listens; the socket is non-blocking and close-on-exec.
 * Returns 0; on failure a negative code, with the reason in words in `text`:
 * "port 80 is in use by nginx (pid 812)". */
int yk_socket_open(struct yk_socket *ret_socket,
                   const struct yk_listen_spec *spec,
                   char text[YK_SOCKET_TEXT_MAX]);

/* Closes it and removes its file; harmless when it is closed. */
void yk_socket_close(struct yk_socket *socket);

#endif
