#include "app/stall.h"

#include "app/layer.h"
#include "app/router.h"
#include "net/vitals.h"

#include "core/banned.h"

/* At most one line of an application in so long. */
#define PAUSE_NS  UINT64_C(1000000000)
#define NS_OF_MS  UINT64_C(1000000)
/* Both clocks must have gone on for so long before they are compared. */
#define SETTLE_NS UINT64_C(1000000)

/* This process's; written by the functions of this file. */
static uint64_t first_ns, first_ticks; /* When both clocks were first read. */
static uint64_t told; /* Until when the last call that was seen had run. */

void yk_stall_set_limit(yoke_app *app)
{
    int64_t ms = yk_setting(app, YK_SETTING_BLOCKING_LIMIT)->number;
    bool is_off = ms <= 0 || ms > INT32_MAX || !yk_ticks_are_steady();
    app->stall_ns = is_off ? 0 : (uint64_t)ms * NS_OF_MS;
    /* What it is in ticks is found out by the first calls. */
    app->stall_ticks = is_off ? UINT64_MAX : 0;
    if (first_ns)
        return;
    first_ns = yk_now_ns();
    first_ticks = yk_ticks();
}

/* Nanoseconds in 2^32 ticks; 0: it is too soon to know. That of the loop's turns
 * is best, where they are watched. */
static uint64_t find_rate(uint64_t now_ns, uint64_t now)
{
    if (yk_turn.rate)
        return yk_turn.rate;
    if (now_ns - first_ns < SETTLE_NS || now <= first_ticks)
        return 0;
    unsigned __int128 passed_ns = now_ns - first_ns;
    return (uint64_t)((passed_ns << 32) / (now - first_ticks));
}

/* The pattern of the layer on top. */
static const char *path_of(const struct yoke_req *req)
{
    const struct yk_frame *frame = req->frame;
    if (!frame->layer)
        return "-";
    const struct yk_entry *entry = &frame->router->index.entries[frame->entry];
    return frame->layer->full_paths[entry->variant->path];
}

static void tell(const struct yoke_req *req, uint64_t taken_ns, uint64_t now_ns,
                 bool is_certain)
{
    yoke_app *app = req->root;
    if (app->stall_line_ns && now_ns - app->stall_line_ns < PAUSE_NS) {
        app->stalls_hidden++;
        return;
    }
    yk_req_log(req, YOKE_LOG_WARN,
               "blocked the loop for %llu ms in %s%s; nobody else was served "
               "meanwhile, see yoke_work; %u more since the last line",
               (unsigned long long)(taken_ns / NS_OF_MS), path_of(req),
               is_certain ? "" : " or a layer before it", app->stalls_hidden);
    app->stall_line_ns = now_ns;
    app->stalls_hidden = 0;
}

__attribute__((noinline)) void yk_stall_look(const struct yoke_req *req,
                                             uint64_t begun, uint64_t now,
                                             unsigned calls)
{
    yoke_app *app = req->root;
    uint64_t now_ns = yk_now_ns();
    uint64_t rate = find_rate(now_ns, now);
    if (rate == 0)
        return;
    /* A little less: the rate becomes better with time. */
    app->stall_ticks =
        (uint64_t)(((unsigned __int128)app->stall_ns << 32) / rate * 3 / 4);
    uint64_t taken_ns =
        (uint64_t)((unsigned __int128)(now - begun) * rate >> 32);
    /* In a call that this one has made, it has been told of already. */
    if (taken_ns < app->stall_ns || told > begun)
        return;
    told = now;
    tell(req, taken_ns, now_ns, calls <= 1);
    app->is_watched |= calls > 1;
}
