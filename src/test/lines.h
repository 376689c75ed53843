/* Header fields as the lines in which they are sent: "Name: value" CR LF. So
 * what a test sets is sent as it is, be it right or wrong. */
#ifndef YK_TEST_LINES_H
#define YK_TEST_LINES_H

#include <stdbool.h>

#include "core/slice.h"
#include "test/bytes.h"

/* Adds a field at the end. */
void yk_lines_add(struct yk_bytes *lines, const char *name, const char *value);

/* Removes every field of that name, without regard to case. */
void yk_lines_remove(struct yk_bytes *lines, const char *name);

/* Takes the next field off the front of `*rest`; false at the end. */
bool yk_lines_next(struct yk_slice *rest, struct yk_slice *ret_line,
                   struct yk_slice *ret_name, struct yk_slice *ret_value);

/* Whether there is a field of that name; the value of the first. */
bool yk_lines_find(struct yk_slice lines, struct yk_slice name,
                   struct yk_slice *ret_value);
bool yk_lines_have(const struct yk_bytes *lines, const char *name);

#endif
