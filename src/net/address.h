/* Socket addresses in both their forms: the kernel's and yoke/listen.h's. */
#ifndef YK_NET_ADDRESS_H
#define YK_NET_ADDRESS_H

#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

struct yoke_address;

/* Longest path of a UNIX socket, without the NUL. */
#define YK_UNIX_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)

/* Any address a listener can have, ready for bind(2). */
struct yk_sockaddr {
    struct sockaddr_storage addr;
    socklen_t len;
};

/* The address that `fd` is bound to. Returns 0 or -errno. */
int yk_address_of_socket(int fd, struct yoke_address *ret_address);

/* From what the kernel gave. */
void yk_address_from_sockaddr(struct yoke_address *address,
                              const struct sockaddr *addr, socklen_t len);

/* "127.0.0.1:80", "[::1]:80" or the path, for messages. Returns `out`. */
const char *yk_address_text(const struct yoke_address *address, char *out,
                            size_t len);

/* A UNIX socket's address; "@name" is an abstract one. Returns 0, or
 * -ENAMETOOLONG. */
int yk_sockaddr_unix(struct yk_sockaddr *ret_addr, const char *path);

/* A TCP or UDP address from a host, numeric or a name, and a port. A name is looked
 * up, which may block for as long as the resolver takes: for the time before a
 * server serves. Returns 0; -EINVAL for a port out of range; -ENOENT when the
 * name has no address; -EAGAIN when that cannot be known now. */
int yk_sockaddr_ip(struct yk_sockaddr *ret_addr, const char *host, int port);

/* Every address, of IPv6 or of IPv4. */
void yk_sockaddr_any(struct yk_sockaddr *ret_addr, int family, int port);

#endif
