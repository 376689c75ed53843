#include "core/base64.h"

#include <errno.h>

#include "core/banned.h"

size_t yk_base64_encode(const uint8_t *bytes, size_t len, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                 "abcdefghijklmnopqrstuvwxyz0123456789+/";
    size_t n = 0;
    for (size_t i = 0; i < len; i += 3) {
        uint32_t three = (uint32_t)bytes[i] << 16;
        if (i + 1 < len)
            three |= (uint32_t)bytes[i + 1] << 8;
        if (i + 2 < len)
            three |= bytes[i + 2];
        size_t left = len - i < 3 ? len - i : 3;
        for (size_t digit = 0; digit <= left; digit++)
            out[n++] = digits[three >> (18 - 6 * digit) & 63];
    }
    return n;
}

static int digit_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

int yk_base64_decode(struct yk_slice text, char *out, size_t *ret_len)
{
    unsigned bits = 0, held = 0;
    size_t n = 0;
    while (text.len > 0 && text.ptr[text.len - 1] == '=')
        text.len--;
    for (size_t i = 0; i < text.len; i++) {
        int digit = digit_of(text.ptr[i]);
        if (text.ptr[i] == '\n')
            continue;
        if (digit < 0)
            return -EINVAL;
        bits = (bits << 6 | (unsigned)digit) & 0xfff;
        held += 6;
        if (held < 8)
            continue;
        held -= 8;
        out[n++] = (char)(bits >> held);
    }
    *ret_len = n;
    return held == 6 ? -EINVAL : 0; /* A digit alone is no byte. */
}
