/* cached: an application whose workers share what they compute ($YOKE_STORE).
 *
 *     /value/:key   a value of a cache; it takes 100 ms to compute
 *     /page/:key    the same as a page behind the cache of answers; POST changes
 *                   it
 *     /computed     how many computations there have been, over all workers
 *
 * An answer is "KEY N", N being the number of the computation. */
#include <stdlib.h>
#include <unistd.h>

#include <uv.h>

#include <yoke/yoke.h>

yoke_app_factory make_app;

static yoke_store *store;
static yoke_cache *cache;

/* ---- Work that takes its time ---- */

struct work {
    uv_timer_t timer;
    void (*fn)(long long number, void *data);
    void *data;
    long long number;
};

static void on_closed(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_time(uv_timer_t *timer)
{
    struct work *work = timer->data;

    work->fn(work->number, work->data);
    uv_close((uv_handle_t *)timer, on_closed);
}

static void on_counted(const struct yoke_store_result *result, void *data)
{
    struct work *work = data;

    work->number = result->number;
    uv_timer_init(yoke_loop(), &work->timer);
    work->timer.data = work;
    uv_timer_start(&work->timer, on_time, 100, 0);
}

static void begin_work(void (*fn)(long long number, void *data), void *data)
{
    struct work *work = calloc(1, sizeof(*work));

    if (!work)
        abort();
    work->fn = fn;
    work->data = data;
    yoke_store_incr(store, "computed", 1, 0, on_counted, work);
}

/* ---- A value ---- */

static void give(long long number, void *data)
{
    char text[32];
    int len = snprintf(text, sizeof(text), "%lld", number);

    yoke_cache_give(data, text, (size_t)len);
}

static void compute(yoke_cache_job *job, const char *key, void *data)
{
    (void)key;
    (void)data;
    begin_work(give, job);
}

static void on_value(const struct yoke_cache_result *result, void *data)
{
    yoke_res *res = data;
    yoke_req *req = yoke_res_req(res);

    if (result->err)
        yoke_res_send_status(res, 503);
    else
        yoke_res_text(res,
                      yoke_req_printf(req, "%s %s", yoke_req_param(req, "key"),
                                      (const char *)result->value));
}

static void show_value(yoke_req *req, yoke_res *res)
{
    yoke_hold(req);
    yoke_cache_get(cache, yoke_req_param(req, "key"), on_value, res,
                   .compute = compute);
}

/* ---- A page ---- */

static void send_page(long long number, void *data)
{
    yoke_res *res = data;
    yoke_req *req = yoke_res_req(res);

    yoke_res_set(res, "Cache-Control", "max-age=600");
    yoke_res_text(res, yoke_req_printf(req, "%s %lld",
                                       yoke_req_param(req, "key"), number));
}

static void show_page(yoke_req *req, yoke_res *res)
{
    yoke_hold(req);
    begin_work(send_page, res);
}

static void change_page(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_send_status(res, 204);
}

/* ---- How often ---- */

static void on_count(const struct yoke_store_result *result, void *data)
{
    yoke_res_text(data, result->err ? "0" : result->value);
}

static void show_computed(yoke_req *req, yoke_res *res)
{
    yoke_hold(req);
    yoke_store_get(store, "computed", on_count, res);
}

yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();

    store = yoke_store_open();
    cache = yoke_cache_open(.store = store, .ttl_s = 600, .lease_s = 2);
    yoke_app_get(app, "/computed", show_computed);
    yoke_app_get(app, "/value/:key", show_value);
    yoke_app_use_at(app, "/page", yoke_http_cache(.cache = cache));
    yoke_app_get(app, "/page/:key", show_page);
    yoke_app_post(app, "/page/:key", change_page);
    return app;
}
