#include "core/number.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

int yk_parse_u64(struct yk_slice text, uint64_t max, uint64_t *ret_value)
{
    uint64_t value = 0;
    bool is_too_large = false;
    if (text.len == 0)
        return -EINVAL;
    for (size_t i = 0; i < text.len; i++) {
        uint64_t digit = (uint64_t)(unsigned char)text.ptr[i] - '0';
        if (digit > 9)
            return -EINVAL;
        is_too_large |= __builtin_mul_overflow(value, 10, &value);
        is_too_large |= __builtin_add_overflow(value, digit, &value);
    }
    if (is_too_large || value > max)
        return -ERANGE;
    *ret_value = value;
    return 0;
}

int yk_parse_int(struct yk_slice text, int *ret_value)
{
    int is_negative = text.len > 0 && text.ptr[0] == '-';
    uint64_t value;

    text.ptr += is_negative;
    text.len -= is_negative;
    int err =
        yk_parse_u64(text, (uint64_t)INT_MAX + (uint64_t)is_negative, &value);
    if (err < 0)
        return err;
    *ret_value = is_negative ? (int)-(int64_t)value : (int)value;
    return 0;
}

/* How many digits it has. */
static size_t count_digits(uint64_t value)
{
    size_t count = 1;

    for (; value >= 10000; value /= 10000)
        count += 4;
    return count + (value >= 10) + (value >= 100) + (value >= 1000);
}

/* Two digits at a time: a division takes longer than the rest. */
size_t yk_format_u64(char *out, uint64_t value)
{
    static const char pairs[] = "00010203040506070809"
                                "10111213141516171819"
                                "20212223242526272829"
                                "30313233343536373839"
                                "40414243444546474849"
                                "50515253545556575859"
                                "60616263646566676869"
                                "70717273747576777879"
                                "80818283848586878889"
                                "90919293949596979899";
    size_t len = count_digits(value);
    char *at = out + len;

    for (; value >= 10; value /= 100) {
        at -= 2;
        memcpy(at, pairs + 2 * (value % 100), 2);
    }
    if (at > out)
        *out = (char)('0' + value);
    return len;
}
