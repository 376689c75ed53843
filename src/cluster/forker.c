#include "cluster/forker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/cluster.h>
#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "cluster/audit.h"
#include "cluster/confine.h"
#include "cluster/hooks.h"
#include "cluster/message.h"
#include "cluster/self.h"
#include "cluster/spawn.h"
#include "cluster/worker.h"
#include "core/cleanup.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/vitals.h"

#include "core/banned.h"

#define NAME      "yoke-template"
/* How often a new worker looks whether it has its parent. */
#define PARENT_NS 50000

/* This template. Written by the functions of this file; `channel` is -1 where
 * there is none. */
static int channel = -1;
static bool has_said_ready;
static struct yk_audit audit;

/* What the primary has asked for. */
struct order {
    struct yk_message_fork body;
    int fds[1 + YOKE_STDIO_MAX]; /* The channel, and those of `stdio`. */
    int fd_count;
};

bool yk_forker_is_template(void)
{
    return channel >= 0;
}

void yk_forker_note_ready(void)
{
    has_said_ready = true;
}

/* ---- Packets. The channel is the only thing that a template waits for. ---- */

static void wait_for(short events)
{
    struct pollfd wait = {.fd = channel, .events = events};

    poll(&wait, 1, -1);
}

static void put_fd(struct msghdr *msg, int fd)
{
    struct cmsghdr *cmsg = msg->msg_control;

    msg->msg_controllen = CMSG_SPACE(sizeof(fd));
    cmsg->cmsg_level = SOL_SOCKET;
    cmsg->cmsg_type = SCM_RIGHTS;
    cmsg->cmsg_len = CMSG_LEN(sizeof(fd));
    memcpy(CMSG_DATA(cmsg), &fd, sizeof(fd));
}

/* `fd`, unless it is -1, goes beside it. */
static void tell(enum yk_message_type type, const void *body, size_t len,
                 int fd)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {0};
    struct yk_message_head head = {.version = YK_MESSAGE_VERSION,
                                   .type = (uint8_t)type,
                                   .len = (uint32_t)len};
    struct iovec iov[] = {{&head, sizeof(head)},
                          {(void *)(uintptr_t)body, len}};
    struct msghdr msg = {
        .msg_iov = iov, .msg_iovlen = 2, .msg_control = control};

    if (fd >= 0)
        put_fd(&msg, fd);
    else
        msg.msg_control = NULL;
    while (sendmsg(channel, &msg, MSG_NOSIGNAL) < 0 &&
           (errno == EAGAIN || errno == EINTR || errno == ENOBUFS))
        wait_for(POLLOUT);
}

static int take_fds(struct msghdr *msg, int *fds, int max)
{
    struct cmsghdr *cmsg = CMSG_FIRSTHDR(msg);

    if (!cmsg || cmsg->cmsg_level != SOL_SOCKET ||
        cmsg->cmsg_type != SCM_RIGHTS)
        return 0;
    int count = (int)((cmsg->cmsg_len - CMSG_LEN(0)) / sizeof(int));
    if (count > max)
        count = max;
    memcpy(fds, CMSG_DATA(cmsg), (size_t)count * sizeof(int));
    return count;
}

/* Waits for a packet. Returns its type, 0 at the end of the channel. */
static int hear(struct order *order)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(sizeof(order->fds))];
    struct yk_message_head head = {.type = 0};
    struct iovec iov[] = {{&head, sizeof(head)},
                          {&order->body, sizeof(order->body)}};
    ssize_t len;
    struct msghdr msg = {.msg_iov = iov, .msg_iovlen = 2};

    do {
        wait_for(POLLIN);
        msg.msg_control = control;
        msg.msg_controllen = sizeof(control);
        len = recvmsg(channel, &msg, MSG_CMSG_CLOEXEC);
    } while (len < 0 && (errno == EAGAIN || errno == EINTR));
    order->fd_count = 0;
    if (len <= 0)
        return 0;
    order->fd_count = take_fds(&msg, order->fds, 1 + YOKE_STDIO_MAX);
    return head.type;
}

static void close_fds(struct order *order)
{
    for (int i = 0; i < order->fd_count; i++)
        yk_close_fd(&order->fds[i]);
}

/* ---- While it loads ---- */

static void fail(const char *text)
{
    tell(YK_MESSAGE_FAIL, text, strlen(text), -1);
}

