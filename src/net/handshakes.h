/* Handshakes: clients that are about to be connected to a listening socket.
 *
 * Between a client's SYN and its ACK a connection is not in the backlog yet,
 * but for the client it exists already. Whoever closes the socket then resets
 * it. */
#ifndef YK_NET_HANDSHAKES_H
#define YK_NET_HANDSHAKES_H

/* Has the kernel keep connections to itself until their first bytes are there,
 * for a second at most (TCP_DEFER_ACCEPT, tcp(7)): whoever accepts then finds
 * something to read, and what has sent nothing is nobody's to lose. */
void yk_handshakes_defer(int fd);

/* Lets no new one begin: a client's SYN is dropped, and when it tries again the
 * port is closed and refuses it. Those that have begun go on, and those that
 * the kernel keeps, it keeps no longer: they come when it reminds their clients,
 * a second after their first try. Only TCP knows such a thing; for others it
 * does nothing. */
void yk_handshakes_stop(int fd);

/* How many are under way on the socket's port: at least 0; -EOPNOTSUPP when
 * the kernel does not tell (sock_diag(7)), or another negative code. 0 for
 * what is not TCP. */
int yk_handshakes_count(int fd);

#endif
