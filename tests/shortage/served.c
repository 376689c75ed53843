/* Requests that are served while there is a shortage. Each is answered, if only
 * by an error, or its connection is closed; and afterwards the server is as good
 * as new. */
#include "scenarios.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <uv.h>
#include <yoke/middleware.h>
#include <yoke/yoke.h>

#include "browser.h"
#include "shortage.h"

static yoke_server *server;
static yoke_store *store;
static yoke_cache *cache;
static int port;

/* ---- The application ---- */

static void text(yoke_req *req, yoke_res *res)
{
    yoke_res_set(res, "X-Agent", yoke_req_get(req, "User-Agent"));
    yoke_res_cookie(res, "seen", "yes", .is_signed = true);
    yoke_res_text(res,
                  yoke_req_printf(req, "%s from %s", yoke_req_query(req, "q"),
                                  yoke_req_ip(req)));
}

static void json(yoke_req *req, yoke_res *res)
{
    yoke_res_json(res, json_pack("{s:s, s:[i, i]}", "path", yoke_req_path(req),
                                 "numbers", 1, 2));
}

static void answer_late(uv_timer_t *timer)
{
    yoke_res_text(timer->data, "late");
    uv_close((uv_handle_t *)timer, NULL);
}

static void late(yoke_req *req, yoke_res *res)
{
    static uv_timer_t timer;
    yoke_hold(req);
    uv_timer_init((uv_loop_t *)yoke_loop(), &timer);
    timer.data = res;
    uv_timer_start(&timer, answer_late, 1, 0);
}

static void toil(yoke_job *job)
{
    yoke_job_printf(job, "%d", 1000);
}

static void toiled(yoke_req *req, yoke_res *res, yoke_job *job)
{
    (void)req;
    if (yoke_job_status(job) == 0)
        yoke_res_text(res, "worked");
}

static void work(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_work(req, toil, toiled, NULL);
}

static void stream(yoke_req *req, yoke_res *res)
{
    static char piece[20000];
    (void)req;
    memset(piece, 'x', sizeof(piece));
    yoke_res_type(res, "text/plain");
    for (int i = 0; i < 4; i++)
        yoke_res_write(res, piece, sizeof(piece));
    yoke_res_end(res);
}

static void events(yoke_req *req, yoke_res *res)
{
    yoke_sse *sse = yoke_res_sse(res);
    (void)req;
    if (!sse)
        return;
    yoke_sse_send(sse, "tick", "tock");
    yoke_sse_end(sse);
}

static void file(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_send_file(res, "/proc/self/exe");
}

static void form(yoke_req *req, yoke_res *res)
{
    const char *name = yoke_req_form(req, "name");
    yoke_res_text(res, name ? name : "no name");
}

static void take_json(yoke_req *req, yoke_res *res)
{
    json_t *value = yoke_req_json(req);
    yoke_res_json(res, json_incref(value));
}

static void visit(yoke_req *req, yoke_res *res)
{
    yoke_session_set_text(req, "name", "ada");
    yoke_res_text(res, "visited");
}

static void compute(yoke_cache_job *job, const char *key, void *data)
{
    (void)data;
    yoke_cache_give(job, key, strlen(key));
}

static void on_cached(const struct yoke_cache_result *result, void *data)
{
    if (result->err)
        yoke_res_textf(data, "%d", result->err);
    else
        yoke_res_send(data, result->value, result->len);
}

static void cached(yoke_req *req, yoke_res *res)
{
    yoke_hold(req);
    yoke_cache_get(cache, "key", on_cached, res, .compute = compute);
}

static yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_cookie_secrets(app, "of the tests");
    yoke_app_use(app, yoke_request_id(), yoke_secure_headers());
    yoke_app_get(app, "/text", text);
    yoke_app_get(app, "/json/:name", json);
    yoke_app_get(app, "/late", late);
    yoke_app_get(app, "/work", work);
    yoke_app_get(app, "/stream", stream);
    yoke_app_get(app, "/events", events);
    yoke_app_get(app, "/file", file);
    yoke_app_post(app, "/form", yoke_urlencoded(), yoke_multipart(), form);
    yoke_app_post(app, "/json", yoke_json(), take_json);
    yoke_app_get(app, "/visit", yoke_session(.store = store), visit);
    yoke_app_get(app, "/limited",
                 yoke_rate_limit(.limit = 1000000, .window_ms = 1000000,
                                 .name = "limited",
                                 .store = yoke_rate_store_shared(store)),
                 text);
    yoke_app_get(app, "/cached", cached);
    yoke_app_get(app, "/small", yoke_compress(.threshold = 1), stream);
    return app;
}

