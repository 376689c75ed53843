/* The times of what a cache keeps: milliseconds since 1970, by the clock that
 * its options name.
 *
 *     stored ---- ttl ----> fresh_until ---- stale ----> stale_until
 *                                     \---- stale_error ----> ... */
#ifndef YK_SHARED_CACHE_TIME_H
#define YK_SHARED_CACHE_TIME_H

#include <stdint.h>

#include <yoke/cache.h>

#include "shared/cache_record.h"

uint64_t yk_cache_now(const yoke_cache *cache);

/* Times of what is kept from now on. A random part of `ttl_s` is left out
 * (`jitter`). */
void yk_cache_stamp(yoke_cache *cache, struct yk_cache_record *record,
                    const struct yoke_cache_keep *keep);

/* When it is good for nothing any more. */
uint64_t yk_cache_last_use_ms(const struct yk_cache_record *record);

/* For how long the store has to keep it; 0: not at all. */
uint32_t yk_cache_keep_s(yoke_cache *cache,
                         const struct yk_cache_record *record);

#endif
