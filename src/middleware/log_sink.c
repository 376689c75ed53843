#include "middleware/log_sink.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <yoke/log.h>

#include "middleware/texts.h"

#include "core/banned.h"

/* For how long, in a second, the loop waits for whoever reads standard output.
 */
#define PATIENCE_MS 50

/* ---- Opening ---- */

static int open_path(struct yk_log_sink *sink)
{
    int fd = STDOUT_FILENO;
    if (sink->path)
        fd = open(sink->path,
                  O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY |
                      O_NONBLOCK,
                  0640);
    if (fd < 0 || fstat(fd, &sink->stat) < 0)
        return -1;
    sink->is_file = S_ISREG(sink->stat.st_mode);
    return fd;
}

void yk_log_sink_reopen(struct yk_log_sink *sink)
{
    int fd = sink->path ? open_path(sink) : sink->fd;
    if (fd == sink->fd)
        return;
    if (fd < 0) {
        if (!sink->is_lost)
            yoke_log(YOKE_LOG_ERROR,
                     "access log %s: %s; lines still go to the file that was "
                     "there",
                     sink->path, strerror(errno));
        sink->is_lost = true;
        return;
    }
    sink->is_lost = false;
    close(sink->fd);
    sink->fd = fd;
    sink->is_torn = false;
}

static time_t now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec;
}

/* Once a second: is the name still this file's? */
static void look_at_name(struct yk_log_sink *sink)
{
    struct stat stat_now;
    time_t now = now_s();
    if (!sink->path || now == sink->looked_s)
        return;
    sink->looked_s = now;
    if (stat(sink->path, &stat_now) < 0 ||
        stat_now.st_ino != sink->stat.st_ino ||
        stat_now.st_dev != sink->stat.st_dev)
        yk_log_sink_reopen(sink);
}

/* The program may go to another folder before the file is opened anew. */
static char *absolute(const char *path)
{
    char *folder = path && *path != '/' ? getcwd(NULL, 0) : NULL;
    char *whole = folder ? yk_text_join(folder, "/", path) : yk_text_copy(path);
    free(folder);
    return whole;
}

bool yk_log_sink_open(struct yk_log_sink *sink, const char *path)
{
    sink->path = absolute(path);
    sink->shared = (struct yk_sink)YK_SINK_INIT(PATIENCE_MS);
    sink->fd = open_path(sink);
    sink->looked_s = now_s();
    if (sink->fd >= 0)
        return true;
    int err = errno;
    free(sink->path);
    errno = err;
    return false;
}

void yk_log_sink_close(struct yk_log_sink *sink)
{
    if (sink->path)
        close(sink->fd);
    yk_sink_done(&sink->shared);
    free(sink->path);
}

/* ---- Writing ---- */

static void note_failure(struct yk_log_sink *sink)
{
    sink->lost++;
    if (!sink->is_failing)
        yoke_log(YOKE_LOG_ERROR, "access log %s: lines are lost: %s",
                 sink->path ? sink->path : "(standard output)",
                 strerror(errno));
    sink->is_failing = true;
}

static void note_success(struct yk_log_sink *sink)
{
    if (sink->is_failing)
        yoke_log(YOKE_LOG_INFO, "access log: is written again, %zu writes lost",
                 sink->lost);
    sink->is_failing = false;
    sink->lost = 0;
}

/* A pipe that has a name is not waited for either: it was opened so. */
static ssize_t put(struct yk_log_sink *sink, const char *ptr, size_t len)
{
    ssize_t n;
    if (!sink->path) {
        n = yk_sink_write(&sink->shared, sink->fd, ptr, len);
        errno = n < 0 ? (int)-n : 0;
        return n;
    }
    do
        n = write(sink->fd, ptr, len);
    while (n < 0 && errno == EINTR);
    return n;
}

static void write_piece(struct yk_log_sink *sink, const char *ptr, size_t len)
{
    if (sink->is_torn)
        sink->is_torn = put(sink, "\n", 1) != 1;
    ssize_t n = put(sink, ptr, len);
    if (n < 0) {
        note_failure(sink);
        return;
    }
    sink->is_torn = (size_t)n < len;
    if (sink->is_torn)
        note_failure(sink);
    else
        note_success(sink);
}

/* As many whole lines as fit into `max`; a longer one as a whole. */
static size_t lines_len(const char *ptr, size_t len, size_t max)
{
    if (len <= max)
        return len;
    const char *end = memrchr(ptr, '\n', max);
    if (!end)
        end = memchr(ptr, '\n', len);
    return end ? (size_t)(end - ptr) + 1 : len;
}

void yk_log_sink_write(struct yk_log_sink *sink, const char *ptr, size_t len)
{
    size_t max = sink->is_file ? SIZE_MAX : PIPE_BUF;
    look_at_name(sink);
    while (len > 0) {
        size_t n = lines_len(ptr, len, max);
        write_piece(sink, ptr, n);
        ptr += n;
        len -= n;
    }
}
