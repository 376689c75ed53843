#include "middleware/log_file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <uv.h>

#include <yoke/log.h>
#include <yoke/loop.h>

#include "middleware/texts.h"

#include "core/banned.h"

#define FILE_LINE_MAX 32768
#define BUFFER_MAX    (1u << 20)

struct yk_log_file {
    struct yk_log_file *next; /* In `buffered`. */
    int fd;
    char *path;   /* NULL: standard output, which is not ours to close. */
    bool is_file; /* A regular one: whatever is written stays in one piece. */
    bool is_torn; /* The last write ended in the middle of a line. */
    bool is_failing; /* Writes are; it has been said. */
    bool is_lost;    /* It cannot be opened anew; it has been said. */
    size_t lost;     /* Writes that failed since it was last well. */
    time_t looked_s; /* When its name was looked at. */
    struct stat stat;

    char *buffer; /* NULL: none. */
    size_t buffer_len, used;
    uint32_t flush_ms;
    uv_timer_t timer;
    uv_signal_t signal;
    bool has_timer, has_signal;
    int open_handles; /* To be closed before this is freed. */
};

/* Files with a buffer, for the end of the process: a worker ends without freeing
 * its application. Written by yk_log_file_open and _close. */
static struct yk_log_file *buffered;

/* ---- Opening ---- */

static int open_path(struct yk_log_file *file)
{
    int fd = STDOUT_FILENO;
    if (file->path)
        fd = open(file->path,
                  O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY |
                      O_NONBLOCK,
                  0640);
    if (fd < 0 || fstat(fd, &file->stat) < 0)
        return -1;
    file->is_file = S_ISREG(file->stat.st_mode);
    return fd;
}

static void reopen(struct yk_log_file *file)
{
    int fd = open_path(file);
    if (fd < 0) {
        if (!file->is_lost)
            yoke_log(YOKE_LOG_ERROR,
                     "access log %s: %s; lines still go to the file that was "
                     "there",
                     file->path, strerror(errno));
        file->is_lost = true;
        return;
    }
    file->is_lost = false;
    close(file->fd);
    file->fd = fd;
    file->is_torn = false;
}

static time_t now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
    return now.tv_sec;
}

/* Once a second: is the name still this file's? */
static void look_at_name(struct yk_log_file *file)
{
    struct stat stat_now;
    time_t now = now_s();
    if (!file->path || now == file->looked_s)
        return;
    file->looked_s = now;
    if (stat(file->path, &stat_now) < 0 ||
        stat_now.st_ino != file->stat.st_ino ||
        stat_now.st_dev != file->stat.st_dev)
        reopen(file);
}

/* ---- Writing ---- */

static void note_failure(struct yk_log_file *file)
{
    file->lost++;
    if (!file->is_failing)
        yoke_log(YOKE_LOG_ERROR, "access log %s: lines are lost: %s",
                 file->path ? file->path : "(standard output)",
                 strerror(errno));
    file->is_failing = true;
}

static void note_success(struct yk_log_file *file)
{
    if (file->is_failing)
        yoke_log(YOKE_LOG_INFO, "access log: is written again, %zu writes lost",
                 file->lost);
    file->is_failing = false;
    file->lost = 0;
}

