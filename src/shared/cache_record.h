/* What a cache keeps of a key in the store: bytes that mean the same on every
 * machine. Pure: no store, no clock.
 *
 *     "yc" version kind  error  times ...  key_len  tags  | tags | key | value
 *
 * The value is the last, so that the NUL which a store puts behind what it
 * gives is behind the value. */
#ifndef YK_SHARED_CACHE_RECORD_H
#define YK_SHARED_CACHE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yoke/cache.h>

#include "core/slice.h"

enum yk_cache_kind {
    YK_CACHE_VALUE,
    YK_CACHE_NOTHING,  /* There is none. */
    YK_CACHE_ERROR,    /* It could not be computed. */
    YK_CACHE_UNSHARED, /* Each has to compute it for himself. */
    YK_CACHE_DELETED,  /* Nothing is known, and what was begun before that is
                          not to be kept. */
    YK_CACHE_KINDS,
};

/* A tag, and the version that it had. */
struct yk_cache_tag {
    uint64_t name;    /* A hash. */
    uint64_t version; /* 0: it has none. */
};

struct yk_cache_record {
    enum yk_cache_kind kind;
    int err;            /* Of YK_CACHE_ERROR. */
    uint64_t stored_ms; /* Since 1970, as all times here. */
    uint64_t fresh_until_ms;
    uint64_t stale_until_ms;       /* Answered while it is computed anew. */
    uint64_t stale_error_until_ms; /* Answered when that fails. */
    struct yk_cache_tag tags[YOKE_CACHE_TAGS_MAX];
    size_t tag_count;
    struct yk_slice key;
    struct yk_slice value; /* Borrowed of whatever was read. */
};

/* The bytes that it takes. */
size_t yk_cache_record_len(const struct yk_cache_record *record);

/* Writes so many. */
void yk_cache_record_write(const struct yk_cache_record *record, char *out);

/* Reads one; false when these bytes are none. */
bool yk_cache_record_read(struct yk_slice bytes,
                          struct yk_cache_record *ret_record);

#endif
