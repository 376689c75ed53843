#include "cluster/upgrade_check.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/cluster.h>
#include <yoke/error.h>
#include <yoke/loop.h>

#include "cluster/channel.h"
#include "cluster/message.h"
#include "cluster/settings.h"
#include "cluster/spawn.h"
#include "core/alloc.h"
#include "core/cleanup.h"
#include "net/deadline.h"

#include "core/banned.h"

#define TEXT_MAX 512
/* Its descriptors: the standard ones, and these. */
#define STATE_FD 3
#define REPLY_FD 4

/* Written by the functions of this file, in the primary. */
static struct {
    yk_checked_fn *fn;
    pid_t pid;
    int pidfd;
    int reply_fd;
    int log_fd; /* What it wrote on standard error. */
    uv_poll_t exit_poll;
    struct yk_deadline limit;
    uint8_t open_count; /* Handles that are not closed yet. */
    int limit_ms;
    bool is_late;
} check = {.pidfd = -1, .reply_fd = -1, .log_fd = -1};

/* ---- What it said ---- */

/* The last line that is not empty. */
static void read_log(char *out, size_t size)
{
    ssize_t n = 0;
    off_t end = lseek(check.log_fd, 0, SEEK_END);
    off_t from = end > (off_t)size - 1 ? end - (off_t)size + 1 : 0;

    if (end > 0)
        n = pread(check.log_fd, out, size - 1, from);
    out[n > 0 ? n : 0] = '\0';
    size_t len = strlen(out);
    while (len > 0 && out[len - 1] == '\n')
        out[--len] = '\0';
    const char *line = strrchr(out, '\n');
    if (line)
        memmove(out, line + 1, strlen(line));
}

static void explain(const siginfo_t *info, char *out, size_t size)
{
    char said[TEXT_MAX / 2];
    int len;

    read_log(said, sizeof(said));
    if (check.is_late)
        len = snprintf(out, size,
                       "it does not get as far as serving within %d ms",
                       check.limit_ms);
    else if (info->si_code == CLD_EXITED)
        len = snprintf(out, size, "it ends with status %d", info->si_status);
    else
        len = snprintf(out, size, "it is killed by signal %d", info->si_status);
    if (*said && len >= 0 && (size_t)len < size)
        snprintf(out + len, size - (size_t)len, "; it said: %s", said);
}

/* What a child says that could not even run the program (spawn.h). */
static void read_failure(char *out, size_t size)
{
    struct {
        struct yk_message_head head;
        struct yk_message_exec_fail body;
    } packet;

    memcpy(&packet, out, sizeof(packet));
    snprintf(out, size, "it cannot be run: %s",
             yoke_strerror(-packet.body.err));
}

/* "ok VERSION", or why not. Returns false when it has said neither. */
static bool read_reply(char *out, size_t size)
{
    ssize_t n = recv(check.reply_fd, out, size - 1, MSG_DONTWAIT);

    out[n > 0 ? n : 0] = '\0';
    if (n == sizeof(struct yk_message_head) +
                 sizeof(struct yk_message_exec_fail) &&
        out[0] == YK_MESSAGE_VERSION)
        read_failure(out, size);
    return n > 0;
}

/* ---- Its end ---- */

static void tell(const siginfo_t *info)
{
    char text[TEXT_MAX];
    yk_checked_fn *fn = check.fn;
    bool has_replied = read_reply(text, sizeof(text));

    if (!has_replied)
        explain(info, text, sizeof(text));
    yk_close_fd(&check.log_fd);
    yk_close_fd(&check.reply_fd);
    check.fn = NULL;
    if (has_replied && strncmp(text, "ok ", 3) == 0)
        fn(0, text + 3);
    else
        fn(-YOKE_ESTARTUP, text);
}

static void on_closed(uv_handle_t *handle)
{
    siginfo_t info = {.si_pid = 0};

    (void)handle;
    if (--check.open_count > 0)
        return;
    waitid(P_PIDFD, (id_t)check.pidfd, &info, WEXITED | WNOHANG);
    yk_close_fd(&check.pidfd);
    tell(&info);
}

static void on_exit_ready(uv_poll_t *poll, int status, int events)
{
    (void)status;
    (void)events;
    uv_close((uv_handle_t *)poll, on_closed);
    uv_close((uv_handle_t *)&check.limit.timer, on_closed);
}

static void on_limit(struct yk_deadline *deadline)
{
    (void)deadline;
    check.is_late = true;
    pidfd_send_signal(check.pidfd, SIGKILL, NULL, 0);
}

/* ---- Its beginning ---- */

static int start(const char *program, int state_fd, int reply_fd)
{
    char identity[64];
    YK_CLEANUP(yk_close_fd) int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);
    int stdio[] = {nothing, nothing, check.log_fd, state_fd};
    YK_CLEANUP(yk_free_ptr) char **argv = yk_settings_own_argv();
    snprintf(identity, sizeof(identity), "YOKE_UPGRADE=check:%d:%d", STATE_FD,
             REPLY_FD);
    YK_CLEANUP(yk_free_ptr) char **envp = yk_spawn_env(NULL, identity);
    struct yk_spawn what = {.exec = program,
                            .argv = argv,
                            .env = envp,
                            .channel_fd = reply_fd,
                            .stdio = stdio,
                            .stdio_count = STATE_FD + 1};

    if (nothing < 0 || !argv || !envp)
        return -ENOMEM;
    return yk_spawn(&what, &check.pid, &check.pidfd);
}

static int watch(void)
{
    int err = uv_poll_init(yoke_loop(), &check.exit_poll, check.pidfd);

    if (err < 0) {
        pidfd_send_signal(check.pidfd, SIGKILL, NULL, 0);
        waitid(P_PIDFD, (id_t)check.pidfd, NULL, WEXITED);
        yk_close_fd(&check.pidfd);
        return err;
    }
    yk_deadline_init(&check.limit, on_limit);
    check.open_count = 2;
    uv_poll_start(&check.exit_poll, UV_READABLE, on_exit_ready);
    if (check.limit_ms)
        yk_deadline_start(&check.limit, (uint64_t)check.limit_ms);
    return 0;
}

int yk_upgrade_check(const char *program, int state_fd, int limit_ms,
                     yk_checked_fn *fn)
{
    int fds[2];
    int err = yk_channel_pair(fds);

    if (err < 0)
        return err;
    YK_CLEANUP(yk_close_fd) int theirs = fds[1];
    check.reply_fd = fds[0];
    check.log_fd = memfd_create("yoke-check", MFD_CLOEXEC);
    check.fn = fn;
    check.limit_ms = limit_ms;
    check.is_late = false;
    err = check.log_fd < 0 ? -errno : start(program, state_fd, theirs);
    if (err == 0)
        err = watch();
    if (err < 0) {
        yk_close_fd(&check.reply_fd);
        yk_close_fd(&check.log_fd);
    }
    return err;
}
