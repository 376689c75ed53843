/* The address of whoever is at the other end, small enough to travel beside a
 * connection from the primary to a worker. */
#ifndef YK_NET_PEER_H
#define YK_NET_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

struct yk_peer {
    uint8_t family; /* 4, 6, or 0 for a UNIX socket. */
    uint8_t unused;
    uint16_t port;  /* Host byte order. */
    uint8_t ip[16]; /* 4 or 16 bytes of it. */
};

/* Room for any address as text, with its NUL. */
#define YK_PEER_TEXT_MAX 46

/* From what accept4(2) gave. An IPv4 address mapped into IPv6 becomes IPv4. */
void yk_peer_from_sockaddr(struct yk_peer *peer, const struct sockaddr *addr);

/* True for the same address and port. */
bool yk_peer_is_same(const struct yk_peer *a, const struct yk_peer *b);

/* From text, "127.0.0.1" or "::1". Returns 0, or -EINVAL. */
int yk_peer_parse(struct yk_peer *peer, const char *text);

/* The address without the port; "" for a UNIX socket. Returns `out`. */
const char *yk_peer_text(const struct yk_peer *peer,
                         char out[YK_PEER_TEXT_MAX]);

#endif
