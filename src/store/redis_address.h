/* Where a Redis server is: a host and a port, which replies tell as well as
 * URLs do. */
#ifndef YK_STORE_REDIS_ADDRESS_H
#define YK_STORE_REDIS_ADDRESS_H

#include <stdbool.h>

#include "core/slice.h"

#define YK_REDIS_PORT             6379
/* A host's name has no more bytes. */
#define YK_REDIS_HOST_MAX         255
/* Room for both as text. */
#define YK_REDIS_ADDRESS_TEXT_MAX (YK_REDIS_HOST_MAX + sizeof("[]:65535"))

struct yk_redis_address {
    char host[YK_REDIS_HOST_MAX + 1];
    int port;
};

/* False, and nothing has changed, when it is no address. */
bool yk_redis_address_set(struct yk_redis_address *address,
                          struct yk_slice host, long long port);

/* The same of "HOST:PORT", where HOST may have colons, and may be empty: then
 * it is `otherwise`. */
bool yk_redis_address_parse(struct yk_redis_address *address,
                            struct yk_slice text, const char *otherwise);

bool yk_redis_address_eq(const struct yk_redis_address *a,
                         const struct yk_redis_address *b);

/* "host:port" into `out`, of YK_REDIS_ADDRESS_TEXT_MAX bytes. Returns it. */
const char *yk_redis_address_text(const struct yk_redis_address *address,
                                  char *out);

#endif
