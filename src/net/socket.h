/* Sockets to listen on: from what was asked for to a descriptor that is bound,
 * and listens unless it is for datagrams.
 *
 *   - No host: `::` that also takes IPv4, or `0.0.0.0` where there is no IPv6.
 *   - A host name is looked up, which blocks: sockets are opened at start.
 *   - UNIX sockets: unix_socket.h. Inherited descriptors: inherit.h.
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
    char *path;                  /* The file to remove when it is closed, or
                                    NULL; owned. */
    dev_t dev;                   /* To know that file again. */
    ino_t ino;
};

/* Room for an error in words. */
#define YK_SOCKET_TEXT_MAX 256

/* Opens what was asked for, with copies of what it borrows; the socket is
 * non-blocking and close-on-exec. Returns 0; on failure a negative code, with
 * the reason in words in `text`: "port 80 is in use by nginx (pid 812)". */
int yk_socket_open(struct yk_socket *ret_socket,
                   const struct yk_listen_spec *spec,
                   char text[YK_SOCKET_TEXT_MAX]);

/* Closes it and removes its file, if it is still this socket's; harmless when
 * it is closed. */
void yk_socket_close(struct yk_socket *socket);

#endif
