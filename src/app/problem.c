#include "app/problem.h"

#include <stdio.h>

#include <yoke/negotiate.h>

#include "app/escape.h"
#include "app/req.h"
#include "core/arena.h"
#include "http/status.h"

#include "core/banned.h"

/* "Not Found", or "499" for a status without a phrase. */
static const char *reason_of(struct yoke_req *req, int status)
{
    struct yk_slice reason = yk_status_reason(status);
    if (!reason.len)
        return yoke_req_printf(req, "%d", status);
    return yk_arena_strndup(req->x->arena, reason.ptr, reason.len);
}

static int answer_html(struct yoke_req *req, int status, const char *detail)
{
    const char *reason = reason_of(req, status);
    const char *shown = detail ? yk_escape_html(req, detail) : NULL;
    const char *body = yoke_req_printf(
        req,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta "
        "charset=\"utf-8\">\n"
        "<title>%d %s</title>\n</head>\n<body>\n<h1>%d %s</h1>\n%s%s%s</body>\n"
        "</html>\n",
        status, reason, status, reason, shown ? "<p>" : "", shown ? shown : "",
        shown ? "</p>\n" : "");
    yk_headers_set_static(&req->x->headers, req->x->arena,
                          YK_LIT("Content-Security-Policy"),
                          YK_LIT("default-src 'none'"));
    return yk_res_answer_own(&req->res, status,
                             YK_LIT("text/html; charset=utf-8"),
                             yk_slice_of(body));
}

/* `type` is left out: without it the problem is what its status says. The
 * error's own type is no URI, so it goes under "code". */
static int answer_json(struct yoke_req *req, int status, const char *detail)
{
    const char *type = req->err ? req->err->type : NULL;
    const char *body = yoke_req_printf(
        req, "{\"title\":\"%s\",\"status\":%d%s%s%s%s%s%s%s%s%s}",
        yk_escape_json(req, reason_of(req, status)), status,
        type ? ",\"code\":\"" : "", type ? yk_escape_json(req, type) : "",
        type ? "\"" : "", detail ? ",\"detail\":\"" : "",
        detail ? yk_escape_json(req, detail) : "", detail ? "\"" : "",
        req->id ? ",\"request_id\":\"" : "",
        req->id ? yk_escape_json(req, req->id) : "", req->id ? "\"" : "");
    return yk_res_answer_own(&req->res, status,
                             YK_LIT("application/problem+json"),
                             yk_slice_of(body));
}

int yk_problem_answer(struct yoke_req *req, int status, const char *detail)
{
    const char *const offers[] = {"text/plain", "text/html",
                                  "application/problem+json",
                                  "application/json", NULL};
    const char *best = yoke_req_accepts_of(req, offers);
    yoke_res_vary(&req->res, "Accept");
    if (best == offers[1])
        return answer_html(req, status, detail);
    if (best == offers[2] || best == offers[3])
        return answer_json(req, status, detail);
    return yk_res_answer_plain(
        &req->res, status,
        yk_slice_of(detail ? detail : reason_of(req, status)));
}
