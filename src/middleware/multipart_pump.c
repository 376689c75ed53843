#include "middleware/multipart_pump.h"

#include <string.h>

#include <yoke/log.h>
#include <yoke/req.h>
#include <yoke/value.h>

#include "middleware/spool.h"

#include "core/banned.h"

/* Room for what is left of a piece: mostly enough. */
#define REST_CAPACITY 32768

/* Nothing of the pump may be used afterwards: the error may have been
 * answered. */
static void refuse(struct yk_multipart_pump *pump, enum yk_form_problem problem)
{
    pump->is_refused = true;
    yk_form_refuse(pump->form.req, pump->form.options, problem);
}

/* Keeps what the parser has not used, which may lie in `rest` already; with
 * `is_more`, behind what is there. */
static bool keep_rest(struct yk_multipart_pump *pump, const char *ptr,
                      size_t len, bool is_more)
{
    size_t before = is_more ? pump->rest_len : 0;
    if (len == 0)
        return true;
    if (before + len > pump->rest_capacity) {
        size_t capacity = (before + len) * 2;
        if (capacity < REST_CAPACITY)
            capacity = REST_CAPACITY;
        char *rest =
            yk_form_reader_grow(&pump->form, pump->rest, before, capacity);
        if (!rest)
            return false;
        pump->rest = rest;
        pump->rest_capacity = capacity;
    }
    memmove(pump->rest + before, ptr, len);
    pump->rest_len = before + len;
    return true;
}

/* Parses as far as it goes. Returns true when all of it has been used and
 * nothing is to be waited for; false also after an error. */
static bool parse(struct yk_multipart_pump *pump, const char *ptr, size_t len)
{
    while (len > 0) {
        ssize_t used = yk_multipart_parser_feed(&pump->parser, ptr, len);
        if (used < 0) {
            refuse(pump, (enum yk_form_problem) - used);
            return false;
        }
        ptr += used;
        len -= (size_t)used;
        if (!pump->form.is_waiting && !pump->form.must_write)
            continue;
        if (!keep_rest(pump, ptr, len, false)) {
            refuse(pump, YK_FORM_MEMORY_FULL);
            return false;
        }
        yoke_req_pause(pump->form.req);
        if (pump->form.must_write) {
            pump->form.must_write = false;
            pump->is_writing = true;
            yk_spool_write(pump->form.spool);
        }
        return false;
    }
    return true;
}

/* What was waited for is over. */
static void go_on(struct yk_multipart_pump *pump)
{
    yoke_req *req = pump->form.req;
    if (pump->is_writing || pump->form.is_waiting || pump->is_refused)
        return;
    size_t len = pump->rest_len;
    pump->rest_len = 0;
    if (parse(pump, pump->rest, len))
        yoke_req_resume(req);
}

static void fail_deserted(struct yk_multipart_pump *pump)
{
    pump->is_refused = true;
    yoke_next_typed(pump->form.req, 400, "request.aborted",
                    "the client has gone before the end of the body");
}

static void on_written(void *data, int err)
{
    struct yk_multipart_pump *pump = data;
    pump->is_writing = false;
    if (pump->is_deserted) {
        fail_deserted(pump);
    } else if (pump->pending) {
        refuse(pump, pump->pending);
    } else if (err < 0) {
        yoke_log(YOKE_LOG_ERROR, "yoke_multipart: cannot write to %s: %s",
                 pump->form.options->dir, strerror(-err));
        refuse(pump, yk_form_storage_problem(err));
    } else {
        go_on(pump);
    }
}

void yk_multipart_pump_init(struct yk_multipart_pump *pump, yoke_req *req,
                            const struct yoke_multipart_options *options,
                            const char *boundary)
{
    *pump = (struct yk_multipart_pump){.rest_len = 0};
    yk_form_reader_init(&pump->form, req, options);
    pump->form.on_written = on_written;
    pump->form.data = pump;
    yk_multipart_parser_init(&pump->parser, &yk_form_reader_events, &pump->form,
                             boundary, options->max_head_len);
}

void yk_multipart_pump_add(struct yk_multipart_pump *pump, const char *ptr,
                           size_t len)
{
    if (!pump->is_writing && !pump->form.is_waiting)
        parse(pump, ptr, len);
    else if (!keep_rest(pump, ptr, len, true)) /* In spite of the pause. */
        yk_multipart_pump_refuse(pump, YK_FORM_MEMORY_FULL);
}

void yk_multipart_pump_resume(struct yk_multipart_pump *pump)
{
    if (!pump->form.is_waiting)
        return;
    pump->form.is_waiting = false;
    go_on(pump);
}

void yk_multipart_pump_refuse(struct yk_multipart_pump *pump,
                              enum yk_form_problem problem)
{
    if (pump->is_writing) /* Its memory would go. */
        pump->pending = problem;
    else
        refuse(pump, problem);
}

void yk_multipart_pump_abort(struct yk_multipart_pump *pump)
{
    if (!pump->is_writing) {
        fail_deserted(pump);
        return;
    }
    pump->is_deserted = true;
    yoke_hold(pump->form.req);
}
