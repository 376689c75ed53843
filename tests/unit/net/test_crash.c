/* The handler of crashes, where what surrounds it is against it. */
#include "../unit.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_watchdog_ends_a_handler_that_hangs),
    };
    return cmocka_run_group_tests_name("crash", tests, NULL, NULL);
}
