/* mirror: an application for the end-to-end tests of HTTP, that shows what
 * reached its handlers, and answers as it is told to.
 *
 *     /seen                      the request, as "name: value" lines
 *     /param/:text               the param, decoded
 *     /ignore                    any method; the body is left unread
 *     /upload                    reads the body in pieces; answers its length
 *                                and the sum of its bytes
 *     /upload?hold               the same, but stops at the first piece
 *     /resume                    lets the upload that has stopped go on
 *     /answer?status=&name=&value=   an answer with that header field
 *     /redirect?to=URL
 *     /promise?length=N&write=M  says N bytes, sends M
 *     /lost                      forgets to answer */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>

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
    yoke_res *res;
    bool must_stop; /* At the first piece. */
    size_t len;
    uint32_t sum;
};

/* The upload that has stopped, or NULL. Written by the functions below. */
static yoke_req *stopped;

static void on_data(yoke_req *req, const char *ptr, size_t len, void *data)
{
    struct upload *upload = data;
    if (upload->must_stop) {
        upload->must_stop = false;
        stopped = req;
        yoke_req_pause(req);
    }
    upload->len += len;
    for (size_t i = 0; i < len; i++)
        upload->sum += (unsigned char)ptr[i];
}

static void on_end(yoke_req *req, int err, void *data)
{
    const struct upload *upload = data;
    if (stopped == req)
        stopped = NULL;
    if (err == 0)
        yoke_res_text(upload->res, yoke_req_printf(req, "%zu %u", upload->len,
                                                   (unsigned)upload->sum));
}

static void take_upload(yoke_req *req, yoke_res *res)
{
    struct upload *upload = yoke_req_alloc(req, sizeof(*upload));
    *upload = (struct upload){
        .res = res,
        .must_stop = yoke_req_query(req, "hold") != NULL,
    };
    yoke_req_on_data(req, on_data, on_end, upload);
}

static void resume_upload(yoke_req *req, yoke_res *res)
{
    (void)req;
    if (stopped)
        yoke_req_resume(stopped);
    yoke_res_text(res, stopped ? "resumed" : "nothing has stopped");
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
    yoke_app_get(app, "/resume", resume_upload);
    yoke_app_get(app, "/answer", answer);
    yoke_app_get(app, "/redirect", redirect);
    yoke_app_get(app, "/promise", promise);
    yoke_app_get(app, "/lost", be_lost);
    return app;
}
