#include "shared/cache_tags.h"

#include <string.h>

#include "shared/cache.h"
#include "shared/cache_job.h"
#include "shared/cache_look.h"

#include "core/banned.h"

/* ---- Names ---- */

size_t yk_cache_tags_count(const char *const *tags)
{
    size_t n = 0;

    while (tags && n <= YOKE_CACHE_TAGS_MAX && tags[n])
        n++;
    return n;
}

void yk_cache_tags_set(yoke_cache_job *job, const char *const *tags)
{
    job->tag_count = yk_cache_tags_count(tags);
    for (size_t i = 0; i < job->tag_count; i++) {
        job->tags[i].name = yk_name_hash(tags[i]);
        yk_name_make(job->tag_names[i], job->cache->name, 't', tags[i]);
    }
}

void yk_cache_tags_copy(yoke_cache_job *job, const yoke_cache_job *from)
{
    job->tag_count = from->tag_count;
    memcpy(job->tags, from->tags, sizeof(job->tags));
    memcpy(job->tag_names, from->tag_names, sizeof(job->tag_names));
}

/* ---- Versions ---- */

uint64_t yk_cache_new_version(yoke_cache *cache)
{
    uint64_t version = yk_random_next(&cache->random);
    return version ? version : 1;
}

void yk_cache_tags_read(yoke_cache_job *job,
                        const struct yoke_store_item *items)
{
    for (size_t i = 0; i < job->tag_count; i++) {
        const struct yoke_store_item *item = &items[i];
        job->tags[i].version = 0;
        if (item->err == 0 && item->len == sizeof(uint64_t))
            memcpy(&job->tags[i].version, item->value, sizeof(uint64_t));
    }
}

bool yk_cache_tags_are_known(const yoke_cache_job *job)
{
    for (size_t i = 0; i < job->tag_count; i++)
        if (job->tags[i].version == 0)
            return false;
    return true;
}

bool yk_cache_tags_fit(const yoke_cache_job *job,
                       const struct yk_cache_record *record)
{
    if (record->tag_count != job->tag_count)
        return false;
    for (size_t i = 0; i < job->tag_count; i++)
        if (job->tags[i].version == 0 ||
            job->tags[i].name != record->tags[i].name ||
            job->tags[i].version != record->tags[i].version)
            return false;
    return true;
}

static void on_tagged(const struct yoke_store_result *result, void *data)
{
    yoke_cache_job *job = data;

    (void)result;
    if (--job->tagging == 0)
        yk_cache_check(job);
}

bool yk_cache_tags_add(yoke_cache_job *job)
{
    uint64_t versions[YOKE_CACHE_TAGS_MAX];

    for (size_t i = 0; i < job->tag_count; i++) {
        if (job->tags[i].version)
            continue;
        job->tagging++;
        versions[i] = yk_cache_new_version(job->cache);
        yoke_store_add(job->cache->options.store, job->tag_names[i],
                       &versions[i], sizeof(versions[i]), YK_CACHE_TAG_TTL_S,
                       on_tagged, job);
    }
    return job->tagging > 0;
}
