#include "middleware/form_text.h"

#include <stdlib.h>
#include <string.h>

#include <yoke/req.h>

#include "core/banned.h"

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

size_t yk_form_unescape(char *text, size_t len)
{
    char *to = text;
    for (size_t i = 0; i < len; i++) {
        char c = text[i] == '+' ? ' ' : text[i];
        if (c == '%' && len - i > 2 && hex_value(text[i + 1]) >= 0 &&
            hex_value(text[i + 2]) >= 0) {
            c = (char)(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        }
        *to++ = c;
    }
    *to = '\0';
    return (size_t)(to - text);
}

/* A character in UTF-8; what is none becomes U+FFFD. */
static char *put_char(char *to, unsigned long c)
{
    if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
        c = 0xfffd;
    if (c < 0x80) {
        *to++ = (char)c;
        return to;
    }
    int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    *to++ = (char)((0xf0 << (3 - more)) | (int)(c >> (6 * more)));
    while (more-- > 0)
        *to++ = (char)(0x80 | (c >> (6 * more) & 0x3f));
    return to;
}

/* The number of "&#N;", and how long that is; 0: it is none. */
static size_t read_entity(const char *text, unsigned long *ret_number)
{
    size_t digits =
        text[0] == '&' && text[1] == '#' ? strspn(text + 2, "0123456789") : 0;
    if (digits == 0 || digits > 7 || text[2 + digits] != ';')
        return 0;
    *ret_number = strtoul(text + 2, NULL, 10);
    return digits + 3;
}

/* Each byte takes two at most; no entity takes more than it is long. */
const char *yk_form_from_latin1(yoke_req *req, const char *text,
                                bool has_entities)
{
    char *out = yoke_req_try_alloc(req, strlen(text) * 2 + 1), *to = out;
    while (out && *text) {
        unsigned long c = (unsigned char)*text;
        size_t len = has_entities ? read_entity(text, &c) : 0;
        to = put_char(to, c);
        text += len ? len : 1;
    }
    if (out)
        *to = '\0';
    return out;
}
