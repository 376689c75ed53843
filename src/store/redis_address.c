#include "store/redis_address.h"

#include <stdio.h>
#include <string.h>

#include "core/number.h"

#include "core/banned.h"

bool yk_redis_address_set(struct yk_redis_address *address,
                          struct yk_slice host, long long port)
{
    if (host.len == 0 || host.len > YK_REDIS_HOST_MAX || port < 1 ||
        port > 65535 || memchr(host.ptr, '\0', host.len))
        return false;
    memmove(address->host, host.ptr, host.len);
    address->host[host.len] = '\0';
    address->port = (int)port;
    return true;
}

bool yk_redis_address_parse(struct yk_redis_address *address,
                            struct yk_slice text, const char *otherwise)
{
    const char *colon = text.len ? memrchr(text.ptr, ':', text.len) : NULL;
    uint64_t port;

    if (!colon)
        return false;
    struct yk_slice host = {text.ptr, (size_t)(colon - text.ptr)};
    struct yk_slice digits = {colon + 1, text.len - host.len - 1};
    if (yk_parse_u64(digits, 65535, &port) < 0)
        return false;
    return yk_redis_address_set(
        address, host.len ? host : yk_slice_of(otherwise), (long long)port);
}

bool yk_redis_address_eq(const struct yk_redis_address *a,
                         const struct yk_redis_address *b)
{
    return a->port == b->port && strcmp(a->host, b->host) == 0;
}

const char *yk_redis_address_text(const struct yk_redis_address *address,
                                  char *out)
{
    bool is_v6 = strchr(address->host, ':') != NULL;

    snprintf(out, YK_REDIS_ADDRESS_TEXT_MAX, is_v6 ? "[%s]:%d" : "%s:%d",
             address->host, address->port);
    return out;
}