static void stop(int timeout_ms)
{
    (void)timeout_ms;
    yk_loop_end();
}

static void do_nothing(void)
{
}

static const struct yk_loop_role role = {
    .stop = stop,
    .force = do_nothing,
    .kill = do_nothing,
    .fail = fail,
};

static int refuse(struct yk_listener *listener,
                  const struct yk_listen_spec *spec)
{
    (void)listener;
    (void)spec;
    yoke_cluster_fail("the application listens while it is loaded: under "
                      "preload that is for its workers to do, in "
                      "yoke_cluster_after_fork");
    return -YOKE_EROLE;
}

/* Nothing was opened. */
static void close_nothing(struct yk_listener *listener)
{
    listener->ops->on_closed(listener);
}

static void set_room(struct yk_listener *listener, uint32_t room)
{
    (void)listener;
    (void)room;
}

static const struct yk_listen_source source = {
    .open = refuse,
    .close = close_nothing,
    .set_room = set_room,
};

/* Ctrl-C comes to every process of the terminal's group: what it means the
 * primary decides. Not ignored, for what the application starts would be born
 * so. */
static void on_interrupt(int signum)
{
    (void)signum;
}

static void set_interrupt(void (*handler)(int signum))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};

    sigaction(SIGINT, &action, NULL);
}

int yk_forker_init(int fd)
{
    struct order first;

    channel = fd;
    /* For whoever looks at the processes. */
    prctl(PR_SET_NAME, NAME);
    /* It was sent before this process was made. */
    if (hear(&first) != YK_MESSAGE_LOAD)
        return -EBADMSG;
    if (first.fd_count > 0)
        yk_self_keep_file(first.fds[0]);
    set_interrupt(on_interrupt);
    yk_vitals_watch(yoke_loop());
    yk_self_catch_crashes("the template");
    yk_loop_set_role(&role);
    yk_listener_set_source(&source);
    yk_audit_begin(&audit);
    return 0;
}

struct findings {
    int count;
    char first[YK_AUDIT_TEXT];
};

static void on_found(const char *text, void *data)
{
    struct findings *findings = data;

    yoke_log(YOKE_LOG_WARN, "preload: %s", text);
    if (findings->count++ == 0)
        snprintf(findings->first, sizeof(findings->first), "%s", text);
}

int yk_forker_audit(bool is_strict)
{
    struct findings findings = {.count = 0};

    yk_audit_end(&audit, channel, on_found, &findings);
    if (findings.count == 0 || !is_strict)
        return 0;
    yoke_cluster_fail("the application cannot be preloaded: %s",
                      findings.first);
    return -YOKE_ESTARTUP;
}

/* ---- The worker's first steps ---- */

__attribute__((noreturn)) static void give_up(const struct order *order,
                                              enum yk_spawn_step step, int err)
{
    yk_spawn_tell(order->fds[0], step, -err);
    _exit(YK_SPAWN_FAILED);
}

/* When `middle` has ended, the primary is the parent; if that has ended, too,
 * nobody wants this worker. */
static void get_parent(const struct order *order, pid_t middle)
{
    const struct timespec pause = {.tv_nsec = PARENT_NS};

    while (getppid() == middle)
        nanosleep(&pause, NULL);
    if (yk_confine_tie(order->body.parent) < 0)
        _exit(EXIT_FAILURE);
}

/* Those it shall not have are -1. The channel may have come to a number that is
 * one of theirs. */
static void take_stdio(struct order *order)
{
    int fds[YOKE_STDIO_MAX];
    int next = 1, count = (int)order->body.stdio_count;

    if (order->fds[0] < count)
        order->fds[0] = fcntl(order->fds[0], F_DUPFD_CLOEXEC,
                              yk_spawn_channel_number(count));
    for (int i = 0; i < count; i++)
        fds[i] = order->body.stdio & 1u << i && next < order->fd_count
                     ? order->fds[next++]
                     : -1;
    int err = yk_spawn_place(fds, count);
    if (err < 0)
        give_up(order, YK_SPAWN_DESCRIPTORS, err);
    for (int i = 1; i < order->fd_count; i++)
        if (order->fds[i] >= count)
            close(order->fds[i]);
}

/* What the application has seeded would give every worker the same numbers. */
static void reseed(void)
{
    uint64_t seed = (uint64_t)getpid();

    if (getrandom(&seed, sizeof(seed), GRND_NONBLOCK) < 0)
        seed ^= uv_hrtime();
    srandom((unsigned)seed);
    srand48((long)(seed >> 32));
}

