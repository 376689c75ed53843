#include "shared/cache_verdict.h"

#include "shared/cache_job.h"
#include "shared/cache_tags.h"
#include "shared/cache_time.h"

#include "core/banned.h"

static bool is_fresh(const struct yoke_cache_query *query,
                     const struct yk_cache_record *record, uint64_t now)
{
    return record->fresh_until_ms > now + (uint64_t)query->min_fresh_s * 1000;
}

/* A record that must not be answered old has no time after it was fresh. */
static bool is_not_too_stale(const struct yoke_cache_query *query,
                             const struct yk_cache_record *record, uint64_t now)
{
    uint64_t most =
        record->fresh_until_ms + (uint64_t)query->max_stale_s * 1000;

    return query->max_stale_s > 0 && query->min_fresh_s == 0 &&
           !query->no_stale && now <= most &&
           now < yk_cache_last_use_ms(record);
}

static bool is_young(const struct yoke_cache_query *query,
                     const struct yk_cache_record *record, uint64_t now)
{
    return query->max_age_s == 0 ||
           now <= record->stored_ms + (uint64_t)query->max_age_s * 1000;
}

static bool is_good(const struct yoke_cache_query *query,
                    const struct yk_cache_record *record, uint64_t now)
{
    return !query->anew && is_young(query, record, now) &&
           (is_fresh(query, record, now) ||
            is_not_too_stale(query, record, now));
}

/* RFC 5861 section 4: the request's word on that goes before the answer's, as
 * long as the answer may be old at all. */
bool yk_cache_helps(const struct yoke_cache_query *query,
                    const struct yk_cache_record *record, uint64_t now)
{
    uint64_t most = query->stale_error_s == YOKE_CACHE_NONE
                        ? 0
                        : (uint64_t)query->stale_error_s * 1000;

    if (query->no_stale)
        return false;
    if (query->stale_error_s == 0)
        return record->stale_error_until_ms > now;
    return now <= record->fresh_until_ms + most &&
           now < yk_cache_last_use_ms(record);
}

enum yk_cache_verdict yk_cache_judge(const yoke_cache_job *job,
                                     const struct yk_cache_record *record)
{
    const struct yoke_cache_query *query = &job->author->query;
    uint64_t now = yk_cache_now(job->cache);

    if (record->kind == YK_CACHE_DELETED ||
        !yk_slice_eq(record->key, yk_slice_of(job->key)))
        return YK_CACHE_NOT_THERE;
    if (record->kind == YK_CACHE_UNSHARED)
        return record->fresh_until_ms > now ? YK_CACHE_NOBODYS
                                            : YK_CACHE_NOT_THERE;
    if (!yk_cache_tags_fit(job, record))
        return YK_CACHE_NOT_THERE;
    if (is_good(query, record, now))
        return YK_CACHE_GOOD;
    if (record->stale_until_ms > now && !yk_cache_has_wishes(query))
        return YK_CACHE_OLD;
    return yk_cache_helps(query, record, now) ? YK_CACHE_LAST_HELP
                                              : YK_CACHE_NOT_THERE;
}

bool yk_cache_has_wishes(const struct yoke_cache_query *query)
{
    return query->anew || query->no_stale || query->max_age_s > 0 ||
           query->min_fresh_s > 0 || query->max_stale_s > 0;
}
