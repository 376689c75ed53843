/* A small site: files, a form, a session, an upload, cookies, events and a
 * download.
 *
 *     build/examples/site                  PORT, or 1337; Ctrl-C stops it
 *
 * The page that shows it all is public/index.html. Sessions are in a file that
 * all workers share; YOKE_STORE names another place, "redis://localhost". Their
 * cookies are signed with SECRET, which only development does without. */
#include "app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

/* Where the files are; the build knows it. */
#ifndef SITE_PUBLIC
#    define SITE_PUBLIC "public"
#endif

/* ---- A form, and a session that remembers what was in it ---- */

static void greet(yoke_req *req, yoke_res *res)
{
    const char *name;
    if (!yoke_req_string(req, YOKE_FORM, "name", 1, 100, &name))
        return; /* Answered 400. */
    yoke_session_set_text(req, "name", name);
    yoke_res_redirect(res, 303, "/hello");
}

static void hello(yoke_req *req, yoke_res *res)
{
    const char *name = yoke_session_text(req, "name");
    yoke_res_set(res, "Cache-Control", "no-store");
    yoke_res_textf(res, "Hello, %s!", name ? name : "stranger");
}

static void forget(yoke_req *req, yoke_res *res)
{
    yoke_session_destroy(req);
    yoke_res_redirect(res, 303, "/");
}

/* ---- A cookie ---- */

static void count_visits(yoke_req *req, yoke_res *res)
{
    const char *before = yoke_req_cookie(req, "visits");
    const char *now = yoke_req_printf(req, "%d", before ? atoi(before) + 1 : 1);
    yoke_res_cookie(res, "visits", now, .max_age_s = 3600, .http_only = true);
    yoke_res_text(res, now);
}

/* ---- A file from the visitor, and one for him ---- */

static void show_upload(yoke_req *req, yoke_res *res)
{
    const struct yoke_upload *file = yoke_req_upload(req, "file");
    if (!file) {
        yoke_next_problem(req, 400, "no file was chosen");
        return;
    }
    yoke_res_textf(res, "%s: %llu bytes", file->filename,
                   (unsigned long long)file->len);
}

static void download(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_download(res, "report.txt", "Bericht März.txt",
                      .root = SITE_PUBLIC);
}

/* ---- Events: a counter for each visitor ---- */

struct counter {
    uv_timer_t timer;
    yoke_sse *sse;
    int value;
};

static void count(uv_timer_t *timer)
{
    struct counter *counter = timer->data;
    char text[16];
    snprintf(text, sizeof(text), "%d", ++counter->value);
    yoke_sse_send(counter->sse, "count", text);
}

static void free_counter(uv_handle_t *handle)
{
    free(handle->data);
}

static void stop_counting(yoke_sse *sse, void *data)
{
    struct counter *counter = data;
    (void)sse;
    uv_close((uv_handle_t *)&counter->timer, free_counter);
}

static void start_counting(yoke_req *req, yoke_res *res)
{
    yoke_sse *sse = yoke_res_sse(res);
    struct counter *counter = sse ? calloc(1, sizeof(*counter)) : NULL;
    (void)req;
    if (!counter)
        return;
    counter->sse = sse;
    counter->timer.data = counter;
    yoke_sse_on_close(sse, stop_counting, counter);
    uv_timer_init(yoke_loop(), &counter->timer);
    uv_timer_start(&counter->timer, count, 0, 250);
}

/* ---- The site ---- */

static void close_store(void *store)
{
    yoke_store_close(store, NULL, NULL);
}

/* Signs the sessions' cookies. What everybody can read here is good enough on
 * one's own machine alone. */
static const char *secret(const yoke_app *app)
{
    const char *secret = getenv("SECRET");
    bool is_at_home = strcmp(yoke_app_get_str(app, "env"), "development") == 0;
    return secret || !is_at_home ? secret : "known to everybody";
}

static void use_sessions(yoke_app *app)
{
    yoke_store *store = yoke_store_open(.prefix = "site:");
    if (!store)
        yoke_app_fail(app, "the store of the sessions cannot be opened");
    yoke_app_set_data(app, store, close_store);
    yoke_app_cookie_secrets(app, secret(app));
    yoke_app_use(app, yoke_session(.store = store, .ttl_s = 7 * 86400));
}

yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, yoke_request_id(), yoke_secure_headers(),
                 yoke_compress());
    /* In front of the sessions, for files need none. */
    yoke_app_use(app,
                 yoke_static(SITE_PUBLIC, .extensions = YOKE_TEXTS("html")));
    use_sessions(app);
    yoke_app_post(app, "/greet", yoke_urlencoded(), greet);
    yoke_app_get(app, "/hello", hello);
    yoke_app_post(app, "/forget", forget);
    yoke_app_get(app, "/visits", count_visits);
    yoke_app_post(app, "/upload",
                  yoke_multipart(.dir = "/tmp", .max_file_len = 64 << 20,
                                 .max_total_len = 65 << 20),
                  show_upload);
    yoke_app_get(app, "/report", download);
    yoke_app_get(app, "/events", start_counting);
    return app;
}