/* ---- The requests ---- */

#define REST " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"

static const struct {
    const char *text;
    const char *word; /* Of the answer, when there is no shortage. */
} requests[] = {
    {"GET /text?q=x+y" REST "User-Agent: a\r\n\r\n", "x y from 127.0.0.1"},
    {"GET /json/7" REST "\r\n", "[1,2]"},
    {"GET /late" REST "\r\n", "late"},
    {"GET /work" REST "\r\n", "worked"},
    {"GET /stream" REST "\r\n", "xxxx"},
    {"GET /events" REST "\r\n", "tock"},
    {"HEAD /file" REST "\r\n", "Content-Length"},
    {"POST /form" REST "Content-Length: 8\r\n"
     "Content-Type: application/x-www-form-urlencoded\r\n\r\nname=ada",
     "ada"},
    {"POST /form" REST "Content-Length: 69\r\n"
     "Content-Type: multipart/form-data; boundary=B\r\n\r\n"
     "--B\r\nContent-Disposition: form-data; name=\"name\"\r\n\r\nbabbage!\r\n"
     "--B--\r\n",
     "babbage!"},
    {"POST /json" REST "Content-Type: application/json\r\n"
     "Transfer-Encoding: chunked\r\n\r\n9\r\n{\"a\":[1]}\r\n0\r\n\r\n",
     "{\"a\":[1]}"},
    {"GET /visit" REST "\r\n", "visited"},
    {"GET /limited?q=1" REST "User-Agent: a\r\n\r\n", "1 from"},
    {"GET /cached" REST "\r\n", "key"},
    {"GET /cached" REST "\r\n", "key"},
    {"GET /small" REST "Accept-Encoding: gzip\r\n\r\n", "chunked"},
    {"GET /nothing" REST "\r\n", "Cannot GET"},
    {"rubbish\r\n\r\n", "400"},
};
#define COUNT (sizeof(requests) / sizeof(requests[0]))

/* ---- The scenarios ---- */

static void on_listening(yoke_server *which, const struct yoke_address *addr,
                         void *data)
{
    (void)data;
    server = which;
    port = addr->port;
}

static void turn(void)
{
    uv_run((uv_loop_t *)yoke_loop(), UV_RUN_ONCE);
}

static void start(void)
{
    if (!getenv("YOKE_LOG"))
        yoke_log_set_level(YOKE_LOG_OFF);
    store = yoke_store_open(.url = "memory:");
    cache = yoke_cache_open(.store = store, .name = "test");
    yoke_app_listen(make_app(), .host = "127.0.0.1",
                    .on_listening = on_listening);
    while (!port)
        turn();
}

static void stop(void)
{
    yoke_cache_close(cache);
    yoke_store_close(store, NULL, NULL);
    yoke_server_stop(server, 5000);
    uv_run((uv_loop_t *)yoke_loop(), UV_RUN_DEFAULT);
}

static void must_be_answered(size_t i)
{
    int status = browser_ask(port, requests[i].text);
    MUST(status > 0);
    if (!strstr(browser_answer(), requests[i].word))
        shortage_fail(requests[i].text, browser_answer(), status);
}

static void finish(void)
{
    shortage_end();
    for (size_t i = 0; i < COUNT; i++)
        must_be_answered(i);
    /* None is left behind by a request that was never ended. */
    while (yoke_server_connections(server) > 0)
        turn();
    stop();
}

void serve_in_shortage(void)
{
    start();
    shortage_begin();
    for (size_t i = 0; i < COUNT; i++)
        browser_ask(port, requests[i].text);
    finish();
}

void serve_undisturbed(void)
{
    start();
    shortage_begin();
    for (size_t i = 0; i < COUNT; i++)
        must_be_answered(i);
    finish();
}

/* From the first call of the library on. */
void start_in_shortage(void)
{
    shortage_begin();
    store = yoke_store_open(.url = "memory:");
    cache = yoke_cache_open(.store = store, .name = "test");
    if (!cache) {
        yoke_store_close(store, NULL, NULL);
        return;
    }
    if (yoke_app_listen(make_app(), .host = "127.0.0.1",
                        .on_listening = on_listening))
        for (int i = 0; i < 100 && !port; i++)
            uv_run((uv_loop_t *)yoke_loop(), UV_RUN_NOWAIT);
    shortage_end();
    if (port)
        stop();
}
