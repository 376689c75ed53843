#include "app/handle.h"

#include "app/body.h"
#include "app/dispatch.h"
#include "app/observe.h"
#include "app/req.h"
#include "app/send_file.h"
#include "app/sse.h"
#include "app/stall.h"
#include "app/work.h"
#include "core/arena.h"
#include "http/exchange.h"

static void on_data(struct yk_exchange *x, const char *ptr, size_t len)
{
    uint64_t begun = yk_stall_begin();
    yk_body_on_data(x->owner, ptr, len);
    yk_stall_end(x->owner, begun);
}

static void on_end(struct yk_exchange *x, int err)
{
    uint64_t begun = yk_stall_begin();
    yk_body_on_end(x->owner, err);
    yk_stall_end(x->owner, begun);
}

static void on_abort(struct yk_exchange *x)
{
    yk_work_on_abort(x->owner);
}

static void on_close(struct yk_exchange *x)
{
    struct yoke_req *req = x->owner;
    if (req->on_close && !yk_req_is_answered(req))
        req->on_close(req, req->on_close_data);
}

static void on_drain(struct yk_exchange *x)
{
    struct yoke_res *res = &((struct yoke_req *)x->owner)->res;
    if (res->on_drain)
        res->on_drain(res, res->on_drain_data);
}

/* The handler that holds the request has used up its time. It may still come
 * back, and must find the request when it does. */
static void on_timeout(struct yk_exchange *x)
{
    struct yoke_req *req = x->owner;
    if (x->is_head_sent || yk_req_is_answered(req) || !req->is_held ||
        req->late == UINT8_MAX)
        return;
    req->late++;
    yk_body_on_timeout(req);
    yk_work_on_timeout(req);
    yk_dispatch_error(req, 503, "no answer within handler_timeout_ms");
}

static void on_file(struct yk_exchange *x, int err)
{
    yk_send_file_over(x->owner, err);
}

static void on_timer(struct yk_exchange *x)
{
    yk_sse_on_timer(x->owner);
}

static void on_stop(struct yk_exchange *x)
{
    yk_sse_on_stop(x->owner);
}

static void on_finish(struct yk_exchange *x)
{
    struct yoke_req *req = x->owner;
    if (req->is_observed)
        yk_observe_end(req);
    yk_res_finish(&req->res);
}

static const struct yk_exchange_events events = {
    .on_data = on_data,
    .on_end = on_end,
    .on_abort = on_abort,
    .on_close = on_close,
    .on_drain = on_drain,
    .on_timeout = on_timeout,
    .on_file = on_file,
    .on_timer = on_timer,
    .on_stop = on_stop,
    .on_finish = on_finish,
};

void yk_app_handle(struct yk_exchange *x, void *app)
{
    struct yoke_req *req = yk_arena_alloc(x->arena, sizeof(*req));
    yk_req_init(req, app, x);
    x->owner = req;
    x->events = &events;
    yk_dispatch_start(req);
}
