/* Redirects. */
#include <yoke/res.h>

#include <errno.h>

#include <yoke/client.h>
#include <yoke/error.h>
#include <yoke/field.h>
#include <yoke/negotiate.h>

#include "app/escape.h"
#include "app/req.h"
#include "core/arena.h"
#include "http/status.h"

#include "core/banned.h"

static bool has_control(struct yk_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
            return true;
    return false;
}

/* No link: whoever is shown this page should not be led to run a script. */
static struct yk_slice page_of(yoke_req *req, struct yk_slice reason,
                               const char *location)
{
    return YK_JOIN(req->x->arena,
                   YK_LIT("<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta "
                          "charset=\"utf-8\">\n<title>"),
                   reason, YK_LIT("</title>\n</head>\n<body>\n<p>"), reason,
                   YK_LIT(". Redirecting to "),
                   yk_slice_of(yk_escape_html(req, location)),
                   YK_LIT("</p>\n</body>\n</html>\n"));
}

/* Few ever see the body; those who do get what they like. */
static int answer(yoke_res *res, int status, const char *location)
{
    yoke_req *req = res->req;
    const char *const offers[] = {"text/plain", "text/html", NULL};
    const char *best = yoke_req_accepts_of(req, offers);
    struct yk_slice reason = yk_status_reason(status), body;
    yk_res_vary(res, YK_LIT("Accept"));
    if (!best)
        return yoke_res_end(res);
    if (best == offers[1]) {
        body = page_of(req, reason, location);
        return yk_res_answer(res, YK_LIT("text/html; charset=utf-8"), body.ptr,
                             body.len);
    }
    body = YK_JOIN(req->x->arena, reason, YK_LIT(". Redirecting to "),
                   yk_slice_of(location));
    return yk_res_answer(res, YK_TYPE_TEXT, body.ptr, body.len);
}

int yoke_res_redirect(yoke_res *res, int status, const char *url)
{
    if (!url)
        return yk_res_fail(res, -EINVAL, "redirect: the URL is NULL");
    if (status == 0)
        status = 302;
    if (status < 300 || status > 399)
        return yk_res_fail(res, -YOKE_ESTATUS,
                           "redirect: the status is not between 300 and 399");
    if (has_control(yk_slice_of(url)))
        return yk_res_fail(res, -YOKE_EHEADER,
                           "redirect: a control character in the URL");

    if (yoke_res_is_sent(res))
        return yk_res_answer(res, YK_TYPE_TEXT, "", 0);
    yoke_res_status(res, status);
    yoke_res_location(res, url);
    const char *location = yoke_res_get(res, "Location");
    return answer(res, status, location ? location : "");
}

/* The part of a URL from its path on, if it is one of this very site: protocol
 * and host are ours. NULL else. */
static const char *path_on_this_site(yoke_req *req, const char *url)
{
    const char *host = yoke_req_host(req);
    if (!url || !host)
        return NULL;
    const char *ours =
        yoke_req_printf(req, "%s://%s", yoke_req_protocol(req), host);
    size_t len = strlen(ours);
    if (strncasecmp(url, ours, len) != 0 || url[len] != '/')
        return NULL;
    /* "//evil.example" would be a URL of another site. */
    return url[len + 1] == '/' || url[len + 1] == '\\' ? NULL : url + len;
}

int yoke_res_redirect_back(yoke_res *res, const char *fallback)
{
    const char *path =
        path_on_this_site(res->req, yoke_req_get(res->req, "Referer"));
    return yoke_res_redirect(res, 302, path ? path : fallback);
}
