#include "shared/cache_job.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>
#include <yoke/loop.h>

#include "core/alloc.h"

#include "core/banned.h"

#define REST_MS        20
#define REST_MAX_MS    160
#define UNSHARED_TTL_S 5

/* ---- Time ---- */

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
                    uint32_t ttl_s, uint32_t stale_s, uint32_t stale_error_s)
{
    const struct yoke_cache_options *options = &cache->options;
    uint64_t ttl_ms = pick_ms(ttl_s, options->ttl_s);
    uint64_t most = ttl_ms / 100 * (unsigned)options->jitter;

    record->stored_ms = yk_cache_now(cache);
    record->fresh_until_ms =
        record->stored_ms + ttl_ms - yk_random_below(&cache->random, most + 1);
    record->stale_until_ms =
        record->fresh_until_ms + pick_ms(stale_s, options->stale_s);
    record->stale_error_until_ms =
        record->fresh_until_ms + pick_ms(stale_error_s, options->stale_error_s);
}

static uint64_t last_use_ms(const struct yk_cache_record *record)
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
    uint64_t now = yk_cache_now(cache), last = last_use_ms(record);

    if (last <= now)
        return 0;
    uint64_t seconds = (last - now + 999) / 1000 + 1;
    return seconds > UINT32_MAX ? UINT32_MAX : (uint32_t)seconds;
}

uint64_t yk_cache_new_version(yoke_cache *cache)
{
    uint64_t version = yk_random_next(&cache->random);
    return version ? version : 1;
}

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
    free_author(job);
    free(job->old_value);
    free(job->value);
    if (job->key != job->short_key)
        free(job->key);
    yk_blocks_give(&cache->jobs, job);
    cache->stats.flights--;
    yk_cache_free_if_idle(cache);
}

/* ---- Answers ---- */

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