static void write_piece(struct yk_log_file *file, const char *ptr, size_t len)
{
    ssize_t n;
    if (file->is_torn)
        file->is_torn = write(file->fd, "\n", 1) != 1;
    do
        n = write(file->fd, ptr, len);
    while (n < 0 && errno == EINTR);
    if (n < 0) {
        note_failure(file);
        return;
    }
    file->is_torn = (size_t)n < len;
    if (file->is_torn)
        note_failure(file);
    else
        note_success(file);
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

static void write_lines(struct yk_log_file *file, const char *ptr, size_t len)
{
    size_t max = file->is_file ? SIZE_MAX : PIPE_BUF;
    look_at_name(file);
    while (len > 0) {
        size_t n = lines_len(ptr, len, max);
        write_piece(file, ptr, n);
        ptr += n;
        len -= n;
    }
}

static void flush(struct yk_log_file *file)
{
    if (file->used == 0)
        return;
    write_lines(file, file->buffer, file->used);
    file->used = 0;
}

static void flush_all(void)
{
    for (struct yk_log_file *file = buffered; file; file = file->next)
        flush(file);
}

static void start_buffer(struct yk_log_file *file, size_t len)
{
    static bool is_registered;
    if (len == 0)
        return;
    file->buffer_len = len < BUFFER_MAX ? len : BUFFER_MAX;
    file->buffer = yk_zeroed(file->buffer_len);
    file->next = buffered;
    buffered = file;
    if (!is_registered)
        atexit(flush_all);
    is_registered = true;
}

static void forget(const struct yk_log_file *file)
{
    struct yk_log_file **place = &buffered;
    while (*place && *place != file)
        place = &(*place)->next;
    if (*place)
        *place = file->next;
}

/* ---- Handles ---- */

static void on_time(uv_timer_t *timer)
{
    flush(timer->data);
}

static void on_signal(uv_signal_t *signal, int number)
{
    struct yk_log_file *file = signal->data;
    (void)number;
    flush(file);
    if (file->path)
        reopen(file);
}

static void start_signal(struct yk_log_file *file, int number)
{
    if (number == 0 || uv_signal_init(yoke_loop(), &file->signal) < 0)
        return;
    file->signal.data = file;
    file->has_signal = true;
    file->open_handles++;
    uv_unref((uv_handle_t *)&file->signal);
    int err = uv_signal_start(&file->signal, on_signal, number);
    if (err < 0)
        yoke_log(YOKE_LOG_ERROR, "access log: signal %d: %s", number,
                 uv_strerror(err));
}

static void start_timer(struct yk_log_file *file)
{
    if (!file->has_timer) {
        uv_timer_init(yoke_loop(), &file->timer);
        file->timer.data = file;
        file->has_timer = true;
        file->open_handles++;
        uv_unref((uv_handle_t *)&file->timer);
    }
    if (!uv_is_active((uv_handle_t *)&file->timer))
        uv_timer_start(&file->timer, on_time, file->flush_ms, 0);
}

/* ---- Life ---- */

/* The program may go to another folder before the file is opened anew. */
static char *absolute(const char *path)
{
    char *folder = path && *path != '/' ? getcwd(NULL, 0) : NULL;
    char *whole = folder ? yk_text_join(folder, "/", path) : yk_text_copy(path);
    free(folder);
    return whole;
}

static void file_free(struct yk_log_file *file)
{
    free(file->buffer);
    free(file->path);
    free(file);
}

struct yk_log_file *yk_log_file_open(const struct yk_log_file_options *options)
{
    struct yk_log_file *file = yk_zeroed(sizeof(*file));
    file->path = absolute(options->path);
    file->fd = open_path(file);
    if (file->fd < 0) {
        int err = errno;
        file_free(file);
        errno = err;
        return NULL;
    }
    file->looked_s = now_s();
    file->flush_ms = options->flush_ms;
    start_buffer(file, options->buffer_len);
    start_signal(file, options->reopen_signal);
    return file;
}

static void on_handle_closed(uv_handle_t *handle)
{
    struct yk_log_file *file = handle->data;
    if (--file->open_handles == 0)
        file_free(file);
}

void yk_log_file_close(struct yk_log_file *file)
{
    if (!file)
        return;
    flush(file);
    forget(file);
    if (file->path)
        close(file->fd);
    if (file->has_timer)
        uv_close((uv_handle_t *)&file->timer, on_handle_closed);
    if (file->has_signal)
        uv_close((uv_handle_t *)&file->signal, on_handle_closed);
    if (file->open_handles == 0)
        file_free(file);
}

size_t yk_log_file_line_max(const struct yk_log_file *file)
{
    return file->is_file ? FILE_LINE_MAX : PIPE_BUF;
}

void yk_log_file_put(struct yk_log_file *file, const char *line, size_t len)
{
    if (len > file->buffer_len - file->used)
        flush(file);
    if (len > file->buffer_len) {
        write_lines(file, line, len);
        return;
    }
    memcpy(file->buffer + file->used, line, len);
    file->used += len;
    start_timer(file);
}
