/* The parser of HTTP/1 request heads (RFC 9112), strict and incremental.
 *
 * It works on the receive buffer, in place, line by line: a line is parsed once,
 * when its end has arrived (before that only its length is watched). So the outcome does not
 * depend on how the input was split, and a head that arrives in one piece, as
 * nearly all do, is parsed in one pass.
 *
 * What is accepted is what RFC 9112 demands of a server, and nothing that two
 * parsers could read differently: no bare LF, no folded fields, no space before
 * a colon, one Content-Length or one Transfer-Encoding, one Host. Rules 1-7 and
 * 12-24 of docs/http-rules.md are decided here. */
#ifndef YK_HTTP_H1_PARSE_H
#define YK_HTTP_H1_PARSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/h1_error.h"
#include "http/request.h"

struct yoke_limits;

/* A head on its way. `request` may be used when the head is complete. */
struct yk_h1_head {
    uint32_t line_off; /* Start of the line that is not yet complete. */
    uint32_t scan_off; /* No line end before this. */
    uint8_t blank_lines;
    bool has_request_line;
    bool has_host, has_length, has_coding;
    bool says_close, says_keep_alive;
    bool has_unknown_expect;
    struct yk_request request;
};

/* Prepares for a new head. */
void yk_h1_head_init(struct yk_h1_head *head);

/* Looks at `len` bytes at `buf`, all that has arrived since the end of the
 * previous request. May be called again with more; `buf` may have moved, but
 * its bytes must not have changed.
 *
 * Returns the length of the head when it is complete: `request` is filled in.
 * 0: more is needed. Negative: `-enum yk_h1_error`; nothing more may be parsed
 * on this connection. */
int yk_h1_head_parse(struct yk_h1_head *head, const struct yoke_limits *limits,
                     char *buf, size_t len);

/* One field line without its CR LF: "Name: value". On success the two spans are
 * set, relative to `base`, and terminated by NUL. Also for trailers. */
enum yk_h1_error yk_h1_field_parse(char *base, uint32_t off, uint32_t len,
                                   struct yk_field *ret_field);

#endif
