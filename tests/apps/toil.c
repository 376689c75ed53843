/* toil: an application that works on a thread until the fifo $GATE is opened for
 * writing, and one handler that blocks the loop. */
#include <fcntl.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <yoke/yoke.h>

yoke_app_factory make_app;

static void wait_at_gate(yoke_job *job)
{
    yoke_log(YOKE_LOG_INFO, "at the gate");
    int fd = open(yoke_job_data(job), O_RDONLY | O_CLOEXEC);
    if (fd >= 0)
        close(fd);
}

static void answer(yoke_req *req, yoke_res *res, yoke_job *job)
{
    (void)req;
    yoke_log(YOKE_LOG_INFO, "done with %d", yoke_job_status(job));
    if (yoke_job_status(job) == 0)
        yoke_res_text(res, "worked");
}

static void work(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_work(req, wait_at_gate, answer, getenv("GATE"));
}

static void hello(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "hello");
}

static void block(yoke_req *req, yoke_res *res)
{
    struct timespec time = {.tv_nsec = 150000000};
    (void)req;
    nanosleep(&time, NULL);
    yoke_res_text(res, "blocked");
}

yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_get(app, "/", hello);
    yoke_app_get(app, "/work", work);
    yoke_app_get(app, "/block/:id", block);
    return app;
}
