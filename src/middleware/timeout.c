#include <yoke/middleware/timeout.h>

#include <stdlib.h>

#include <yoke/req.h>

#include "middleware/texts.h"

#include "core/banned.h"

static const char limit_key;

struct settings {
    uint64_t ms;
    int status;
};

/* The limit that counts for a request; in its memory. */
struct limit {
    const struct settings *settings;
    bool is_over;
};

/* Of several limits all ring, and only the last that was set counts. */
static void on_time(yoke_req *req, void *data)
{
    struct limit *limit = data;
    if (yoke_req_attached(req, &limit_key) == limit &&
        yoke_req_give_up(req, limit->settings->status,
                         "no answer within %llu ms",
                         (unsigned long long)limit->settings->ms) == 0)
        limit->is_over = true;
}

static void watch(yoke_req *req, yoke_res *res)
{
    struct limit *limit = yoke_req_alloc(req, sizeof(*limit));
    (void)res;
    *limit = (struct limit){.settings = yoke_data(req)};
    yoke_req_attach(req, &limit_key, limit, NULL);
    if (limit->settings->ms > 0)
        yoke_req_after(req, limit->settings->ms, on_time, limit);
    yoke_next(req);
}

bool yoke_timed_out(const yoke_req *req)
{
    const struct limit *limit = yoke_req_attached(req, &limit_key);
    return limit && limit->is_over;
}

struct yoke_handler
yoke_timeout_with(uint64_t ms, const struct yoke_timeout_options *options)
{
    struct settings *settings = yk_zeroed(sizeof(*settings));
    settings->ms = ms;
    settings->status = options->status ? options->status : 503;
    return yoke_with(watch, settings, free);
}
