/* crash: an application whose handlers bring their worker down.
 *
 *     /pid             the worker's process id
 *     /hold            is never answered
 *     /begin           begins an answer, and never ends it
 *     /die?how=HOW     null, overflow, divide, bus, illegal or abort
 *     /die-elsewhere   the same as null, in a thread of its own
 *     /own             SIGSEGV gets a handler of the application's own */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <yoke/yoke.h>

yoke_app_factory make_app;

static void show_pid(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_printf(req, "%d", (int)getpid()));
}

static void hold(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_hold(req);
}

static void begin(yoke_req *req, yoke_res *res)
{
    yoke_hold(req);
    yoke_res_write(res, "begun", 5);
}

/* ---- Crashes: hidden from the compiler, which knows what is undefined ---- */

static volatile int zero, one = 1;
static int *volatile nowhere;

static volatile int depth = 1 << 30;

static int go_deeper(volatile const char *from)
{
    volatile char room[4096];

    room[0] = *from;
    return depth-- > 0 ? go_deeper(room) + room[0] : 0;
}

/* Beyond the end of a file that is mapped. */
static void write_beyond(void)
{
    int fd = memfd_create("empty", MFD_CLOEXEC);
    volatile char *room =
        mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (room != MAP_FAILED)
        room[0] = 1;
}

__attribute__((no_sanitize("undefined", "address"))) static void
die(const char *how)
{
    if (strcmp(how, "null") == 0)
        *nowhere = 1;
    else if (strcmp(how, "overflow") == 0)
        zero = go_deeper("x");
    else if (strcmp(how, "divide") == 0)
        one = one / zero;
    else if (strcmp(how, "bus") == 0)
        write_beyond();
    else if (strcmp(how, "illegal") == 0)
        __builtin_trap();
    else if (strcmp(how, "abort") == 0)
        abort();
}

static void crash(yoke_req *req, yoke_res *res)
{
    const char *how = yoke_req_query(req, "how");

    die(how ? how : "");
    yoke_res_status(res, 400);
    yoke_res_text(res, "still alive");
}

__attribute__((noreturn)) static void *die_here(void *nothing)
{
    (void)nothing;
    die("null");
    _exit(5);
}

/* Never comes back: so much is certain about what this thread does then. */
static void crash_elsewhere(yoke_req *req, yoke_res *res)
{
    pthread_t thread;

    (void)req;
    (void)res;
    if (pthread_create(&thread, NULL, die_here, NULL) == 0)
        pthread_join(thread, NULL);
}

static void on_segv(int signum)
{
    static const char text[] = "the application's own handler\n";

    (void)signum;
    if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
        _exit(4);
    _exit(3);
}

static void take_over(yoke_req *req, yoke_res *res)
{
    (void)req;
    signal(SIGSEGV, on_segv);
    yoke_res_text(res, "done");
}

yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_get(app, "/pid", show_pid);
    yoke_app_get(app, "/hold", hold);
    yoke_app_post(app, "/hold", hold);
    yoke_app_get(app, "/begin", begin);
    yoke_app_get(app, "/die", crash);
    yoke_app_get(app, "/die-elsewhere", crash_elsewhere);
    yoke_app_get(app, "/own", take_over);
    return app;
}
