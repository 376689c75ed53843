#include "middleware/log_format.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <yoke/client.h>
#include <yoke/middleware/basic_auth.h>
#include <yoke/req.h>
#include <yoke/res.h>

#include "middleware/texts.h"

#include "core/banned.h"

#define ITEMS_MAX 64
/* Bytes of one text that a client has sent; fewer when the line is too long. */
#define TEXT_MAX  4096
#define TEXT_MIN  16

/* One directive, or the text between two. */
struct item {
    char kind;  /* Its letter; 0: text. */
    char *text; /* That, or what stands in its braces; NULL: none. */
};

struct yk_log_format {
    bool is_json;
    size_t count;
    struct item items[ITEMS_MAX];
    int64_t time_s; /* Of which `time` is the text; it is the same for many. */
    char time[40];
};

/* A line that is being put together. */
struct line {
    char *out;
    size_t len, max; /* A longer one is only counted. */
    size_t text_max;
};

/* ---- Bytes ---- */

static void put(struct line *line, const char *ptr, size_t len)
{
    if (line->len < line->max) {
        size_t room = line->max - line->len;
        memcpy(line->out + line->len, ptr, len < room ? len : room);
    }
    line->len += len;
}

static void put_text(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

static void __attribute__((format(printf, 2, 3)))
put_format(struct line *line, const char *fmt, ...)
{
    char text[64];
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    if (len > 0)
        put(line, text,
            (size_t)len < sizeof(text) ? (size_t)len : sizeof(text) - 1);
}

/* Text from outside, in which nothing can end a line or a quoted text, or drive
 * a terminal. */
static void put_escaped(struct line *line, const char *text)
{
    if (!text || !*text) {
        put(line, "-", 1);
        return;
    }
    size_t start = 0, i = 0;
    for (; text[i] && i < line->text_max; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\')
            continue;
        put(line, text + start, i - start);
        start = i + 1;
        if (c == '"' || c == '\\')
            put_format(line, "\\%c", c);
        else
            put_format(line, "\\x%02x", c);
    }
    put(line, text + start, i - start);
}

/* ---- What directives stand for ---- */

/* The date of Apache's logs, which knows no locale. */
static const char *time_of(struct yk_log_format *format, int64_t time_s)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm tm;
    time_t time = (time_t)time_s;
    if (format->time[0] && format->time_s == time_s)
        return format->time;
    if (!gmtime_r(&time, &tm))
        return "[-]";
    snprintf(format->time, sizeof(format->time),
             "[%02d/%.3s/%04d:%02d:%02d:%02d +0000]", tm.tm_mday,
             months + (size_t)tm.tm_mon * 3, tm.tm_year + 1900, tm.tm_hour,
             tm.tm_min, tm.tm_sec);
    format->time_s = time_s;
    return format->time;
}

/* The format is the application's own. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void put_time(struct line *line, struct yk_log_format *format,
                     const char *how, int64_t time_s)
{
    char text[64];
    struct tm tm;
    time_t time = (time_t)time_s;
    if (!how)
        put_text(line, time_of(format, time_s));
    else if (gmtime_r(&time, &tm) && strftime(text, sizeof(text), how, &tm) > 0)
        put_text(line, text);
}
#pragma GCC diagnostic pop

static void put_part(struct line *line, const char *ptr, size_t len)
{
    char part[TEXT_MAX + 1];
    if (len > TEXT_MAX)
        len = TEXT_MAX;
    memcpy(part, ptr, len);
    part[len] = '\0';
    put_escaped(line, part);
}

static void put_request_line(struct line *line, const struct yk_log_record *r)
{
    put_escaped(line, r->method);
    put(line, " ", 1);
    put_escaped(line, yoke_req_original_url(r->req));
    put_format(line, " HTTP/%s", yoke_req_http_version(r->req));
}

static void put_taken(struct line *line, const char *unit, uint64_t us)
{
    if (unit && strcmp(unit, "ms") == 0)
        put_format(line, "%llu", (unsigned long long)(us / 1000));
    else
        put_format(line, "%llu", (unsigned long long)(us / 1000000));
}

static void put_bytes(struct line *line, const struct yk_log_record *r,
                      bool is_dash)
{
    size_t len = yoke_res_body_len(r->res);
    if (len == 0 && is_dash)
        put(line, "-", 1);
    else
        put_format(line, "%zu", len);
}

/* What is only known when the answer is over. */
static void put_outcome(struct line *line, const struct item *item,
                        const struct yk_log_record *r)
{
    if (!r->is_over || (item->kind == 's' && r->status == 0))
        put(line, "-", 1);
    else if (item->kind == 's')
        put_format(line, "%d", r->status);
    else if (item->kind == 'D')
        put_format(line, "%llu", (unsigned long long)r->taken_us);
    else if (item->kind == 'T')
        put_taken(line, item->text, r->taken_us);
    else if (item->kind == 'X')
        put(line, yoke_req_is_aborted(r->req) ? "X" : "+", 1);
    else
        put_bytes(line, r, item->kind == 'b');
}

