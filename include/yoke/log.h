/* The process's log: lines on standard error, each written whole.
 *
 * A line is one write(2), so lines of several workers that share a pipe or a
 * terminal do not mix (up to PIPE_BUF bytes; longer ones are cut). Nobody waits
 * for whoever reads them, for longer than a moment: what is not read is dropped,
 * and counted in a line of its own. A line reads
 *
 *     yoke[4711] warn: worker 4714 died (killed by SIGSEGV)
 *
 * The lowest level that is written is `info`, or what the environment variable
 * YOKE_LOG says: `debug`, `info`, `warn`, `error` or `off`. */
#ifndef YOKE_LOG_H
#define YOKE_LOG_H

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

enum yoke_log_level {
    YOKE_LOG_DEBUG,
    YOKE_LOG_INFO,
    YOKE_LOG_WARN,
    YOKE_LOG_ERROR,
    YOKE_LOG_OFF,
};

/* Receives each line that passes the level: no newline at the end, valid only
 * during the call. */
typedef void yoke_log_fn(enum yoke_log_level level, const char *line,
                         void *data);

/* Writes one line; `fmt` is printf's. Control characters in it are replaced by
 * `?`, so that a peer's bytes cannot forge a line. Never fails. */
void yoke_log(enum yoke_log_level level, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Sets the lowest level that is written, in this process; instead of what
 * YOKE_LOG says. */
void yoke_log_set_level(enum yoke_log_level level);

/* Sends the lines to `fn` instead of standard error; NULL goes back to that. */
void yoke_log_set_sink(yoke_log_fn *fn, void *data);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
