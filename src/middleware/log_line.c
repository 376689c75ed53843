#include "middleware/log_line.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "core/banned.h"

void yk_log_put(struct yk_log_line *line, const char *ptr, size_t len)
{
    if (line->len < line->max) {
        size_t room = line->max - line->len;
        memcpy(line->out + line->len, ptr, len < room ? len : room);
    }
    line->len += len;
}

void yk_log_put_text(struct yk_log_line *line, const char *text)
{
    yk_log_put(line, text, strlen(text));
}

void yk_log_put_format(struct yk_log_line *line, const char *fmt, ...)
{
    char text[64];
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (len > 0)
        yk_log_put(line, text,
                   (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1);
}

void yk_log_put_escaped(struct yk_log_line *line, const char *text)
{
    if (!text || !*text) {
        yk_log_put(line, "-", 1);
        return;
    }
    size_t start = 0, i = 0;
    for (; text[i] && i < line->text_max; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\')
            continue;
        yk_log_put(line, text + start, i - start);
        start = i + 1;
        if (c == '"' || c == '\\')
            yk_log_put_format(line, "\\%c", c);
        else
            yk_log_put_format(line, "\\x%02x", c);
    }
    yk_log_put(line, text + start, i - start);
}

/* Bytes of the UTF-8 character at `text`; 0 when there is none. */
static size_t utf8_len(const unsigned char *text)
{
    static const unsigned char least[] = {0, 0, 0x80, 0xa0, 0x90};
    size_t len = text[0] >= 0xc2 && text[0] <= 0xdf   ? 2
                 : text[0] >= 0xe0 && text[0] <= 0xef ? 3
                 : text[0] >= 0xf0 && text[0] <= 0xf4 ? 4
                                                      : 0;
    for (size_t i = 1; i < len; i++)
        if ((text[i] & 0xc0) != 0x80)
            return 0;
    bool is_overlong =
        (text[0] == 0xe0 || text[0] == 0xf0) && text[1] < least[len];
    bool is_surrogate = text[0] == 0xed && text[1] > 0x9f;
    bool is_too_high = text[0] == 0xf4 && text[1] > 0x8f;
    return is_overlong || is_surrogate || is_too_high ? 0 : len;
}

void yk_log_put_json(struct yk_log_line *line, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    const unsigned char *start = at;
    yk_log_put(line, "\"", 1);
    while (*at && (size_t)(at - start) < line->text_max) {
        size_t len = *at < 0x80 ? 1 : utf8_len(at);
        if (len == 0)
            yk_log_put_text(line, "\\ufffd");
        else if (*at == '"' || *at == '\\')
            yk_log_put_format(line, "\\%c", *at);
        else if (*at < 0x20 || *at == 0x7f)
            yk_log_put_format(line, "\\u%04x", *at);
        else
            yk_log_put(line, (const char *)at, len);
        at += len ? len : 1;
    }
    yk_log_put(line, "\"", 1);
}
