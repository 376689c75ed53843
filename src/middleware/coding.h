/* Codings of an answer's body, gzip and br, and which of them a client wants
 * (RFC 9110 section 12.5.3). */
#ifndef YK_MIDDLEWARE_CODING_H
#define YK_MIDDLEWARE_CODING_H

#include <stddef.h>

#include <yoke/app.h>

enum yk_coding {
    YK_CODING_NONE,
    YK_CODING_GZIP,
    YK_CODING_BR,
};

#define YK_CODINGS 2

/* "gzip" or "br". */
const char *yk_coding_name(enum yk_coding coding);

/* The codings that the client takes rather than the body as it is, best first;
 * returns how many. Of two that it likes equally br comes first, for it is
 * shorter, and browsers name it last. */
size_t yk_codings_wanted(const yoke_req *req, enum yk_coding out[YK_CODINGS]);

#endif
