#include "app/problem.h"

#include <yoke/negotiate.h>

#include "app/escape.h"
#include "app/req.h"
#include "core/arena.h"
#include "core/number.h"
#include "http/status.h"

#include "core/banned.h"

static struct yk_slice digits_of(struct yoke_req *req, int status)
{
    char *out = yk_arena_alloc(req->x->arena, YK_DIGITS_MAX);
    return (struct yk_slice){out, yk_format_u64(out, (uint64_t)status)};
}

/* "Not Found", or "499" for a status without a phrase. */
static struct yk_slice reason_of(struct yoke_req *req, int status)
{
    struct yk_slice reason = yk_status_reason(status);
    return reason.len ? reason : digits_of(req, status);
}

/* `text` between two others; nothing at all when it is NULL. */
struct part {
    struct yk_slice before, text, behind;
};

static struct part part_of(struct yk_slice before, const char *text,
                           struct yk_slice behind)
{
    if (!text)
        return (struct part){YK_LIT(""), YK_LIT(""), YK_LIT("")};
    return (struct part){before, yk_slice_of(text), behind};
}

static int answer_html(struct yoke_req *req, int status, const char *detail)
{
    struct yk_exchange *x = req->x;
    struct yk_slice known = yk_status_title(status);
    struct yk_slice title = known.len ? known : digits_of(req, status);
    struct part shown =
        part_of(YK_LIT("<p>"), detail ? yk_escape_html(req, detail) : NULL,
                YK_LIT("</p>\n"));
    struct yk_slice body =
        YK_JOIN(x->arena,
                YK_LIT("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta "
                       "charset=\"utf-8\">\n<title>"),
                title, YK_LIT("</title>\n</head>\n<body>\n<h1>"), title,
                YK_LIT("</h1>\n"), shown.before, shown.text, shown.behind,
                YK_LIT("</body>\n</html>\n"));
    yk_headers_set_static(&x->headers, x->arena,
                          YK_LIT("Content-Security-Policy"),
                          YK_LIT("default-src 'none'"));
    return yk_res_answer_own(&req->res, status,
                             YK_LIT("text/html; charset=utf-8"), body);
}

/* A member of a JSON object; none when `text` is NULL. */
static struct part member_of(struct yoke_req *req, struct yk_slice before,
                             const char *text)
{
    return part_of(before, text ? yk_escape_json(req, text) : NULL,
                   YK_LIT("\""));
}

/* `type` is left out: without it the problem is what its status says. The
 * error's own type is no URI, so it goes under "code". No phrase has anything
 * to be escaped. */
static int answer_json(struct yoke_req *req, int status, const char *detail)
{
    const char *type = req->err ? req->err->type : NULL;
    struct part code = member_of(req, YK_LIT(",\"code\":\""), type);
    struct part more = member_of(req, YK_LIT(",\"detail\":\""), detail);
    struct part id = member_of(req, YK_LIT(",\"request_id\":\""), req->id);
    struct yk_slice body =
        YK_JOIN(req->x->arena, YK_LIT("{\"title\":\""), reason_of(req, status),
                YK_LIT("\",\"status\":"), digits_of(req, status), code.before,
                code.text, code.behind, more.before, more.text, more.behind,
                id.before, id.text, id.behind, YK_LIT("}"));
    return yk_res_answer_own(&req->res, status,
                             YK_LIT("application/problem+json"), body);
}

int yk_problem_answer(struct yoke_req *req, int status, const char *detail)
{
    const char *const offers[] = {"text/plain", "text/html",
                                  "application/problem+json",
                                  "application/json", NULL};
    const char *best = yoke_req_accepts_of(req, offers);
    yk_res_vary(&req->res, YK_LIT("Accept"));
    if (best == offers[1])
        return answer_html(req, status, detail);
    if (best == offers[2] || best == offers[3])
        return answer_json(req, status, detail);
    return yk_res_answer_plain(&req->res, status,
                               detail ? yk_slice_of(detail)
                                      : reason_of(req, status));
}
