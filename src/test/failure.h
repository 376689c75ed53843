/* How an expectation that does not hold is told: file and line, what was
 * expected and what came, then the exchange.
 *
 *     test_users.c:31: expected 200 "OK", got 404 "Not Found"
 *         > GET /users/7 HTTP/1.1          what the client sent
 *         > Host: test
 *         >
 *         < HTTP/1.1 404 Not Found         what the server sent
 *         < ...
 *
 * Never in colour. Text is shown as lines, what is not printable in it as
 * escapes; a body of other bytes in hex; of much only both ends. */
#ifndef YK_TEST_FAILURE_H
#define YK_TEST_FAILURE_H

#include <stddef.h>

#include <yoke/test.h>

#include "test/bytes.h"

struct yk_link;

/* Adds bytes in quotes, on one line; of many only the first. */
void yk_failure_add_quoted(struct yk_bytes *text, const char *ptr, size_t len);

/* Adds both sides of a connection, or what the server sent alone. NULL is
 * allowed: nothing was sent. */
void yk_failure_add_link(struct yk_bytes *text, const struct yk_link *link);
void yk_failure_add_answer(struct yk_bytes *text, const struct yk_link *link);

/* Adds the exchange of `r`, and those of the redirects that led to it. */
void yk_failure_add_exchange(struct yk_bytes *text, const yoke_tr *r);

/* Prints "FILE:LINE: TEXT", frees the text, and calls what yoke_test_on_fail
 * was given; so it may not return. */
void yk_failure_report(struct yk_bytes *text, const char *file, int line);

#endif
