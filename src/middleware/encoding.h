/* Codings of an answer's body, gzip and br, and which of them a client wants
 * (RFC 9110 section 12.5.3). */
#ifndef YK_MIDDLEWARE_ENCODING_H
#define YK_MIDDLEWARE_ENCODING_H

#include <stddef.h>

#include <yoke/app.h>

enum yk_encoding {
    YK_ENCODING_NONE,
    YK_ENCODING_GZIP,
    YK_ENCODING_BR,
};

#define YK_ENCODINGS 2

/* "gzip" or "br". */
const char *yk_encoding_name(enum yk_encoding coding);

/* The codings that the client takes rather than the body as it is, best first;
 * returns how many. Of two that it likes equally br comes first, for it is
 * shorter, and browsers name it last. */
size_t yk_encodings_wanted(const yoke_req *req,
                           enum yk_encoding out[YK_ENCODINGS]);

#endif
