/* Handshakes: clients that are about to be connected to a listening socket.
 *
 * Between a client's SYN and its ACK a connection is not in the backlog yet,
 * but for the client it exists already. Whoever closes the socket then resets
 * it. */
#ifndef YK_NET_HANDSHAKES_H
#define YK_NET_HANDSHAKES_H

/* Lets no new one begin: a client's SYN is dropped, and when it tries again the
 * port is closed and refuses it. Those that have begun go on. Only TCP knows
 * such a thing; for others it does nothing. */
void yk_handshakes_stop(int fd);

/* How many are under way on the socket's port: at least 0; -EOPNOTSUPP when
 * the kernel does not tell (sock_diag(7)), or another negative code. 0 for
 * what is not TCP. */
int yk_handshakes_count(int fd);

#endif