static void put_item(struct line *line, struct yk_log_format *format,
                     const struct item *item, const struct yk_log_record *r)
{
    const char *url = yoke_req_original_url(r->req);
    const char *query = strchr(url, '?');
    switch (item->kind) {
    case 0:
        put_text(line, item->text);
        break;
    case 'h':
    case 'a':
        put_escaped(line, yoke_req_ip(r->req));
        break;
    case 'l':
        put(line, "-", 1);
        break;
    case 'u':
        put_escaped(line, yoke_basic_auth_user(r->req));
        break;
    case 't':
        put_time(line, format, item->text, r->time_s);
        break;
    case 'r':
        put_request_line(line, r);
        break;
    case 'm':
        put_escaped(line, r->method);
        break;
    case 'U':
        put_part(line, url, query ? (size_t)(query - url) : strlen(url));
        break;
    case 'q':
        if (query)
            put_escaped(line, query);
        break;
    case 'H':
        put_format(line, "HTTP/%s", yoke_req_http_version(r->req));
        break;
    case 'V':
        put_escaped(line, yoke_req_host(r->req));
        break;
    case 'P':
        put_format(line, "%d", (int)getpid());
        break;
    case 'L':
        put_escaped(line, yoke_req_id(r->req));
        break;
    case 'R':
        put_escaped(line, yoke_req_route_full_path(r->req));
        break;
    case 'i':
        put_escaped(line, yoke_req_get(r->req, item->text));
        break;
    case 'o':
        put_escaped(line, yoke_res_get(r->res, item->text));
        break;
    default:
        put_outcome(line, item, r);
        break;
    }
}

/* ---- JSON ---- */

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

static void put_json_text(struct line *line, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;
    const unsigned char *start = at;
    put(line, "\"", 1);
    while (*at && (size_t)(at - start) < line->text_max) {
        size_t len = *at < 0x80 ? 1 : utf8_len(at);
        if (len == 0)
            put_text(line, "\\ufffd");
        else if (*at == '"' || *at == '\\')
            put_format(line, "\\%c", *at);
        else if (*at < 0x20 || *at == 0x7f)
            put_format(line, "\\u%04x", *at);
        else
            put(line, (const char *)at, len);
        at += len ? len : 1;
    }
    put(line, "\"", 1);
}

static void put_member(struct line *line, const char *name, const char *text)
{
    if (!text)
        return;
    put_format(line, ",\"%s\":", name);
    put_json_text(line, text);
}

static void put_json_outcome(struct line *line, const struct yk_log_record *r)
{
    if (!r->is_over)
        return;
    if (r->status)
        put_format(line, ",\"status\":%d", r->status);
    put_format(line, ",\"bytes\":%zu", yoke_res_body_len(r->res));
    put_format(line, ",\"ms\":%llu.%03u",
               (unsigned long long)(r->taken_us / 1000),
               (unsigned)(r->taken_us % 1000));
    if (yoke_req_is_aborted(r->req))
        put_text(line, ",\"aborted\":true");
}

static void put_json(struct line *line, const struct yk_log_record *r)
{
    char time[32] = "-";
    struct tm tm;
    time_t time_s = (time_t)r->time_s;
    if (gmtime_r(&time_s, &tm))
        strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%SZ", &tm);
    put_format(line, "{\"time\":\"%s\"", time);
    put_member(line, "ip", yoke_req_ip(r->req));
    put_member(line, "user", yoke_basic_auth_user(r->req));
    put_member(line, "method", r->method);
    put_member(line, "url", yoke_req_original_url(r->req));
    put_member(line, "http", yoke_req_http_version(r->req));
    put_member(line, "host", yoke_req_host(r->req));
    put_member(line, "route", yoke_req_route_full_path(r->req));
    put_json_outcome(line, r);
    put_member(line, "referer", yoke_req_get(r->req, "Referer"));
    put_member(line, "agent", yoke_req_get(r->req, "User-Agent"));
    put_member(line, "id", yoke_req_id(r->req));
    put_format(line, ",\"pid\":%d}", (int)getpid());
}

/* ---- A line ---- */

static void put_line(struct line *line, struct yk_log_format *format,
                     const struct yk_log_record *record)
{
    if (format->is_json)
        put_json(line, record);
    for (size_t i = 0; i < format->count; i++)
        put_item(line, format, &format->items[i], record);
}

size_t yk_log_format_line(struct yk_log_format *format,
                          const struct yk_log_record *record, char *out,
                          size_t max)
{
    struct line line = {.out = out, .max = max - 1, .text_max = TEXT_MAX};
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
    format->items[format->count++] = (struct item){kind, copy};
    return true;
}

static bool is_directive(char kind, bool is_named)
{
    if (kind == 'i' || kind == 'o')
        return is_named;
    if (kind == 't' || kind == 'T')
        return true;
    return kind && !is_named && strchr("halurmUqHVsbBDXPLR", kind);
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
    if (!is_directive(*at, name))
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
