/* What a request in raw bytes asks for, as far as one must know it to read its
 * answer: HEAD has none of the body that its header fields speak of, and a
 * client of HTTP/1.0 gets no chunks.
 *
 * Not a parser: it looks for the ends of well-formed requests, so that the
 * n-th of several is found. For bytes that are not a request it says what fits
 * the answer they will get. */
#ifndef YK_TEST_QUESTION_H
#define YK_TEST_QUESTION_H

#include <stdbool.h>
#include <stddef.h>

struct yk_question {
    bool is_head;   /* The method is HEAD. */
    bool is_http10; /* The version is HTTP/1.0. */
};

/* The n-th request in the bytes, from 0. Past the last: neither. */
struct yk_question yk_question_at(const char *ptr, size_t len, size_t n);

#endif
