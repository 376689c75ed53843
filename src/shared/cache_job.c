#include "shared/cache_job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>
#include <yoke/loop.h>

#include "core/alloc.h"
#include "shared/cache_get.h"
#include "shared/cache_outcome.h"
#include "shared/cache_tags.h"
#include "shared/cache_time.h"
#include "shared/cache_waiters.h"

#include "core/banned.h"

/* ---- Life ---- */

static bool copy_key(yoke_cache_job *job, const char *key)
{
    size_t size = strlen(key) + 1;

    job->key =
        size <= sizeof(job->short_key) ? job->short_key : yk_try_alloc(size);
    if (job->key)
        memcpy(job->key, key, size);
    return job->key;
}

yoke_cache_job *yk_cache_job_new(yoke_cache *cache, const char *key,
                                 struct yk_cache_waiter *author)
{
    yoke_cache_job *job = yk_blocks_take(&cache->jobs);

    if (!job)
        return NULL;
    memset(job, 0, sizeof(*job));
    if (!copy_key(job, key)) {
        yk_blocks_give(&cache->jobs, job);
        return NULL;
    }
    job->cache = cache;
    job->hash = yk_name_hash(key);
    yk_name_make(job->name, cache->name, 'v', key);
    yk_list_init(&job->node);
    yk_list_init(&job->ready);
    yk_list_init(&job->rest);
    yk_list_init(&job->waiters);
    yk_list_init(&job->late);
    job->begun_ms = uv_now(yoke_loop());
    job->author = author;
    author->is_author = true;
    yk_list_add(&job->waiters, &author->node);
    cache->stats.flights++;
    cache->stats.waiters++;
    return job;
}

static void free_author(yoke_cache_job *job)
{
    const struct yoke_cache_query *query = &job->author->query;

    if (query->free_data)
        query->free_data(query->compute_data);
    yk_blocks_give(&job->cache->waiters, job->author);
}

/* Nobody waits any more, and nothing is on its way. */
static void end(yoke_cache_job *job)
{
    yoke_cache *cache = job->cache;

    if (job->has_lock)
        yoke_store_unlock(cache->options.store, job->name, job->fence, NULL,
                          NULL);
    yk_list_remove(&job->node);
    yk_list_remove(&job->ready);
    if (job->author)
        free_author(job);
    free(job->old_value);
    free(job->value);
    if (job->key != job->short_key)
        free(job->key);
    yk_blocks_give(&cache->jobs, job);
    cache->stats.flights--;
    yk_cache_free_if_idle(cache);
}

/* ---- The end ---- */

/* All get it, and it is over. From here on nobody joins. */
void yk_cache_job_conclude(yoke_cache_job *job,
                           const struct yk_cache_record *record,
                           enum yoke_cache_how how)
{
    yk_list_remove(&job->node);
    yk_list_move_all(&job->waiters, &job->late);
    yk_cache_answer_all(job, record, how, how);
    end(job);
}

void yk_cache_job_fail(yoke_cache_job *job, int err)
{
    struct yk_cache_record record = {
        .kind = YK_CACHE_ERROR,
        .err = err,
        .stored_ms = yk_cache_now(job->cache),
    };
    yk_cache_job_conclude(job, &record, YOKE_CACHE_MISS);
}

/* ---- Who waits ---- */

void yk_cache_job_make_ready(yoke_cache_job *job)
{
    if (yk_list_is_empty(&job->ready))
        yk_list_add(&job->cache->ready, &job->ready);
    yk_later_start(&job->cache->later);
}

void yk_cache_job_join(yoke_cache_job *job, struct yk_cache_waiter *waiter)
{
    bool is_late = job->state >= YK_CACHE_COMPUTING;

    yk_list_add(is_late ? &job->late : &job->waiters, &waiter->node);
    job->cache->stats.waiters++;
}

void yk_cache_job_hand_over(yoke_cache_job *job, yoke_cache_job *other)
{
    struct yk_cache_waiter *author = job->author;

    yk_list_remove(&author->node);
    author->is_author = false;
    job->author = NULL;
    job->cache->stats.waiters--;
    yk_cache_job_join(other, author);
    end(job);
}

void yk_cache_job_on_ready(yoke_cache_job *job)
{
    if (job->state == YK_CACHE_GIVEN)
        yk_cache_settle(job);
}

/* ---- Computing ---- */

void yk_cache_job_compute(yoke_cache_job *job)
{
    const struct yoke_cache_query *query = &job->author->query;

    if (!query->compute) {
        yk_cache_job_fail(job, -ENOENT);
        return;
    }
    if (!yk_cache_tags_are_known(job))
        job->may_keep = false;
    job->state = YK_CACHE_COMPUTING;
    job->cache->stats.computations++;
    query->compute(job, job->key, query->compute_data);
}

void yk_cache_job_split(yoke_cache_job *job)
{
    struct yk_list others, *node;

    yk_list_remove(&job->node);
    job->is_alone = true;
    yk_list_init(&others);
    yk_list_move_all(&others, &job->waiters);
    yk_list_move_all(&others, &job->late);
    if (!yk_list_is_empty(&job->author->node)) {
        yk_list_remove(&job->author->node);
        yk_list_add(&job->waiters, &job->author->node);
    }
    while ((node = yk_list_take(&others))) {
        struct yk_cache_waiter *waiter =
            YK_CONTAINER_OF(node, struct yk_cache_waiter, node);
        yoke_cache_job *own = yk_cache_job_new(job->cache, job->key, waiter);
        job->cache->stats.waiters--; /* It has been counted. */
        if (!own) {
            yk_cache_refuse(job->cache, waiter, -YOKE_EFULL);
            continue;
        }
        own->is_alone = true;
        yk_cache_job_compute(own);
    }
}

void yk_cache_job_do_without(yoke_cache_job *job, int err)
{
    job->cache->stats.store_errors++;
    job->may_keep = false;
    if (job->is_renewing)
        yk_cache_job_conclude(job, &job->old, YOKE_CACHE_STALE);
    else if (job->cache->options.needs_store)
        yk_cache_job_fail(job, err);
    else
        yk_cache_job_compute(job);
}
