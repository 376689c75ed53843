#include "core/utf8.h"

#include "core/banned.h"

/* Bytes of a character that begins with this byte; 0: none does. */
static size_t char_len(unsigned char first)
{
    if (first < 0x80)
        return 1;
    if (first < 0xc2)
        return 0;
    if (first < 0xe0)
        return 2;
    if (first < 0xf0)
        return 3;
    return first < 0xf5 ? 4 : 0;
}

/* Whether what follows fits: neither longer than it must be, nor a surrogate,
 * nor beyond U+10FFFF (RFC 3629 section 4). */
static bool is_char(const unsigned char *p, size_t len)
{
    for (size_t i = 1; i < len; i++)
        if (p[i] >> 6 != 2)
            return false;
    if (p[0] == 0xe0 && p[1] < 0xa0)
        return false;
    if (p[0] == 0xed && p[1] > 0x9f)
        return false;
    if (p[0] == 0xf0 && p[1] < 0x90)
        return false;
    return !(p[0] == 0xf4 && p[1] > 0x8f);
}

bool yk_is_utf8(const char *ptr, size_t len)
{
    const unsigned char *p = (const unsigned char *)ptr, *end = p + len;
    while (p < end) {
        size_t n = char_len(*p);
        if (n == 0 || n > (size_t)(end - p) || !is_char(p, n))
            return false;
        p += n;
    }
    return true;
}
