/* The handler of crashes, where what surrounds it is against it. */
#include "../unit.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <yoke/loop.h>

#include "net/crash.h"

/* Nothing can be written to standard error any more without waiting. */
static void fill_stderr(void)
{
    char room[4096] = {0};
    int ends[2];

    if (pipe(ends) < 0 || fcntl(ends[1], F_SETFL, O_NONBLOCK) < 0)
        _exit(10);
    while (write(ends[1], room, sizeof(room)) > 0)
        ;
    fcntl(ends[1], F_SETFL, 0);
    dup2(ends[1], STDERR_FILENO);
}

static void crash_with_alarms_blocked(void)
{
    fill_stderr();
    if (yk_crash_catch("the child") < 0)
        _exit(11);
    raise(SIGABRT);
    _exit(12);
}

/* The watchdog's alarm is sent by hand, so that nobody has to wait for it. */
static void the_watchdog_ends_a_handler_that_hangs(void **state)
{
    int status = 0;
    sigset_t set;

    (void)state;
    /* From before the child: what comes too early must not end it. */
    sigemptyset(&set);
    sigaddset(&set, SIGALRM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    pid_t pid = fork();
    if (pid == 0)
        crash_with_alarms_blocked();
    assert_true(pid > 0);
    while (waitpid(pid, &status, WNOHANG) == 0) {
        kill(pid, SIGALRM);
        usleep(10000);
    }
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
}

/* What it writes goes to that pipe. */
static void crash_alone(int stderr_fd)
{
    dup2(stderr_fd, STDERR_FILENO);
    if (yoke_catch_crashes() < 0)
        _exit(11);
    raise(SIGABRT);
    _exit(12);
}

static void a_process_that_serves_alone_reports_its_crash(void **state)
{
    char report[4096] = "";
    size_t len = 0;
    int ends[2], status = 0;

    (void)state;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0)
        crash_alone(ends[1]);
    close(ends[1]);
    for (ssize_t n = 1; n > 0; len += (size_t)n) {
        n = read(ends[0], report + len, sizeof(report) - 1 - len);
        assert_true(n >= 0);
    }
    close(ends[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    assert_int_equal(WTERMSIG(status), SIGABRT);
    assert_non_null(strstr(report, "the process crashed: SIGABRT"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_watchdog_ends_a_handler_that_hangs),
        cmocka_unit_test(a_process_that_serves_alone_reports_its_crash),
    };
    return cmocka_run_group_tests_name("crash", tests, NULL, NULL);
}
