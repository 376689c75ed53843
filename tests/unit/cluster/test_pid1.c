/* Process 1's duty: strangers are reaped, known children are left alone. */
#include "../unit.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cluster/pid1.h"

static pid_t known;

static bool is_known(pid_t pid)
{
    return pid == known;
}

/* A child that has ended and not been waited for. */
static pid_t make_zombie(void)
{
    siginfo_t info;
    pid_t pid = fork();

    if (pid == 0)
        _exit(0);
    waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
    return pid;
}

static bool is_zombie(pid_t pid)
{
    siginfo_t info;

    return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | WNOHANG) == 0;
}

static void strangers_are_reaped(void **state)
{
    pid_t first = make_zombie(), second = make_zombie();

    (void)state;
    known = 0;
    assert_false(yk_pid1_reap(is_known));
    assert_false(is_zombie(first));
    assert_false(is_zombie(second));
}

static void a_known_child_is_left_to_whoever_waits_for_it(void **state)
{
    (void)state;
    known = make_zombie();
    pid_t stranger = make_zombie();
    /* The stranger may stand behind it: come again when it is gone. */
    assert_true(yk_pid1_reap(is_known));
    assert_true(is_zombie(known));
    assert_int_equal(waitpid(known, NULL, 0), known);
    assert_false(yk_pid1_reap(is_known));
    assert_false(is_zombie(stranger));
}

static void without_children_there_is_nothing_to_do(void **state)
{
    (void)state;
    assert_false(yk_pid1_reap(is_known));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(strangers_are_reaped),
        cmocka_unit_test(a_known_child_is_left_to_whoever_waits_for_it),
        cmocka_unit_test(without_children_there_is_nothing_to_do),
    };
    return cmocka_run_group_tests_name("pid1", tests, NULL, NULL);
}
