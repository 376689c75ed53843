#include "cluster/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <yoke/cluster.h>

#include "cluster/account.h"
#include "cluster/confine.h"
#include "cluster/message.h"
#include "core/alloc.h"
#include "core/cleanup.h"

#include "core/banned.h"

/* ---- In the child, between fork and exec: only calls that signal-safety(7)
 * allows. ---- */

/* Handlers are this process's own and would run in the child; what the user
 * has ignored (nohup) stays ignored. SIGPIPE and SIGXFSZ are ignored by us. */
static void reset_signals(void)
{
    struct sigaction action;
    sigset_t none;

    for (int i = 1; i < NSIG; i++) {
        if (sigaction(i, NULL, &action) < 0)
            continue;
        if (action.sa_handler == SIG_DFL ||
            (action.sa_handler == SIG_IGN && i != SIGPIPE && i != SIGXFSZ))
            continue;
        action = (struct sigaction){.sa_handler = SIG_DFL};
        sigaction(i, &action, NULL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

void yk_spawn_tell(int fd, enum yk_spawn_step step, int err)
{
    struct {
        struct yk_message_head head;
        struct yk_message_exec_fail body;
    } packet = {.head = {.version = YK_MESSAGE_VERSION,
                         .type = YK_MESSAGE_EXEC_FAIL,
                         .len = sizeof(packet.body)},
                .body = {.err = err, .step = step}};

    send(fd, &packet, sizeof(packet), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* They are first copied beyond all of these numbers, for one's number may be
 * another's place. */
int yk_spawn_place(const int *stdio, int count)
{
    int beyond = yk_spawn_channel_number(count) + 1;
    int copies[YOKE_STDIO_MAX];

    for (int i = 0; i < count; i++) {
        copies[i] = -1;
        if (stdio[i] >= 0 &&
            (copies[i] = fcntl(stdio[i], F_DUPFD_CLOEXEC, beyond)) < 0)
            return -errno;
    }
    for (int i = 0; i < count; i++) {
        if (copies[i] < 0)
            close(i);
        else if (dup2(copies[i], i) < 0)
            return -errno;
        yk_close_fd(&copies[i]);
    }
    return 0;
}

static int place_descriptors(const struct yk_spawn *spawn, int channel)
{
    int err = yk_spawn_place(spawn->stdio, spawn->stdio_count);

    if (err < 0)
        return err;
    return dup2(channel, yk_spawn_channel_number(spawn->stdio_count)) < 0
               ? -errno
               : 0;
}

__attribute__((noreturn)) static void give_up(int channel,
                                              enum yk_spawn_step step, int err)
{
    yk_spawn_tell(channel, step, -err);
    _exit(YK_SPAWN_FAILED);
}

__attribute__((noreturn)) static void run_child(const struct yk_spawn *spawn)
{
    int channel = fcntl(spawn->channel_fd, F_DUPFD_CLOEXEC,
                        yk_spawn_channel_number(spawn->stdio_count) + 1);

    reset_signals();
    if (channel < 0)
        give_up(spawn->channel_fd, YK_SPAWN_DESCRIPTORS, -errno);
    int err = place_descriptors(spawn, channel);
    if (err < 0)
        give_up(channel, YK_SPAWN_DESCRIPTORS, err);
    if (spawn->cwd && chdir(spawn->cwd) < 0)
        give_up(channel, YK_SPAWN_FOLDER, -errno);
    if (spawn->confine && (err = yk_confine_take(spawn->confine)) < 0)
        give_up(channel, YK_SPAWN_CONFINE, err);
    if (spawn->account && (err = yk_account_become(spawn->account)) < 0)
        give_up(channel, YK_SPAWN_USER, err);
    if (spawn->confine && (err = yk_confine_tie(spawn->confine->parent)) < 0)
        give_up(channel, YK_SPAWN_CONFINE, err);
    execve(spawn->exec, spawn->argv, spawn->env);
    give_up(channel, YK_SPAWN_EXEC, -errno);
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

int yk_spawn_channel_number(int stdio_count)
{
    return stdio_count > STDERR_FILENO ? stdio_count : STDERR_FILENO + 1;
}

void yk_spawn_text(enum yk_spawn_step step, const struct yk_spawn *spawn,
                   char *out, size_t len)
{
    switch (step) {
    case YK_SPAWN_EXEC:
        snprintf(out, len, "run %.256s",
                 strcmp(spawn->exec, YK_SPAWN_SELF) == 0
                     ? "this program again, as " YK_SPAWN_SELF
                     : spawn->exec);
        return;
    case YK_SPAWN_DESCRIPTORS:
        snprintf(out, len, "pass the descriptors of `stdio` on");
        return;
    case YK_SPAWN_FOLDER:
        snprintf(out, len, "change to the folder %.256s",
                 spawn->cwd ? spawn->cwd : "of the settings");
        return;
    case YK_SPAWN_USER:
        snprintf(out, len, "become user %ld, group %ld",
                 spawn->account ? (long)spawn->account->uid : -1L,
                 spawn->account ? (long)spawn->account->gid : -1L);
        return;
    case YK_SPAWN_CONFINE:
        snprintf(out, len, "take its priority, limits or CPU");
        return;
    }
    snprintf(out, len, "start");
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
    if (entry[name_len] == '\0') {
        if (i < *count)
            env[i] = env[--*count];
        return;
    }
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
