#include "middleware/log_file.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include <yoke/log.h>
#include <yoke/loop.h>

#include "middleware/log_sink.h"
#include "middleware/texts.h"

#include "core/banned.h"

#define FILE_LINE_MAX 32768
#define BUFFER_MAX    (1u << 20)

struct yk_log_file {
    struct yk_log_file *next; /* In `buffered`. */
    struct yk_log_sink sink;
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

/* ---- The buffer ---- */

static void flush(struct yk_log_file *file)
{
    if (file->used == 0)
        return;
    yk_log_sink_write(&file->sink, file->buffer, file->used);
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
    yk_log_sink_reopen(&file->sink);
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

static void file_free(struct yk_log_file *file)
{
    free(file->buffer);
    free(file);
}

struct yk_log_file *yk_log_file_open(const struct yk_log_file_options *options)
{
    struct yk_log_file *file = yk_zeroed(sizeof(*file));
    if (!yk_log_sink_open(&file->sink, options->path)) {
        free(file);
        return NULL;
    }
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
    yk_log_sink_close(&file->sink);
    if (file->has_timer)
        uv_close((uv_handle_t *)&file->timer, on_handle_closed);
    if (file->has_signal)
        uv_close((uv_handle_t *)&file->signal, on_handle_closed);
    if (file->open_handles == 0)
        file_free(file);
}

size_t yk_log_file_line_max(const struct yk_log_file *file)
{
    return file->sink.is_file ? FILE_LINE_MAX : PIPE_BUF;
}

void yk_log_file_put(struct yk_log_file *file, const char *line, size_t len)
{
    if (len > file->buffer_len - file->used)
        flush(file);
    if (len > file->buffer_len) {
        yk_log_sink_write(&file->sink, line, len);
        return;
    }
    memcpy(file->buffer + file->used, line, len);
    file->used += len;
    start_timer(file);
}