static void answer(yoke_cache_job *job, struct yk_cache_waiter *waiter,
                   const struct yk_cache_record *record,
                   enum yoke_cache_how how)
{
    yoke_cache *cache = job->cache;
    uint64_t now = yk_cache_now(cache);
    struct yoke_cache_result result = {
        .err = error_of(record),
        .key = job->key,
        .value = record->value.ptr ? record->value.ptr : "",
        .len = record->value.len,
        .how = how,
        .age_ms = now > record->stored_ms ? now - record->stored_ms : 0,
        .fresh_ms = (int64_t)(record->fresh_until_ms - now),
        .version = job->version,
    };

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
static void answer_all(yoke_cache_job *job,
                       const struct yk_cache_record *record,
                       enum yoke_cache_how author_how, enum yoke_cache_how how)
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

/* The same; who would rather have the new value goes on waiting. */
static void answer_old(yoke_cache_job *job)
{
    struct yk_cache_waiter *author = job->author;
    bool stays =
        author->query.refreshes_first && !yk_list_is_empty(&author->node);

    if (stays)
        yk_list_remove(&author->node);
    answer_all(job, &job->old, YOKE_CACHE_STALE, YOKE_CACHE_STALE);
    if (stays)
        yk_list_add(&job->waiters, &author->node);
}

/* All get it, and it is over. From here on nobody joins. */
static void conclude(yoke_cache_job *job, const struct yk_cache_record *record,
                     enum yoke_cache_how how)
{
    yk_list_remove(&job->node);
    answer_all(job, record, how, how);
    end(job);
}

static void conclude_error(yoke_cache_job *job, int err)
{
    struct yk_cache_record record = {
        .kind = YK_CACHE_ERROR,
        .err = err,
        .stored_ms = yk_cache_now(job->cache),
    };
    conclude(job, &record, YOKE_CACHE_MISS);
}

static void make_ready(yoke_cache_job *job)
{
    if (yk_list_is_empty(&job->ready))
        yk_list_add(&job->cache->ready, &job->ready);
    yk_later_start(&job->cache->later);
}

void yk_cache_job_join(yoke_cache_job *job, struct yk_cache_waiter *waiter)
{
    yk_list_add(&job->waiters, &waiter->node);
    job->cache->stats.waiters++;
    if (job->is_renewing || job->state >= YK_CACHE_GIVEN)
        make_ready(job);
}

/* ---- Computing ---- */

static void compute(yoke_cache_job *job)
{
    const struct yoke_cache_query *query = &job->author->query;

    if (!query->compute) {
        conclude_error(job, -ENOENT);
        return;
    }
    for (size_t i = 0; i < job->tag_count; i++)
        if (job->tags[i].version == 0)
            job->may_keep = false;
    job->state = YK_CACHE_COMPUTING;
    job->cache->stats.computations++;
    query->compute(job, job->key, query->compute_data);
}

/* Everybody but the author computes for himself. */
static void split(yoke_cache_job *job)
{
    struct yk_list others, *node;

    yk_list_remove(&job->node);
    job->is_alone = true;
    yk_list_init(&others);
    yk_list_move_all(&others, &job->waiters);
    if (!yk_list_is_empty(&job->author->node)) {
        yk_list_remove(&job->author->node);
        yk_list_add(&job->waiters, &job->author->node);
    }
    while ((node = yk_list_take(&others))) {
        struct yk_cache_waiter *waiter =
            YK_CONTAINER_OF(node, struct yk_cache_waiter, node);
        yoke_cache_job *own = yk_cache_job_new(job->cache, job->key, waiter);
        if (!own)
            abort();
        job->cache->stats.waiters--; /* It has been counted. */
        own->is_alone = true;
        compute(own);
    }
}

/* The store does not help. */
static void do_without(yoke_cache_job *job, int err)
{
    job->cache->stats.store_errors++;
    job->may_keep = false;
    if (job->is_renewing)
        conclude(job, &job->old, YOKE_CACHE_STALE);
    else if (job->cache->options.needs_store)
        conclude_error(job, err);
    else
        compute(job);
}

/* ---- What is there ---- */

enum verdict {
    GOOD,
    OLD,       /* May be answered. */
    LAST_HELP, /* May be answered when it cannot be computed. */
    UNSHARED,
    NOT_THERE,
};

static bool is_of_tags(const yoke_cache_job *job,
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

static bool is_good(const struct yoke_cache_query *query,
                    const struct yk_cache_record *record, uint64_t now)
{
    uint64_t max_age = (uint64_t)query->max_age_s * 1000;

    return !query->anew &&
           record->fresh_until_ms > now + (uint64_t)query->min_fresh_s * 1000 &&
           (max_age == 0 || now <= record->stored_ms + max_age);
}

static enum verdict judge(const yoke_cache_job *job,
                          const struct yk_cache_record *record)
{
    const struct yoke_cache_query *query = &job->author->query;
    uint64_t now = yk_cache_now(job->cache);

    if (record->kind == YK_CACHE_DELETED ||
        !yk_slice_eq(record->key, yk_slice_of(job->key)))
        return NOT_THERE;
    if (record->kind == YK_CACHE_UNSHARED)
        return record->fresh_until_ms > now ? UNSHARED : NOT_THERE;
    if (!is_of_tags(job, record))
        return NOT_THERE;
    if (is_good(query, record, now))
        return GOOD;
    if (record->stale_until_ms > now && !yk_cache_has_wishes(query))
        return OLD;
    return record->stale_error_until_ms > now && !query->no_stale ? LAST_HELP
                                                                  : NOT_THERE;
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

/* ---- Tags ---- */

static void check(yoke_cache_job *job);

static void on_tagged(const struct yoke_store_result *result, void *data)
{
    yoke_cache_job *job = data;

    (void)result;
    if (--job->tagging == 0)
        check(job);
}

/* Gives a version to those that have none; who is faster is right. */
static void add_tags(yoke_cache_job *job)
{
    uint64_t versions[YOKE_CACHE_TAGS_MAX];

    job->state = YK_CACHE_TAGGING;
    for (size_t i = 0; i < job->tag_count; i++) {
        if (job->tags[i].version)
            continue;
        job->tagging++;
        versions[i] = yk_cache_new_version(job->cache);
        yoke_store_add(job->cache->options.store, job->tag_names[i],
                       &versions[i], sizeof(versions[i]), YK_CACHE_TAG_TTL_S,
                       on_tagged, job);
    }
    if (job->tagging > 0)
        return;
    if (job->has_lock)
        check(job);
    else
        compute(job);
}

/* ---- The lock ---- */

static void rest(yoke_cache_job *job)
{
    yoke_cache *cache = job->cache;
    uint64_t now = uv_now(yoke_loop());

    if (!job->has_waited)
        cache->stats.waits++;
    job->has_waited = true;
    if (now - job->begun_ms >= cache->options.wait_ms) {
        cache->stats.overdue++;
        compute(job);
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
        add_tags(job);
    } else if (result->err != -YOKE_ECONFLICT)
        do_without(job, result->err);
    else if (job->is_renewing)
        conclude(job, &job->old, YOKE_CACHE_STALE);
    else
        rest(job);
}

/* Who may compute it? */
static void claim(yoke_cache_job *job)
{
    job->may_keep = true;
    if (!job->author->query.compute)
        compute(job);
    else if (job->is_alone)
        add_tags(job);
    else {
        job->state = YK_CACHE_LOCKING;
        yoke_store_lock(job->cache->options.store, job->name,
                        job->cache->options.lease_s, 0, on_locked, job);
    }
}

/* ---- Looking ---- */

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
    for (size_t i = 0; i < job->tag_count; i++) {
        const struct yoke_store_item *item = &items[i + 1];
        job->tags[i].version = 0;
        if (item->err == 0 && item->len == sizeof(uint64_t))
            memcpy(&job->tags[i].version, item->value, sizeof(uint64_t));
    }
    return 0;
}

static void found_good(yoke_cache_job *job,
                       const struct yk_cache_record *record)
{
    conclude(job, record,
             job->has_waited || job->has_lock ? YOKE_CACHE_SHARED
                                              : YOKE_CACHE_HIT);
}

static void found_old(yoke_cache_job *job, const struct yk_cache_record *record)
{
    if (!job->author->query.compute || !keep_old(job, record)) {
        conclude(job, record, YOKE_CACHE_STALE);
        return;
    }
    job->is_renewing = true;
    answer_old(job);
    claim(job);
}

static void on_looked(const struct yoke_store_result *result, void *data)
{
    yoke_cache_job *job = data;
    struct yk_cache_record record = {.kind = YK_CACHE_DELETED};
    int err = read_result(job, result, &record);
    enum verdict verdict = judge(job, &record);

    if (err < 0)
        do_without(job, err);
    else if (verdict == GOOD)
        found_good(job, &record);
    else if (job->state == YK_CACHE_CHECKING)
        compute(job);
    else if (verdict == OLD)
        found_old(job, &record);
    else if (verdict == UNSHARED) {
        job->may_keep = job->is_unshared = true;
        split(job);
        compute(job);
    } else if (verdict == LAST_HELP && !keep_old(job, &record))
        conclude(job, &record, YOKE_CACHE_STALE);
    else
        claim(job);
}

static void look_up(yoke_cache_job *job)
{
    const char *keys[1 + YOKE_CACHE_TAGS_MAX] = {job->name};

    for (size_t i = 0; i < job->tag_count; i++)
        keys[i + 1] = job->tag_names[i];
    yoke_store_get_many(job->cache->options.store, keys, 1 + job->tag_count,
                        on_looked, job);
}

void yk_cache_job_look(yoke_cache_job *job)
{
    job->state = YK_CACHE_LOOKING;
    look_up(job);
}

static void check(yoke_cache_job *job)
{
    job->state = YK_CACHE_CHECKING;
    look_up(job);
}

/* ---- What has been computed ---- */

static void on_kept(const struct yoke_store_result *result, void *data)
{
    yoke_cache_job *job = data;

    if (result->err)
        job->cache->stats.unkept++;
    conclude(job, &job->outcome, YOKE_CACHE_SHARED);
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
    conclude(job, outcome, YOKE_CACHE_SHARED);
}

/* The old value takes the failure's place, and for as long. */
static bool fall_back(yoke_cache_job *job)
{
    uint64_t now = yk_cache_now(job->cache);

    if (!job->old_value || last_use_ms(&job->old) <= now)
        return false;
    uint64_t until = job->outcome.fresh_until_ms;
    job->outcome = job->old;
    if (job->outcome.fresh_until_ms < until)
        job->outcome.fresh_until_ms = until;
    return true;
}

static void settle(yoke_cache_job *job)
{
    struct yk_cache_record *outcome = &job->outcome;

    if (outcome->kind == YK_CACHE_ERROR) {
        job->cache->stats.failures++;
        if (fall_back(job)) {
            answer_all(job, outcome, YOKE_CACHE_STALE, YOKE_CACHE_STALE);
            keep(job);
            return;
        }
    }
    if (outcome->kind == YK_CACHE_UNSHARED) {
        job->cache->stats.unshared++;
        split(job);
    }
    answer_all(job, outcome, YOKE_CACHE_COMPUTED, YOKE_CACHE_SHARED);
    keep(job);
}

void yk_cache_job_on_ready(yoke_cache_job *job)
{
    if (job->state == YK_CACHE_GIVEN)
        settle(job);
    else if (job->state == YK_CACHE_KEEPING)
        answer_all(job, &job->outcome, YOKE_CACHE_SHARED, YOKE_CACHE_SHARED);
    else if (job->is_renewing)
        answer_old(job);
}

/* ---- Giving ---- */

bool yoke_cache_job_renews(const yoke_cache_job *job)
{
    return job->old_value;
}

static void give(yoke_cache_job *job, struct yk_cache_record record)
{
    job->outcome = record;
    job->state = YK_CACHE_GIVEN;
    make_ready(job);
}

void yoke_cache_give_with(yoke_cache_job *job, const void *ptr, size_t len,
                          const struct yoke_cache_keep *keep)
{
    struct yk_cache_record record = {.kind = YK_CACHE_VALUE};

    job->value = yk_try_alloc(len + 1);
    if (!job->value) {
        yoke_cache_give_error(job, -ENOMEM, 0);
        return;
    }
    if (len > 0)
        memcpy(job->value, ptr, len);
    job->value[len] = '\0';
    record.value = (struct yk_slice){job->value, len};
    yk_cache_stamp(job->cache, &record, keep->ttl_s, keep->stale_s,
                   keep->stale_error_s);
    give(job, record);
}

static void give_kind(yoke_cache_job *job, enum yk_cache_kind kind, int err,
                      uint32_t ttl_s)
{
    struct yk_cache_record record = {.kind = kind, .err = err};

    yk_cache_stamp(job->cache, &record, ttl_s, YOKE_CACHE_NONE,
                   YOKE_CACHE_NONE);
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
