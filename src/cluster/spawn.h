/* Starts a worker's process: fork and exec, behind one function, so that other
 * ways of making a worker can come. */
#ifndef YK_CLUSTER_SPAWN_H
#define YK_CLUSTER_SPAWN_H

#include <sys/types.h>

struct yk_spawn {
    const char *exec;  /* The program. */
    char *const *argv; /* NULL at the end; so are the others. */
    char *const *env;
    const char *cwd; /* NULL: this process's. */
    int channel_fd;  /* Its end of the channel, inherited by number. */
};

/* Starts it. Returns 0 with its id and a descriptor of the process that is
 * readable when it has ended (pidfd_open(2)), the caller's to close; or
 * -errno. That the program cannot be executed is not told here: the child says
 * so over the channel (YK_MESSAGE_EXEC_FAIL) and exits with 127. */
int yk_spawn(const struct yk_spawn *spawn, pid_t *ret_pid, int *ret_pidfd);

/* This process's environment with the strings of `more` (NULL is allowed) and
 * `last` added or replaced; the later wins. The array is the caller's to free,
 * the strings are borrowed. NULL: no memory. */
char **yk_spawn_env(const char *const *more, const char *last);

#endif
