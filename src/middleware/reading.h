/* A body that a parser reads: its pieces, decoded, in one piece of memory, up to
 * the parser's limit; then the parser's `parse`. */
#ifndef YK_MIDDLEWARE_READING_H
#define YK_MIDDLEWARE_READING_H

#include <stdint.h>

#include "middleware/decoder.h"
#include "middleware/parser.h"

/* Reads the request's body, of about `length` bytes. What is wrong with it has
 * been passed on as an error, now or later; when somebody has read it before,
 * the next layer runs. */
void yk_reading_start(yoke_req *req, const struct yk_parser *parser,
                      const char *charset, enum yk_coding coding,
                      uint64_t length);

/* Passes on as an error that the body is longer than the limit. */
void yk_reading_refuse_length(yoke_req *req, const struct yk_parser *parser);

#endif
