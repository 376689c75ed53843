/* Whether an answer may be kept, and for how long (RFC 9111 sections 3 and
 * 4.2, RFC 5861). */
#ifndef YK_MIDDLEWARE_FRESHNESS_H
#define YK_MIDDLEWARE_FRESHNESS_H

#include <stdbool.h>
#include <stdint.h>

#include <yoke/app.h>

struct yk_freshness {
    uint32_t ttl_s;
    uint32_t stale_s;       /* And then, while it is made anew; */
    uint32_t stale_error_s; /* and when that fails. */
    uint32_t age_s;         /* It comes from elsewhere, and is so old. */
};

/* False when it may not be kept, or would not be good for any time. To be asked
 * when the head is about to go. `default_ttl_s` is for answers that say nothing,
 * `max_ttl_s` the limit. */
bool yk_freshness_of(yoke_res *res, uint32_t default_ttl_s, uint32_t max_ttl_s,
                     struct yk_freshness *ret_freshness);

#endif
