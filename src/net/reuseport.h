/* Groups of listening sockets on one TCP port (SO_REUSEPORT), between which the
 * kernel divides new connections: by a hash, or as a program says that is
 * attached to the group.
 *
 *   yk_reuseport_open(first) -----> member 1
 *   yk_reuseport_open(first) -----> member 2         member 0 is `first`
 *
 * The first socket is bound as any other, without SO_REUSEPORT, so that a port
 * which is in use is noticed, and becomes a group only afterwards: the kernel
 * looks at the flags of those who are there when the next one comes. So this
 * also works for a socket that listens already, whoever opened it.
 *
 * A member's number is its place in the group, by which filters choose; it
 * stays as long as no member that came earlier is closed. */
#ifndef YK_NET_REUSEPORT_H
#define YK_NET_REUSEPORT_H

#include <stdint.h>

struct sock_filter;

/* Opens another listening socket on the port of `first`, which listens on TCP:
 * same address, same options, non-blocking and close-on-exec; `backlog` is
 * listen(2)'s, 0 for 511. Returns 0 with
 * the descriptor, which is the caller's; -EOPNOTSUPP for what is not TCP;
 * -EADDRINUSE when the first belongs to another user; -errno. */
int yk_reuseport_open(int first, int backlog, int *ret_fd);

/* The others have been closed: the first socket is on its own again, and gets
 * every connection. */
void yk_reuseport_leave(int first);

/* Lets the filter choose from here on, in place of the one before. It is run
 * on a client's SYN and returns the member's number; a number that there is not
 * means the kernel's hash. Returns 0 or -errno; -ENOMEM: it is larger than
 * net.core.optmem_max allows. Needs no privilege. */
int yk_reuseport_attach_filter(int fd, const struct sock_filter *filter,
                               uint16_t count);

/* The same with a loaded program of type SK_REUSEPORT (bpf(2)). */
int yk_reuseport_attach_program(int fd, int program);

#endif
