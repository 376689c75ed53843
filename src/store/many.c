/* Several keys in one call: as many calls of one key each, made in the same
 * turn of the loop, which a backend carries out together anyway. Their results
 * are gathered here, in copies, for they come one by one. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>
#include <yoke/store.h>

#include "core/alloc.h"
#include "store/calls.h"
#include "store/store.h"

struct many;

/* Where one result goes. */
struct slot {
    struct many *many;
    size_t index;
};

struct many {
    yoke_store *store;
    yoke_store_fn *fn;
    void *data;
    size_t count;
    size_t left;       /* Results that have not come. */
    size_t copied_len; /* Bytes of the values. */
    int err;
    struct slot *slots;
    struct yoke_store_item *items; /* Their keys and values are owned. */
};

static void free_many(struct many *many)
{
    for (size_t i = 0; i < many->count; i++) {
        free((void *)(uintptr_t)many->items[i].key);
        free((void *)(uintptr_t)many->items[i].value);
    }
    free(many->items);
    free(many->slots);
    free(many);
}

static struct many *new_many(yoke_store *store, size_t count, yoke_store_fn *fn,
                             void *data)
{
    struct many *many = yk_alloc(sizeof(*many));

    *many = (struct many){
        .store = store,
        .fn = fn,
        .data = data,
        .count = count,
        .left = count,
        .slots = yk_alloc(count * sizeof(struct slot)),
        .items = yk_alloc(count * sizeof(struct yoke_store_item)),
    };
    for (size_t i = 0; i < count; i++)
        many->slots[i] = (struct slot){many, i};
    return many;
}

static void finish(struct many *many)
{
    struct yoke_store_result result = {
        .err = many->err,
        .text = many->err ? yoke_strerror(many->err) : "",
        .key = "",
        .value = "",
        .items = many->items,
        .count = many->count,
    };

    if (many->fn)
        many->fn(&result, many->data);
    free_many(many);
}

/* A copy of the value, with its NUL. All of them together have a limit. */
static int keep_value(struct many *many, struct yoke_store_item *item,
                      const struct yoke_store_result *result)
{
    if (many->copied_len + result->len > many->store->max_pending_bytes)
        return -YOKE_ETOOLARGE;
    char *copy = yk_try_alloc(result->len + 1);
    if (!copy)
        return -YOKE_EUNAVAILABLE;
    memcpy(copy, result->value, result->len);
    copy[result->len] = '\0';
    many->copied_len += result->len;
    item->value = copy;
    item->len = result->len;
    return 0;
}

static void note(const struct yoke_store_result *result, struct slot *slot,
                 bool has_value)
{
    struct many *many = slot->many;
    struct yoke_store_item *item = &many->items[slot->index];

    item->key = yk_strdup(result->key);
    item->version = result->version;
    item->err = result->err;
    if (result->err == 0 && has_value)
        item->err = keep_value(many, item, result);
    if (many->err == 0 && item->err != -ENOENT)
        many->err = item->err;
    if (--many->left == 0)
        finish(many);
}

static void on_got(const struct yoke_store_result *result, void *data)
{
    note(result, data, true);
}

static void on_set(const struct yoke_store_result *result, void *data)
{
    note(result, data, false);
}

/* True when it has been refused. */
static bool refuse(yoke_store *store, size_t count, yoke_store_fn *fn,
                   void *data)
{
    struct yk_call_spec spec = {
        .key = "",
        .err = -EINVAL,
        .why = "there must be 1 to 1,000 keys",
    };

    if (count > 0 && count <= YOKE_STORE_MANY_MAX)
        return false;
    yk_call_start(store, &spec, fn, data);
    return true;
}

void yoke_store_get_many(yoke_store *store, const char *const *keys,
                         size_t count, yoke_store_fn *fn, void *data)
{
    if (refuse(store, count, fn, data))
        return;
    struct many *many = new_many(store, count, fn, data);
    for (size_t i = 0; i < count; i++)
        yoke_store_get(store, keys[i], on_got, &many->slots[i]);
}

void yoke_store_set_many(yoke_store *store, const struct yoke_store_item *items,
                         size_t count, yoke_store_fn *fn, void *data)
{
    if (refuse(store, count, fn, data))
        return;
    struct many *many = new_many(store, count, fn, data);
    for (size_t i = 0; i < count; i++)
        yoke_store_set(store, items[i].key, items[i].value, items[i].len,
                       items[i].ttl_s, on_set, &many->slots[i]);
}
