/* A primary in a shortage. Another process gives it work: requests, orders from
 * an operator, a worker that is killed. Whatever it cannot do then, it lives; and
 * when there is memory again, it does all of that. */
#include "scenarios.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <jansson.h>
#include <yoke/control.h>
#include <yoke/yoke.h>

#include "shortage.h"

#define WORKERS    2
#define PATIENCE_S 20

static char folder[] = "/tmp/yoke-shortage-XXXXXX";

/* ---- The cluster ---- */

static void get(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "got");
}

static yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_get(app, "/", get);
    return app;
}

static int run_cluster(void)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/socket", getenv("YOKE_RUN_DIR"));
    return yoke_cluster_run(
        make_app, &(struct yoke_cluster_options){.workers = WORKERS,
                                                 .listen.path = path,
                                                 .backoff_base_ms = 1,
                                                 .backoff_max_ms = 100,
                                                 .budget = 1000,
                                                 .probation_ms = 1,
                                                 .name = "short",
                                                 .quiet = true});
}

int serve_as_worker(int argc, char **argv)
{
    yoke_cluster_init(argc, argv);
    return run_cluster();
}

/* ---- Who gives it work ---- */

static void rest(void)
{
    struct timespec moment = {.tv_nsec = 5000000};
    nanosleep(&moment, NULL);
}

/* Whether a request was answered. */
static bool is_served(void)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    struct timeval patience = {.tv_sec = 5};
    char answer[512] = "";
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s/socket", folder);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    bool is_sent = connect(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0 &&
                   send(fd, "GET / HTTP/1.0\r\n\r\n", 18, MSG_NOSIGNAL) == 18;
    ssize_t n = is_sent ? recv(fd, answer, sizeof(answer) - 1, 0) : -1;
    close(fd);
    return n > 0 && strncmp(answer, "HTTP/1.1 200", 12) == 0;
}

/* The last line that the primary answers with, which is the caller's; NULL when
 * there was none, or it says that the order was not carried out. */
static json_t *order(const char *request)
{
    char text[YOKE_CONTROL_TEXT_MAX];
    yoke_control *control = NULL;
    const char *line;
    json_t *answer = NULL;
    if (yoke_control_open("short", &control, text) < 0)
        return NULL;
    int err = yoke_control_send(control, request);
    while (err == 0 && !json_object_get(answer, "ok") &&
           yoke_control_read(control, 10000, &line) == 0) {
        json_decref(answer);
        answer = json_loads(line, 0, NULL);
    }
    yoke_control_close(control);
    if (json_is_true(json_object_get(answer, "ok")))
        return answer;
    json_decref(answer);
    return NULL;
}

static bool obeys(const char *request)
{
    json_t *answer = order(request);
    json_decref(answer);
    return answer;
}

/* Of the first worker, or 0. */
static pid_t find_worker(void)
{
    json_t *answer = order("{\"command\": \"ps\"}");
    json_t *workers =
        json_object_get(json_object_get(answer, "result"), "workers");
    json_t *pid = json_object_get(json_array_get(workers, 0), "pid");
    pid_t found = (pid_t)json_integer_value(pid);
    json_decref(answer);
    return found;
}

static void kill_worker(void)
{
    pid_t pid = find_worker();
    if (pid > 1)
        kill(pid, SIGKILL);
}

/* The primary does not wait for ever. */
static void give_in(const char *what)
{
    kill(getppid(), SIGTERM);
    shortage_fail(what, __FILE__, __LINE__);
}

static void must_become(bool (*is_so)(void), const char *what)
{
    time_t started = time(NULL);
    while (!is_so())
        if (time(NULL) - started > PATIENCE_S)
            give_in(what);
        else
            rest();
}

static bool reloads(void)
{
    return obeys("{\"command\": \"reload\"}");
}

static bool scales(void)
{
    return obeys("{\"command\": \"scale\", \"workers\": 2}");
}

static bool stops(void)
{
    return obeys("{\"command\": \"stop\"}");
}

static void give_work(void)
{
    must_become(is_served, "the first worker serves");
    /* libuv's threads are there from here on: that it cannot make them, it does
     * not outlive (net/threads.h). */
    obeys("{\"command\": \"ps\"}");
    shortage_begin();
    is_served();
    obeys("{\"command\": \"ps\", \"histogram\": true}");
    obeys("{\"command\": \"scale\", \"workers\": 3}");
    kill_worker();
    is_served();
    obeys("{\"command\": \"why\"}");
    reloads();
    scales();
    shortage_end();
    must_become(is_served, "it serves");
    must_become(reloads, "it reloads");
    must_become(scales, "it scales");
    must_become(is_served, "it still serves");
    must_become(stops, "it stops");
}

static pid_t start_client(void)
{
    pid_t primary = getpid(), pid = fork();
    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != primary)
        _exit(1);
    give_work();
    _exit(0);
}

/* ---- The scenario ---- */

void supervise_in_shortage(void)
{
    static char name[] = "shortage";
    char *arguments[] = {name, NULL}, command[128];
    int status = -1;
    MUST(mkdtemp(folder));
    setenv("YOKE_RUN_DIR", folder, 1);
    if (!getenv("YOKE_LOG"))
        setenv("YOKE_LOG", "off", 1);
    pid_t client = start_client();
    yoke_cluster_init(1, arguments);
    MUST(run_cluster() == 0);
    shortage_end();
    MUST(waitpid(client, &status, 0) == client);
    MUST(status == 0);
    snprintf(command, sizeof(command), "rm -rf %s", folder);
    MUST(system(command) == 0);
}
