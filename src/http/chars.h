/* The character classes of HTTP (RFC 9110 section 5.6, RFC 3986). */
#ifndef YK_HTTP_CHARS_H
#define YK_HTTP_CHARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/slice.h"

enum yk_char_class {
    YK_CHAR_TOKEN = 1,  /* tchar: methods, field names. */
    YK_CHAR_TARGET = 2, /* Request target: visible ASCII but `#`. */
    YK_CHAR_HOST = 4,   /* Host name: unreserved, `%`, sub-delims but `,`. */
    YK_CHAR_HEX = 8,
    YK_CHAR_PATH = 16, /* What a target may have but `?`. */
};

/* The classes of each byte. */
extern const uint8_t yk_char_classes[256];

static inline bool yk_char_is(char c, enum yk_char_class class)
{
    return yk_char_classes[(unsigned char)c] & class;
}

/* The number of bytes from the start that are in the class. */
static inline size_t yk_chars_span(const char *ptr, size_t len,
                                   enum yk_char_class class)
{
    size_t n = 0;
    /* Four at a time: what is looked at is mostly longer. */
    for (; len - n >= 4; n += 4) {
        if (!yk_char_is(ptr[n], class))
            return n;
        if (!yk_char_is(ptr[n + 1], class))
            return n + 1;
        if (!yk_char_is(ptr[n + 2], class))
            return n + 2;
        if (!yk_char_is(ptr[n + 3], class))
            return n + 3;
    }
    while (n < len && yk_char_is(ptr[n], class))
        n++;
    return n;
}

/* Every byte is in the class, and there is at least one. */
static inline bool yk_chars_are(struct yk_slice text, enum yk_char_class class)
{
    return text.len > 0 && yk_chars_span(text.ptr, text.len, class) == text.len;
}

/* One of the bytes is a control character other than HTAB. */
bool yk_chars_have_control(const char *ptr, size_t len);

#define YK_EACH_BYTE(x) (0x0101010101010101u * (x))

/* Non-zero when one of the eight bytes is below 0x20 or is 0x7f. It may also
 * say so of an innocent byte behind such a one; the caller looks closer. */
static inline uint64_t yk_chars_may_control(const char *ptr)
{
    uint64_t eight;
    memcpy(&eight, ptr, 8);
    uint64_t below_space = (eight - YK_EACH_BYTE(0x20)) & ~eight;
    uint64_t no_del = eight ^ YK_EACH_BYTE(0x7f);
    uint64_t is_del = (no_del - YK_EACH_BYTE(1)) & ~no_del;
    return (below_space | is_del) & YK_EACH_BYTE(0x80);
}

/* A legal field value: no control character but HTAB (RFC 9110 section 5.5);
 * bytes from 0x80 on are legal. */
static inline bool yk_chars_are_value(const char *ptr, size_t len)
{
    if (len < 8)
        return !yk_chars_have_control(ptr, len);
    /* The last eight overlap those before them. */
    uint64_t found = yk_chars_may_control(ptr + len - 8);
    for (size_t i = 0; i + 8 < len; i += 8)
        found |= yk_chars_may_control(ptr + i);
    /* Nearly always there is none. */
    return !found || !yk_chars_have_control(ptr, len);
}

/* The value of a hex digit, or -1. */
static inline int yk_hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    unsigned char lower = yk_lower((unsigned char)c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

#endif
