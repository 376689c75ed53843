#include "middleware/log_record.h"

#include <time.h>
#include <unistd.h>

#include <yoke/client.h>
#include <yoke/middleware/basic_auth.h>
#include <yoke/req.h>
#include <yoke/res.h>

#include "core/banned.h"

static void put_member(struct yk_log_line *line, const char *name,
                       const char *text)
{
    if (!text)
        return;
    yk_log_put_format(line, ",\"%s\":", name);
    yk_log_put_json(line, text);
}

static void put_json_outcome(struct yk_log_line *line,
                             const struct yk_log_record *r)
{
    if (!r->is_over)
        return;
    if (r->status)
        yk_log_put_format(line, ",\"status\":%d", r->status);
    yk_log_put_format(line, ",\"bytes\":%zu", yoke_res_body_len(r->res));
    yk_log_put_format(line, ",\"ms\":%llu.%03u",
                      (unsigned long long)(r->taken_us / 1000),
                      (unsigned)(r->taken_us % 1000));
    if (yoke_req_is_aborted(r->req))
        yk_log_put_text(line, ",\"aborted\":true");
}

void yk_log_put_record(struct yk_log_line *line, const struct yk_log_record *r)
{
    char time[32] = "-";
    struct tm tm;
    time_t time_s = (time_t)r->time_s;
    if (gmtime_r(&time_s, &tm))
        strftime(time, sizeof(time), "%Y-%m-%dT%H:%M:%SZ", &tm);
    yk_log_put_format(line, "{\"time\":\"%s\"", time);
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
    yk_log_put_format(line, ",\"pid\":%d}", (int)getpid());
}
