#include "middleware/log_format.h"

#include <stdlib.h>
#include <string.h>

#include "middleware/texts.h"

#include "core/banned.h"

#define ITEMS_MAX 64
/* Texts of clients are not made shorter than that for the line's sake. */
#define TEXT_MIN  16

struct yk_log_format {
    bool is_json;
    size_t count;
    struct yk_log_item items[ITEMS_MAX];
    struct yk_log_time time;
};

/* ---- A line ---- */

static void put_line(struct yk_log_line *line, struct yk_log_format *format,
                     const struct yk_log_record *record)
{
    if (format->is_json)
        yk_log_put_record(line, record);
    for (size_t i = 0; i < format->count; i++)
        yk_log_put_item(line, &format->time, &format->items[i], record);
}

size_t yk_log_format_line(struct yk_log_format *format,
                          const struct yk_log_record *record, char *out,
                          size_t max)
{
    struct yk_log_line line = {
        .out = out, .max = max - 1, .text_max = YK_LOG_TEXT_MAX};
    put_line(&line, format, record);
    while (line.len > line.max && line.text_max > TEXT_MIN) {
        line.len = 0;
        line.text_max /= 2;
        put_line(&line, format, record);
    }
    size_t len = line.len < line.max ? line.len : line.max;
    out[len++] = '\n';
    return len;
}

/* ---- Reading a format ---- */

static bool add(struct yk_log_format *format, char kind, const char *text,
                size_t len)
{
    if (format->count == ITEMS_MAX)
        return false;
    char *copy = NULL;
    if (text) {
        copy = yk_zeroed(len + 1);
        memcpy(copy, text, len);
    }
    format->items[format->count++] = (struct yk_log_item){kind, copy};
    return true;
}

/* One directive, behind its "%"; returns what follows it, or NULL. */
static const char *read_directive(struct yk_log_format *format, const char *at)
{
    const char *name = NULL;
    size_t len = 0;
    if (*at == '{') {
        name = at + 1;
        len = strcspn(name, "}");
        if (name[len] != '}' || len == 0)
            return NULL;
        at = name + len + 1;
    }
    if (*at == '>')
        at++;
    if (*at == '%' && !name)
        return add(format, 0, "%", 1) ? at + 1 : NULL;
    if (!yk_log_is_directive(*at, name))
        return NULL;
    return add(format, *at, name, len) ? at + 1 : NULL;
}

static bool read_format(struct yk_log_format *format, const char *text)
{
    while (text && *text) {
        size_t len = strcspn(text, "%");
        if (len > 0 && !add(format, 0, text, len))
            return false;
        text += len;
        if (*text)
            text = read_directive(format, text + 1);
    }
    return text;
}

#define COMMON "%h %l %u %t \"%r\" %>s %b"

struct yk_log_format *yk_log_format_new(const char *text, const char **ret_why)
{
    struct yk_log_format *format = yk_zeroed(sizeof(*format));
    format->is_json = strcmp(text, "json") == 0;
    if (strcmp(text, "common") == 0)
        text = COMMON;
    else if (strcmp(text, "combined") == 0)
        text = COMMON " \"%{Referer}i\" \"%{User-Agent}i\"";
    if (format->is_json || (read_format(format, text) && strchr(text, '%')))
        return format;
    *ret_why = strchr(text, '%')
                   ? "a directive is not known, or there are more "
                     "than 64"
                   : "it is none of common, combined and json, and "
                     "has no directive";
    yk_log_format_free(format);
    return NULL;
}

void yk_log_format_free(struct yk_log_format *format)
{
    if (!format)
        return;
    for (size_t i = 0; i < format->count; i++)
        free(format->items[i].text);
    free(format);
}
