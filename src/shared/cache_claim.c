#include "shared/cache_claim.h"

#include <yoke/error.h>
#include <yoke/loop.h>

#include "shared/cache_job.h"
#include "shared/cache_look.h"
#include "shared/cache_tags.h"

#include "core/banned.h"

#define REST_MS     20
#define REST_MAX_MS 160

/* Who computes it knows a version of each of its tags. */
static void tag(yoke_cache_job *job)
{
    job->state = YK_CACHE_TAGGING;
    if (yk_cache_tags_add(job))
        return;
    if (job->has_lock)
        yk_cache_check(job);
    else
        yk_cache_job_compute(job);
}

static void rest(yoke_cache_job *job)
{
    yoke_cache *cache = job->cache;
    uint64_t now = uv_now(yoke_loop());

    if (!job->has_waited)
        cache->stats.waits++;
    job->has_waited = true;
    if (now - job->begun_ms >= cache->options.wait_ms) {
        cache->stats.overdue++;
        yk_cache_job_compute(job);
        return;
    }
    job->rest_ms = job->rest_ms ? 2 * job->rest_ms : REST_MS;
    if (job->rest_ms > REST_MAX_MS)
        job->rest_ms = REST_MAX_MS;
    job->due_ms =
        now + job->rest_ms / 2 + yk_random_below(&cache->random, job->rest_ms);
    job->state = YK_CACHE_RESTING;
    yk_cache_rest(job);
}

static void on_locked(const struct yoke_store_result *result, void *data)
{
    yoke_cache_job *job = data;

    if (result->err == 0) {
        job->has_lock = true;
        job->fence = result->number;
        tag(job);
    } else if (result->err != -YOKE_ECONFLICT)
        yk_cache_job_do_without(job, result->err);
    else if (job->is_renewing)
        yk_cache_job_conclude(job, &job->old, YOKE_CACHE_STALE);
    else
        rest(job);
}

/* Who may compute it? */
void yk_cache_claim(yoke_cache_job *job)
{
    job->may_keep = true;
    if (!job->author->query.compute)
        yk_cache_job_compute(job);
    else if (job->is_alone)
        tag(job);
    else {
        job->state = YK_CACHE_LOCKING;
        yoke_store_lock(job->cache->options.store, job->name,
                        job->cache->options.lease_s, 0, on_locked, job);
    }
}
