/* What this process is: read from the environment, once, and every trace of it
 * removed, so that whatever a worker starts is no worker. */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <yoke/cluster.h>
#include <yoke/error.h>
#include <yoke/log.h>

#include "cluster/drain.h"
#include "cluster/events.h"
#include "cluster/forker.h"
#include "cluster/generation.h"
#include "cluster/notify.h"
#include "cluster/output.h"
#include "cluster/pid1.h"
#include "cluster/primary.h"
#include "cluster/self.h"
#include "cluster/settings.h"
#include "cluster/succession.h"
#include "cluster/worker.h"
#include "cluster/workers.h"
#include "core/log.h"
#include "net/inherit.h"
#include "net/loop.h"
#include "net/standard.h"

#include "core/banned.h"

#define VARIABLE        "YOKE_WORKER"
/* Codes from here on are yoke's, and no errno. */
#define FIRST_OWN_ERROR 20000

/* yoke_cluster_init has been called; written by it. */
static bool is_ready;

struct identity {
    int id, slot, fd;
    unsigned generation;
    int is_on_trial;
};

static bool is_channel(int fd)
{
    int type = 0;
    socklen_t len = sizeof(type);

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
           type == SOCK_SEQPACKET;
}

/* Takes the variable out of the environment; false when there is none, or none
 * that the primary wrote. */
static bool take_identity(struct identity *identity)
{
    const char *text = getenv(VARIABLE);
    char end;
    bool is_valid =
        text && sscanf(text, "%d:%d:%d:%u:%d%c", &identity->id, &identity->slot,
                       &identity->fd, &identity->generation,
                       &identity->is_on_trial, &end) == 5;

    unsetenv(VARIABLE);
    return is_valid && identity->id >= 0 && identity->fd > 2 &&
           is_channel(identity->fd);
}

/* exec of /proc/self/exe has named this process "exe". */
static void restore_name(void)
{
    prctl(PR_SET_NAME, program_invocation_short_name);
}

static int become_worker(const struct identity *identity)
{
    int err = yk_self_init(identity->id, identity->slot, identity->fd);

    if (err < 0)
        return err;
    yk_self()->generation = identity->generation;
    yk_self()->is_on_trial = identity->is_on_trial != 0;
    return 0;
}

/* A worker or template without its primary must not go on: it would be a second
 * primary, with workers of its own. The number 0 is a template's. */
static void take_role(const struct identity *identity)
{
    restore_name();
    yk_notify_forget();
    fcntl(identity->fd, F_SETFD, FD_CLOEXEC);
    int err = identity->id == 0 ? yk_forker_init(identity->fd)
                                : become_worker(identity);
    if (err == 0)
        return;
    yoke_log(YOKE_LOG_ERROR, "this worker cannot reach its primary: %s",
             yoke_strerror(err));
    exit(EXIT_FAILURE);
}

/* A server needs a descriptor for each connection. The soft limit is low for
 * the sake of programs that use select(2). */
static void raise_descriptor_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int yoke_cluster_init(int argc, char **argv)
{
    struct identity identity;

    if (is_ready)
        return 0;
    is_ready = true;
    yk_standard_open();
    setvbuf(stdout, NULL, _IOLBF, 0);
    yk_succession_init();
    yk_settings_init(argc, argv);
    if (take_identity(&identity)) {
        take_role(&identity);
        return 0;
    }
    yk_log_set_writer(yk_output_log);
    raise_descriptor_limit();
    yk_inherit_init();
    yk_generation_init();
    yk_loop_set_role(&yk_drain_role);
    /* From here on, not from yoke_run on: a stop that comes while the workers
     * are being started must not leave them behind. */
    yk_loop_watch_signals(false);
    yk_pid1_start();
    return 0;
}

bool yoke_cluster_is_primary(void)
{
    return !yoke_cluster_is_worker();
}

bool yoke_cluster_is_worker(void)
{
    return yk_self() || yk_forker_is_template();
}

bool yoke_cluster_is_template(void)
{
    return yk_forker_is_template();
}

yoke_worker *yoke_cluster_worker(void)
{
    return yk_self();
}

int yoke_cluster_setup(const struct yoke_cluster_settings *settings)
{
    if (!settings)
        return -EINVAL;
    if (yoke_cluster_is_worker())
        return -YOKE_EROLE;
    int err = yk_settings_change(settings);
    if (err == 0)
        yk_event_setup();
    return err;
}

yoke_worker *yoke_cluster_fork(const char *const *env)
{
    struct yoke_worker *worker;
    int err = -EPERM;

    if (yoke_cluster_is_primary())
        err = is_ready ? yk_primary_fork(&(struct yk_fork){.env = env}, &worker)
                       : -EINVAL;
    if (err < 0) {
        errno = err > -FIRST_OWN_ERROR ? -err : EAGAIN;
        return NULL;
    }
    return worker;
}

int yoke_cluster_disconnect(void (*fn)(void *data), void *data)
{
    return yoke_cluster_is_worker() ? -YOKE_EROLE
                                    : yk_drain_disconnect(fn, data);
}

int yoke_worker_disconnect(yoke_worker *worker)
{
    return worker == yk_self() ? yk_self_disconnect(0)
                               : yk_primary_disconnect(worker);
}

int yoke_worker_hang_up(yoke_worker *worker)
{
    return worker == yk_self() ? yk_self_hang_up() : yk_primary_hang_up(worker);
}

int yoke_worker_kill(yoke_worker *worker, int signum)
{
    if (worker == yk_self())
        return yk_self_disconnect(1);
    return yk_worker_signal(worker, signum ? signum : SIGTERM);
}

void yoke_cluster_fail(const char *fmt, ...)
{
    char text[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    yk_loop_fail("%s", text);
}
