/* What a supervised worker writes on standard error: it is passed on to the
 * primary's own, a whole line at a time, so that the lines of several workers
 * do not mix; and the end of it is kept, to explain a death. The primary's log
 * goes the same way.
 *
 * The primary never waits for whoever reads its standard error: what would have
 * to wait is dropped, and counted. */
#ifndef YK_CLUSTER_OUTPUT_H
#define YK_CLUSTER_OUTPUT_H

#include <stddef.h>

/* Bytes that are kept, and the longest line that stays whole. */
#define YK_OUTPUT_KEPT 4096

/* Zeroed: nothing has been written. */
struct yk_output {
    char *kept;      /* A ring of YK_OUTPUT_KEPT; NULL: empty. */
    size_t written;  /* Bytes ever; the ring holds the last of them. */
    size_t line_len; /* Bytes at its end that wait for the end of a line. */
};

void yk_output_done(struct yk_output *output);

/* The worker has written this. `fd` is where it goes. */
void yk_output_take(struct yk_output *output, int fd, const char *ptr,
                    size_t len);

/* Puts what `from` has kept behind what `output` has, and passes nothing on. */
void yk_output_copy(struct yk_output *output, const struct yk_output *from);

/* A line of the primary's own log, which must not make it wait either. For
 * yk_log_set_writer. */
void yk_output_log(const char *line, size_t len);

/* It writes no more: what waits for the end of a line goes as it is. */
void yk_output_end(struct yk_output *output, int fd);

/* Copies what is kept, at most `size` bytes of its end, without NUL; returns
 * the length. */
size_t yk_output_read(const struct yk_output *output, char *out, size_t size);

/* The last line that is not empty, without its end, as text; "" if there is
 * none. */
void yk_output_last_line(const struct yk_output *output, char *out,
                         size_t size);

#endif
