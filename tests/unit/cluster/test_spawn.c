/* Starting a process: its environment, its directory, its signals, and what it
 * says when it cannot be executed. */
#include "../unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <yoke/cluster.h>

#include "cluster/account.h"
#include "cluster/channel.h"
#include "cluster/spawn.h"

static int ends[2];         /* Of the channel: ours, the child's. */
static struct yk_spawn how; /* What is special about the next run. */

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
    struct yk_spawn what = how;
    what.exec = exec;
    what.argv = argv;
    what.env = envp;
    what.cwd = cwd;
    what.channel_fd = ends[1];
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

static void a_variable_can_be_removed(void **state)
{
    const char *env[] = {"YK_GONE", "YK_NEVER", NULL};

    (void)state;
    setenv("YK_GONE", "x", 1);
    assert_int_equal(run("/bin/sh", "test -z \"${YK_GONE+x}\"", NULL, env), 0);
}

static void its_end_of_the_channel_is_all_it_inherits(void **state)
{
    (void)state;
    assert_int_equal(run("/bin/sh",
                         "test -S /proc/self/fd/3 && ! test -e /proc/self/fd/4",
                         NULL, NULL),
                     0);
}

/* Runs a shell command with these descriptors. */
static int run_with(const char *command, const int *stdio, int count)
{
    how.stdio = stdio;
    how.stdio_count = count;
    int status = run("/bin/sh", command, NULL, NULL);
    how = (struct yk_spawn){.exec = NULL};
    return status;
}

static void it_gets_the_descriptors_it_is_to_have(void **state)
{
    int pair[2];
    char text[8] = "";

    (void)state;
    assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
    int stdio[] = {-1, 1, 2, -1, pair[1]};
    assert_int_equal(run_with("echo hello >&4; test -S /proc/self/fd/5 && "
                              "! test -e /proc/self/fd/3",
                              stdio, 5),
                     0);
    assert_int_equal(read(pair[0], text, 6), 6);
    assert_string_equal(text, "hello\n");
    close(pair[0]);
    close(pair[1]);
}

/* The places that descriptors are to have are each other's numbers. */
static void descriptors_may_trade_their_places(void **state)
{
    int a[2], b[2];
    char text[8] = "";

    (void)state;
    assert_int_equal(pipe2(a, O_CLOEXEC), 0);
    assert_int_equal(pipe2(b, O_CLOEXEC), 0);
    int stdio[YOKE_STDIO_MAX];
    for (int i = 0; i < YOKE_STDIO_MAX; i++)
        stdio[i] = i < 3 ? i : -1;
    assert_in_range(a[1], 3, YOKE_STDIO_MAX - 1);
    assert_in_range(b[1], 3, YOKE_STDIO_MAX - 1);
    stdio[a[1]] = b[1];
    stdio[b[1]] = a[1];
    char command[64];
    snprintf(command, sizeof(command), "echo b >&%d; echo a >&%d", a[1], b[1]);
    assert_int_equal(run_with(command, stdio, YOKE_STDIO_MAX), 0);
    assert_int_equal(read(a[0], text, 2), 2);
    assert_int_equal(text[0], 'a');
    assert_int_equal(read(b[0], text, 2), 2);
    assert_int_equal(text[0], 'b');
    for (int i = 0; i < 2; i++) {
        close(a[i]);
        close(b[i]);
    }
}

static void it_runs_as_whom_it_is_told(void **state)
{
    struct yk_account nobody;
    char command[96];

    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(yk_account_find(65534, 0, &nobody), 0);
    how.account = &nobody;
    snprintf(command, sizeof(command),
             "test $(id -u) = 65534 && test $(id -g) = %d && test \"$(id -G)\" "
             "= %d",
             (int)nobody.gid, (int)nobody.gid);
    assert_int_equal(run("/bin/sh", command, NULL, NULL), 0);
    how.account = NULL;
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

static void assert_told(enum yk_spawn_step step, int expected)
{
    struct {
        struct yk_message_head head;
        struct yk_message_exec_fail body;
    } packet;

    assert_int_equal(recv(ends[0], &packet, sizeof(packet), 0), sizeof(packet));
    assert_int_equal(packet.head.type, YK_MESSAGE_EXEC_FAIL);
    assert_int_equal(packet.body.step, step);
    assert_int_equal(packet.body.err, expected);
}

static void it_says_why_it_cannot_be_executed(void **state)
{
    (void)state;
    assert_int_equal(run("/no/such/program", "", NULL, NULL), 127);
    assert_told(YK_SPAWN_EXEC, ENOENT);
    assert_int_equal(run("/bin", "", NULL, NULL), 127);
    assert_told(YK_SPAWN_EXEC, EACCES);
    assert_int_equal(run("/bin/sh", "", "/no/such/folder", NULL), 127);
    assert_told(YK_SPAWN_FOLDER, ENOENT);
}

#define WITH_CHANNEL(test)                                                     \
    cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_CHANNEL(it_runs_where_it_is_told),
        WITH_CHANNEL(the_later_of_two_variables_wins),
        WITH_CHANNEL(a_variable_can_be_removed),
        WITH_CHANNEL(its_end_of_the_channel_is_all_it_inherits),
        WITH_CHANNEL(it_gets_the_descriptors_it_is_to_have),
        WITH_CHANNEL(descriptors_may_trade_their_places),
        WITH_CHANNEL(it_runs_as_whom_it_is_told),
        WITH_CHANNEL(it_has_the_signals_of_a_new_process),
        WITH_CHANNEL(it_says_why_it_cannot_be_executed),
    };
    return cmocka_run_group_tests_name("spawn", tests, NULL, NULL);
}
