#include "middleware/form_part.h"

#include <string.h>
#include <strings.h>

#include "middleware/charset.h"

#include "core/banned.h"

/* ---- Escapes ---- */

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The byte of "%XX", or -1. */
static int escaped(const char *text)
{
    if (text[0] != '%' || hex_value(text[1]) < 0 || hex_value(text[2]) < 0)
        return -1;
    return hex_value(text[1]) * 16 + hex_value(text[2]);
}

/* Browsers write three characters as escapes, and no other; so "%41" is just
 * that (WHATWG HTML, multipart form data). In place. */
static void decode_browsers(char *text)
{
    char *to = text;
    for (const char *from = text; *from; to++) {
        int byte = escaped(from);
        bool is_escape = byte == '"' || byte == '\r' || byte == '\n';
        *to = is_escape ? (char)byte : *from;
        from += is_escape ? 3 : 1;
    }
    *to = '\0';
}

/* All escapes, in place; false when one is wrong. */
static bool decode_all(char *text)
{
    char *to = text;
    for (const char *from = text; *from; to++) {
        int byte = escaped(from);
        if (*from == '%' && byte <= 0)
            return false;
        *to = byte > 0 ? (char)byte : *from;
        from += byte > 0 ? 3 : 1;
    }
    *to = '\0';
    return true;
}

/* ---- Parameters ---- */

/* A quoted string, in place. A backslash in front of anything but a quote or
 * itself is one: there were clients that sent whole paths. NULL when its end is
 * missing; `*text` moves behind it. */
static char *read_quoted(char **text)
{
    char *value = *text + 1, *to = value;
    for (char *from = value; *from; from++) {
        if (*from == '"') {
            *to = '\0';
            *text = from + 1;
            return value;
        }
        if (*from == '\\' && (from[1] == '"' || from[1] == '\\'))
            from++;
        *to++ = *from;
    }
    return NULL;
}

/* What is not quoted ends at ";" or a space. The byte behind it becomes a NUL,
 * and goes to `ret_end`. */
static char *read_token(char **text, char *ret_end)
{
    char *value = *text;
    *text += strcspn(value, "; \t");
    *ret_end = **text;
    return value;
}

/* The next "name=value"; false at the end. `*ret_value` is NULL when it is
 * malformed. */
static bool next_param(char **text, char **ret_name, char **ret_value)
{
    char *name = *text + strspn(*text, "; \t"), end = '\0';
    if (!*name)
        return false;
    char *equals = name + strcspn(name, "=; \t");
    *ret_name = name;
    *ret_value = NULL;
    if (*equals != '=')
        return true;
    *equals = '\0';
    *text = equals + 1;
    if (**text == '"') {
        *ret_value = read_quoted(text);
        return true;
    }
    *ret_value = read_token(text, &end);
    if (end) {
        **text = '\0';
        (*text)++;
    }
    return true;
}

/* ---- Names of files ---- */

/* RFC 5987: charset'language'escapes. Only UTF-8 is understood; the sender gives
 * `filename` for the rest. */
static char *read_extended(char *value)
{
    char *quote = strchr(value, '\'');
    quote = quote ? strchr(quote + 1, '\'') : NULL;
    if (!quote || strncasecmp(value, "utf-8'", 6) != 0)
        return NULL;
    return decode_all(quote + 1) ? quote + 1 : NULL;
}

/* Control characters and, if it is not UTF-8, all that is not ASCII. */
static void replace_odd_bytes(char *name)
{
    unsigned char end = yk_is_utf8(name, strlen(name)) ? 0xff : 0x7e;
    for (char *p = name; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f || (unsigned char)*p > end)
            *p = '_';
}

/* The last part of a path of any system, for people to read; nobody is to open
 * it. */
static char *last_part(char *name)
{
    char *last = name;
    replace_odd_bytes(name);
    for (char *p = name; *p; p++)
        if (*p == '/' || *p == '\\')
            last = p + 1;
    return strcmp(last, ".") == 0 || strcmp(last, "..") == 0
               ? last + strlen(last)
               : last;
}

/* ---- The head ---- */

static bool read_disposition(char *value, struct yk_form_part *part)
{
    char *text = value + strcspn(value, "; \t"), *key, *param;
    char *name = NULL, *plain = NULL, *extended = NULL;
    if (strncasecmp(value, "form-data", (size_t)(text - value)) != 0 ||
        text - value != 9)
        return false;
    while (next_param(&text, &key, &param)) {
        if (!param)
            return false;
        if (strcasecmp(key, "name") == 0)
            name = param;
        else if (strcasecmp(key, "filename") == 0)
            plain = param;
        else if (strcasecmp(key, "filename*") == 0)
            extended = read_extended(param);
    }
    if (name)
        decode_browsers(name);
    if (plain)
        decode_browsers(plain);
    part->name = name;
    if (extended || plain)
        part->filename = last_part(extended ? extended : plain);
    return true;
}

/* A value without the spaces around it. */
static char *trim(char *value)
{
    value += strspn(value, " \t");
    char *end = value + strlen(value);
    while (end > value && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    *end = '\0';
    return value;
}

static bool is_ascii(const char *text)
{
    while (*text >= ' ' && *text < 0x7f)
        text++;
    return *text == '\0';
}

static bool read_line(char *line, struct yk_form_part *part)
{
    char *colon = strchr(line, ':');
    if (!colon || colon == line)
        return false;
    *colon = '\0';
    char *value = trim(colon + 1);
    if (strcasecmp(line, "Content-Disposition") == 0)
        return read_disposition(value, part);
    if (strcasecmp(line, "Content-Type") == 0 && is_ascii(value))
        part->type = value;
    return true;
}

bool yk_form_part_read(char *head, size_t len, struct yk_form_part *ret_part)
{
    struct yk_form_part part = {.name = NULL};
    if (memchr(head, '\0', len))
        return false;
    for (char *line = head; *line;) {
        char *end = strstr(line, "\r\n");
        if (!end)
            return false;
        *end = '\0';
        if (!read_line(line, &part))
            return false;
        line = end + 2;
    }
    *ret_part = part;
    return true;
}
