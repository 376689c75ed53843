#include "shared/cache_waiters.h"

#include <errno.h>

#include "shared/cache_job.h"
#include "shared/cache_time.h"
#include "shared/cache_verdict.h"

#include "core/banned.h"

static int error_of(const struct yk_cache_record *record)
{
    if (record->kind == YK_CACHE_VALUE)
        return 0;
    return record->kind == YK_CACHE_ERROR ? record->err : -ENOENT;
}

static void count(yoke_cache *cache, enum yoke_cache_how how)
{
    struct yoke_cache_stats *stats = &cache->stats;
    uint64_t *const counters[] = {
        [YOKE_CACHE_HIT] = &stats->hits,
        [YOKE_CACHE_STALE] = &stats->stale,
        [YOKE_CACHE_COMPUTED] = &stats->computed,
        [YOKE_CACHE_SHARED] = &stats->shared,
        [YOKE_CACHE_MISS] = &stats->misses,
    };
    ++*counters[how];
}

struct yoke_cache_result
yk_cache_result_of(const yoke_cache_job *job,
                   const struct yk_cache_record *record,
                   enum yoke_cache_how how)
{
    uint64_t now = yk_cache_now(job->cache);

    return (struct yoke_cache_result){
        .err = error_of(record),
        .key = job->key,
        .value = record->value.ptr ? record->value.ptr : "",
        .len = record->value.len,
        .how = how,
        .age_ms = now > record->stored_ms ? now - record->stored_ms : 0,
        .fresh_ms = (int64_t)(record->fresh_until_ms - now),
        .version = job->version,
    };
}

static void answer(yoke_cache_job *job, struct yk_cache_waiter *waiter,
                   const struct yk_cache_record *record,
                   enum yoke_cache_how how)
{
    yoke_cache *cache = job->cache;
    struct yoke_cache_result result = yk_cache_result_of(job, record, how);

    yk_list_remove(&waiter->node);
    cache->stats.waiters--;
    count(cache, how);
    if (waiter->fn)
        waiter->fn(&result, waiter->data);
    if (waiter->is_author)
        return;
    if (waiter->query.free_data)
        waiter->query.free_data(waiter->query.compute_data);
    yk_blocks_give(&cache->waiters, waiter);
}

/* All that wait now, but perhaps for the author, who is told apart. */
void yk_cache_answer_all(yoke_cache_job *job,
                         const struct yk_cache_record *record,
                         enum yoke_cache_how author_how,
                         enum yoke_cache_how how)
{
    struct yk_list waiters, *node;

    yk_list_init(&waiters);
    yk_list_move_all(&waiters, &job->waiters);
    while ((node = yk_list_take(&waiters))) {
        struct yk_cache_waiter *waiter =
            YK_CONTAINER_OF(node, struct yk_cache_waiter, node);
        answer(job, waiter, record, waiter->is_author ? author_how : how);
    }
}

static bool takes_old(const yoke_cache_job *job,
                      const struct yk_cache_waiter *waiter)
{
    return waiter->query.stale_error_s == 0 ||
           yk_cache_helps(&waiter->query, &job->old, yk_cache_now(job->cache));
}

void yk_cache_answer_helped(yoke_cache_job *job,
                            const struct yk_cache_record *failure)
{
    struct yk_list waiters, *node;

    yk_list_init(&waiters);
    yk_list_move_all(&waiters, &job->waiters);
    while ((node = yk_list_take(&waiters))) {
        struct yk_cache_waiter *waiter =
            YK_CONTAINER_OF(node, struct yk_cache_waiter, node);
        if (takes_old(job, waiter))
            answer(job, waiter, &job->outcome, YOKE_CACHE_STALE);
        else
            answer(job, waiter, failure,
                   waiter->is_author ? YOKE_CACHE_COMPUTED : YOKE_CACHE_SHARED);
    }
}

bool yk_cache_author_takes_old(const yoke_cache_job *job)
{
    return takes_old(job, job->author);
}

/* The same; who would rather have the new value goes on waiting. */
void yk_cache_answer_old(yoke_cache_job *job)
{
    struct yk_cache_waiter *author = job->author;
    bool stays =
        author->query.refreshes_first && !yk_list_is_empty(&author->node);

    if (stays)
        yk_list_remove(&author->node);
    yk_cache_answer_all(job, &job->old, YOKE_CACHE_STALE, YOKE_CACHE_STALE);
    if (stays)
        yk_list_add(&job->waiters, &author->node);
}
