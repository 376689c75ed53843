#include "store/redis_slots.h"

#include <string.h>

#include "core/number.h"

#include "core/banned.h"

/* ---- Keys ---- */

/* CRC-16/XMODEM, four bits at a time. */
static unsigned crc16(struct yk_slice text)
{
    static const uint16_t table[16] = {
        0x0000, 0x1021, 0x2042, 0x3063, 0x4084, 0x50a5, 0x60c6, 0x70e7,
        0x8108, 0x9129, 0xa14a, 0xb16b, 0xc18c, 0xd1ad, 0xe1ce, 0xf1ef,
    };
    unsigned crc = 0;

    for (size_t i = 0; i < text.len; i++) {
        unsigned byte = (unsigned char)text.ptr[i];
        crc = (crc << 4 ^ table[(crc >> 12 ^ byte >> 4) & 15]) & 0xffff;
        crc = (crc << 4 ^ table[(crc >> 12 ^ byte) & 15]) & 0xffff;
    }
    return crc;
}

/* What is between the first { and the first } behind it. */
static struct yk_slice tag_of(struct yk_slice key)
{
    const char *open = key.len ? memchr(key.ptr, '{', key.len) : NULL;

    if (!open)
        return key;
    open++;
    size_t rest = key.len - (size_t)(open - key.ptr);
    const char *close = memchr(open, '}', rest);
    if (!close || close == open)
        return key;
    return (struct yk_slice){open, (size_t)(close - open)};
}

unsigned yk_redis_slot(struct yk_slice key)
{
    return crc16(tag_of(key)) % YK_REDIS_SLOTS;
}

/* ---- CLUSTER SLOTS ---- */

static bool take_slot(const redisReply *reply, unsigned *ret_slot)
{
    if (reply->type != REDIS_REPLY_INTEGER || reply->integer < 0 ||
        reply->integer >= YK_REDIS_SLOTS)
        return false;
    *ret_slot = (unsigned)reply->integer;
    return true;
}

static struct yk_slice text_of(const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_STRING)
        return YK_LIT("");
    return (struct yk_slice){reply->str, (size_t)reply->len};
}

/* [host, port, id, ...]. A host may be nil: that of who tells it; "?" is one
 * that is not known. */
static bool take_copy(struct yk_redis_range *range, const redisReply *reply,
                      const char *otherwise)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 3 ||
        reply->element[1]->type != REDIS_REPLY_INTEGER)
        return false;
    struct yk_slice host = text_of(reply->element[0]);
    struct yk_slice id = text_of(reply->element[2]);
    bool is_first = range->copy_count == 0;
    if (range->copy_count == YK_REDIS_COPIES_MAX ||
        yk_slice_eq(host, YK_LIT("?")))
        return true;
    if (!yk_redis_address_set(&range->copies[range->copy_count],
                              host.len ? host : yk_slice_of(otherwise),
                              reply->element[1]->integer))
        return true;
    range->copy_count++;
    if (!is_first)
        return true;
    if (id.len == 0 || id.len >= sizeof(range->id))
        return false;
    memcpy(range->id, id.ptr, id.len);
    range->id[id.len] = '\0';
    return true;
}

/* [first, last, primary, replica, ...] */
static bool take_range(struct yk_redis_range *range, const redisReply *reply,
                       const char *otherwise)
{
    range->copy_count = 0;
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 3 ||
        !take_slot(reply->element[0], &range->first) ||
        !take_slot(reply->element[1], &range->last) ||
        range->last < range->first)
        return false;
    for (size_t i = 2; i < reply->elements; i++) {
        if (!take_copy(range, reply->element[i], otherwise))
            return false;
        if (range->copy_count == 0)
            return true; /* Without the primary, replicas are of no use. */
    }
    return true;
}

int yk_redis_slots_parse(const redisReply *reply, const char *otherwise,
                         void (*fn)(const struct yk_redis_range *range,
                                    void *data),
                         void *data)
{
    struct yk_redis_range range;
    int told = 0;

    if (reply->type != REDIS_REPLY_ARRAY || reply->elements > YK_REDIS_SLOTS)
        return -1;
    for (size_t i = 0; i < reply->elements; i++) {
        if (!take_range(&range, reply->element[i], otherwise))
            return -1;
        if (range.copy_count == 0)
            continue;
        told += (int)(range.last - range.first + 1);
        if (fn)
            fn(&range, data);
    }
    return told;
}

/* ---- Redirections ---- */

bool yk_redis_redirect_parse(const char *error, const char *otherwise,
                             struct yk_redis_redirect *ret_redirect)
{
    struct yk_redis_redirect redirect = {.is_ask = false};
    uint64_t slot;

    if (strncmp(error, "MOVED ", 6) == 0)
        error += 6;
    else if (strncmp(error, "ASK ", 4) == 0)
        error += 4, redirect.is_ask = true;
    else
        return false;
    struct yk_slice digits = {error, strcspn(error, " ")};
    if (yk_parse_u64(digits, YK_REDIS_SLOTS - 1, &slot) < 0 ||
        error[digits.len] != ' ')
        return false;
    struct yk_slice place = yk_slice_of(error + digits.len + 1);
    if (place.len == 0 || place.ptr[0] == '?' ||
        !yk_redis_address_parse(&redirect.address, place, otherwise))
        return false;
    redirect.slot = (unsigned)slot;
    *ret_redirect = redirect;
    return true;
}
