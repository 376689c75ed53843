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

/* A legal field value: no control character but HTAB (RFC 9110 section 5.5);
 * bytes from 0x80 on are legal. */
bool yk_chars_are_value(const char *ptr, size_t len);

/* The value of a hex digit, or -1. */
static inline int yk_hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    unsigned char lower = yk_lower((unsigned char)c);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

#endif
