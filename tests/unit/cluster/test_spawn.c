/* Starting a process: its environment, its directory, its signals, and what it
 * says when it cannot be executed. */
#include "../unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cluster/channel.h"
#include "cluster/spawn.h"

static int ends[2]; /* Of the channel: ours, the child's. */

static int setup(void **state)
{
    (void)state;
    return yk_channel_pair(ends);
}

static int teardown(void **state)
{
    (void)state;
    close(ends[0]);
    close(ends[1]);
    return 0;
}

/* Runs a shell command; its exit code, or 128 and the signal's number. */
static int run(const char *exec, const char *command, const char *cwd,
               const char *const *env)
{
    char sh[] = "sh", flag[] = "-c";
    char *argv[] = {sh, flag, (char *)(uintptr_t)command, NULL};
    char **envp = yk_spawn_env(env, "LAST=1");
    struct yk_spawn what = {.exec = exec,
                            .argv = argv,
                            .env = envp,
                            .cwd = cwd,
                            .channel_fd = ends[1]};
    siginfo_t info;
    pid_t pid;
    int pidfd;

    assert_int_equal(yk_spawn(&what, &pid, &pidfd), 0);
    free(envp);
    assert_int_equal(waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED), 0);
    assert_int_equal(info.si_pid, pid);
    close(pidfd);
    return info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
}

static void it_runs_where_it_is_told(void **state)
{
    (void)state;
    assert_int_equal(run("/bin/sh", "test \"$(pwd)\" = /", "/", NULL), 0);
    assert_int_equal(run("/bin/sh", "exit 7", NULL, NULL), 7);
}

static void the_later_of_two_variables_wins(void **state)
{
    const char *env[] = {"YK_A=new", "YK_B=b", "YK_B=c", "LAST=0", NULL};

    (void)state;
    setenv("YK_A", "old", 1);
    setenv("YK_AA", "kept", 1);
    assert_int_equal(
        run("/bin/sh", "test $YK_A$YK_AA$YK_B$LAST = newkeptc1", NULL, env), 0);
    assert_string_equal(getenv("YK_A"), "old");
}

static void its_end_of_the_channel_is_all_it_inherits(void **state)
{
    char command[128];

    (void)state;
    snprintf(command, sizeof(command),
             "test -e /proc/self/fd/%d && ! test -e /proc/self/fd/%d", ends[1],
             ends[0]);
    assert_int_equal(run("/bin/sh", command, NULL, NULL), 0);
}

static void it_has_the_signals_of_a_new_process(void **state)
{
    sigset_t set;

    (void)state;
    signal(SIGPIPE, SIG_IGN);
    signal(SIGHUP, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    assert_int_equal(run("/bin/sh", "kill -TERM $$", NULL, NULL),
                     128 + SIGTERM);
    assert_int_equal(run("/bin/sh", "kill -PIPE $$", NULL, NULL),
                     128 + SIGPIPE);
    /* What nohup has ignored stays ignored. */
    assert_int_equal(run("/bin/sh", "kill -HUP $$; exit 3", NULL, NULL), 3);
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
}

static void assert_told(int expected)
{
    struct {
        struct yk_message_head head;
        int32_t err;
    } packet;

    assert_int_equal(recv(ends[0], &packet, sizeof(packet), 0), sizeof(packet));
    assert_int_equal(packet.head.type, YK_MESSAGE_EXEC_FAIL);
    assert_int_equal(packet.err, expected);
}

static void it_says_why_it_cannot_be_executed(void **state)
{
    (void)state;
    assert_int_equal(run("/no/such/program", "", NULL, NULL), 127);
    assert_told(ENOENT);
    assert_int_equal(run("/bin", "", NULL, NULL), 127);
    assert_told(EACCES);
    assert_int_equal(run("/bin/sh", "", "/no/such/folder", NULL), 127);
    assert_told(ENOENT);
}

#define WITH_CHANNEL(test)                                                     \
    cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CHANNEL(it_runs_where_it_is_told),
        WITH_CHANNEL(the_later_of_two_variables_wins),
        WITH_CHANNEL(its_end_of_the_channel_is_all_it_inherits),
        WITH_CHANNEL(it_has_the_signals_of_a_new_process),
        WITH_CHANNEL(it_says_why_it_cannot_be_executed),
    };
    return cmocka_run_group_tests_name("spawn", tests, NULL, NULL);
}
