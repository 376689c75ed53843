/* What the directives of a format stand for: those of Apache's mod_log_config,
 * and %R and %L of our own. */
#include "middleware/log_record.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <yoke/client.h>
#include <yoke/middleware/basic_auth.h>
#include <yoke/req.h>
#include <yoke/res.h>

#include "core/banned.h"

bool yk_log_is_directive(char kind, bool has_text)
{
    if (kind == 'i' || kind == 'o')
        return has_text;
    if (kind == 't' || kind == 'T')
        return true;
    return kind && !has_text && strchr("halurmUqHVsbBDXPLR", kind);
}

/* The date of Apache's logs, which knows no locale. */
static const char *time_of(struct yk_log_time *cache, int64_t time_s)
{
    static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
    struct tm tm;
    time_t time = (time_t)time_s;
    if (cache->text[0] && cache->time_s == time_s)
        return cache->text;
    if (!gmtime_r(&time, &tm))
        return "[-]";
    snprintf(cache->text, sizeof(cache->text),
             "[%02d/%.3s/%04d:%02d:%02d:%02d +0000]", tm.tm_mday,
             months + (size_t)tm.tm_mon * 3, tm.tm_year + 1900, tm.tm_hour,
             tm.tm_min, tm.tm_sec);
    cache->time_s = time_s;
    return cache->text;
}

/* The format is the application's own. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
static void put_time(struct yk_log_line *line, struct yk_log_time *cache,
                     const char *how, int64_t time_s)
{
    char text[64];
    struct tm tm;
    time_t time = (time_t)time_s;
    if (!how)
        yk_log_put_text(line, time_of(cache, time_s));
    else if (gmtime_r(&time, &tm) && strftime(text, sizeof(text), how, &tm) > 0)
        yk_log_put_text(line, text);
}
#pragma GCC diagnostic pop

static void put_part(struct yk_log_line *line, const char *ptr, size_t len)
{
    char part[YK_LOG_TEXT_MAX + 1];
    if (len > YK_LOG_TEXT_MAX)
        len = YK_LOG_TEXT_MAX;
    memcpy(part, ptr, len);
    part[len] = '\0';
    yk_log_put_escaped(line, part);
}

static void put_request_line(struct yk_log_line *line,
                             const struct yk_log_record *r)
{
    yk_log_put_escaped(line, r->method);
    yk_log_put(line, " ", 1);
    yk_log_put_escaped(line, yoke_req_original_url(r->req));
    yk_log_put_format(line, " HTTP/%s", yoke_req_http_version(r->req));
}

static void put_taken(struct yk_log_line *line, const char *unit, uint64_t us)
{
    if (unit && strcmp(unit, "ms") == 0)
        yk_log_put_format(line, "%llu", (unsigned long long)(us / 1000));
    else
        yk_log_put_format(line, "%llu", (unsigned long long)(us / 1000000));
}

static void put_bytes(struct yk_log_line *line, const struct yk_log_record *r,
                      bool is_dash)
{
    size_t len = yoke_res_body_len(r->res);
    if (len == 0 && is_dash)
        yk_log_put(line, "-", 1);
    else
        yk_log_put_format(line, "%zu", len);
}

/* What is only known when the answer is over. */
static void put_outcome(struct yk_log_line *line,
                        const struct yk_log_item *item,
                        const struct yk_log_record *r)
{
    if (!r->is_over || (item->kind == 's' && r->status == 0))
        yk_log_put(line, "-", 1);
    else if (item->kind == 's')
        yk_log_put_format(line, "%d", r->status);
    else if (item->kind == 'D')
        yk_log_put_format(line, "%llu", (unsigned long long)r->taken_us);
    else if (item->kind == 'T')
        put_taken(line, item->text, r->taken_us);
    else if (item->kind == 'X')
        yk_log_put(line, yoke_req_is_aborted(r->req) ? "X" : "+", 1);
    else
        put_bytes(line, r, item->kind == 'b');
}

void yk_log_put_item(struct yk_log_line *line, struct yk_log_time *cache,
                     const struct yk_log_item *item,
                     const struct yk_log_record *r)
{
    const char *url = yoke_req_original_url(r->req);
    const char *query = strchr(url, '?');
    switch (item->kind) {
    case 0:
        yk_log_put_text(line, item->text);
        break;
    case 'h':
    case 'a':
        yk_log_put_escaped(line, yoke_req_ip(r->req));
        break;
    case 'l':
        yk_log_put(line, "-", 1);
        break;
    case 'u':
        yk_log_put_escaped(line, yoke_basic_auth_user(r->req));
        break;
    case 't':
        put_time(line, cache, item->text, r->time_s);
        break;
    case 'r':
        put_request_line(line, r);
        break;
    case 'm':
        yk_log_put_escaped(line, r->method);
        break;
    case 'U':
        put_part(line, url, query ? (size_t)(query - url) : strlen(url));
        break;
    case 'q':
        if (query)
            yk_log_put_escaped(line, query);
        break;
    case 'H':
        yk_log_put_format(line, "HTTP/%s", yoke_req_http_version(r->req));
        break;
    case 'V':
        yk_log_put_escaped(line, yoke_req_host(r->req));
        break;
    case 'P':
        yk_log_put_format(line, "%d", (int)getpid());
        break;
    case 'L':
        yk_log_put_escaped(line, yoke_req_id(r->req));
        break;
    case 'R':
        yk_log_put_escaped(line, yoke_req_route_full_path(r->req));
        break;
    case 'i':
        yk_log_put_escaped(line, yoke_req_get(r->req, item->text));
        break;
    case 'o':
        yk_log_put_escaped(line, yoke_res_get(r->res, item->text));
        break;
    default:
        put_outcome(line, item, r);
        break;
    }
}
