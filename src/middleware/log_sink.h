/* The file of an access log itself: opened by its name, looked at once a second,
 * for its name may have become another file's; and written to in whole lines. */
#ifndef YK_MIDDLEWARE_LOG_SINK_H
#define YK_MIDDLEWARE_LOG_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <time.h>

#include "core/sink.h"

struct yk_log_sink {
    int fd;
    struct yk_sink shared; /* For standard output, which others have as well. */
    char *path;   /* NULL: standard output, which is not ours to close. */
    bool is_file; /* A regular one: whatever is written stays in one piece. */
    bool is_torn; /* The last write ended in the middle of a line. */
    bool is_failing; /* Writes are; it has been said. */
    bool is_lost;    /* It cannot be opened anew; it has been said. */
    size_t lost;     /* Writes that failed since it was last well. */
    time_t looked_s; /* When its name was looked at. */
    struct stat stat;
};

/* `path` NULL: standard output. False, and errno set, when it cannot be opened;
 * then there is nothing to close. */
bool yk_log_sink_open(struct yk_log_sink *sink, const char *path);
void yk_log_sink_close(struct yk_log_sink *sink);

/* Opens it anew, if it has a name; when that cannot be, lines still go where
 * they went. */
void yk_log_sink_reopen(struct yk_log_sink *sink);

/* Writes lines that have their ends; each stays whole. Never fails. */
void yk_log_sink_write(struct yk_log_sink *sink, const char *ptr, size_t len);

#endif
