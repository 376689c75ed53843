/* The grammar of multipart bodies (RFC 2046 section 5.1), piece by piece:
 *
 *     preamble --B CRLF head CRLF CRLF data CRLF --B CRLF head ... --B-- rest
 *
 *     PREAMBLE -> AFTER -> HEAD -> DATA -> AFTER -> HEAD ... AFTER -> END
 *
 * Pure: it knows no request, and however a body is cut, it says the same. It
 * holds nothing of the data; of a head up to a limit. */
#ifndef YK_MIDDLEWARE_MULTIPART_PARSER_H
#define YK_MIDDLEWARE_MULTIPART_PARSER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "middleware/multipart_head.h"

/* The most that a boundary may have (RFC 2046 section 5.1.1). */
#define YK_BOUNDARY_LEN_MAX 70

/* What a callback returns to have the parser stop behind what it was told. A
 * negative code stops it for good. */
#define YK_MULTIPART_STOP 1

struct yk_multipart_events {
    /* A part begins: its head, lines with CRLF behind each, and a NUL. */
    int (*on_part)(void *data, char *head, size_t len);
    int (*on_data)(void *data, const char *ptr, size_t len);
    int (*on_part_end)(void *data);
    /* Memory for `capacity` bytes, of which the first `len` are those of
     * `old`; it replaces that. NULL: there is none. */
    char *(*grow)(void *data, const char *old, size_t len, size_t capacity);
    /* The bytes are no multipart body, or end too early; returns the code that
     * the parser is to return. */
    int malformed, head_too_long, no_memory;
};

struct yk_multipart_parser {
    const struct yk_multipart_events *events;
    void *data; /* Handed to them. */
    enum {
        YK_MULTIPART_PREAMBLE,
        YK_MULTIPART_AFTER, /* Behind a boundary, before its line's end. */
        YK_MULTIPART_HEAD,
        YK_MULTIPART_DATA,
        YK_MULTIPART_END,
    } state;
    char delimiter[YK_BOUNDARY_LEN_MAX + 5]; /* CRLF -- boundary */
    size_t delimiter_len;
    size_t matched;   /* Bytes of it that have come. */
    char after[2];    /* AFTER: what has come, without spaces; */
    size_t after_len; /* how much. */
    struct yk_multipart_head head;
};

/* `boundary` has 1 to YK_BOUNDARY_LEN_MAX bytes. */
void yk_multipart_parser_init(struct yk_multipart_parser *parser,
                              const struct yk_multipart_events *events,
                              void *data, const char *boundary,
                              size_t max_head_len);

/* Reads a piece. Returns how much of it has been used, less than all only when
 * a callback has said so; or a negative code. */
ssize_t yk_multipart_parser_feed(struct yk_multipart_parser *parser,
                                 const char *ptr, size_t len);

/* After the last piece: 0, or the code for a body that is malformed. */
int yk_multipart_parser_end(const struct yk_multipart_parser *parser);

#endif
