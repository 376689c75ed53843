/* An answer in pieces, and its end. */
#include <yoke/error.h>

#include "app/delay.h"
#include "app/filter.h"
#include "app/req.h"
#include "app/res.h"
#include "http/exchange.h"

#include "core/banned.h"

/* A slip of the handler's that only the log can tell. */
static void log_length(yoke_res *res, ssize_t err, const char *text)
{
    if (err == -YOKE_ELENGTH)
        yk_req_log(res->req, YOKE_LOG_ERROR,
                   "%s bytes than Content-Length promised", text);
}

static int end_exchange(yoke_res *res)
{
    ssize_t broken = res->filtering ? yk_filter_end(res) : 0;
    res->req->has_turn = false;
    int err = yk_exchange_end(res->req->x);
    err = broken < 0 ? (int)broken : err;
    log_length(res, err, "the connection is closed, for there were fewer");
    return err;
}

/* The head is next, and somebody wants to know. */
static bool may_begin(const yoke_res *res)
{
    return !res->req->x->is_head_sent && !res->broken && !res->delay &&
           yk_res_is_watched(res);
}

/* What Content-Length says, or else `len`. */
static int64_t promised_len(const yoke_res *res, int64_t len)
{
    const struct yk_exchange *x = res->req->x;
    return x->content_length >= 0 ? x->content_length : len;
}

int yk_res_end_begun(yoke_res *res)
{
    struct yoke_req *req = res->req;
    if (res->broken && !req->x->is_head_sent)
        return yk_res_answer_broken(res);
    if (!yk_res_is_kept(res))
        return end_exchange(res);
    if (!req->x->is_head_sent)
        return yk_res_deliver(res, "", 0);
    if (res->filtering)
        yk_filter_end(res);
    req->is_answered = true;
    yk_exchange_leave(req->x);
    return 0;
}

int yoke_res_end(yoke_res *res)
{
    struct yoke_req *req = res->req;
    if (res->is_swallowing) {
        res->is_swallowing = false;
        yk_res_come_back(res);
        return -YOKE_EANSWERED;
    }
    if (yk_req_is_answered(req))
        return yk_res_refuse(res);
    if (may_begin(res))
        yk_res_begin(res, promised_len(res, 0));
    return res->delay ? yk_delay_end(res) : yk_res_end_begun(res);
}

ssize_t yk_res_write_begun(yoke_res *res, const void *ptr, size_t len)
{
    struct yoke_req *req = res->req;
    if (res->broken && !req->x->is_head_sent) {
        req->late++;
        res->is_swallowing = true;
        return yk_res_answer_broken(res);
    }
    ssize_t waiting = res->filtering
                          ? yk_filter_write(res, ptr ? ptr : "", len)
                          : yk_exchange_write(req->x, ptr ? ptr : "", len);
    log_length(res, waiting, "a piece is not sent, for it has more");
    return waiting;
}

ssize_t yoke_res_write(yoke_res *res, const void *ptr, size_t len)
{
    struct yoke_req *req = res->req;
    if (yk_req_is_answered(req)) {
        if (!req->late)
            yk_req_log(req, YOKE_LOG_WARN, "written after the answer");
        return -YOKE_EANSWERED;
    }
    yoke_hold(req);
    if (may_begin(res))
        yk_res_begin(res, promised_len(res, -1));
    return res->delay ? yk_delay_write(res, ptr, len)
                      : yk_res_write_begun(res, ptr, len);
}
