/* A file to whose end several processes write whole lines.
 *
 * A line, or a batch of lines, is one write(2) with O_APPEND, which the kernel
 * does not mix with another; into a pipe that holds for PIPE_BUF bytes, so there
 * batches are cut between lines. When the file's name has become another file's,
 * it is opened anew. Lines that cannot be written are lost, and counted. */
#ifndef YK_MIDDLEWARE_LOG_FILE_H
#define YK_MIDDLEWARE_LOG_FILE_H

#include <stddef.h>
#include <stdint.h>

struct yk_log_file;

struct yk_log_file_options {
    const char *path;  /* NULL: standard output. */
    size_t buffer_len; /* 0: none. */
    uint32_t flush_ms;
    int reopen_signal; /* 0: none. */
};

/* Opens it. NULL, and errno set, when that cannot be. */
struct yk_log_file *yk_log_file_open(const struct yk_log_file_options *options);

/* Writes what is collected, and frees it; its handles are closed by the loop.
 * NULL is allowed. */
void yk_log_file_close(struct yk_log_file *file);

/* The longest line that stays whole, with its end. */
size_t yk_log_file_line_max(const struct yk_log_file *file);

/* Writes a line that has its end, now or with others. Never fails. */
void yk_log_file_put(struct yk_log_file *file, const char *line, size_t len);

#endif
