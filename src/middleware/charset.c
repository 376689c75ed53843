#include "middleware/charset.h"

#include <iconv.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "core/utf8.h"

#include "core/banned.h"

/* A character takes at most three times as many bytes in UTF-8. */
#define GROWTH 3

/* What is accepted. iconv(3) knows many more, and in some of them there have
 * been overflows: a client does not choose among those. */
static const char *const charsets[] = {
    "utf-8",        "utf-16",       "utf-16le",     "utf-16be",
    "utf-32",       "utf-32le",     "utf-32be",     "us-ascii",
    "iso-8859-1",   "iso-8859-2",   "iso-8859-3",   "iso-8859-4",
    "iso-8859-5",   "iso-8859-6",   "iso-8859-7",   "iso-8859-8",
    "iso-8859-9",   "iso-8859-10",  "iso-8859-13",  "iso-8859-14",
    "iso-8859-15",  "iso-8859-16",  "windows-1250", "windows-1251",
    "windows-1252", "windows-1253", "windows-1254", "windows-1255",
    "windows-1256", "windows-1257", "windows-1258", "koi8-r",
    "koi8-u",       "macintosh",    "shift_jis",    "euc-jp",
    "euc-kr",       "gbk",          "gb18030",      "big5",
};

static const struct {
    const char *alias, *name;
} aliases[] = {
    {"utf8", "utf-8"},
    {"latin1", "iso-8859-1"},
    {"ascii", "us-ascii"},
};

const char *yk_charset_find(const char *name)
{
    for (size_t i = 0; i < sizeof(charsets) / sizeof(charsets[0]); i++)
        if (strcasecmp(name, charsets[i]) == 0)
            return charsets[i];
    for (size_t i = 0; i < sizeof(aliases) / sizeof(aliases[0]); i++)
        if (strcasecmp(name, aliases[i].alias) == 0)
            return aliases[i].name;
    return NULL;
}

/* ---- Parameters ---- */

static const char *skip_spaces(const char *text)
{
    return text + strspn(text, " \t");
}

/* A quoted string without its quotes and backslashes (RFC 9110 section 5.6.4);
 * `*text` moves behind it. */
static char *read_quoted(yoke_req *req, const char **text)
{
    const char *from = *text + 1;
    char *value = yoke_req_alloc(req, strlen(from) + 1), *to = value;
    while (*from && *from != '"') {
        if (*from == '\\' && from[1])
            from++;
        *to++ = *from++;
    }
    *to = '\0';
    *text = *from ? from + 1 : from;
    return value;
}

static char *read_token(yoke_req *req, const char **text)
{
    size_t len = strcspn(*text, "; \t");
    char *value = yoke_req_printf(req, "%.*s", (int)len, *text);
    *text += len;
    return value;
}

const char *yk_param_of(yoke_req *req, const char *field, const char *name)
{
    const char *text = field + strcspn(field, ";");
    while (*text == ';') {
        text = skip_spaces(text + 1);
        size_t len = strcspn(text, "=; \t");
        bool is_wanted =
            len == strlen(name) && strncasecmp(text, name, len) == 0;
        text += len;
        if (*text == '=') {
            text++;
            const char *value =
                *text == '"' ? read_quoted(req, &text) : read_token(req, &text);
            if (is_wanted)
                return value;
        }
        text += strcspn(text, ";");
    }
    return NULL;
}

/* ---- To UTF-8 ---- */

char *yk_skip_mark(char *ptr, size_t *len)
{
    if (*len < 3 || memcmp(ptr, "\xef\xbb\xbf", 3) != 0)
        return ptr;
    *len -= 3;
    return ptr + 3;
}

static char *convert(iconv_t how, yoke_req *req, char *ptr, size_t len,
                     size_t *ret_len)
{
    size_t room;
    if (__builtin_mul_overflow(len, GROWTH, &room) || room == SIZE_MAX)
        return NULL;
    char *text = yoke_req_try_alloc(req, room + 1), *to = text;
    if (!text || iconv(how, &ptr, &len, &to, &room) == (size_t)-1 || len > 0)
        return NULL;
    *to = '\0';
    *ret_len = (size_t)(to - text);
    return yk_skip_mark(text, ret_len);
}

char *yk_charset_to_utf8(yoke_req *req, const char *charset, char *ptr,
                         size_t len, size_t *ret_len)
{
    *ret_len = len;
    if (strcmp(charset, "utf-8") == 0)
        return yk_is_utf8(ptr, len) ? yk_skip_mark(ptr, ret_len) : NULL;
    iconv_t how = iconv_open("UTF-8", charset);
    if (how == (iconv_t)-1)
        return NULL;
    char *text = convert(how, req, ptr, len, ret_len);
    iconv_close(how);
    return text;
}
