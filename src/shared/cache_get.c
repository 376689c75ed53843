#include "shared/cache_get.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>

#include "shared/cache_look.h"
#include "shared/cache_tags.h"
#include "shared/cache_verdict.h"

#include "core/banned.h"

static struct yk_cache_waiter *new_waiter(yoke_cache *cache, yoke_cache_fn *fn,
                                          void *data,
                                          const struct yoke_cache_query *query)
{
    struct yk_cache_waiter *waiter = yk_blocks_take(&cache->waiters);

    if (!waiter)
        abort(); /* As yk_alloc: it is small, and there is a limit to them. */
    *waiter = (struct yk_cache_waiter){.fn = fn, .data = data, .query = *query};
    waiter->query.tags = NULL;
    yk_list_init(&waiter->node);
    return waiter;
}

void yk_cache_refuse(yoke_cache *cache, struct yk_cache_waiter *waiter, int err)
{
    const struct yoke_cache_query *query = &waiter->query;

    if (query->free_data)
        query->free_data(query->compute_data);
    if (err == -YOKE_EFULL)
        cache->stats.refused++;
    waiter->err = err;
    yk_list_add(&cache->refused, &waiter->node);
    yk_later_start(&cache->later);
}

bool yk_cache_is_text(const char *text)
{
    size_t len = text ? strnlen(text, YOKE_CACHE_KEY_MAX + 1) : 0;
    return len > 0 && len <= YOKE_CACHE_KEY_MAX;
}

static int fault(const yoke_cache *cache, const char *key,
                 const struct yoke_cache_query *query)
{
    size_t tag_count = yk_cache_tags_count(query->tags);

    if (cache->is_closing)
        return -ECANCELED;
    if (!yk_cache_is_text(key) || tag_count > YOKE_CACHE_TAGS_MAX)
        return -EINVAL;
    for (size_t i = 0; i < tag_count; i++)
        if (!yk_cache_is_text(query->tags[i]))
            return -EINVAL;
    return cache->stats.waiters >= cache->options.max_waiters ? -YOKE_EFULL : 0;
}

/* ---- The table ---- */

static yoke_cache_job *find(yoke_cache *cache, const char *key)
{
    uint64_t hash = yk_name_hash(key);

    YK_LIST_EACH(node, &cache->table[hash % YK_CACHE_BUCKETS])
    {
        yoke_cache_job *job = YK_CONTAINER_OF(node, yoke_cache_job, node);
        if (job->hash == hash && strcmp(job->key, key) == 0)
            return job;
    }
    return NULL;
}

static void add(yoke_cache *cache, yoke_cache_job *job)
{
    yk_list_add(&cache->table[job->hash % YK_CACHE_BUCKETS], &job->node);
}

bool yk_cache_enter(yoke_cache_job *job)
{
    yoke_cache_job *there = find(job->cache, job->key);

    job->only_looks = false;
    if (there && !there->is_renewing) {
        yk_cache_job_hand_over(job, there);
        return false;
    }
    if (there)
        yk_list_remove(&there->node);
    add(job->cache, job);
    return true;
}

/* ---- Beginning ---- */

static yoke_cache_job *new_job(yoke_cache *cache, const char *key,
                               struct yk_cache_waiter *author)
{
    yoke_cache_job *job = NULL;

    if (cache->stats.flights < cache->options.max_flights)
        job = yk_cache_job_new(cache, key, author);
    if (!job)
        yk_cache_refuse(cache, author, -YOKE_EFULL);
    return job;
}

static bool is_alone(const struct yoke_cache_query *query)
{
    return query->alone || !query->compute || yk_cache_has_wishes(query);
}

static void begin(yoke_cache *cache, const char *key,
                  struct yk_cache_waiter *waiter,
                  const struct yoke_cache_query *query, bool only_looks)
{
    yoke_cache_job *job = new_job(cache, key, waiter);

    if (!job)
        return;
    yk_cache_tags_set(job, query->tags);
    job->is_alone = is_alone(query);
    job->only_looks = only_looks;
    if (!job->is_alone && !only_looks)
        add(cache, job);
    yk_cache_look(job);
}

static struct yk_cache_waiter *take_late(yoke_cache_job *job)
{
    struct yk_list *node = yk_list_take(&job->late);

    if (!node)
        return NULL;
    job->cache->stats.waiters--; /* It will be counted where it goes. */
    return YK_CONTAINER_OF(node, struct yk_cache_waiter, node);
}

void yk_cache_begin_late(yoke_cache_job *job)
{
    yoke_cache *cache = job->cache;
    struct yk_cache_waiter *waiter;

    yk_list_remove(&job->node);
    while ((waiter = take_late(job))) {
        yoke_cache_job *again = new_job(cache, job->key, waiter);
        if (!again)
            continue;
        yk_cache_tags_copy(again, job);
        again->has_waited = true;
        if (yk_cache_enter(again))
            yk_cache_look(again);
    }
}

void yoke_cache_get_with(yoke_cache *cache, const char *key, yoke_cache_fn *fn,
                         void *data, const struct yoke_cache_query *query)
{
    struct yk_cache_waiter *waiter = new_waiter(cache, fn, data, query);
    int err = fault(cache, key, query);
    yoke_cache_job *job =
        err == 0 && !is_alone(query) ? find(cache, key) : NULL;

    if (err < 0)
        yk_cache_refuse(cache, waiter, err);
    else if (job && !job->is_renewing)
        yk_cache_job_join(job, waiter);
    else
        begin(cache, key, waiter, query, job);
}
