#include "app/disposition.h"

#include <stdbool.h>

#include "core/slice.h"
#include "core/utf8.h"
#include "http/chars.h"

#include "core/banned.h"

static const char prefix[] = "attachment; filename=";
static const char extended[] = "; filename*=UTF-8''";

static bool is_visible(char c)
{
    return c >= ' ' && c <= '~';
}

/* A name with an escape in it would be decoded by some clients and not by
 * others; so it is told them in both forms. */
static bool has_escape(struct yk_slice name)
{
    for (size_t i = 0; i + 2 < name.len; i++)
        if (name.ptr[i] == '%' && yk_hex_value(name.ptr[i + 1]) >= 0 &&
            yk_hex_value(name.ptr[i + 2]) >= 0)
            return true;
    return false;
}

static bool is_plain(struct yk_slice name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!is_visible(name.ptr[i]))
            return false;
    return !has_escape(name);
}

/* A character beyond ASCII is one "?", however many bytes it has. In what is not
 * UTF-8 nobody knows where one ends: then each byte is. */
static char *put_quoted(char *to, struct yk_slice name, bool is_utf8)
{
    *to++ = '"';
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool is_continued = is_utf8 && ((unsigned char)c & 0xc0) == 0x80;
        if (is_continued)
            continue;
        if (c == '"' || c == '\\')
            *to++ = '\\';
        *to++ = is_visible(c) ? c : '?';
    }
    *to++ = '"';
    return to;
}

/* What RFC 8187 section 3.2.1 leaves as it is. */
static bool is_attr_char(char c)
{
    return yk_char_is(c, YK_CHAR_TOKEN) && c != '*' && c != '\'' && c != '%';
}

static char *put_encoded(char *to, struct yk_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        if (is_attr_char((char)c)) {
            *to++ = (char)c;
            continue;
        }
        *to++ = '%';
        *to++ = "0123456789ABCDEF"[c >> 4];
        *to++ = "0123456789ABCDEF"[c & 15];
    }
    return to;
}

static char *put(char *to, const char *text, size_t len)
{
    memcpy(to, text, len);
    return to + len;
}

const char *yk_disposition(const char *filename, struct yk_arena *arena)
{
    if (!filename)
        return "attachment";
    const char *slash = strrchr(filename, '/');
    struct yk_slice name = yk_slice_of(slash ? slash + 1 : filename);
    bool is_utf8 = yk_is_utf8(name.ptr, name.len);
    /* Twice each byte in quotes, and three times each encoded. */
    char *text = yk_arena_alloc(arena, sizeof(prefix) + sizeof(extended) + 2 +
                                           name.len * 5);
    char *to = put(text, prefix, sizeof(prefix) - 1);
    if (yk_chars_are(name, YK_CHAR_TOKEN) && !has_escape(name))
        to = put(to, name.ptr, name.len);
    else
        to = put_quoted(to, name, is_utf8);
    if (!is_plain(name) && is_utf8) {
        to = put(to, extended, sizeof(extended) - 1);
        to = put_encoded(to, name);
    }
    *to = '\0';
    return text;
}
