#include "roles.h"

#include <sys/prctl.h>

static char path[128];

const char *path_of(const char *name)
{
    snprintf(path, sizeof(path), "%s/%s", fixture_folder(), name);
    return path;
}

const char *url_of(const char *name, const char *options)
{
    static char url[256];
    snprintf(url, sizeof(url), "lmdb:%s%s", path_of(name), options);
    return url;
}

pid_t start_role(const char *role, const char *url, const char *more,
                 int *ret_fd)
{
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(fds[1], STDOUT_FILENO);
        close(fds[0]);
        close(fds[1]);
        execl("/proc/self/exe", program_invocation_short_name, role, url, more,
              (char *)NULL);
        _exit(127);
    }
    close(fds[1]);
    *ret_fd = fds[0];
    return pid;
}
