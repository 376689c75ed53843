#include "cluster/pid1.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/loop.h>

#include "cluster/primary.h"
#include "cluster/templates.h"
#include "cluster/workers.h"
#include "net/later.h"

/* Written by the functions of this file. */
static uv_signal_t child_ended;
static struct yk_later again;
static bool is_watching;

bool yk_pid1_reap(bool (*is_known)(pid_t pid))
{
    for (;;) {
        siginfo_t info = {.si_pid = 0};
        /* Only looks; what is found may be somebody else's. */
        if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
            info.si_pid == 0)
            return false;
        if (is_known(info.si_pid))
            return true;
        waitid(P_PID, (id_t)info.si_pid, &info, WEXITED | WNOHANG);
    }
}

struct search {
    pid_t pid;
    bool is_found;
};

static void match_process(uv_handle_t *handle, void *data)
{
    struct search *search = data;

    if (uv_handle_get_type(handle) == UV_PROCESS &&
        uv_process_get_pid((uv_process_t *)handle) == search->pid)
        search->is_found = true;
}

/* A worker is reaped right here; a child of the user's (uv_spawn) by libuv. */
static bool is_known(pid_t pid)
{
    struct search search = {.pid = pid};

    /* It may be a worker that was forked just now. */
    yk_templates_settle();
    if (yk_templates_have(pid))
        return true;
    struct yoke_worker *worker = yk_workers_find_pid(pid);
    if (worker) {
        yk_primary_reap(worker);
        return true;
    }
    uv_walk(yoke_loop(), match_process, &search);
    return search.is_found;
}

static void reap(struct yk_later *later)
{
    if (yk_pid1_reap(is_known))
        yk_later_start(later);
}

static void on_child_ended(uv_signal_t *handle, int signum)
{
    (void)handle;
    (void)signum;
    reap(&again);
}

static void watch(void)
{
    if (is_watching)
        return;
    is_watching = true;
    yk_later_init(&again, reap);
    uv_signal_init(yoke_loop(), &child_ended);
    uv_signal_start(&child_ended, on_child_ended, SIGCHLD);
    uv_unref((uv_handle_t *)&child_ended);
    /* Some may have ended before anybody watched. */
    yk_later_start(&again);
}

/* An upgrade leaves the process what it was. */
static bool is_subreaper(void)
{
    int is_set = 0;

    return prctl(PR_GET_CHILD_SUBREAPER, &is_set) == 0 && is_set;
}

void yk_pid1_start(void)
{
    if (getpid() == 1 || is_subreaper())
        watch();
}

int yk_pid1_adopt(void)
{
    if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        return -errno;
    watch();
    return 0;
}
