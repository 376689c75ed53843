/* The lines of an access log: formats are read once, and then written out for
 * each request. See yoke/middleware/access_log.h. */
#ifndef YK_MIDDLEWARE_LOG_FORMAT_H
#define YK_MIDDLEWARE_LOG_FORMAT_H

#include <stddef.h>

#include "middleware/log_record.h"

struct yk_log_format;

/* Reads a format. NULL, and `*ret_why` is what is wrong with it, when it cannot
 * be read. Free it. */
struct yk_log_format *yk_log_format_new(const char *text, const char **ret_why);
void yk_log_format_free(struct yk_log_format *format);

/* Writes a line and its end to `out`, which has room for `max` bytes; returns its
 * length. What clients have sent is cut until all fits. */
size_t yk_log_format_line(struct yk_log_format *format,
                          const struct yk_log_record *record, char *out,
                          size_t max);

#endif
