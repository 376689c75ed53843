/* A small site: files, a form, an upload, cookies, events and a download.
 *
 *     build/examples/site                  PORT, or 1337; Ctrl-C stops it
 *
 * The page that shows it all is public/index.html. */
#include "app.h"

#include <stdio.h>
#include <stdlib.h>

#include <uv.h>

/* Where the files are; the build knows it. */
#ifndef SITE_PUBLIC
#    define SITE_PUBLIC "public"
#endif

/* ---- A form, which leaves a cookie ---- */

static void greet(yoke_req *req, yoke_res *res)
{
    const char *name;
    if (!yoke_req_string(req, YOKE_FORM, "name", 1, 100, &name))
        return; /* Answered 400. */
    yoke_res_cookie(res, "name", name, .http_only = true,
                    .same_site = YOKE_SAME_SITE_LAX);
    yoke_res_redirect(res, 303, "/hello");
}

static void hello(yoke_req *req, yoke_res *res)
{
    const char *name = yoke_req_cookie(req, "name");
    yoke_res_textf(res, "Hello, %s!", name ? name : "stranger");
}

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

yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, yoke_request_id(), yoke_secure_headers(),
                 yoke_compress());
    yoke_app_post(app, "/greet", yoke_urlencoded(), greet);
    yoke_app_get(app, "/hello", hello);
    yoke_app_get(app, "/visits", count_visits);
    yoke_app_post(app, "/upload",
                  yoke_multipart(.dir = "/tmp", .max_file_len = 64 << 20,
                                 .max_total_len = 65 << 20),
                  show_upload);
    yoke_app_get(app, "/report", download);
    yoke_app_get(app, "/events", start_counting);
    yoke_app_use(app,
                 yoke_static(SITE_PUBLIC, .extensions = YOKE_TEXTS("html")));
    return app;
}
