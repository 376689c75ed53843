/* The functions of yoke/cache.h that change what is kept: each is one call of the
 * store, but for taking the place of a value, which is two. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/cache.h>
#include <yoke/error.h>

#include "core/alloc.h"
#include "shared/cache.h"
#include "shared/cache_record.h"
#include "shared/cache_tags.h"
#include "shared/cache_time.h"

#include "core/banned.h"

/* ---- Telling how it ended ---- */

struct change {
    yoke_cache_done_fn *fn;
    void *data;
};

static void on_changed(const struct yoke_store_result *result, void *data)
{
    struct change *change = data;

    if (change->fn)
        change->fn(result->err, change->data);
    free(change);
}

static struct change *new_change(yoke_cache_done_fn *fn, void *data)
{
    struct change *change = yk_alloc(sizeof(*change));

    *change = (struct change){fn, data};
    return change;
}

/* ---- A record ---- */

static void store_record(yoke_store *store, const char *name,
                         const struct yk_cache_record *record, uint32_t keep_s,
                         uint64_t version, struct change *change)
{
    size_t len = yk_cache_record_len(record);
    char *bytes = yk_try_alloc(len);

    if (!bytes) {
        struct yoke_store_result result = {.err = -ENOMEM};
        on_changed(&result, change);
        return;
    }
    yk_cache_record_write(record, bytes);
    if (version)
        yoke_store_replace(store, name, version, bytes, len, keep_s, on_changed,
                           change);
    else
        yoke_store_set(store, name, bytes, len, keep_s, on_changed, change);
    free(bytes);
}

/* ---- Taking the place of a value: that is read first, for its tags ---- */

struct exchange {
    yoke_store *store;
    char name[YK_NAME_SIZE];
    struct yk_cache_record record; /* Key and value are in `bytes`. */
    uint32_t keep_s;
    uint64_t version;
    struct change *change;
    char bytes[];
};

static void on_place_read(const struct yoke_store_result *result, void *data)
{
    struct exchange *exchange = data;
    struct yk_cache_record there;
    struct yk_slice bytes = {result->value, result->len};
    struct yoke_store_result conflict = {.err = -YOKE_ECONFLICT};

    if (result->err || result->version != exchange->version ||
        !yk_cache_record_read(bytes, &there)) {
        on_changed(result->err && result->err != -ENOENT ? result : &conflict,
                   exchange->change);
        free(exchange);
        return;
    }
    exchange->record.tag_count = there.tag_count;
    memcpy(exchange->record.tags, there.tags, sizeof(there.tags));
    store_record(exchange->store, exchange->name, &exchange->record,
                 exchange->keep_s, exchange->version, exchange->change);
    free(exchange);
}

static void replace_record(yoke_store *store, const char *name,
                           const struct yk_cache_record *record,
                           uint32_t keep_s, uint64_t version,
                           struct change *change)
{
    size_t key_len = record->key.len, len = record->value.len;
    struct exchange *exchange =
        yk_try_alloc(sizeof(*exchange) + key_len + len + 1);

    if (!exchange) {
        struct yoke_store_result result = {.err = -ENOMEM};
        on_changed(&result, change);
        return;
    }
    *exchange = (struct exchange){.store = store,
                                  .record = *record,
                                  .keep_s = keep_s,
                                  .version = version,
                                  .change = change};
    snprintf(exchange->name, sizeof(exchange->name), "%s", name);
    memcpy(exchange->bytes, record->key.ptr, key_len);
    if (len > 0)
        memcpy(exchange->bytes + key_len, record->value.ptr, len);
    exchange->record.key.ptr = exchange->bytes;
    exchange->record.value.ptr = exchange->bytes + key_len;
    yoke_store_get(store, name, on_place_read, exchange);
}

/* ---- The calls ---- */

/* A name that the store refuses, so that it answers -EINVAL as for any. */
static void make_name(yoke_cache *cache, char *out, char kind, const char *text)
{
    out[0] = '\0';
    if (yk_cache_is_text(text))
        yk_name_make(out, cache->name, kind, text);
}

void yoke_cache_put_with(yoke_cache *cache, const char *key, const void *ptr,
                         size_t len, yoke_cache_done_fn *fn, void *data,
                         const struct yoke_cache_keep *keep)
{
    char name[YK_NAME_SIZE];
    struct yk_cache_record record = {
        .kind = YK_CACHE_VALUE,
        .key = yk_slice_of(key ? key : ""),
        .value = {ptr, len},
    };

    make_name(cache, name, 'v', key);
    yk_cache_stamp(cache, &record, keep);
    uint32_t keep_s = yk_cache_keep_s(cache, &record);
    keep_s = keep_s ? keep_s : 1;
    if (keep->version)
        replace_record(cache->options.store, name, &record, keep_s,
                       keep->version, new_change(fn, data));
    else
        store_record(cache->options.store, name, &record, keep_s, 0,
                     new_change(fn, data));
}

/* What stays says that what was begun before is void. */
void yoke_cache_delete(yoke_cache *cache, const char *key,
                       yoke_cache_done_fn *fn, void *data)
{
    char name[YK_NAME_SIZE];
    struct yk_cache_record record = {
        .kind = YK_CACHE_DELETED,
        .stored_ms = yk_cache_now(cache),
        .key = yk_slice_of(key ? key : ""),
    };

    make_name(cache, name, 'v', key);
    store_record(cache->options.store, name, &record,
                 2 * cache->options.lease_s, 0, new_change(fn, data));
}

void yoke_cache_invalidate(yoke_cache *cache, const char *tag,
                           yoke_cache_done_fn *fn, void *data)
{
    char name[YK_NAME_SIZE];
    uint64_t version = yk_cache_new_version(cache);

    make_name(cache, name, 't', tag);
    yoke_store_set(cache->options.store, name, &version, sizeof(version),
                   YK_CACHE_TAG_TTL_S, on_changed, new_change(fn, data));
}
