#include "app/stall.h"

#include "app/layer.h"
#include "app/router.h"

#include "core/banned.h"

/* At most one line in so long. */
#define PAUSE_NS UINT64_C(1000000000)
#define NS_OF_MS INT64_C(1000000)

/* This process's; written by yk_stall_tell. */
static uint64_t told_ns; /* Until when the last call that was seen had run. */
static uint64_t line_ns; /* When the last line was written; 0: never. */
static unsigned hidden;  /* Calls since that had none. */

void yk_stall_set_limit(yoke_app *app)
{
    int64_t ms = yk_setting(app, YK_SETTING_BLOCKING_LIMIT)->number;
    app->stall_ns =
        ms <= 0 || ms > INT64_MAX / NS_OF_MS ? INT64_MAX : ms * NS_OF_MS;
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

__attribute__((noinline)) void yk_stall_tell(const struct yoke_req *req,
                                             uint64_t begun_ns, uint64_t now_ns)
{
    /* It was in a call that this one has made. */
    if ((int64_t)(told_ns - begun_ns) > 0)
        return;
    told_ns = now_ns;
    if (line_ns && now_ns - line_ns < PAUSE_NS) {
        hidden++;
        return;
    }
    yk_req_log(req, YOKE_LOG_WARN,
               "blocked the loop for %llu ms in %s; nobody else was served "
               "meanwhile, see yoke_work; %u more since the last line",
               (unsigned long long)(now_ns - begun_ns) /
                   (unsigned long long)NS_OF_MS,
               path_of(req), hidden);
    line_ns = now_ns;
    hidden = 0;
}
