/* How an expectation that does not hold is told: file and line, what was
 * expected and what came, then the bytes of the exchange, printable. */
#ifndef YK_TEST_FAILURE_H
#define YK_TEST_FAILURE_H

#include <stddef.h>

#include <yoke/test.h>

#include "test/bytes.h"

struct yk_link;

/* Adds bytes as text on lines that begin with `prefix`; a CR LF ends a line,
 * whatever else is not printable becomes an escape. Of very many bytes the
 * middle is left out. */
void yk_failure_add_bytes(struct yk_bytes *text, const char *prefix,
                          const char *ptr, size_t len);

/* Adds bytes in quotes, on one line; of many only the first. */
void yk_failure_add_quoted(struct yk_bytes *text, const char *ptr, size_t len);

/* Adds both sides of a connection. NULL is allowed: nothing was sent. */
void yk_failure_add_link(struct yk_bytes *text, const struct yk_link *link);

/* Prints "FILE:LINE: TEXT", frees the text, and calls what yoke_test_on_fail
 * was given; so it may not return. */
void yk_failure_report(struct yk_bytes *text, const char *file, int line);

#endif
