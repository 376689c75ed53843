#include "net/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <yoke/listen.h>

#include "core/banned.h"

/* An abstract name begins with a NUL and has no other end than the address's;
 * it is written with an "@" for each NUL. */
static void from_unix(struct yoke_address *address,
                      const struct sockaddr_un *addr, socklen_t len)
{
    size_t head = offsetof(struct sockaddr_un, sun_path);
    size_t n = len > head ? len - head : 0;
    bool is_abstract = n > 0 && addr->sun_path[0] == '\0';

    *address = (struct yoke_address){.family = -1};
    if (!is_abstract)
        n = strnlen(addr->sun_path, n);
    memcpy(address->host, addr->sun_path, n);
    for (size_t i = 0; is_abstract && i < n; i++)
        if (address->host[i] == '\0')
            address->host[i] = '@';
}

void yk_address_from_sockaddr(struct yoke_address *address,
                              const struct sockaddr *addr, socklen_t len)
{
    const struct sockaddr_in *in = (const void *)addr;
    const struct sockaddr_in6 *in6 = (const void *)addr;

    if (addr->sa_family == AF_UNIX) {
        from_unix(address, (const void *)addr, len);
    } else if (addr->sa_family == AF_INET6) {
        *address =
            (struct yoke_address){.family = 6, .port = ntohs(in6->sin6_port)};
        inet_ntop(AF_INET6, &in6->sin6_addr, address->host,
                  sizeof(address->host));
    } else {
        *address =
            (struct yoke_address){.family = 4, .port = ntohs(in->sin_port)};
        inet_ntop(AF_INET, &in->sin_addr, address->host, sizeof(address->host));
    }
}

int yk_address_of_socket(int fd, struct yoke_address *ret_address)
{
    struct sockaddr_storage addr;
    socklen_t len = sizeof(addr), type_len = sizeof(int);
    int type;

    if (getsockname(fd, (struct sockaddr *)&addr, &len) < 0 ||
        getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &type_len) < 0)
        return -errno;
    yk_address_from_sockaddr(ret_address, (struct sockaddr *)&addr, len);
    ret_address->is_udp = type == SOCK_DGRAM;
    return 0;
}

const char *yk_address_text(const struct yoke_address *address, char *out,
                            size_t len)
{
    if (address->family == -1)
        snprintf(out, len, "%s", address->host);
    else
        snprintf(out, len, address->family == 6 ? "[%s]:%d" : "%s:%d",
                 address->host, address->port);
    return out;
}

int yk_sockaddr_unix(struct yk_sockaddr *ret_addr, const char *path)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    size_t len = strlen(path);
    bool is_abstract = path[0] == '@';

    if (len > YK_UNIX_PATH_MAX)
        return -ENAMETOOLONG;
    memcpy(addr.sun_path, path, len);
    if (is_abstract)
        addr.sun_path[0] = '\0';
    *ret_addr = (struct yk_sockaddr){
        .len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len +
                           !is_abstract)};
    memcpy(&ret_addr->addr, &addr, sizeof(addr));
    return 0;
}

void yk_sockaddr_any(struct yk_sockaddr *ret_addr, int family, int port)
{
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6,
                               .sin6_port = htons((uint16_t)port)};
    struct sockaddr_in in = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port)};

    *ret_addr = (struct yk_sockaddr){.len = sizeof(in)};
    if (family == AF_INET6) {
        ret_addr->len = sizeof(in6);
        memcpy(&ret_addr->addr, &in6, sizeof(in6));
    } else {
        memcpy(&ret_addr->addr, &in, sizeof(in));
    }
}

int yk_sockaddr_ip(struct yk_sockaddr *ret_addr, const char *host, int port)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC,
                             .ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_PASSIVE | AI_NUMERICSERV};
    struct addrinfo *found;
    char service[12];
    int err;

    if (port < 0 || port > UINT16_MAX)
        return -EINVAL;
    snprintf(service, sizeof(service), "%d", port);
    err = getaddrinfo(host, service, &hints, &found);
    if (err == EAI_AGAIN)
        return -EAGAIN;
    if (err == EAI_SYSTEM)
        return -errno;
    if (err)
        return -ENOENT;
    *ret_addr = (struct yk_sockaddr){.len = found->ai_addrlen};
    memcpy(&ret_addr->addr, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return 0;
}
