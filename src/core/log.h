/* The log's inside: who writes its lines. The calls are in yoke/log.h. */
#ifndef YK_CORE_LOG_H
#define YK_CORE_LOG_H

#include <stdbool.h>
#include <stddef.h>

#include <yoke/log.h>

/* From now on `write_line` writes what no sink of the user's takes: a whole
 * line, its newline included, at most 4096 bytes. NULL, as at the start: they go
 * to standard error, and the loop waits for whoever reads that for a moment only
 * (core/sink.h). */
void yk_log_set_writer(void (*write_line)(const char *line, size_t len));

/* Whether lines of this level are written: for those who would have to make a
 * text first. */
bool yk_log_is_shown(enum yoke_log_level level);

#endif