static void become_worker(struct order *order, pid_t middle)
{
    yk_close_fd(&channel);
    prctl(PR_SET_NAME, program_invocation_short_name);
    get_parent(order, middle);
    take_stdio(order);
    int err = yk_confine_pin(order->body.cpu);
    if (err < 0)
        give_up(order, YK_SPAWN_CONFINE, err);
    set_interrupt(SIG_DFL);
    err = uv_loop_fork(yoke_loop());
    if (err < 0)
        give_up(order, YK_SPAWN_DESCRIPTORS, err);
    uv_update_time(yoke_loop());
    reseed();
    err = yk_self_init(order->body.id, order->body.slot, order->fds[0]);
    if (err < 0) {
        yoke_log(YOKE_LOG_ERROR, "this worker cannot reach its primary: %s",
                 yoke_strerror(err));
        _exit(EXIT_FAILURE);
    }
    yk_self()->generation = order->body.generation;
    yk_self()->is_on_trial = order->body.is_on_trial != 0;
    /* The turn that the template was in is not this worker's. */
    yk_turn_begin_now();
    if (has_said_ready)
        yk_self_ready();
}

/* ---- Forking ---- */

/* In the process between. Returns in the worker alone. Not inline: what it
 * writes on the stack is the template's stack, too. */
__attribute__((noinline)) static void fork_again(struct order *order)
{
    struct yk_message_forked body = {.id = order->body.id};
    pid_t middle = getpid();
    pid_t pid = fork();

    if (pid == 0) {
        become_worker(order, middle);
        return;
    }
    YK_CLEANUP(yk_close_fd) int pidfd = pid < 0 ? -1 : pidfd_open(pid, 0);
    body.err = pidfd < 0 ? errno : 0;
    body.pid = pid;
    if (pidfd < 0 && pid > 0)
        kill(pid, SIGKILL);
    tell(YK_MESSAGE_FORKED, &body, sizeof(body), pidfd);
    _exit(EXIT_SUCCESS);
}

static void tell_failed(const struct order *order, int err)
{
    struct yk_message_forked body = {.id = order->body.id, .err = err};

    tell(YK_MESSAGE_FORKED, &body, sizeof(body), -1);
}

/* The process between has told the rest, unless somebody has killed it. */
static void await(const struct order *order, pid_t middle)
{
    int status = 0;
    pid_t pid;

    do
        pid = waitpid(middle, &status, 0);
    while (pid < 0 && errno == EINTR);
    if (pid == middle && status != 0)
        tell_failed(order, ECHILD);
}

/* Signals wait until the worker has handlers of its own. Returns true in the
 * worker, false in the template.
 *
 * The process between needs no memory of its own: by vfork(2) it borrows that
 * of the template, which waits for it. So the table of pages, which is what a
 * fork costs, is copied once, not twice. That it forks meanwhile is no matter
 * to Linux and to glibc; the copy it makes is the template's. */
static bool fork_worker(struct order *order)
{
    sigset_t all, before;

    yk_hooks_before_fork();
    fflush(NULL);
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t middle = vfork();
    bool is_worker = middle == 0;
    if (is_worker)
        fork_again(order);
    else if (middle < 0)
        tell_failed(order, errno);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (is_worker)
        return true;
    if (middle > 0)
        await(order, middle);
    return false;
}

/* Descriptors for which there was no room have not come. */
static bool is_complete(const struct order *order)
{
    return order->body.stdio_count <= YOKE_STDIO_MAX &&
           order->fd_count == 1 + __builtin_popcount(order->body.stdio);
}

void yk_forker_serve(void)
{
    struct order order;
    int type;

    /* As in a worker, whoever reads what it writes may go. */
    signal(SIGPIPE, SIG_IGN);
    fflush(NULL);
    tell(YK_MESSAGE_READY, NULL, 0, -1);
    while ((type = hear(&order))) {
        if (type == YK_MESSAGE_FORK && is_complete(&order)) {
            if (fork_worker(&order))
                return;
        } else if (type == YK_MESSAGE_FORK) {
            tell_failed(&order, EMFILE);
        }
        close_fds(&order);
    }
    /* What runs at an exit belongs to the workers, which have loaded it, too.
     */
    _exit(EXIT_SUCCESS);
}
