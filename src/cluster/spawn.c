#include "cluster/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cluster/message.h"
#include "core/alloc.h"

#include "core/banned.h"

#define EXEC_FAILED_STATUS 127

/* ---- In the child, between fork and exec: only calls that signal-safety(7)
 * allows. ---- */

/* Handlers are this process's own and would run in the child; what the user
 * has ignored (nohup) stays ignored. SIGPIPE is ignored by us. */
static void reset_signals(void)
{
    struct sigaction action;
    sigset_t none;

    for (int i = 1; i < NSIG; i++) {
        if (sigaction(i, NULL, &action) < 0)
            continue;
        if (action.sa_handler == SIG_DFL ||
            (action.sa_handler == SIG_IGN && i != SIGPIPE))
            continue;
        action = (struct sigaction){.sa_handler = SIG_DFL};
        sigaction(i, &action, NULL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void tell_failure(int fd, int err)
{
    struct {
        struct yk_message_head head;
        int32_t err;
    } packet = {.head = {.version = YK_MESSAGE_VERSION,
                         .type = YK_MESSAGE_EXEC_FAIL,
                         .len = sizeof(packet.err)},
                .err = err};

    send(fd, &packet, sizeof(packet), MSG_NOSIGNAL | MSG_DONTWAIT);
}

__attribute__((noreturn)) static void run_child(const struct yk_spawn *spawn)
{
    reset_signals();
    if (fcntl(spawn->channel_fd, F_SETFD, 0) == 0 &&
        (!spawn->cwd || chdir(spawn->cwd) == 0))
        execve(spawn->exec, spawn->argv, spawn->env);
    tell_failure(spawn->channel_fd, errno);
    _exit(EXEC_FAILED_STATUS);
}

/* ---- In the parent ---- */

/* Signals wait until the child has handlers of its own: one that came between
 * would be told to this process's loop, over a descriptor both share. */
static pid_t fork_quietly(const struct yk_spawn *spawn)
{
    sigset_t all, before;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0)
        run_child(spawn);
    int err = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = err;
    return pid;
}

int yk_spawn(const struct yk_spawn *spawn, pid_t *ret_pid, int *ret_pidfd)
{
    pid_t pid = fork_quietly(spawn);
    if (pid < 0)
        return -errno;

    int pidfd = pidfd_open(pid, 0);
    if (pidfd < 0) {
        int err = -errno;
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        return err;
    }
    *ret_pid = pid;
    *ret_pidfd = pidfd;
    return 0;
}

/* ---- The environment ---- */

static void env_set(char **env, size_t *count, const char *entry)
{
    size_t name_len = strcspn(entry, "=");
    size_t i = 0;

    while (i < *count &&
           (strncmp(env[i], entry, name_len) != 0 || env[i][name_len] != '='))
        i++;
    env[i] = (char *)(uintptr_t)entry;
    if (i == *count)
        (*count)++;
}

char **yk_spawn_env(const char *const *more, const char *last)
{
    size_t count = 0, more_count = 0;

    while (environ && environ[count])
        count++;
    while (more && more[more_count])
        more_count++;
    char **env = yk_try_alloc((count + more_count + 2) * sizeof(*env));
    if (!env)
        return NULL;
    if (count)
        memcpy(env, environ, count * sizeof(*env));
    for (size_t i = 0; i < more_count; i++)
        env_set(env, &count, more[i]);
    env_set(env, &count, last);
    env[count] = NULL;
    return env;
}
