#include "app/final.h"

#include <stdio.h>

#include "app/app.h"
#include "app/problem.h"
#include "app/req.h"
#include "core/arena.h"
#include "http/exchange.h"
#include "http/url.h"

#include "core/banned.h"

static struct yk_slice set_allow(struct yoke_req *req, uint64_t methods)
{
    struct yk_exchange *x = req->x;
    struct yk_slice allow =
        yk_methods_allow(&req->root->methods, methods, x->arena);
    yk_headers_set_static(&x->headers, x->arena, YK_LIT("Allow"), allow);
    return allow;
}

/* The path is shown as it is sent in a URL: without a character that could
 * begin markup. */
static void answer_not_found(struct yoke_req *req)
{
    struct yk_exchange *x = req->x;
    struct yk_slice path = yk_req_original_path(req);
    char *shown = yk_arena_alloc(x->arena, YK_URL_ENCODED_MAX(path.len));
    struct yk_slice text = YK_JOIN(
        x->arena, YK_LIT("Cannot "), yk_slice_of(yoke_req_method(req)),
        YK_LIT(" "), (struct yk_slice){shown, yk_url_encode(path, shown)});
    yk_problem_answer(req, 404, text.ptr);
}

static void answer_unmatched(struct yoke_req *req)
{
    bool is_options = req->methods == YK_METHOD_OPTIONS;
    bool is_star = is_options && *yoke_req_original_url(req) == '*';
    uint64_t allow = is_star ? req->root->all_methods : req->allow;

    if (is_star || (is_options && allow)) {
        struct yk_slice text = set_allow(req, allow);
        yk_res_answer_plain(&req->res, 200, text);
    } else if (allow && !req->has_route &&
               yk_setting_is_enabled(req->root,
                                     YK_SETTING_METHOD_NOT_ALLOWED)) {
        set_allow(req, allow);
        yk_problem_answer(req, 405, NULL);
    } else {
        answer_not_found(req);
    }
}

void yk_final(struct yoke_req *req)
{
    if (req->x->is_head_sent || req->res.delay) {
        yk_req_log(req, YOKE_LOG_ERROR,
                   "passed on in the middle of an answer that nobody "
                   "finished; the connection is cut");
        yk_res_cut(&req->res);
    } else if (req->err) {
        yk_problem_answer(req, req->err->status, req->err->detail);
    } else {
        answer_unmatched(req);
    }
}
