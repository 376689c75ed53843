/* A body goes to a file through two spools: one is filled while the other is
 * being written.
 *
 *     pieces -> filling | writing -> thread pool -> file -> its name -> done
 *                 full? the client waits
 *
 * An error that comes while a thread writes waits until that is over, for it
 * may end the request, and with it the memory that is being written. */
#include <yoke/pipe.h>

#include <errno.h>
#include <stdlib.h>

#include <yoke/error.h>
#include <yoke/req.h>
#include <yoke/res.h>

#include "middleware/new_file.h"
#include "middleware/pipe_problem.h"
#include "middleware/spool.h"

#include "core/banned.h"

#define MAX_LEN (32 << 20)
#define MODE    0600

struct pipe {
    yoke_req *req;
    yoke_res *res;
    const char *path;
    struct yoke_pipe_file options;
    struct yk_new_file file;
    struct yk_spool *filling, *writing;
    uint64_t len;
    bool is_writing, is_complete;
    bool is_failed; /* What still comes is ignored. */
    int pending;    /* An error that came while a file was written; 0: none. */
};

static void pass_on(const struct pipe *pipe, int err)
{
    yk_pipe_problem(pipe->req, err, pipe->path, pipe->options.max_len);
}

/* Nothing of the pipe may be used afterwards: the request may be over. */
static void fail(struct pipe *pipe, int err)
{
    if (pipe->is_writing) {
        pipe->pending = err;
        return;
    }
    pipe->is_failed = true;
    pass_on(pipe, err);
}

/* ---- Writing ---- */

static void finish(struct pipe *pipe)
{
    const struct yoke_pipe_file *options = &pipe->options;
    int err = yk_new_file_keep(&pipe->file, pipe->req, options->replaces);
    if (err < 0)
        fail(pipe, err);
    else if (options->done)
        options->done(pipe->req, pipe->res, pipe->len, options->data);
    else
        yoke_next(pipe->req);
}

static void write_on(struct pipe *pipe)
{
    struct yk_spool *full = pipe->filling;
    pipe->filling = pipe->writing;
    pipe->writing = full;
    pipe->is_writing = true;
    yk_spool_write(full);
}

static void write_rest(struct pipe *pipe)
{
    if (yk_spool_is_filled(pipe->filling))
        write_on(pipe);
    else
        finish(pipe);
}

static void go_on(struct pipe *pipe)
{
    if (yk_spool_is_full(pipe->filling))
        write_on(pipe);
    yoke_req_resume(pipe->req);
}

static void on_written(void *data, int err)
{
    struct pipe *pipe = data;
    pipe->is_writing = false;
    if (pipe->pending < 0)
        err = pipe->pending;
    if (err < 0)
        fail(pipe, err);
    else if (pipe->is_complete)
        write_rest(pipe);
    else
        go_on(pipe);
}

/* ---- The body ---- */

static void on_data(yoke_req *req, const char *ptr, size_t len, void *data)
{
    struct pipe *pipe = data;
    uint64_t before = pipe->len;
    if (pipe->is_failed || pipe->pending < 0)
        return;
    if (len > pipe->options.max_len - before) {
        fail(pipe, -YOKE_ETOOLARGE);
        return;
    }
    pipe->len += len;
    int result = yk_spool_add(pipe->filling, pipe->file.fd, before, ptr, len);
    if (result < 0)
        fail(pipe, result);
    else if (result > 0 && pipe->is_writing)
        yoke_req_pause(req);
    else if (result > 0)
        write_on(pipe);
}

static void on_end(yoke_req *req, int err, void *data)
{
    struct pipe *pipe = data;
    if (pipe->is_failed)
        return;
    if (err < 0 && pipe->is_writing)
        yoke_hold(req); /* Its memory is in use. */
    pipe->is_complete = true;
    if (err == -YOKE_ECLOSED || (err < 0 && pipe->is_writing))
        fail(pipe, err);
    if (err == 0 && !pipe->is_writing)
        write_rest(pipe);
}

/* ---- Its start ---- */

/* What Content-Length says; yoke has checked that it is a number. */
static bool is_too_long(yoke_req *req, uint64_t max_len)
{
    const char *length = yoke_req_get(req, "Content-Length");
    return length && strtoull(length, NULL, 10) > max_len;
}

static int open_file(struct pipe *pipe)
{
    const struct yoke_pipe_file *options = &pipe->options;
    int err = yk_new_file_open(&pipe->file, pipe->req, options->root,
                               pipe->path, options->mode);
    if (err < 0)
        return err;
    if (!options->replaces && yk_new_file_exists(&pipe->file))
        return -EEXIST;
    pipe->filling = yk_spool_new(pipe->req, on_written, pipe);
    pipe->writing = yk_spool_new(pipe->req, on_written, pipe);
    return 0;
}

static struct pipe *pipe_new(yoke_req *req, yoke_res *res, const char *path,
                             const struct yoke_pipe_file *options)
{
    struct pipe *pipe = yoke_req_alloc(req, sizeof(*pipe));
    *pipe = (struct pipe){.req = req,
                          .res = res,
                          .path = yoke_req_strdup(req, path),
                          .options = *options};
    if (options->max_len == 0)
        pipe->options.max_len = MAX_LEN;
    if (options->mode == 0)
        pipe->options.mode = MODE;
    return pipe;
}

int yoke_req_pipe_file_with(yoke_req *req, yoke_res *res, const char *path,
                            const struct yoke_pipe_file *options)
{
    struct pipe *pipe = pipe_new(req, res, path, options);
    int err = -YOKE_ETOOLARGE;
    if (!is_too_long(req, pipe->options.max_len))
        err = open_file(pipe);
    if (err == 0)
        err = yoke_req_on_data(req, on_data, on_end, pipe);
    if (err < 0)
        pass_on(pipe, err);
    return err;
}
