#include "app/trust.h"

#include <stdlib.h>

#include <yoke/client.h>

#include "app/accept.h"
#include "core/alloc.h"
#include "core/number.h"

#include "core/banned.h"

/* Most networks of a setting. */
#define NETWORKS_MAX 256

struct network {
    struct yk_peer address;
    uint32_t bits; /* Of the address that must be the same. */
};

struct networks {
    size_t count;
    struct network items[NETWORKS_MAX];
};

/* ---- Addresses ---- */

/* Nothing but an address. */
static bool parse_bare(struct yk_slice text, struct yk_peer *ret_peer)
{
    char address[YK_PEER_TEXT_MAX];
    if (text.len == 0 || text.len >= sizeof(address))
        return false;
    memcpy(address, text.ptr, text.len);
    address[text.len] = '\0';
    return yk_peer_parse(ret_peer, address) == 0;
}

/* Nothing, or ":80". */
static bool is_port(struct yk_slice text)
{
    uint64_t port;
    return text.len == 0 ||
           (*text.ptr == ':' &&
            yk_parse_u64((struct yk_slice){text.ptr + 1, text.len - 1},
                         UINT16_MAX, &port) == 0);
}

/* "[::1]:80". What stands in brackets has colons. */
static bool parse_bracketed(struct yk_slice text, struct yk_peer *ret_peer)
{
    const char *end = memchr(text.ptr, ']', text.len);
    if (!end)
        return false;
    size_t len = (size_t)(end + 1 - text.ptr);
    struct yk_slice address = {text.ptr + 1, len - 2};
    return is_port((struct yk_slice){text.ptr + len, text.len - len}) &&
           address.len > 0 && memchr(address.ptr, ':', address.len) &&
           parse_bare(address, ret_peer);
}

bool yk_trust_parse_address(struct yk_slice text, struct yk_peer *ret_peer)
{
    text = yk_trim(text);
    if (text.len == 0)
        return false;
    if (*text.ptr == '[')
        return parse_bracketed(text, ret_peer);
    const char *colon = memchr(text.ptr, ':', text.len);
    size_t len = colon && colon == memrchr(text.ptr, ':', text.len)
                     ? (size_t)(colon - text.ptr)
                     : text.len;
    return is_port((struct yk_slice){text.ptr + len, text.len - len}) &&
           parse_bare((struct yk_slice){text.ptr, len}, ret_peer);
}

/* ---- Networks ---- */

static bool parse_network(struct yk_slice text, struct network *ret_network)
{
    const char *slash = memchr(text.ptr, '/', text.len);
    size_t len = slash ? (size_t)(slash - text.ptr) : text.len;
    struct network network;
    uint64_t bits;
    if (!parse_bare((struct yk_slice){text.ptr, len}, &network.address))
        return false;
    /* ::ffff:10.0.0.0/104 is 10.0.0.0/8. */
    uint32_t most = memchr(text.ptr, ':', len) ? 128 : 32;
    uint32_t fixed = most == 128 && network.address.family == 4 ? 96 : 0;
    bits = most;
    if (slash && yk_parse_u64((struct yk_slice){slash + 1, text.len - len - 1},
                              most, &bits) < 0)
        return false;
    if (bits < fixed)
        return false;
    network.bits = (uint32_t)bits - fixed;
    *ret_network = network;
    return true;
}

static const struct {
    const char *name;
    const char *networks;
} names[] = {
    {"loopback", "127.0.0.1/8, ::1/128"},
    {"linklocal", "169.254.0.0/16, fe80::/10"},
    {"uniquelocal", "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, fc00::/7"},
};

/* What a name stands for, or the text itself. */
static struct yk_slice expand(struct yk_slice text)
{
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (yk_slice_eq(text, yk_slice_of(names[i].name)))
            return yk_slice_of(names[i].networks);
    return text;
}

static const char *add_networks(struct networks *networks, struct yk_slice list)
{
    struct yk_slice text;
    while (yk_accept_next(&list, &text)) {
        if (networks->count == NETWORKS_MAX)
            return "more than 256 networks";
        if (!parse_network(text, &networks->items[networks->count]))
            return "not an address or a network, such as 10.0.0.0/8, nor "
                   "loopback, linklocal or uniquelocal";
        networks->count++;
    }
    return NULL;
}

const char *yk_trust_accept(struct yk_setting *setting)
{
    if (setting->kind == YK_SETTING_INT && setting->number < 0)
        return "a number of hops cannot be negative";
    if (setting->kind != YK_SETTING_STR)
        return NULL;
    struct networks *networks = yk_alloc(sizeof(*networks));
    struct yk_slice list = yk_slice_of(setting->text), text;
    const char *fault = NULL;
    networks->count = 0;
    while (!fault && yk_accept_next(&list, &text))
        fault = add_networks(networks, expand(text));
    setting->made = networks;
    setting->free_made = free;
    return fault;
}

/* ---- Asking ---- */

static bool is_within(const struct network *network, const struct yk_peer *peer)
{
    uint32_t whole = network->bits / 8, rest = network->bits % 8;
    if (network->address.family != peer->family ||
        memcmp(network->address.ip, peer->ip, whole) != 0)
        return false;
    if (rest == 0)
        return true;
    unsigned difference = network->address.ip[whole] ^ peer->ip[whole];
    return (difference & (0xff00u >> rest) & 0xff) == 0;
}

/* A UNIX socket is of this very machine. */
static bool is_local(const struct networks *networks)
{
    static const struct yk_peer loopback = {.family = 4, .ip = {127, 0, 0, 1}};
    for (size_t i = 0; i < networks->count; i++)
        if (is_within(&networks->items[i], &loopback))
            return true;
    return false;
}

static bool is_in(const struct networks *networks, const struct yk_peer *peer)
{
    if (peer->family == 0)
        return is_local(networks);
    for (size_t i = 0; i < networks->count; i++)
        if (is_within(&networks->items[i], peer))
            return true;
    return false;
}

bool yk_trust(const struct yk_setting *setting, const struct yk_peer *peer,
              int hop)
{
    char text[YK_PEER_TEXT_MAX];
    switch (setting->kind) {
    case YK_SETTING_BOOL:
        return setting->number;
    case YK_SETTING_INT:
        return hop < setting->number;
    case YK_SETTING_STR:
        return is_in(setting->made, peer);
    case YK_SETTING_PTR: {
        const struct yoke_trust *trust = setting->ptr;
        return trust && trust->fn(yk_peer_text(peer, text), hop, trust->data);
    }
    case YK_SETTING_UNSET:
        break;
    }
    return false;
}
