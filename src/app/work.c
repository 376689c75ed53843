/* A job's way:
 *
 *   yoke_work --> waiting --thread free--> running --> done
 *                    |                                  ^
 *                    `--client gone, time over----------'   never begun
 *
 * All of it happens on the loop but `fn` itself. A request that has jobs is not
 * ended, though it may have been answered: its memory is theirs, too
 * (yk_res_is_kept). */
#include "app/work.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include <yoke/error.h>
#include <yoke/loop.h>
#include <yoke/work.h>

#include "app/next.h"
#include "app/req.h"
#include "app/stall.h"
#include "core/alloc.h"
#include "core/arena.h"
#include "core/blocks.h"
#include "net/threads.h"

#include "core/banned.h"

#define QUEUE_MAX   1024
#define THREADS_MAX 1024
/* What a client is told to wait when there are too many. */
#define RETRY_AFTER "1"
#define BLOCK_SIZE  4096

struct yoke_job {
    uv_work_t work;
    struct yoke_job *next; /* Of its request's. */
    yoke_req *req;         /* NULL: it has none. */
    const void *handler;   /* That has started it: its place. */
    yoke_job_fn *fn;
    yoke_job_done_fn *done; /* One of these two. */
    yoke_loop_done_fn *loop_done;
    void *data;
    struct yk_blocks pool; /* Of its own, for it has a thread of its own. */
    struct yk_arena arena;
    atomic_bool is_cancelled; /* Nobody waits any more. */
    bool is_late;             /* Its handler has been answered for. */
    int status;
};

/* This process's. Written on the loop's thread. */
static size_t count, most = QUEUE_MAX;
static bool has_worked;

/* ---- Life ---- */

static yoke_job *job_new(yoke_job_fn *fn, void *data)
{
    yoke_job *job = yk_try_alloc(sizeof(*job));
    if (!job)
        return NULL;
    *job = (struct yoke_job){.fn = fn, .data = data};
    job->work.data = job;
    yk_blocks_init(&job->pool, BLOCK_SIZE, 0);
    yk_arena_init(&job->arena, &job->pool);
    return job;
}

static void job_free(yoke_job *job)
{
    yk_arena_clear(&job->arena);
    yk_blocks_done(&job->pool);
    free(job);
}

/* ---- The other side ---- */

static void on_thread(uv_work_t *work)
{
    yoke_job *job = work->data;
    job->fn(job);
}

/* ---- Without a request ---- */

static void end_alone(uv_work_t *work, int err)
{
    yoke_job *job = work->data;
    (void)err; /* Nobody cancels it. */
    count--;
    if (job->loop_done)
        job->loop_done(job);
    job_free(job);
}

/* ---- With one ---- */

static void add(yoke_req *req, yoke_job *job)
{
    job->req = req;
    job->handler = req->frame->handler;
    job->next = req->jobs;
    req->jobs = job;
}

static void take_out(yoke_req *req, const yoke_job *job)
{
    yoke_job **at = &req->jobs;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
}

static int status_of(const yoke_job *job, int err)
{
    const yoke_req *req = job->req;
    if (err == UV_ECANCELED)
        return -ECANCELED;
    if (job->is_late)
        return -ETIMEDOUT;
    if (yk_req_is_answered(req))
        return -YOKE_EANSWERED;
    return req->x->is_aborted ? -YOKE_ECLOSED : 0;
}

/* The handler that has started it is the one that holds. */
static bool is_with_starter(const yoke_req *req, const yoke_job *job)
{
    return req->is_held && req->frame->handler == job->handler &&
           !yk_req_is_answered(req);
}

/* Another job will come back for the same handler. */
static bool has_sibling(const yoke_req *req, const yoke_job *job)
{
    for (const yoke_job *other = req->jobs; other; other = other->next)
        if (other->is_late && other->handler == job->handler)
            return true;
    return false;
}

/* `done` of a request that is over has returned, and has not said that it goes
 * on. */
static void let_go(yoke_req *req, const yoke_job *job, uint8_t late)
{
    if (job->is_late && req->late == late && !has_sibling(req, job))
        yk_res_come_back(&req->res);
    else if (!job->is_late && is_with_starter(req, job))
        yk_res_abandon(&req->res);
}

static void call_done(yoke_req *req, yoke_job *job)
{
    uint8_t holds = req->holds, late = req->late;
    job->done(req, &req->res, job);
    if (req->holds != holds)
        return;
    if (job->status < 0)
        let_go(req, job, late);
    else if (!req->jobs && !yoke_res_is_sent(&req->res) &&
             is_with_starter(req, job))
        yk_next_error(req, 500,
                      "`done` of yoke_work returned without an answer, "
                      "yoke_next, more work or yoke_hold");
}

