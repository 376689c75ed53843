#include <yoke/middleware/access_log.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <yoke/filter.h>
#include <yoke/log.h>
#include <yoke/req.h>
#include <yoke/res.h>

#include "middleware/log_file.h"
#include "middleware/log_format.h"
#include "middleware/texts.h"

#include "core/banned.h"

#define FLUSH_MS     1000
#define LINE_MAX_LEN 32768

struct log {
    struct yoke_access_log_options options;
    struct yk_log_format *format;
    struct yk_log_file *file; /* NULL: options.write has the lines. */
    char line[LINE_MAX_LEN];
};

/* One request; in its memory. */
struct entry {
    struct log *log;
    struct yk_log_record record;
    uint64_t start_us;
};

static uint64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static void write_line(struct log *log, const struct yk_log_record *record)
{
    const struct yoke_access_log_options *options = &log->options;
    if (options->skip && options->skip(record->req, record->res, options->data))
        return;
    size_t max = log->file ? yk_log_file_line_max(log->file) : LINE_MAX_LEN;
    size_t len = yk_log_format_line(log->format, record, log->line, max);
    if (log->file)
        yk_log_file_put(log->file, log->line, len);
    else
        options->write(log->line, len, options->data);
}

/* Only a head that somebody may have got has a status. */
static void on_head(yoke_res *res, void *data)
{
    struct entry *entry = data;
    if (!yoke_req_is_aborted(entry->record.req))
        entry->record.status = yoke_res_get_status(res);
}

static void on_finish(yoke_res *res, void *data)
{
    struct entry *entry = data;
    (void)res;
    entry->record.is_over = true;
    entry->record.taken_us = now_us() - entry->start_us;
    write_line(entry->log, &entry->record);
}

static void watch(yoke_req *req, yoke_res *res)
{
    struct entry *entry = yoke_req_alloc(req, sizeof(*entry));
    *entry = (struct entry){
        .log = yoke_data(req),
        .record = {.req = req,
                   .res = res,
                   .method = yoke_req_method(req),
                   .time_s = yoke_req_time_s(req)},
        .start_us = now_us(),
    };
    if (entry->log->options.is_immediate) {
        write_line(entry->log, &entry->record);
    } else {
        yoke_res_on_head(res, on_head, entry);
        yoke_res_on_finish(res, on_finish, entry);
    }
    yoke_next(req);
}

/* ---- Options ---- */

static void log_free(void *data)
{
    struct log *log = data;
    yk_log_file_close(log->file);
    yk_log_format_free(log->format);
    free(log);
}

static bool open_file(struct log *log)
{
    const struct yoke_access_log_options *options = &log->options;
    if (options->write)
        return true;
    log->file = yk_log_file_open(&(struct yk_log_file_options){
        .path = options->path,
        .buffer_len = options->buffer_len,
        .flush_ms = options->flush_ms ? options->flush_ms : FLUSH_MS,
        .reopen_signal = options->reopen_signal,
    });
    if (!log->file)
        yoke_log(YOKE_LOG_ERROR, "yoke_access_log: %s: %s",
                 options->path ? options->path : "standard output",
                 strerror(errno));
    return log->file;
}

struct yoke_handler
yoke_access_log_with(const struct yoke_access_log_options *options)
{
    const char *format = options->format ? options->format : "combined";
    const char *why = NULL;
    struct log *log = yk_zeroed(sizeof(*log));
    log->options = *options;
    log->format = yk_log_format_new(format, &why);
    if (!log->format)
        yoke_log(YOKE_LOG_ERROR, "yoke_access_log: format \"%s\": %s", format,
                 why);
    else if (open_file(log))
        return yoke_with(watch, log, log_free);
    log_free(log);
    return yoke_with(NULL, NULL, NULL);
}
