/* The application that bench/sched.py runs under `yoke run`: as quick as can be
 * but for /block, which keeps its worker for itself for 50 ms. */
#include <time.h>
#include <unistd.h>

#include <yoke/yoke.h>

#define BLOCK_NS 50000000

yoke_app_factory make_app;

static void get_something(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "something");
}

static void show_pid(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_printf(req, "%d", (int)getpid()));
}

static void block(yoke_req *req, yoke_res *res)
{
    struct timespec time = {.tv_nsec = BLOCK_NS};

    (void)req;
    nanosleep(&time, NULL);
    yoke_res_text(res, "something");
}

yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_get(app, "/get", get_something);
    yoke_app_get(app, "/pid", show_pid);
    yoke_app_get(app, "/block", block);
    return app;
}
