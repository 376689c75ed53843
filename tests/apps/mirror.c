/* mirror: an application for the end-to-end tests of HTTP, that shows what
 * reached its handlers, and answers as it is told to.
 *
 *     /seen                      the request, as "name: value" lines
 *     /param/:text               the param, decoded
 *     /ignore                    any method; the body is left unread
 *     /upload?hold=MS            reads the body in pieces; stops for a while
 *                                at the first one; answers length and sum
 *     /answer?status=&name=&value=   an answer with that header field
 *     /redirect?to=URL
 *     /promise?length=N&write=M  says N bytes, sends M
 *     /lost                      forgets to answer */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>
#include <yoke/yoke.h>

yoke_app_factory make_app;

static int query_int(yoke_req *req, const char *name, int fallback)
{
    const char *text = yoke_req_query(req, name);
    return text ? (int)strtol(text, NULL, 10) : fallback;
}

static const char *or_none(const char *text)
{
    return text ? text : "(none)";
}

/* ---- What was seen ---- */

static void show_seen(yoke_req *req, yoke_res *res)
{
    size_t len;
    const char *body = yoke_req_body(req, &len);
    yoke_res_text(
        res, yoke_req_printf(
                 req,
                 "method: %s\nurl: %s\nversion: %s\nhost: %s\nip: %s\n"
                 "fields: %zu\nparameters: %zu\nq: %s\ncontent-type: %s\n"
                 "x-trailer: %s\ntrailer: %s\nlength: %zu\nbody: %.100s\n",
                 yoke_req_method(req), yoke_req_original_url(req),
                 yoke_req_http_version(req), or_none(yoke_req_get(req, "Host")),
                 yoke_req_ip(req), yoke_req_header_count(req),
                 yoke_req_query_count(req), or_none(yoke_req_query(req, "q")),
                 or_none(yoke_req_get(req, "Content-Type")),
                 or_none(yoke_req_get(req, "X-Trailer")),
                 or_none(yoke_req_trailer(req, "X-Trailer")), len, body));
}

static void show_param(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_param(req, "text"));
}

static void ignore_body(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "ignored");
}

/* ---- /upload ---- */

struct upload {
    uv_timer_t timer;
    yoke_req *req;
    yoke_res *res;
    int hold_ms; /* Of the stop at the first piece. */
    size_t len;
    uint32_t sum;
};

static void free_upload(uv_handle_t *handle)
{
    free(handle->data);
}

static void go_on(uv_timer_t *timer)
{
    yoke_req_resume(((struct upload *)timer->data)->req);
}

static void on_data(yoke_req *req, const char *ptr, size_t len, void *data)
{
    struct upload *upload = data;
    if (upload->len == 0 && upload->hold_ms > 0) {
        yoke_req_pause(req);
        uv_timer_start(&upload->timer, go_on, (uint64_t)upload->hold_ms, 0);
    }
    upload->len += len;
    for (size_t i = 0; i < len; i++)
        upload->sum += (unsigned char)ptr[i];
}

static void on_end(yoke_req *req, int err, void *data)
{
    struct upload *upload = data;
    if (err == 0)
        yoke_res_text(upload->res, yoke_req_printf(req, "%zu %u", upload->len,
                                                   (unsigned)upload->sum));
    uv_close((uv_handle_t *)&upload->timer, free_upload);
}

static void take_upload(yoke_req *req, yoke_res *res)
{
    struct upload *upload = calloc(1, sizeof(*upload));
    if (!upload)
        abort();
    upload->req = req;
    upload->res = res;
    upload->hold_ms = query_int(req, "hold", 0);
    upload->timer.data = upload;
    uv_timer_init(yoke_loop(), &upload->timer);
    yoke_req_on_data(req, on_data, on_end, upload);
}

/* ---- Answers to order ---- */

static void answer(yoke_req *req, yoke_res *res)
{
    const char *name = yoke_req_query(req, "name");
    if (name)
        yoke_res_set(res, name, yoke_req_query(req, "value"));
    yoke_res_status(res, query_int(req, "status", 200));
    yoke_res_text(res, "answer");
}

static void redirect(yoke_req *req, yoke_res *res)
{
    yoke_res_redirect(res, 0, yoke_req_query(req, "to"));
}

static void promise(yoke_req *req, yoke_res *res)
{
    int left = query_int(req, "write", 0);
    yoke_res_set(res, "Content-Length", yoke_req_query(req, "length"));
    while (left-- > 0)
        yoke_res_write(res, "x", 1);
    yoke_res_end(res);
}

static void be_lost(yoke_req *req, yoke_res *res)
{
    (void)req;
    (void)res;
}

yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_all(app, "/seen", yoke_body, show_seen);
    yoke_app_get(app, "/param/:text", show_param);
    yoke_app_all(app, "/ignore", ignore_body);
    yoke_app_post(app, "/upload", take_upload);
    yoke_app_get(app, "/answer", answer);
    yoke_app_get(app, "/redirect", redirect);
    yoke_app_get(app, "/promise", promise);
    yoke_app_get(app, "/lost", be_lost);
    return app;
}
