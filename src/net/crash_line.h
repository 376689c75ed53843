/* A line of a crash's report: put together and written in a signal handler, so
 * without allocation, locks or stdio. What does not fit is left out. */
#ifndef YK_NET_CRASH_LINE_H
#define YK_NET_CRASH_LINE_H

#include <stddef.h>
#include <stdint.h>

#define YK_CRASH_LINE_MAX 512

struct yk_crash_line {
    size_t len;
    char text[YK_CRASH_LINE_MAX];
};

/* As a line of the log begins. */
void yk_crash_line_begin(struct yk_crash_line *line);

void yk_crash_put(struct yk_crash_line *line, const char *text);
void yk_crash_put_number(struct yk_crash_line *line, uint64_t number);
void yk_crash_put_hex(struct yk_crash_line *line, uintptr_t number);

/* Writes it to standard error. */
void yk_crash_line_end(struct yk_crash_line *line);

#endif
