#include "http/url.h"

#include <string.h>

#include <yoke/error.h>

#include "http/chars.h"

#include "core/banned.h"

/* The byte that the escape at `at` stands for, or -1 when there is none or it
 * is NUL. */
static int escaped_byte(const char *at, const char *end)
{
    if (end - at < 3)
        return -1;
    int high = yk_hex_value(at[1]), low = yk_hex_value(at[2]);
    if (high < 0 || low < 0)
        return -1;
    int byte = high << 4 | low;
    return byte ? byte : -1;
}

int yk_url_decode(struct yk_slice text, char *out, size_t *ret_len)
{
    const char *at = text.ptr, *end = at + text.len;
    char *to = out;

    while (at < end) {
        if (*at != '%') {
            *to++ = *at++;
            continue;
        }
        int byte = escaped_byte(at, end);
        if (byte < 0)
            return -YOKE_EESCAPE;
        *to++ = (char)byte;
        at += 3;
    }
    *ret_len = (size_t)(to - out);
    return 0;
}

size_t yk_url_decode_query(struct yk_slice text, char *out)
{
    const char *at = text.ptr, *end = at + text.len;
    char *to = out;

    while (at < end) {
        int byte = *at == '%' ? escaped_byte(at, end) : -1;
        if (byte < 0) {
            *to++ = (char)(*at == '+' ? ' ' : *at);
            at++;
        } else {
            *to++ = (char)byte;
            at += 3;
        }
    }
    return (size_t)(to - out);
}

/* What encodeurl, and so Express, leaves alone: visible ASCII without the
 * delimiters that no URL may have. */
static bool is_legal(char c)
{
    return c > ' ' && c < 0x7f && !strchr("\"<>`{}%", c);
}

static bool is_escape(const char *at, const char *end)
{
    return end - at >= 3 && at[0] == '%' && yk_char_is(at[1], YK_CHAR_HEX) &&
           yk_char_is(at[2], YK_CHAR_HEX);
}

size_t yk_url_encode(struct yk_slice text, char *out)
{
    static const char digits[] = "0123456789ABCDEF";
    const char *at = text.ptr, *end = at + text.len;
    char *to = out;

    for (; at < end; at++) {
        if (is_legal(*at) || is_escape(at, end)) {
            *to++ = *at;
            continue;
        }
        unsigned char byte = (unsigned char)*at;
        *to++ = '%';
        *to++ = digits[byte >> 4];
        *to++ = digits[byte & 15];
    }
    return (size_t)(to - out);
}

static struct yk_slice slice_between(const char *from, const char *to)
{
    return (struct yk_slice){from, (size_t)(to - from)};
}

bool yk_url_next_pair(struct yk_slice *rest, struct yk_url_pair *ret_pair)
{
    while (rest->len > 0) {
        const char *start = rest->ptr, *end = start + rest->len;
        const char *amp = memchr(start, '&', rest->len);
        const char *stop = amp ? amp : end;
        *rest = slice_between(amp ? amp + 1 : end, end);
        if (stop == start)
            continue;

        const char *equals = memchr(start, '=', (size_t)(stop - start));
        ret_pair->name = slice_between(start, equals ? equals : stop);
        ret_pair->value = (struct yk_slice){NULL, 0};
        if (equals)
            ret_pair->value = slice_between(equals + 1, stop);
        return true;
    }
    return false;
}
