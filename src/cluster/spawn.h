/* Starts a worker's process: fork and exec, behind one function, so that other
 * ways of making a worker can come. */
#ifndef YK_CLUSTER_SPAWN_H
#define YK_CLUSTER_SPAWN_H

#include <stddef.h>
#include <sys/types.h>

struct yk_account;

/* The program that this process runs, whatever its file is now. */
#define YK_SPAWN_SELF "/proc/self/exe"

struct yk_spawn {
    const char *exec;  /* The program. */
    char *const *argv; /* NULL at the end; so are the others. */
    char *const *env;
    const char *cwd;                  /* NULL: this process's. */
    const struct yk_confine *confine; /* What it is bound to; NULL: nothing. */
    const struct yk_account *account; /* Who it runs as; NULL: as this one. */
    int channel_fd;                   /* Its end of the channel; see below. */
    const int *stdio; /* The i-th becomes its descriptor i; -1: it has none. */
    int stdio_count;  /* At most YOKE_STDIO_MAX; below 3 the rest of 0, 1 and
                         2 is inherited. */
};

/* What the child was doing when it failed, before it ran the program. */
enum yk_spawn_step {
    YK_SPAWN_EXEC,
    YK_SPAWN_DESCRIPTORS,
    YK_SPAWN_FOLDER,
    YK_SPAWN_USER,
    YK_SPAWN_CONFINE,
};

/* Exit status of a child that has failed so. */
#define YK_SPAWN_FAILED 127

/* Starts it. Returns 0 with its id and a descriptor of the process that is
 * readable when it has ended (pidfd_open(2)), the caller's to close; or
 * -errno. What fails in the child is not told here: it says so over the channel
 * (YK_MESSAGE_EXEC_FAIL) and exits with 127. */
int yk_spawn(const struct yk_spawn *spawn, pid_t *ret_pid, int *ret_pidfd);

/* The number that the channel has in the child: the first behind `stdio`, and
 * behind the standard ones. */
int yk_spawn_channel_number(int stdio_count);

/* ---- In the child: calls that signal-safety(7) allows ---- */

/* Gives each descriptor its place: stdio[i] becomes descriptor i; -1: it is
 * closed. Returns 0 or -errno. */
int yk_spawn_place(const int *stdio, int count);

/* Says over the channel `fd` what has failed; `err` is an errno. */
void yk_spawn_tell(int fd, enum yk_spawn_step step, int err);

/* ---- In the parent ---- */

/* What a step of the child could not do, for "cannot ...: reason". */
void yk_spawn_text(enum yk_spawn_step step, const struct yk_spawn *spawn,
                   char *out, size_t len);

/* This process's environment with the strings of `more` (NULL is allowed) and
 * `last` added or replaced; the later wins; a name without `=` is removed. The
 * array is the caller's to free, the strings are borrowed. NULL: no memory. */
char **yk_spawn_env(const char *const *more, const char *last);

#endif
