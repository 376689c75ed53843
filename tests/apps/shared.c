/* shared: an application whose workers share a store ($YOKE_STORE).
 *
 *     /count        counts, over all workers; answers the sum
 *     /say          publishes a message to all workers
 *     /heard        "PID N": this worker has heard N messages, or "PID -1"
 *                   when it does not listen yet */
#include <unistd.h>

#include <yoke/yoke.h>

yoke_app_factory make_app;

static yoke_store *store;
static int heard = -1;

static void on_count(const struct yoke_store_result *result, void *data)
{
    yoke_res *res = data;

    if (result->err)
        yoke_res_send_status(res, 503);
    else
        yoke_res_text(res, yoke_req_printf(yoke_res_req(res), "%lld",
                                           (long long)result->number));
}

static void count(yoke_req *req, yoke_res *res)
{
    yoke_hold(req);
    yoke_store_incr(store, "count", 1, 0, on_count, res);
}

static void on_said(const struct yoke_store_result *result, void *data)
{
    yoke_res_send_status(data, result->err ? 503 : 200);
}

static void say(yoke_req *req, yoke_res *res)
{
    yoke_hold(req);
    yoke_store_publish(store, "news", "hello", 5, on_said, res);
}

static void on_news(const struct yoke_store_message *message, void *data)
{
    (void)data;
    if (message->event == YOKE_STORE_READY && heard < 0)
        heard = 0;
    if (message->event == YOKE_STORE_MESSAGE)
        heard++;
}

static void show_heard(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_printf(req, "%d %d", (int)getpid(), heard));
}

yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();

    store = yoke_store_open();
    yoke_store_subscribe(store, "news", on_news, NULL);
    yoke_app_get(app, "/count", count);
    yoke_app_get(app, "/say", say);
    yoke_app_get(app, "/heard", show_heard);
    return app;
}
