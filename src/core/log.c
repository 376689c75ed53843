#include "core/log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <yoke/log.h>

#include "core/journal.h"
#include "core/sink.h"

#include "core/banned.h"

/* Longest line with its newline: what a pipe takes in one piece. */
#define LINE_MAX_LEN 4096

/* For how long, in a second, the loop waits for whoever reads its log. */
#define PATIENCE_MS 50

/* The process's log settings. Written by yoke_log_set_level, _set_sink and
 * yk_log_set_writer, and once from the environment. */
static enum yoke_log_level lowest = YOKE_LOG_INFO;
static bool is_level_known;
static yoke_log_fn *sink;
static void *sink_data;
static void (*writer)(const char *line, size_t len);
/* Written by write_line, on the process's first thread. */
static struct yk_sink own_sink = YK_SINK_INIT(PATIENCE_MS);

static const char *const names[] = {"debug", "info", "warn", "error", "off"};

static void read_level(void)
{
    const char *wanted = getenv("YOKE_LOG");
    is_level_known = true;
    if (!wanted || !wanted[0])
        return;
    for (int i = 0; i <= YOKE_LOG_OFF; i++)
        if (strcmp(wanted, names[i]) == 0) {
            lowest = (enum yoke_log_level)i;
            return;
        }
    yoke_log(YOKE_LOG_WARN,
             "YOKE_LOG is '%s': it may be debug, info, warn, error or off",
             wanted);
}

void yoke_log_set_level(enum yoke_log_level level)
{
    lowest = level;
    is_level_known = true;
}

void yoke_log_set_sink(yoke_log_fn *fn, void *data)
{
    sink = fn;
    sink_data = data;
}

/* A peer's bytes may be in the line: they must not end it or drive a
 * terminal. */
static void blank_controls(char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
}

void yk_log_set_writer(void (*write_line)(const char *line, size_t len))
{
    writer = write_line;
}

static void write_line(char *line, size_t len)
{
    line[len++] = '\n';
    if (writer) {
        writer(line, len);
        return;
    }
    /* Only the loop must not wait; its thread is the first. */
    if (gettid() == getpid()) {
        if (yk_journal_is(STDERR_FILENO))
            yk_journal_put(&own_sink, STDERR_FILENO, line, len);
        else
            yk_sink_put(&own_sink, STDERR_FILENO, line, len);
        return;
    }
    ssize_t ignored = write(STDERR_FILENO, line, len);
    (void)ignored;
}

bool yk_log_is_shown(enum yoke_log_level level)
{
    if (!is_level_known)
        read_level();
    return level >= lowest && level < YOKE_LOG_OFF;
}

void yoke_log(enum yoke_log_level level, const char *fmt, ...)
{
    char line[LINE_MAX_LEN];
    va_list args;

    if (!yk_log_is_shown(level))
        return;

    int head = snprintf(line, sizeof(line), "yoke[%d] %s: ", (int)getpid(),
                        names[level]);
    char *text = line + head;
    size_t room = sizeof(line) - 1 - (size_t)head;
    va_start(args, fmt);
    int len = vsnprintf(text, room, fmt, args);
    va_end(args);
    if (len < 0)
        return;
    blank_controls(text);
    if (sink)
        sink(level, text, sink_data);
    else
        write_line(line, (size_t)head + strlen(text));
}
