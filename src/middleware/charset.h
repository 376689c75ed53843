/* The charset of a body's text, and from it to UTF-8. */
#ifndef YK_MIDDLEWARE_CHARSET_H
#define YK_MIDDLEWARE_CHARSET_H

#include <stddef.h>

#include <yoke/req.h>

/* The value of a parameter of a field such as Content-Type, "charset" for
 * example, without its quotes; NULL when there is none. In the request's
 * memory. */
const char *yk_param_of(yoke_req *req, const char *field, const char *name);

/* The charset's name as yoke writes it, "utf-8"; NULL for one that is not known
 * here. */
const char *yk_charset_find(const char *name);

/* The same text in UTF-8, with a NUL behind it, in the request's memory; what
 * already is UTF-8 is checked, and returned without a byte order mark. NULL when
 * it is not of that charset, or there is no memory. `charset` is from
 * yk_charset_find; `ptr` may be changed. */
char *yk_charset_to_utf8(yoke_req *req, const char *charset, char *ptr,
                         size_t len, size_t *ret_len);

/* The same of UTF-8 for a reader that checks it itself. */
char *yk_skip_mark(char *ptr, size_t *len);

#endif
