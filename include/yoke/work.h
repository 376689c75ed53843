/* Work that blocks: done on a thread, so that the loop goes on meanwhile.
 *
 *     static void hash(yoke_job *job)            on a thread
 *     {
 *         struct login *login = yoke_job_data(job);
 *         login->is_right = password_is(login->hash, login->password);
 *     }
 *
 *     static void hashed(yoke_req *req, yoke_res *res, yoke_job *job)
 *     {
 *         const struct login *login = yoke_job_data(job);
 *         if (yoke_job_status(job) == 0)
 *             yoke_res_send_status(res, login->is_right ? 204 : 401);
 *     }
 *
 *     static void log_in(yoke_req *req, yoke_res *res)
 *     {
 *         struct login *login = yoke_req_alloc(req, sizeof(*login));
 *         ...
 *         yoke_work(req, hash, hashed, login);
 *     }
 *
 * For what has no other way than to block: hashing passwords, scaling pictures,
 * a library that only knows blocking calls. What can wait by the loop (sockets,
 * timers, child processes) should: `yoke_hold`.
 *
 * Two sides, and what each may do:
 *
 *   fn     runs on one of a few threads, beside the loop and beside other jobs.
 *          It may use its data, memory of its job, and whatever is safe to use
 *          from any thread. Not `req` and `res`, nothing of the request's
 *          memory that somebody else changes meanwhile, no function of yoke but
 *          those of this header that say so and `yoke_log`, and nothing of
 *          libuv but `uv_async_send`.
 *   done   runs on the loop, once for each job whose start was reported as 0,
 *          and after `fn`: everything is allowed again, no lock is needed.
 *
 * The threads are libuv's, which resolving of names and file operations of
 * libuv use as well: four, or as many as the environment variable
 * UV_THREADPOOL_SIZE says, or yoke_set_work_threads. */
#ifndef YOKE_WORK_H
#define YOKE_WORK_H

#include <stdbool.h>
#include <stddef.h>

#include <yoke/app.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* One piece of work. Lives until its `done` has returned. */
typedef struct yoke_job yoke_job;

/* What blocks; on a thread. It has to end: a process that stops waits for it.
 */
typedef void yoke_job_fn(yoke_job *job);

/* What comes after it; on the loop. */
typedef void yoke_job_done_fn(yoke_req *req, yoke_res *res, yoke_job *job);
typedef void yoke_loop_done_fn(yoke_job *job);

/* Has `fn` called on a thread, and then `done` on the loop. The request is held
 * (`yoke_hold`), and it, its memory and `data` in it stay until `done` has
 * returned, whatever becomes of the client and of the answer. `data` is not
 * copied. Several jobs of one request may run at a time; each has its `done`.
 *
 * `done` asks yoke_job_status first. 0: it answers, passes on, starts more work
 * or calls `yoke_hold`; else nobody ever will, and the request is a 500, as for
 * a handler that forgets (unless an answer in pieces has begun). A negative
 * status: nobody is there to get an answer, and `done` only gives back what
 * `fn` has got; the request is over when it returns, unless it calls
 * `yoke_hold` because something else is under way.
 *
 * When the client goes, or handler_timeout_ms is over, jobs that have not begun
 * never will; one that has is not interrupted (it may look at
 * yoke_job_is_cancelled).
 *
 * A handler may also answer while its job runs: the client has the answer at
 * once, the connection closes behind it, and `done` gets -YOKE_EANSWERED.
 *
 * Returns 0. -YOKE_EFULL when too many jobs wait (yoke_set_work_queue), -ENOMEM:
 * the error has been passed on as a 503 with `Retry-After`; `done` is not
 * called, and there is nothing more to do. -YOKE_EANSWERED: the request has been
 * answered before. */
int yoke_work(yoke_req *req, yoke_job_fn *fn, yoke_job_done_fn *done,
              void *data);

/* The same without a request: for timers, for the start of a program. `done`
 * may be NULL. A job keeps the loop alive. Where workers are preloaded, not while
 * the application is made, but in yoke_cluster_after_fork: the template's threads
 * are not its workers'. Returns 0, -YOKE_EFULL or -ENOMEM. */
int yoke_loop_work(yoke_job_fn *fn, yoke_loop_done_fn *done, void *data);

/* ---- On either side ---- */

/* What was given to yoke_work. */
void *yoke_job_data(const yoke_job *job);

/* `len` bytes, not cleared, that live as long as the job; a copy of a text there;
 * a text by printf's format. NULL when the system has no memory. By `fn` while
 * it runs, by `done` afterwards. */
void *yoke_job_alloc(yoke_job *job, size_t len);
char *yoke_job_strdup(yoke_job *job, const char *text);
char *yoke_job_printf(yoke_job *job, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Whether nobody waits for the outcome any more, so that `fn` may end early:
 * the client has gone, or the time is over. */
bool yoke_job_is_cancelled(const yoke_job *job);

/* ---- In `done` ---- */

/* 0: `fn` has run, and the client waits. -ECANCELED: it has not run, for the
 * client has gone or the time was over before. It has run, but meanwhile:
 * -YOKE_ECLOSED, the client has gone; -ETIMEDOUT, handler_timeout_ms was over,
 * and a 503 has been sent; -YOKE_EANSWERED, somebody has answered. */
int yoke_job_status(const yoke_job *job);

/* ---- Settings of the process ---- */

/* Threads; 1 to 1024. To be called before the first work, also of libuv's own;
 * the environment variable UV_THREADPOOL_SIZE goes before it, so that who
 * operates a program has the last word. In a worker, each has so many. Returns
 * 0, -EINVAL, -YOKE_ESTARTED: there has been work, or -ENOMEM. */
int yoke_set_work_threads(int n);

/* Most jobs that may be waiting or running in this process; 1024 until it is
 * set. More are refused, so that a burst does not become a wait that no client
 * survives: at 50 ms a job and 4 threads, the last of 1024 waits 13 s. Returns
 * 0, or -EINVAL for less than 1. */
int yoke_set_work_queue(int most);

/* Jobs that are waiting or running now. */
size_t yoke_work_count(void);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
