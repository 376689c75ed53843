#include "shared/cache_record.h"

#include <string.h>

#include "core/banned.h"

#define VERSION  1
#define HEAD_LEN 48
#define TAG_LEN  16

/* ---- Numbers, the lowest byte first ---- */

static void put_number(char **at, uint64_t number, int bytes)
{
    for (int i = 0; i < bytes; i++)
        *(*at)++ = (char)(number >> 8 * i);
}

static uint64_t take_number(const char **at, int bytes)
{
    uint64_t number = 0;

    for (int i = 0; i < bytes; i++)
        number |= (uint64_t)(unsigned char)*(*at)++ << 8 * i;
    return number;
}

/* ---- Records ---- */

size_t yk_cache_record_len(const struct yk_cache_record *record)
{
    return HEAD_LEN + record->tag_count * TAG_LEN + record->key.len +
           record->value.len;
}

static void put_bytes(char **at, struct yk_slice bytes)
{
    if (bytes.len > 0)
        memcpy(*at, bytes.ptr, bytes.len);
    *at += bytes.len;
}

void yk_cache_record_write(const struct yk_cache_record *record, char *out)
{
    put_bytes(&out, YK_LIT("yc"));
    put_number(&out, VERSION, 1);
    put_number(&out, record->kind, 1);
    put_number(&out, (uint64_t)-record->err, 4);
    put_number(&out, record->stored_ms, 8);
    put_number(&out, record->fresh_until_ms, 8);
    put_number(&out, record->stale_until_ms, 8);
    put_number(&out, record->stale_error_until_ms, 8);
    put_number(&out, record->key.len, 4);
    put_number(&out, record->tag_count, 4);
    for (size_t i = 0; i < record->tag_count; i++) {
        put_number(&out, record->tags[i].name, 8);
        put_number(&out, record->tags[i].version, 8);
    }
    put_bytes(&out, record->key);
    put_bytes(&out, record->value);
}

static void take_head(const char **at, struct yk_cache_record *record)
{
    record->err = -(int)(take_number(at, 4) & INT32_MAX);
    record->stored_ms = take_number(at, 8);
    record->fresh_until_ms = take_number(at, 8);
    record->stale_until_ms = take_number(at, 8);
    record->stale_error_until_ms = take_number(at, 8);
    record->key.len = (size_t)take_number(at, 4);
    record->tag_count = (size_t)take_number(at, 4);
}

bool yk_cache_record_read(struct yk_slice bytes,
                          struct yk_cache_record *ret_record)
{
    const char *at = bytes.ptr, *end = at + bytes.len;
    struct yk_cache_record record = {.kind = YK_CACHE_VALUE};

    if (bytes.len < HEAD_LEN || memcmp(at, "yc", 2) != 0 || at[2] != VERSION ||
        (unsigned char)at[3] >= YK_CACHE_KINDS)
        return false;
    record.kind = (enum yk_cache_kind)at[3];
    at += 4;
    take_head(&at, &record);
    if (record.tag_count > YOKE_CACHE_TAGS_MAX ||
        record.tag_count * TAG_LEN > (size_t)(end - at))
        return false;
    for (size_t i = 0; i < record.tag_count; i++) {
        record.tags[i].name = take_number(&at, 8);
        record.tags[i].version = take_number(&at, 8);
    }
    if (record.key.len > (size_t)(end - at))
        return false;
    record.key.ptr = at;
    record.value = (struct yk_slice){at + record.key.len,
                                     (size_t)(end - at) - record.key.len};
    *ret_record = record;
    return true;
}