static void end_with_request(uv_work_t *work, int err)
{
    yoke_job *job = work->data;
    yoke_req *req = job->req;
    count--;
    take_out(req, job);
    job->status = status_of(job, err);
    uint64_t begun = yk_stall_begin();
    call_done(req, job);
    yk_stall_end(req, begun);
    yk_res_settle(&req->res);
    job_free(job);
}

/* ---- When nobody waits any more ---- */

static void cancel(yoke_job *job)
{
    atomic_store_explicit(&job->is_cancelled, true, memory_order_relaxed);
    /* One that runs stays as it is. */
    uv_cancel((uv_req_t *)&job->work);
}

void yk_work_on_abort(struct yoke_req *req)
{
    if (yk_req_is_answered(req))
        return;
    for (yoke_job *job = req->jobs; job; job = job->next)
        cancel(job);
}

void yk_work_on_timeout(struct yoke_req *req)
{
    for (yoke_job *job = req->jobs; job; job = job->next) {
        if (job->handler != req->frame->handler)
            continue;
        job->is_late = true;
        cancel(job);
    }
}

/* ---- Starting ---- */

static int start(yoke_job *job, uv_after_work_cb after)
{
    int err = yk_threads_queue(&job->work, on_thread, after);
    if (err < 0)
        return err;
    has_worked = true;
    count++;
    return 0;
}

/* Passes the error on. */
static int refuse(yoke_req *req, int err)
{
    yoke_res_set(&req->res, "Retry-After", RETRY_AFTER);
    yoke_next_err(req, 503, "work cannot be started: %s",
                  err == -YOKE_EFULL
                      ? "too much is waiting (see yoke_set_work_queue)"
                      : yoke_strerror(err));
    return err;
}

int yoke_work(yoke_req *req, yoke_job_fn *fn, yoke_job_done_fn *done,
              void *data)
{
    if (yk_req_is_answered(req)) {
        yk_req_log(req, YOKE_LOG_WARN, "yoke_work after the answer");
        return -YOKE_EANSWERED;
    }
    if (count >= most)
        return refuse(req, -YOKE_EFULL);
    yoke_job *job = job_new(fn, data);
    if (!job)
        return refuse(req, -ENOMEM);
    job->done = done;
    int err = start(job, end_with_request);
    if (err < 0) {
        job_free(job);
        return refuse(req, err);
    }
    add(req, job);
    yoke_hold(req);
    return 0;
}

int yoke_loop_work(yoke_job_fn *fn, yoke_loop_done_fn *done, void *data)
{
    if (count >= most)
        return -YOKE_EFULL;
    yoke_job *job = job_new(fn, data);
    if (!job)
        return -ENOMEM;
    job->loop_done = done;
    int err = start(job, end_alone);
    if (err < 0)
        job_free(job);
    return err;
}

/* ---- What can be asked ---- */

void *yoke_job_data(const yoke_job *job)
{
    return job->data;
}

void *yoke_job_alloc(yoke_job *job, size_t len)
{
    return yk_arena_try_alloc(&job->arena, len);
}

char *yoke_job_strdup(yoke_job *job, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = yoke_job_alloc(job, size);
    if (copy)
        memcpy(copy, text, size);
    return copy;
}

char *yoke_job_printf(yoke_job *job, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    char *text = len < 0 ? NULL : yoke_job_alloc(job, (size_t)len + 1);
    if (text)
        vsnprintf(text, (size_t)len + 1, fmt, again);
    va_end(again);
    va_end(args);
    return text;
}

bool yoke_job_is_cancelled(const yoke_job *job)
{
    return atomic_load_explicit(&job->is_cancelled, memory_order_relaxed);
}

int yoke_job_status(const yoke_job *job)
{
    return job->status;
}

int yoke_set_work_threads(int n)
{
    char text[16];
    if (n < 1 || n > THREADS_MAX)
        return -EINVAL;
    if (has_worked)
        return -YOKE_ESTARTED;
    snprintf(text, sizeof(text), "%d", n);
    return setenv("UV_THREADPOOL_SIZE", text, 0) < 0 ? -errno : 0;
}

int yoke_set_work_queue(int limit)
{
    if (limit < 1)
        return -EINVAL;
    most = (size_t)limit;
    return 0;
}

size_t yoke_work_count(void)
{
    return count;
}
