/* The application that the suite `broadcast` runs under `yoke run`, and whose
 * events bench/broadcast/listeners.c takes.
 *
 *     /events/:channel             the events of a channel
 *     /say/:channel/:count/:len    sends so many there, each about so long; its
 *                                  worker's process
 *
 * An event is "NUMBER NANOSECONDS xxx...": the numbers go up from 0 for each
 * channel, the time is that of its sending. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <yoke/yoke.h>

#define LEN_MAX (32u << 10)

yoke_app_factory make_app;

static yoke_store *store;
static yoke_broadcast *news;

static void listen_to(yoke_req *req, yoke_res *res)
{
    yoke_broadcast_join(news, yoke_req_param(req, "channel"), res);
}

/* ---- Sending ---- */

static uint64_t now_ns(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void send_one(const char *channel, int64_t number, long len)
{
    char text[LEN_MAX];
    int n = snprintf(text, sizeof(text), "%" PRId64 " %" PRIu64 " ", number,
                     now_ns());

    if (n < len) {
        memset(text + n, 'x', (size_t)(len - n));
        text[len] = '\0';
    }
    yoke_broadcast_send(news, channel, NULL, text, NULL, NULL);
}

/* The numbers are the channel's, whichever worker it is that sends. */
static void on_numbers(const struct yoke_store_result *result, void *data)
{
    yoke_res *res = data;
    yoke_req *req = yoke_res_req(res);
    const char *channel = yoke_req_param(req, "channel");
    long count = strtol(yoke_req_param(req, "count"), NULL, 10);
    long len = strtol(yoke_req_param(req, "len"), NULL, 10);

    if (result->err || len >= (long)LEN_MAX) {
        yoke_res_send_status(res, 503);
        return;
    }
    for (int64_t i = result->number - count; i < result->number; i++)
        send_one(channel, i, len);
    yoke_res_text(res, yoke_req_printf(req, "%d", (int)getpid()));
}

static void say(yoke_req *req, yoke_res *res)
{
    yoke_hold(req);
    yoke_store_incr(
        store, yoke_req_printf(req, "n:%s", yoke_req_param(req, "channel")),
        strtol(yoke_req_param(req, "count"), NULL, 10), 0, on_numbers, res);
}

yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();

    store = yoke_store_open();
    if (!store) {
        yoke_app_fail(app, "nobody hears anything without a store");
        return app;
    }
    news = yoke_broadcast_open(.store = store, .history = 1000);
    yoke_app_get(app, "/events/:channel", listen_to);
    yoke_app_get(app, "/say/:channel/:count/:len", say);
    return app;
}
