/* Cookies as text (RFC 6265): pure. */
#ifndef YK_APP_COOKIE_H
#define YK_APP_COOKIE_H

#include "core/slice.h"

/* Most cookies of a request. */
#define YK_COOKIES_MAX 256

/* Takes the next cookie off a Cookie field, neither decoded nor without its
 * quotes. False at the end; what has no "=" or no name is skipped. */
bool yk_cookie_next(struct yk_slice *rest, struct yk_slice *ret_name,
                    struct yk_slice *ret_value);

/* Decodes a value: takes the quotes off, then decodes percent signs, unless one
 * is no escape: then all stays as it is. `out` has room for the value; returns
 * the length. */
size_t yk_cookie_decode(struct yk_slice value, char *out);

/* Whether a value can be sent as it is: no control character, space, quote,
 * comma, semicolon or backslash, and no byte from 0x80 on. Quotes around all of
 * it are allowed. */
bool yk_cookie_is_value(struct yk_slice value);

/* Whether a path or a domain can be sent: no control character, no ";". */
bool yk_cookie_is_attribute(struct yk_slice text);

#endif
