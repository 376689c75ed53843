#include "shared/cache_look.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "shared/cache_claim.h"
#include "shared/cache_get.h"
#include "shared/cache_job.h"
#include "shared/cache_tags.h"
#include "shared/cache_verdict.h"
#include "shared/cache_waiters.h"

#include "core/banned.h"

/* ---- What the store says ---- */

/* What is there, and which versions the tags have. Returns the store's error. */
static int read_result(yoke_cache_job *job,
                       const struct yoke_store_result *result,
                       struct yk_cache_record *ret_record)
{
    const struct yoke_store_item *items = result->items;

    ret_record->kind = YK_CACHE_DELETED;
    if (result->err)
        return result->err;
    job->version = items[0].err == 0 ? items[0].version : 0;
    if (items[0].err == 0) {
        struct yk_slice bytes = {items[0].value, items[0].len};
        if (!yk_cache_record_read(bytes, ret_record))
            ret_record->kind = YK_CACHE_DELETED;
    }
    yk_cache_tags_read(job, items + 1);
    return 0;
}

/* Keeps a copy for the time after this callback. */
static bool keep_old(yoke_cache_job *job, const struct yk_cache_record *record)
{
    char *copy = yk_try_alloc(record->value.len + 1);

    if (!copy)
        return false;
    memcpy(copy, record->value.ptr, record->value.len);
    copy[record->value.len] = '\0';
    free(job->old_value);
    job->old_value = copy;
    job->old = *record;
    job->old.value.ptr = copy;
    return true;
}

/* ---- What follows from it ---- */

static void found_good(yoke_cache_job *job,
                       const struct yk_cache_record *record)
{
    yk_cache_job_conclude(job, record,
                          job->has_waited || job->has_lock ? YOKE_CACHE_SHARED
                                                           : YOKE_CACHE_HIT);
}

static void found_old(yoke_cache_job *job, const struct yk_cache_record *record)
{
    if (!job->author->query.compute || !keep_old(job, record)) {
        yk_cache_job_conclude(job, record, YOKE_CACHE_STALE);
        return;
    }
    job->is_renewing = true;
    yk_cache_answer_old(job);
    yk_cache_claim(job);
}

static void on_looked(const struct yoke_store_result *result, void *data)
{
    yoke_cache_job *job = data;
    struct yk_cache_record record = {.kind = YK_CACHE_DELETED};
    int err = read_result(job, result, &record);
    enum yk_cache_verdict verdict = yk_cache_judge(job, &record);

    if (err == 0 && verdict == YK_CACHE_GOOD)
        found_good(job, &record);
    else if (err == 0 && verdict == YK_CACHE_OLD && job->only_looks)
        yk_cache_job_conclude(job, &record, YOKE_CACHE_STALE);
    else if (job->only_looks && !yk_cache_enter(job))
        return;
    else if (err < 0)
        yk_cache_job_do_without(job, err);
    else if (job->state == YK_CACHE_CHECKING)
        yk_cache_job_compute(job);
    else if (verdict == YK_CACHE_OLD)
        found_old(job, &record);
    else if (verdict == YK_CACHE_NOBODYS) {
        job->may_keep = job->is_unshared = true;
        yk_cache_job_split(job);
        yk_cache_job_compute(job);
    } else if (verdict == YK_CACHE_LAST_HELP && !keep_old(job, &record))
        yk_cache_job_conclude(job, &record, YOKE_CACHE_STALE);
    else
        yk_cache_claim(job);
}

/* ---- Asking ---- */

/* One key is asked for as such, which costs less than a list of one. */
static void on_looked_one(const struct yoke_store_result *result, void *data)
{
    struct yoke_store_item item = {
        .key = result->key,
        .err = result->err,
        .value = result->value,
        .len = result->len,
        .version = result->version,
    };
    struct yoke_store_result list = {
        .err = result->err == -ENOENT ? 0 : result->err,
        .items = &item,
        .count = 1,
    };

    on_looked(&list, data);
}

static void look_up(yoke_cache_job *job)
{
    const char *keys[1 + YOKE_CACHE_TAGS_MAX] = {job->name};

    for (size_t i = 0; i < job->tag_count; i++)
        keys[i + 1] = job->tag_names[i];
    if (job->tag_count == 0)
        yoke_store_get(job->cache->options.store, job->name, on_looked_one,
                       job);
    else
        yoke_store_get_many(job->cache->options.store, keys, 1 + job->tag_count,
                            on_looked, job);
}

void yk_cache_look(yoke_cache_job *job)
{
    job->state = YK_CACHE_LOOKING;
    look_up(job);
}

void yk_cache_check(yoke_cache_job *job)
{
    job->state = YK_CACHE_CHECKING;
    look_up(job);
}
