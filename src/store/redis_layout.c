#include "store/redis_layout.h"

#include <string.h>

#include "core/number.h"

#include "core/banned.h"

#define HEAD_BYTE  '\x01'
#define NUMBER_BIT (UINT64_C(1) << 63)

void yk_redis_head(char out[YK_REDIS_HEAD_LEN], uint64_t version)
{
    out[0] = HEAD_BYTE;
    for (int i = 1; i < YK_REDIS_HEAD_LEN; i++)
        out[i] = (char)(version >> (8 * (8 - i)));
}

uint64_t yk_redis_make_head(char out[YK_REDIS_HEAD_LEN],
                            struct yk_random *random)
{
    uint64_t version;

    do
        version = yk_random_next(random) & ~NUMBER_BIT;
    while (version == 0);
    yk_redis_head(out, version);
    return version;
}

bool yk_redis_parse_number(struct yk_slice text, int64_t *ret_number)
{
    bool is_negative = text.len > 0 && text.ptr[0] == '-';
    struct yk_slice digits = {text.ptr + is_negative, text.len - is_negative};
    uint64_t number;

    if (yk_parse_u64(digits, (uint64_t)INT64_MAX + is_negative, &number) < 0)
        return false;
    /* 007 and -0 are no numbers to Redis. */
    if (digits.ptr[0] == '0' && text.len > 1)
        return false;
    *ret_number = (int64_t)(is_negative ? 0 - number : number);
    return true;
}

uint64_t yk_redis_number_version(int64_t number)
{
    return (uint64_t)number | NUMBER_BIT;
}

uint64_t yk_redis_parse(struct yk_slice kept, struct yk_slice *ret_value)
{
    uint64_t version = 0;
    int64_t number;

    if (kept.len < YK_REDIS_HEAD_LEN || kept.ptr[0] != HEAD_BYTE) {
        *ret_value = kept;
        return yk_redis_parse_number(kept, &number)
                   ? yk_redis_number_version(number)
                   : 0;
    }
    for (int i = 1; i < YK_REDIS_HEAD_LEN; i++)
        version = version << 8 | (unsigned char)kept.ptr[i];
    ret_value->ptr = kept.ptr + YK_REDIS_HEAD_LEN;
    ret_value->len = kept.len - YK_REDIS_HEAD_LEN;
    return version;
}

bool yk_redis_version_numbers(uint64_t version, int64_t ret_numbers[2])
{
    if (!(version & NUMBER_BIT))
        return false;
    ret_numbers[0] = (int64_t)(version & ~NUMBER_BIT);
    ret_numbers[1] = (int64_t)version;
    return true;
}

size_t yk_redis_pattern(char *out, struct yk_slice prefix)
{
    size_t n = 0;

    for (size_t i = 0; i < prefix.len; i++) {
        if (strchr("*?[]\\^-", prefix.ptr[i]))
            out[n++] = '\\';
        out[n++] = prefix.ptr[i];
    }
    out[n++] = '*';
    return n;
}
