#include "app/final.h"

#include <stdio.h>

#include "app/app.h"
#include "app/req.h"
#include "core/arena.h"
#include "http/exchange.h"
#include "http/status.h"
#include "http/url.h"

#include "core/banned.h"

/* "Not Found", or "499" for a status without a phrase. */
static struct yk_slice reason_of(struct yoke_req *req, int status)
{
    struct yk_slice reason = yk_status_reason(status);
    return reason.len ? reason
                      : yk_slice_of(yoke_req_printf(req, "%d", status));
}

static void answer_status(struct yoke_req *req, int status)
{
    yk_res_answer_plain(&req->res, status, reason_of(req, status));
}

static struct yk_slice set_allow(struct yoke_req *req, uint64_t methods)
{
    struct yk_exchange *x = req->x;
    struct yk_slice allow =
        yk_methods_allow(&req->app->methods, methods, x->arena);
    yk_headers_set_static(&x->headers, x->arena, YK_LIT("Allow"), allow);
    return allow;
}

/* Plain text that no browser takes for anything else, and without a character
 * that could begin markup if one did. */
static void answer_not_found(struct yoke_req *req)
{
    struct yk_slice path = yk_req_target_path(req);
    char *shown =
        yk_arena_alloc(req->x->arena, YK_URL_ENCODED_MAX(path.len) + 1);
    shown[yk_url_encode(path, shown)] = '\0';
    const char *text =
        yoke_req_printf(req, "Cannot %s %s", yoke_req_method(req), shown);
    yk_res_answer_plain(&req->res, 404, yk_slice_of(text));
}

static void answer_unmatched(struct yoke_req *req)
{
    bool is_options = req->methods == YK_METHOD_OPTIONS;
    bool is_star = is_options && *yoke_req_original_url(req) == '*';
    uint64_t allow = is_star ? req->app->all_methods : req->allow;

    if (is_star || (is_options && allow)) {
        struct yk_slice text = set_allow(req, allow);
        yk_res_answer_plain(&req->res, 200, text);
    } else if (allow && !req->has_route) {
        set_allow(req, allow);
        answer_status(req, 405);
    } else {
        answer_not_found(req);
    }
}

void yk_final(struct yoke_req *req)
{
    if (req->x->is_head_sent) {
        yk_req_log(req, YOKE_LOG_ERROR,
                   "passed on in the middle of an answer that nobody "
                   "finished; the connection is cut");
        yk_res_cut(&req->res);
    } else if (req->err) {
        answer_status(req, req->err->status);
    } else {
        answer_unmatched(req);
    }
}
