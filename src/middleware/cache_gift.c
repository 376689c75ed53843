#include "middleware/cache_gift.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "middleware/cache_visit.h"

#include "core/banned.h"

static yoke_cache_job *take_job(struct yk_visit *visit)
{
    yoke_cache_job *job = visit->job;

    visit->job = NULL;
    return job;
}

void yk_gift_failure(struct yk_visit *visit, uint32_t ttl_s)
{
    yoke_cache_job *job = take_job(visit);

    if (!job)
        return;
    yk_pile_free(&visit->pile);
    yoke_cache_give_error(job, -EIO, ttl_s);
    yk_visit_release(visit);
}

void yk_gift_nothing(struct yk_visit *visit)
{
    yoke_cache_job *job = take_job(visit);

    if (!job)
        return;
    yk_pile_free(&visit->pile);
    if (visit->query.alone)
        yoke_cache_give(job, "", 0, .ttl_s = YOKE_CACHE_NONE,
                        .stale_s = YOKE_CACHE_NONE,
                        .stale_error_s = YOKE_CACHE_NONE);
    else
        yoke_cache_give_unshared(job, 0);
    yk_visit_release(visit);
}

static struct yoke_cache_keep keep_of(const struct yk_visit *visit)
{
    const struct yk_freshness *fresh = &visit->freshness;

    return (struct yoke_cache_keep){
        .ttl_s = fresh->ttl_s ? fresh->ttl_s : YOKE_CACHE_NONE,
        .stale_s = fresh->stale_s ? fresh->stale_s : YOKE_CACHE_NONE,
        .stale_error_s =
            fresh->stale_error_s ? fresh->stale_error_s : YOKE_CACHE_NONE,
        .age_s = fresh->age_s,
    };
}

static void give_answer(struct yk_visit *visit)
{
    struct yoke_cache_keep keep = keep_of(visit);

    yoke_cache_give_with(take_job(visit), visit->pile.ptr, visit->pile.len,
                         &keep);
    yk_pile_free(&visit->pile);
    yk_visit_release(visit);
}

/* ---- Variants ---- */

static struct yoke_cache_keep keep_list(const struct yk_visit *visit,
                                        uint64_t version)
{
    return (struct yoke_cache_keep){
        .ttl_s = visit->layer->options.max_ttl_s,
        .stale_s = YOKE_CACHE_NONE,
        .stale_error_s = YOKE_CACHE_NONE,
        .version = version,
    };
}

/* In place of the one that was read; if that has changed, it stays. */
static void put_list(struct yk_visit *visit)
{
    struct yk_pile bytes = {.ptr = NULL};
    struct yoke_cache_keep keep = keep_list(visit, visit->list_version);

    yk_variants_write(&visit->list, &bytes);
    if (!bytes.has_failed)
        yoke_cache_put_with(visit->layer->options.cache, visit->key, bytes.ptr,
                            bytes.len, NULL, NULL, &keep);
    yk_pile_free(&bytes);
}

/* The variant is there: now the list may say so. */
static void on_variant_put(int err, void *data)
{
    struct yk_visit *visit = data;
    struct yk_pile bytes = {.ptr = NULL};
    struct yoke_cache_keep keep = keep_list(visit, 0);

    yk_variants_write(&visit->list, &bytes);
    if (err || bytes.has_failed) {
        yk_gift_nothing(visit);
    } else {
        yoke_cache_give_with(take_job(visit), bytes.ptr, bytes.len, &keep);
        yk_visit_release(visit);
    }
    yk_pile_free(&bytes);
    yk_visit_release(visit);
}

/* A list of its own, with the answer as its first variant. */
static const char *begin_list(struct yk_visit *visit, const char *names)
{
    struct yk_variants *list = &visit->list;

    *list = (struct yk_variants){.count = 1};
    memcpy(list->names, names, strlen(names) + 1);
    if (getrandom(&list->id, sizeof(list->id), 0) < 0)
        abort();
    const char *key = yk_variant_key(visit->req, visit->key, list);
    list->known[0] = yk_variant_hash(key);
    return key;
}

static void give_first_variant(struct yk_visit *visit)
{
    const char *key = begin_list(visit, visit->vary);
    struct yoke_cache_keep keep = keep_of(visit);

    visit->refs++;
    yoke_cache_put_with(visit->layer->options.cache, key, visit->pile.ptr,
                        visit->pile.len, on_variant_put, visit, &keep);
    yk_pile_free(&visit->pile);
}

/* It depends on more than was known: a new list. */
static void give_other_variant(struct yk_visit *visit, const char *names)
{
    const char *key = begin_list(visit, names);
    struct yoke_cache_keep keep = keep_of(visit);

    yoke_cache_put_with(visit->layer->options.cache, key, visit->pile.ptr,
                        visit->pile.len, NULL, NULL, &keep);
    put_list(visit);
    yk_gift_nothing(visit);
}

static void give_variant(struct yk_visit *visit)
{
    struct yk_variants *list = &visit->list;
    char names[YK_VARY_NAMES_MAX];

    memcpy(names, list->names, sizeof(names));
    if (!yk_vary_join(names, visit->vary)) {
        yk_gift_nothing(visit);
        return;
    }
    if (strcmp(names, list->names) != 0) {
        give_other_variant(visit, names);
        return;
    }
    uint64_t hash =
        yk_variant_hash(yk_variant_key(visit->req, visit->key, list));
    if (!yk_variant_is_known(list, hash) && list->count < YK_VARIANTS_MAX) {
        list->known[list->count++] = hash;
        put_list(visit);
    }
    give_answer(visit);
}

/* ---- Any answer ---- */

void yk_gift_answer(struct yk_visit *visit)
{
    if (!visit->job)
        return;
    visit->is_complete = true;
    if (visit->pile.has_failed)
        yk_gift_nothing(visit);
    else if (visit->has_list)
        give_variant(visit);
    else if (*visit->vary)
        give_first_variant(visit);
    else
        give_answer(visit);
}
