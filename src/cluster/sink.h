/* A sink: a descriptor that somebody else has opened, standard error mostly, and
 * that is written to without ever waiting for whoever reads it.
 *
 * O_NONBLOCK would be seen by everybody who shares the descriptor: the shell,
 * the workers. So a pipe or a terminal is opened a second time, for this process
 * alone; a socket is asked not to wait, each time; and a file does not make
 * anybody wait. */
#ifndef YK_CLUSTER_SINK_H
#define YK_CLUSTER_SINK_H

#include <stddef.h>

/* Writes as much as there is room for; returns how many bytes. What is behind
 * `fd` is looked at again with each call, for it may have been replaced. */
size_t yk_sink_write(int fd, const char *ptr, size_t len);

#endif
