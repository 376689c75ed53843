/* Descriptors that this process was started with: sockets that a service
 * manager or a parent has opened for it.
 *
 * The service manager's come by three environment variables (sd_listen_fds(3)):
 * LISTEN_PID, the process that is meant; LISTEN_FDS, how many there are, from
 * descriptor 3 on; LISTEN_FDNAMES, their names, with colons between. That is
 * all there is to it, and systemd promises that it stays so; a library for it
 * would be one more thing that every program with libyoke has to load.
 *
 * The variables are left in place: they name this process, so that no worker
 * takes them for its own, and a program that replaces this one by exec finds
 * them again. */
#ifndef YK_NET_INHERIT_H
#define YK_NET_INHERIT_H

#include "net/socket.h"

/* The first of them. */
#define YK_INHERIT_FIRST 3

/* Takes up what the service manager has passed: its descriptors become
 * close-on-exec. Early, before anything is started; later calls do nothing. */
void yk_inherit_init(void);

/* How many the service manager has passed, from descriptor 3 on: for whoever
 * lets another program take this one's place. */
int yk_inherit_count(void);

/* Takes over a copy of the socket that is asked for, `spec->fd` or
 * `spec->fd_name`: of several with one name the one of that type at
 * `spec->index`. It must be a stream or datagram socket of IP, or a stream
 * socket of UNIX, as `spec->is_udp` says, and bound. Returns 0; or -ENOENT,
 * -EBADF, -ENOTSOCK, -EPROTOTYPE, -EAFNOSUPPORT, -EISCONN, -EINVAL, with
 * `text` saying what is wrong with it. */
int yk_inherit_socket(struct yk_socket *socket,
                      const struct yk_listen_spec *spec,
                      char text[YK_SOCKET_TEXT_MAX]);

#endif
