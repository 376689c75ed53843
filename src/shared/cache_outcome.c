#include "shared/cache_outcome.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/cache.h>
#include <yoke/error.h>

#include "core/alloc.h"
#include "shared/cache_get.h"
#include "shared/cache_job.h"
#include "shared/cache_time.h"
#include "shared/cache_waiters.h"

#include "core/banned.h"

#define UNSHARED_TTL_S 5

/* ---- Keeping ---- */

static void on_kept(const struct yoke_store_result *result, void *data)
{
    yoke_cache_job *job = data;

    if (result->err)
        job->cache->stats.unkept++;
    /* They look whether it is there. */
    if (result->err == 0 || result->err == -YOKE_ECONFLICT ||
        result->err == -ENOENT)
        yk_cache_begin_late(job);
    yk_cache_job_conclude(job, &job->outcome, YOKE_CACHE_SHARED);
}

static void store_outcome(yoke_cache_job *job, uint32_t keep_s)
{
    yoke_store *store = job->cache->options.store;
    size_t len = yk_cache_record_len(&job->outcome);
    char *bytes = yk_try_alloc(len);
    struct yoke_store_result failed = {.err = -ENOMEM};

    if (!bytes) {
        on_kept(&failed, job);
        return;
    }
    yk_cache_record_write(&job->outcome, bytes);
    if (job->version)
        yoke_store_replace(store, job->name, job->version, bytes, len, keep_s,
                           on_kept, job);
    else
        yoke_store_add(store, job->name, bytes, len, keep_s, on_kept, job);
    free(bytes);
}

static void keep(yoke_cache_job *job)
{
    struct yk_cache_record *outcome = &job->outcome;
    uint32_t keep_s = yk_cache_keep_s(job->cache, outcome);

    outcome->key = yk_slice_of(job->key);
    outcome->tag_count = job->tag_count;
    memcpy(outcome->tags, job->tags, sizeof(outcome->tags));
    job->state = YK_CACHE_KEEPING;
    /* That it is unshared need not be said again and again. */
    if (job->is_unshared && outcome->kind == YK_CACHE_UNSHARED)
        keep_s = 0;
    if (keep_s > 0 && job->may_keep &&
        outcome->value.len <= job->cache->options.max_value_len) {
        store_outcome(job, keep_s);
        return;
    }
    job->cache->stats.unkept += keep_s > 0;
    yk_cache_job_conclude(job, outcome, YOKE_CACHE_SHARED);
}

/* ---- Answering ---- */

static bool has_old(const yoke_cache_job *job)
{
    return job->old_value &&
           yk_cache_last_use_ms(&job->old) > yk_cache_now(job->cache);
}

/* The old value takes the failure's place, and for as long. */
static bool fall_back(yoke_cache_job *job)
{
    if (!has_old(job))
        return false;
    uint64_t until = job->outcome.fresh_until_ms;
    job->outcome = job->old;
    if (job->outcome.fresh_until_ms < until)
        job->outcome.fresh_until_ms = until;
    return true;
}

void yk_cache_settle(yoke_cache_job *job)
{
    struct yk_cache_record *outcome = &job->outcome, failure;

    if (outcome->kind == YK_CACHE_ERROR) {
        job->cache->stats.failures++;
        failure = *outcome;
        if (fall_back(job)) {
            yk_cache_answer_helped(job, &failure);
            keep(job);
            return;
        }
    }
    if (outcome->kind == YK_CACHE_UNSHARED) {
        job->cache->stats.unshared++;
        yk_cache_job_split(job);
    }
    yk_cache_answer_all(job, outcome, YOKE_CACHE_COMPUTED, YOKE_CACHE_SHARED);
    keep(job);
}

/* ---- Giving ---- */

bool yoke_cache_job_renews(const yoke_cache_job *job)
{
    return job->old_value;
}

bool yoke_cache_job_old(const yoke_cache_job *job,
                        struct yoke_cache_result *ret_old)
{
    if (!has_old(job) || !yk_cache_author_takes_old(job))
        return false;
    *ret_old = yk_cache_result_of(job, &job->old, YOKE_CACHE_STALE);
    return true;
}

static void give(yoke_cache_job *job, struct yk_cache_record record)
{
    job->outcome = record;
    job->state = YK_CACHE_GIVEN;
    yk_cache_job_make_ready(job);
}

void yoke_cache_give_with(yoke_cache_job *job, const void *ptr, size_t len,
                          const struct yoke_cache_keep *keep)
{
    struct yk_cache_record record = {.kind = YK_CACHE_VALUE};

    job->value = yk_try_alloc(len + 1);
    if (!job->value) {
        /* The others may have memory for it. */
        yoke_cache_give_error(job, -ENOMEM, YOKE_CACHE_NONE);
        return;
    }
    if (len > 0)
        memcpy(job->value, ptr, len);
    job->value[len] = '\0';
    record.value = (struct yk_slice){job->value, len};
    yk_cache_stamp(job->cache, &record, keep);
    give(job, record);
}

static void give_kind(yoke_cache_job *job, enum yk_cache_kind kind, int err,
                      uint32_t ttl_s)
{
    struct yk_cache_record record = {.kind = kind, .err = err};
    struct yoke_cache_keep keep = {.ttl_s = ttl_s,
                                   .stale_s = YOKE_CACHE_NONE,
                                   .stale_error_s = YOKE_CACHE_NONE};

    yk_cache_stamp(job->cache, &record, &keep);
    give(job, record);
}

void yoke_cache_give_nothing(yoke_cache_job *job, uint32_t ttl_s)
{
    give_kind(job, YK_CACHE_NOTHING, 0,
              ttl_s ? ttl_s : job->cache->options.nothing_ttl_s);
}

void yoke_cache_give_error(yoke_cache_job *job, int err, uint32_t ttl_s)
{
    give_kind(job, YK_CACHE_ERROR, err < 0 ? err : -EIO,
              ttl_s ? ttl_s : job->cache->options.error_ttl_s);
}

void yoke_cache_give_unshared(yoke_cache_job *job, uint32_t ttl_s)
{
    give_kind(job, YK_CACHE_UNSHARED, 0, ttl_s ? ttl_s : UNSHARED_TTL_S);
}
