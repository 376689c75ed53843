/* A sink: a descriptor that somebody else has opened, standard error mostly, and
 * that is written to without waiting for whoever reads it.
 *
 * O_NONBLOCK would be seen by everybody who shares the descriptor: the shell,
 * the workers. So a pipe or a terminal is opened a second time, for this process
 * alone; a socket is asked not to wait, each time; and a file does not make
 * anybody wait.
 *
 * A reader who is there, and only has to be given the CPU, may be waited for:
 * `patience_ms` in a second, and no longer, all lines together. */
#ifndef YK_CORE_SINK_H
#define YK_CORE_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Of one loop's thread. To be closed by nobody: it is the process's. */
struct yk_sink {
    int again; /* What has been opened a second time; -1: nothing. */
    bool is_known;
    dev_t device; /* What it was opened for. */
    ino_t inode;
    int patience_ms;
    uint64_t second;    /* The one in which there was waited last, */
    uint64_t waited_ms; /* and for how long. */
    size_t dropped;     /* Bytes, since it was last told. */
};

#define YK_SINK_INIT(patience)                                                 \
    {                                                                          \
        .again = -1, .patience_ms = (patience)                                 \
    }

/* Gives back what it has opened. */
void yk_sink_done(struct yk_sink *sink);

/* Writes as much as there is room for; returns how many bytes, or -errno. What
 * is behind `fd` is looked at again with each call, for it may have been
 * replaced. */
ssize_t yk_sink_write(struct yk_sink *sink, int fd, const char *ptr,
                      size_t len);

/* Writes a line, or up to PIPE_BUF bytes of one. What nobody takes is dropped,
 * and counted; that is told as soon as there is room. */
void yk_sink_put(struct yk_sink *sink, int fd, const char *ptr, size_t len);

#endif
