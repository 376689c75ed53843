/* Redirects. */
#include <yoke/res.h>

#include <errno.h>

#include <yoke/error.h>

#include "app/req.h"
#include "core/arena.h"
#include "http/exchange.h"
#include "http/status.h"
#include "http/url.h"

#include "core/banned.h"

static bool has_control(struct yk_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if ((unsigned char)text.ptr[i] < 0x20 || text.ptr[i] == 0x7f)
            return true;
    return false;
}

static char *encode(struct yk_slice url, struct yk_arena *arena)
{
    char *out = yk_arena_alloc(arena, YK_URL_ENCODED_MAX(url.len) + 1);
    out[yk_url_encode(url, out)] = '\0';
    return out;
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
    struct yk_slice text = yk_slice_of(url);
    if (has_control(text))
        return yk_res_fail(res, -YOKE_EHEADER,
                           "redirect: a control character in the URL");

    if (yoke_res_is_sent(res))
        return yk_res_answer(res, YK_TYPE_TEXT, "", 0);
    yoke_res_status(res, status);
    const char *location = encode(text, res->req->x->arena);
    yoke_res_set(res, "Location", location);
    struct yk_slice reason = yk_status_reason(status);
    const char *body =
        yoke_req_printf(res->req, "%.*s. Redirecting to %s", (int)reason.len,
                        reason.ptr ? reason.ptr : "", location);
    return yk_res_answer(res, YK_TYPE_TEXT, body, strlen(body));
}
