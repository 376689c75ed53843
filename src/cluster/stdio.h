/* A worker's standard descriptors, and others beside them, as the settings
 * want them; and the primary's ends of those that are pipes.
 *
 * What a worker writes is read here whether anybody asks for it or not: a full
 * pipe would stop the worker. It goes to the event `output`. */
#ifndef YK_CLUSTER_STDIO_H
#define YK_CLUSTER_STDIO_H

#include <yoke/cluster.h>

struct yk_pipe;
struct yoke_worker;

/* The primary's ends, in the worker's structure; zeroed: none. */
struct yk_stdio {
    struct yk_pipe *pipes[YOKE_STDIO_MAX];
};

/* What a worker is given, until it has been started. */
struct yk_stdio_given {
    int fds[YOKE_STDIO_MAX];       /* As yk_spawn wants them. */
    bool are_ours[YOKE_STDIO_MAX]; /* To be closed here. */
    int count;
};

/* Opens what the settings want. On failure, -errno, nothing is open. */
int yk_stdio_open(struct yoke_worker *worker,
                  const struct yoke_cluster_settings *settings,
                  struct yk_stdio_given *ret);

/* The worker has them, or never will: closes what was opened for it. */
void yk_stdio_given_close(struct yk_stdio_given *given);

/* Goes on with one that another primary had; takes the descriptor over. */
void yk_stdio_resume(struct yoke_worker *worker, int number, int fd);

/* The worker has ended: reads what it still had written, and closes all. A
 * process that it has left behind is not waited for. */
void yk_stdio_finish(struct yoke_worker *worker);

/* Closes all. */
void yk_stdio_close(struct yoke_worker *worker);

#endif
