#include "crowd.h"

#include "fixture.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#define CROWD_MAX 16

/* `go` ends when all have said at `ready` that they are. */
static pid_t start_one(const char *url, const int go[2], const int ready[2])
{
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    dup2(go[0], STDIN_FILENO);
    dup2(ready[1], STDOUT_FILENO);
    for (int i = 0; i < 2; i++) {
        close(go[i]);
        close(ready[i]);
    }
    execl("/proc/self/exe", program_invocation_short_name, kind->name, url,
          (char *)NULL);
    _exit(127);
}

void crowd_run(int count, const char *url)
{
    pid_t pids[CROWD_MAX];
    int go[2], ready[2], status, there = 0;
    char byte;

    assert_true(count <= CROWD_MAX);
    assert_int_equal(pipe(go), 0);
    assert_int_equal(pipe(ready), 0);
    for (int i = 0; i < count; i++)
        pids[i] = start_one(url, go, ready);
    close(go[0]);
    close(ready[1]);
    /* It ends before when they do. */
    while (there < count && read(ready[0], &byte, 1) == 1)
        there++;
    close(go[1]);
    for (int i = 0; i < count; i++) {
        assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
        assert_int_equal(status, 0);
    }
    assert_int_equal(there, count);
    close(ready[0]);
}

void crowd_meet(void)
{
    char byte = 'r';

    if (write(STDOUT_FILENO, &byte, 1) != 1 ||
        read(STDIN_FILENO, &byte, 1) != 0)
        _exit(6);
}
