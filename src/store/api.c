/* The functions of yoke/store.h that make a call each. */
#include <errno.h>

#include <yoke/error.h>
#include <yoke/store.h>

#include "store/calls.h"
#include "store/key.h"
#include "store/store.h"

static void start(yoke_store *store, struct yk_call_spec spec,
                  yoke_store_fn *fn, void *data)
{
    yk_call_start(store, &spec, fn, data);
}

void yoke_store_get(yoke_store *store, const char *key, yoke_store_fn *fn,
                    void *data)
{
    start(store, (struct yk_call_spec){.op = YK_OP_GET, .key = key}, fn, data);
}

/* The three that store. */
static void start_set(yoke_store *store, struct yk_call_spec spec,
                      const void *value, size_t len, yoke_store_fn *fn,
                      void *data)
{
    spec.value = value;
    spec.len = len;
    if (len > 0 && !value) {
        spec.err = -EINVAL;
        spec.why = "the value is NULL";
    }
    yk_call_start(store, &spec, fn, data);
}

void yoke_store_set(yoke_store *store, const char *key, const void *value,
                    size_t len, uint32_t ttl_s, yoke_store_fn *fn, void *data)
{
    start_set(
        store,
        (struct yk_call_spec){.op = YK_OP_SET, .key = key, .ttl_s = ttl_s},
        value, len, fn, data);
}

void yoke_store_add(yoke_store *store, const char *key, const void *value,
                    size_t len, uint32_t ttl_s, yoke_store_fn *fn, void *data)
{
    start_set(
        store,
        (struct yk_call_spec){.op = YK_OP_ADD, .key = key, .ttl_s = ttl_s},
        value, len, fn, data);
}

void yoke_store_replace(yoke_store *store, const char *key, uint64_t version,
                        const void *value, size_t len, uint32_t ttl_s,
                        yoke_store_fn *fn, void *data)
{
    struct yk_call_spec spec = {
        .op = YK_OP_REPLACE, .key = key, .version = version, .ttl_s = ttl_s};

    if (version == 0) {
        spec.err = -EINVAL;
        spec.why = "version 0 is no value's: another program has written it";
    }
    start_set(store, spec, value, len, fn, data);
}

void yoke_store_delete(yoke_store *store, const char *key, yoke_store_fn *fn,
                       void *data)
{
    start(store, (struct yk_call_spec){.op = YK_OP_DELETE, .key = key}, fn,
          data);
}

void yoke_store_touch(yoke_store *store, const char *key, uint32_t ttl_s,
                      yoke_store_fn *fn, void *data)
{
    start(store,
          (struct yk_call_spec){.op = YK_OP_TOUCH, .key = key, .ttl_s = ttl_s},
          fn, data);
}

void yoke_store_incr(yoke_store *store, const char *key, int64_t by,
                     uint32_t ttl_s, yoke_store_fn *fn, void *data)
{
    start(store,
          (struct yk_call_spec){
              .op = YK_OP_INCR, .key = key, .number = by, .ttl_s = ttl_s},
          fn, data);
}

void yoke_store_scan(yoke_store *store, const char *prefix, const char *cursor,
                     size_t count, yoke_store_fn *fn, void *data)
{
    struct yk_call_spec spec = {
        .op = YK_OP_SCAN,
        .key = prefix,
        .value = cursor,
        .len = cursor ? strnlen(cursor, YOKE_STORE_KEY_MAX + 1) : 0,
        .count = (uint32_t)count,
    };

    if (count == 0 || count > YOKE_STORE_MANY_MAX) {
        spec.err = -EINVAL;
        spec.why = "a page of a scan has 1 to 1,000 keys";
    } else if (spec.len > YOKE_STORE_KEY_MAX) {
        spec.err = -EINVAL;
        spec.why = "this is no cursor of a scan";
    }
    yk_call_start(store, &spec, fn, data);
}

/* ---- Locks ---- */

static void start_lock(yoke_store *store, struct yk_call_spec spec,
                       yoke_store_fn *fn, void *data)
{
    if (spec.op != YK_OP_UNLOCK && spec.ttl_s == 0) {
        spec.err = -EINVAL;
        spec.why = "a lease is at least a second";
    }
    yk_call_start(store, &spec, fn, data);
}

void yoke_store_lock(yoke_store *store, const char *name, uint32_t lease_s,
                     uint32_t wait_ms, yoke_store_fn *fn, void *data)
{
    start_lock(store,
               (struct yk_call_spec){.op = YK_OP_LOCK,
                                     .key = name,
                                     .ttl_s = lease_s,
                                     .wait_ms = wait_ms},
               fn, data);
}

void yoke_store_renew(yoke_store *store, const char *name, int64_t fence,
                      uint32_t lease_s, yoke_store_fn *fn, void *data)
{
    start_lock(
        store,
        (struct yk_call_spec){
            .op = YK_OP_RENEW, .key = name, .ttl_s = lease_s, .number = fence},
        fn, data);
}

void yoke_store_unlock(yoke_store *store, const char *name, int64_t fence,
                       yoke_store_fn *fn, void *data)
{
    start_lock(
        store,
        (struct yk_call_spec){.op = YK_OP_UNLOCK, .key = name, .number = fence},
        fn, data);
}

/* ---- Channels ---- */

void yoke_store_publish(yoke_store *store, const char *channel, const void *ptr,
                        size_t len, yoke_store_fn *fn, void *data)
{
    start_set(store, (struct yk_call_spec){.op = YK_OP_PUBLISH, .key = channel},
              ptr, len, fn, data);
}

bool yoke_store_has_channels(const yoke_store *store)
{
    return !(store->lacks & YK_OP_BIT(YK_OP_PUBLISH));
}

yoke_subscription *yoke_store_subscribe(yoke_store *store, const char *channel,
                                        yoke_store_message_fn *fn, void *data)
{
    char name[YOKE_STORE_KEY_MAX + 1] = "";
    size_t len = 0;
    int err = 0;

    if (!store || !fn)
        return NULL;
    if (yk_store_is_foreign(store))
        err = -YOKE_EROLE;
    else if (store->is_closing)
        err = -ECANCELED;
    else if (!yoke_store_has_channels(store))
        err = -ENOTSUP;
    else if (yk_key_fault(store, channel, false, &len))
        err = -EINVAL;
    if (err < 0)
        len = 0;
    else {
        memcpy(name, store->prefix, store->prefix_len);
        memcpy(name + store->prefix_len, channel, len);
        len += store->prefix_len;
    }
    return yk_topics_add(store, (struct yk_slice){name, len}, err, fn, data);
}
