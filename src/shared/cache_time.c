#include "shared/cache_time.h"

#include "shared/cache_job.h"

#include "core/banned.h"

uint64_t yk_cache_now(const yoke_cache *cache)
{
    return cache->options.now_ms(cache->options.now_data);
}

static uint64_t pick_ms(uint32_t given_s, uint32_t fallback_s)
{
    uint32_t seconds = given_s ? given_s : fallback_s;
    return seconds == YOKE_CACHE_NONE ? 0 : (uint64_t)seconds * 1000;
}

void yk_cache_stamp(yoke_cache *cache, struct yk_cache_record *record,
                    const struct yoke_cache_keep *keep)
{
    const struct yoke_cache_options *options = &cache->options;
    uint64_t now = yk_cache_now(cache);
    uint64_t ttl_ms = pick_ms(keep->ttl_s, options->ttl_s);
    uint64_t most = ttl_ms / 100 * (unsigned)options->jitter;

    record->stored_ms = now - (uint64_t)keep->age_s * 1000;
    record->fresh_until_ms =
        now + ttl_ms - yk_random_below(&cache->random, most + 1);
    record->stale_until_ms =
        record->fresh_until_ms + pick_ms(keep->stale_s, options->stale_s);
    record->stale_error_until_ms =
        record->fresh_until_ms +
        pick_ms(keep->stale_error_s, options->stale_error_s);
}

uint64_t yk_cache_last_use_ms(const struct yk_cache_record *record)
{
    uint64_t last = record->fresh_until_ms;

    if (record->stale_until_ms > last)
        last = record->stale_until_ms;
    if (record->stale_error_until_ms > last)
        last = record->stale_error_until_ms;
    return last;
}

uint32_t yk_cache_keep_s(yoke_cache *cache,
                         const struct yk_cache_record *record)
{
    uint64_t now = yk_cache_now(cache), last = yk_cache_last_use_ms(record);

    if (last <= now)
        return 0;
    uint64_t seconds = (last - now + 999) / 1000 + 1;
    return seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
}
