#include "middleware/multipart_body.h"

#include <stdlib.h>

#include <yoke/error.h>
#include <yoke/form.h>
#include <yoke/req.h>

#include "middleware/multipart_pump.h"

#include "core/banned.h"

struct body {
    struct yk_multipart_pump pump;
    size_t len; /* So far. */
};

static const char body_key;

void yoke_upload_resume(yoke_req *req)
{
    struct body *body = yoke_req_attached(req, &body_key);
    if (body)
        yk_multipart_pump_resume(&body->pump);
}

static void on_body_data(yoke_req *req, const char *ptr, size_t len, void *data)
{
    struct body *body = data;
    struct yk_multipart_pump *pump = &body->pump;
    (void)req;
    if (pump->is_refused || pump->pending)
        return;
    if (len > pump->form.options->max_total_len - body->len) {
        yk_multipart_pump_refuse(pump, YK_FORM_TOTAL_LARGE);
        return;
    }
    body->len += len;
    yk_multipart_pump_add(pump, ptr, len);
}

static enum yk_form_problem end_form(struct yk_multipart_pump *pump)
{
    const struct yoke_form_nesting nesting = {.nests =
                                                  pump->form.options->extended};
    int err = yk_multipart_parser_end(&pump->parser);
    if (err < 0)
        return (enum yk_form_problem) - err;
    return yoke_req_form_end(pump->form.req, &nesting) < 0 ? YK_FORM_TOO_DEEP
                                                           : YK_FORM_GOOD;
}

static void on_body_end(yoke_req *req, int err, void *data)
{
    struct yk_multipart_pump *pump = &((struct body *)data)->pump;
    if (pump->is_refused)
        return;
    if (err == -YOKE_ECLOSED || (err < 0 && pump->is_writing))
        yk_multipart_pump_abort(pump);
    if (err < 0)
        return;
    enum yk_form_problem problem = end_form(pump);
    if (problem)
        yk_multipart_pump_refuse(pump, problem);
    else
        yoke_next(req);
}

/* What Content-Length says; yoke has checked that it is a number. */
static bool is_too_long(const yoke_req *req,
                        const struct yoke_multipart_options *options)
{
    const char *length = yoke_req_get(req, "Content-Length");
    return length && strtoull(length, NULL, 10) > options->max_total_len;
}

void yk_multipart_read(yoke_req *req,
                       const struct yoke_multipart_options *options,
                       const char *boundary)
{
    struct body *body = yoke_req_alloc(req, sizeof(*body));
    body->len = 0;
    yk_multipart_pump_init(&body->pump, req, options, boundary);
    yoke_req_attach(req, &body_key, body, NULL);
    if (is_too_long(req, options))
        yk_multipart_pump_refuse(&body->pump, YK_FORM_TOTAL_LARGE);
    else if (yoke_req_on_data(req, on_body_data, on_body_end, body) < 0)
        yoke_next(req);
}
