#include "middleware/form_param.h"

#include <string.h>
#include <strings.h>

#include "core/banned.h"

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

bool yk_form_param_next(char **text, char **ret_name, char **ret_value)
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

void yk_form_param_decode(char *value)
{
    char *to = value;
    for (const char *from = value; *from; to++) {
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

char *yk_form_param_extended(char *value)
{
    char *quote = strchr(value, '\'');
    quote = quote ? strchr(quote + 1, '\'') : NULL;
    if (!quote || strncasecmp(value, "utf-8'", 6) != 0)
        return NULL;
    return decode_all(quote + 1) ? quote + 1 : NULL;
}
