#include "app/handle.h"

#include <errno.h>
#include <stdarg.h>

#include <yoke/error.h>

#include "app/alarm.h"
#include "app/body.h"
#include "app/dispatch.h"
#include "app/next.h"
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
    if (req->sending && x->is_aborted)
        yk_send_file_go_on(req);
}

static void on_drain(struct yk_exchange *x)
{
    struct yoke_req *req = x->owner;
    struct yoke_res *res = &req->res;
    if (res->on_drain)
        res->on_drain(res, res->on_drain_data);
    if (req->sending)
        yk_send_file_go_on(req);
}

/* The handler that holds the request may still come back, and must find the
 * request when it does. One that reads the body has come back when that has
 * ended. */
int yoke_req_give_up(yoke_req *req, int status, const char *fmt, ...)
{
    va_list args;
    if (yoke_res_is_sent(&req->res))
        return -YOKE_EANSWERED;
    if (!req->is_held || req->late == UINT8_MAX)
        return -EBUSY;
    va_start(args, fmt);
    const char *message = yk_req_vprintf(req, fmt, args);
    va_end(args);
    req->late++;
    yk_body_on_timeout(req);
    yk_work_on_timeout(req);
    yk_next_error(req, status < 400 || status > 599 ? 500 : status, message);
    return 0;
}

/* The handler has used up its time. */
static void on_timeout(struct yk_exchange *x)
{
    yoke_req_give_up(x->owner, 503, "no answer within handler_timeout_ms");
}

static void on_file(struct yk_exchange *x, int err)
{
    yk_send_file_over(x->owner, err);
}

static void on_timer(struct yk_exchange *x)
{
    yk_alarms_ring(x->owner);
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
