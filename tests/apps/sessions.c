/* sessions: sessions and limits that workers share by $YOKE_STORE.
 *
 *     /set?k=NAME&v=TEXT   sets a value, after a moment for others to come
 *     /count               how many there are, and the worker: "COUNT PID"
 *     /get?k=NAME          one of them, or "-"
 *     /end                 destroys it
 *     /window, /bucket     $LIMIT requests in a long time, either way; 100 */
#include <unistd.h>

#include <yoke/yoke.h>

yoke_app_factory make_app;

#define LONG_MS 1000000000

static const char *query(yoke_req *req, const char *name)
{
    const char *value = yoke_req_query(req, name);
    return value ? value : "";
}

static void on_moment(yoke_req *req, void *data)
{
    (void)req;
    yoke_res_text(data, "set");
}

static void set(yoke_req *req, yoke_res *res)
{
    yoke_session_set_text(req, query(req, "k"), query(req, "v"));
    yoke_hold(req);
    yoke_req_after(req, 1, on_moment, res);
}

static void count(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_printf(req, "%zu %d", yoke_session_count(req),
                                       (int)getpid()));
}

static void get(yoke_req *req, yoke_res *res)
{
    const char *text = yoke_session_text(req, query(req, "k"));
    yoke_res_text(res, text ? text : "-");
}

static void end(yoke_req *req, yoke_res *res)
{
    yoke_session_destroy(req);
    yoke_res_text(res, "ended");
}

static void pass(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "passed");
}

yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    uint32_t limit = (uint32_t)yoke_env_int("LIMIT", 100);
    yoke_store *store = yoke_store_open();
    if (!store)
        yoke_app_fail(app, "the store cannot be opened");
    yoke_app_cookie_secrets(app, "of the tests");
    yoke_app_get(app, "/window",
                 yoke_rate_limit(.limit = limit, .window_ms = LONG_MS,
                                 .name = "window",
                                 .store = yoke_rate_store_shared(store)),
                 pass);
    yoke_app_get(app, "/bucket",
                 yoke_rate_limit(.limit = limit, .window_ms = LONG_MS,
                                 .name = "bucket",
                                 .store = yoke_rate_store_shared(
                                     store, .way = YOKE_RATE_BUCKET)),
                 pass);
    yoke_app_use(app, yoke_session(.store = store));
    yoke_app_get(app, "/set", set);
    yoke_app_get(app, "/count", count);
    yoke_app_get(app, "/get", get);
    yoke_app_get(app, "/end", end);
    return app;
}
