#include "net/peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

static void set_ip4(struct yk_peer *peer, const void *ip)
{
    peer->family = 4;
    memcpy(peer->ip, ip, 4);
}

static void from_ip6(struct yk_peer *peer, const struct sockaddr_in6 *addr)
{
    peer->port = ntohs(addr->sin6_port);
    if (IN6_IS_ADDR_V4MAPPED(&addr->sin6_addr)) {
        set_ip4(peer, addr->sin6_addr.s6_addr + 12);
        return;
    }
    peer->family = 6;
    memcpy(peer->ip, &addr->sin6_addr, 16);
}

void yk_peer_from_sockaddr(struct yk_peer *peer, const struct sockaddr *addr)
{
    *peer = (struct yk_peer){.family = 0};
    if (addr->sa_family == AF_INET) {
        const struct sockaddr_in *in = (const void *)addr;
        peer->port = ntohs(in->sin_port);
        set_ip4(peer, &in->sin_addr);
    } else if (addr->sa_family == AF_INET6) {
        from_ip6(peer, (const void *)addr);
    }
}

bool yk_peer_is_same(const struct yk_peer *a, const struct yk_peer *b)
{
    return a->family == b->family && a->port == b->port &&
           memcmp(a->ip, b->ip, a->family == 4 ? 4 : sizeof(a->ip)) == 0;
}

int yk_peer_parse(struct yk_peer *peer, const char *text)
{
    struct yk_peer parsed = {.family = 4};
    struct sockaddr_in6 in6 = {.sin6_family = AF_INET6};
    if (inet_pton(AF_INET, text, parsed.ip) != 1) {
        if (inet_pton(AF_INET6, text, &in6.sin6_addr) != 1)
            return -EINVAL;
        from_ip6(&parsed, &in6);
    }
    *peer = parsed;
    return 0;
}

const char *yk_peer_text(const struct yk_peer *peer, char out[YK_PEER_TEXT_MAX])
{
    int family = peer->family == 4 ? AF_INET : AF_INET6;
    out[0] = '\0';
    if (peer->family)
        inet_ntop(family, peer->ip, out, YK_PEER_TEXT_MAX);
    return out;
}
