/* The log's inside: who writes its lines. The calls are in yoke/log.h. */
#ifndef YK_CORE_LOG_H
#define YK_CORE_LOG_H

#include <stddef.h>

/* From now on `write_line` writes what no sink of the user's takes: a whole
 * line, its newline included, at most 4096 bytes. NULL, as at the start:
 * write(2) to standard error, which waits for whoever reads that. */
void yk_log_set_writer(void (*write_line)(const char *line, size_t len));

#endif
