/* The two encodings that a request's parts need: of URLs and forms, and of
 * credentials. */
#ifndef YK_TEST_ENCODE_H
#define YK_TEST_ENCODE_H

#include <stddef.h>

struct yk_bytes;

/* Adds text, percent-encoded but for what is unreserved (RFC 3986 section 2.3):
 * right in a query, a form, a path's segment and a cookie. */
void yk_encode_percent(struct yk_bytes *out, const char *text);

/* Adds bytes in base64, padded (RFC 4648 section 4). */
void yk_encode_base64(struct yk_bytes *out, const void *ptr, size_t len);

#endif
