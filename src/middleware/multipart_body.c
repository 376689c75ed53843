/* Reading a form as fast as its parts can be put away:
 *
 *     pieces -> parser -> form_reader -> fields and files
 *       |         |            |
 *       |         `-- stops <--' while a file is written, or a hook has enough:
 *       `-- waits                the rest of the piece is kept, and the client
 *                                waits
 *
 * Nothing is parsed then, so an error never comes while a file is in use by
 * another thread; only the client's going does, and it waits until the write is
 * over. */
#include "middleware/multipart_body.h"

#include <stdlib.h>
#include <string.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/req.h>
#include <yoke/value.h>

#include "middleware/form_reader.h"
#include "middleware/multipart_parser.h"
#include "middleware/spool.h"

#include "core/banned.h"

/* Room for what is left of a piece: mostly enough. */
#define REST_CAPACITY 32768

struct reader {
    struct yk_form_reader form;
    struct yk_multipart_parser parser;
    size_t total_len;
    char *rest; /* What has not been parsed yet of the last piece. */
    size_t rest_len, rest_capacity;
    bool is_writing;  /* A file is in use. */
    bool is_refused;  /* An error is on its way; what still comes is ignored. */
    bool is_deserted; /* The client went while a file was written. */
    enum yk_form_problem pending; /* Found meanwhile; 0: none. */
};

static const char reader_key;

/* Nothing of the reader may be used afterwards: the error may have been
 * answered. */
static void refuse(struct reader *reader, enum yk_form_problem problem)
{
    reader->is_refused = true;
    yk_form_refuse(reader->form.req, reader->form.options, problem);
}

/* ---- Pieces ---- */

/* Keeps what the parser has not used, which may lie in `rest` already; with
 * `is_more`, behind what is there. */
static bool keep_rest(struct reader *reader, const char *ptr, size_t len,
                      bool is_more)
{
    size_t before = is_more ? reader->rest_len : 0;
    if (len == 0)
        return true;
    if (before + len > reader->rest_capacity) {
        size_t capacity = (before + len) * 2;
        if (capacity < REST_CAPACITY)
            capacity = REST_CAPACITY;
        char *rest =
            yk_form_reader_grow(&reader->form, reader->rest, before, capacity);
        if (!rest)
            return false;
        reader->rest = rest;
        reader->rest_capacity = capacity;
    }
    memmove(reader->rest + before, ptr, len);
    reader->rest_len = before + len;
    return true;
}

/* Parses as far as it goes. Returns true when all of it has been used and
 * nothing is to be waited for; false also after an error. */
static bool parse(struct reader *reader, const char *ptr, size_t len)
{
    while (len > 0) {
        ssize_t used = yk_multipart_parser_feed(&reader->parser, ptr, len);
        if (used < 0) {
            refuse(reader, (enum yk_form_problem) - used);
            return false;
        }
        ptr += used;
        len -= (size_t)used;
        if (!reader->form.is_waiting && !reader->form.must_write)
            continue;
        if (!keep_rest(reader, ptr, len, false)) {
            refuse(reader, YK_FORM_MEMORY_FULL);
            return false;
        }
        yoke_req_pause(reader->form.req);
        if (reader->form.must_write) {
            reader->form.must_write = false;
            reader->is_writing = true;
            yk_spool_write(reader->form.spool);
        }
        return false;
    }
    return true;
}

/* What was waited for is over. */
static void go_on(struct reader *reader)
{
    yoke_req *req = reader->form.req;
    if (reader->is_writing || reader->form.is_waiting || reader->is_refused)
        return;
    size_t len = reader->rest_len;
    reader->rest_len = 0;
    if (parse(reader, reader->rest, len))
        yoke_req_resume(req);
}

static void fail_deserted(struct reader *reader)
{
    reader->is_refused = true;
    yoke_next_typed(reader->form.req, 400, "request.aborted",
                    "the client has gone before the end of the body");
}

static void on_written(void *data, int err)
{
    struct reader *reader = data;
    reader->is_writing = false;
    if (reader->is_deserted) {
        fail_deserted(reader);
    } else if (reader->pending) {
        refuse(reader, reader->pending);
    } else if (err < 0) {
        yoke_log(YOKE_LOG_ERROR, "yoke_multipart: cannot write to %s: %s",
                 reader->form.options->dir, strerror(-err));
        refuse(reader, YK_FORM_STORAGE_FAILED);
    } else {
        go_on(reader);
    }
}

void yoke_upload_resume(yoke_req *req)
{
    struct reader *reader = yoke_req_attached(req, &reader_key);
    if (!reader || !reader->form.is_waiting)
        return;
    reader->form.is_waiting = false;
    go_on(reader);
}

/* ---- The body ---- */

/* Not while a file is in use: its memory would go. */
static void refuse_later(struct reader *reader, enum yk_form_problem problem)
{
    if (reader->is_writing)
        reader->pending = problem;
    else
        refuse(reader, problem);
}

static void on_body_data(yoke_req *req, const char *ptr, size_t len, void *data)
{
    struct reader *reader = data;
    (void)req;
    if (reader->is_refused || reader->pending)
        return;
    if (len > reader->form.options->max_total_len - reader->total_len) {
        refuse_later(reader, YK_FORM_TOTAL_LARGE);
        return;
    }
    reader->total_len += len;
    if (!reader->is_writing && !reader->form.is_waiting)
        parse(reader, ptr, len);
    else if (!keep_rest(reader, ptr, len, true)) /* In spite of the pause. */
        refuse_later(reader, YK_FORM_MEMORY_FULL);
}

static void on_body_end(yoke_req *req, int err, void *data)
{
    struct reader *reader = data;
    if (reader->is_refused)
        return;
    if (err < 0 && reader->is_writing) {
        reader->is_deserted = true;
        yoke_hold(req);
        return;
    }
    if (err == -YOKE_ECLOSED)
        fail_deserted(reader);
    if (err < 0)
        return;
    err = yk_multipart_parser_end(&reader->parser);
    if (err < 0) {
        refuse(reader, (enum yk_form_problem) - err);
        return;
    }
    yk_form_tree_attach(&reader->form.tree, req);
    yoke_next(req);
}

/* ---- Its start ---- */

/* What Content-Length says; yoke has checked that it is a number. */
static bool is_too_long(const struct reader *reader)
{
    const char *length = yoke_req_get(reader->form.req, "Content-Length");
    return length &&
           strtoull(length, NULL, 10) > reader->form.options->max_total_len;
}

/* The rest is the request's memory. */
static void reader_free(void *value)
{
    struct reader *reader = value;
    yk_form_tree_done(&reader->form.tree);
}

static struct reader *reader_new(yoke_req *req,
                                 const struct yoke_multipart_options *options,
                                 const char *boundary)
{
    struct reader *reader = yoke_req_alloc(req, sizeof(*reader));
    *reader = (struct reader){.total_len = 0};
    yk_form_reader_init(&reader->form, req, options);
    reader->form.on_written = on_written;
    reader->form.data = reader;
    yk_multipart_parser_init(&reader->parser, &yk_form_reader_events,
                             &reader->form, boundary, options->max_head_len);
    yoke_req_attach(req, &reader_key, reader, reader_free);
    return reader;
}

void yk_multipart_read(yoke_req *req,
                       const struct yoke_multipart_options *options,
                       const char *boundary)
{
    struct reader *reader = reader_new(req, options, boundary);
    if (is_too_long(reader))
        refuse(reader, YK_FORM_TOTAL_LARGE);
    else if (yoke_req_on_data(req, on_body_data, on_body_end, reader) < 0)
        yoke_next(req);
}
