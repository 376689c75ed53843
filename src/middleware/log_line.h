/* A line of an access log that is being put together. */
#ifndef YK_MIDDLEWARE_LOG_LINE_H
#define YK_MIDDLEWARE_LOG_LINE_H

#include <stddef.h>

/* Bytes of one text that a client has sent; fewer when the line is too long. */
#define YK_LOG_TEXT_MAX 4096

struct yk_log_line {
    char *out;
    size_t len, max; /* A longer one is only counted. */
    size_t text_max; /* Of YK_LOG_TEXT_MAX. */
};

void yk_log_put(struct yk_log_line *line, const char *ptr, size_t len);
void yk_log_put_text(struct yk_log_line *line, const char *text);
void yk_log_put_format(struct yk_log_line *line, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Text from outside, in which nothing can end a line or a quoted text, or drive
 * a terminal; "-" when there is none. */
void yk_log_put_escaped(struct yk_log_line *line, const char *text);

/* The same as a text of JSON, in its quotes. */
void yk_log_put_json(struct yk_log_line *line, const char *text);

#endif
