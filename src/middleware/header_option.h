/* Header fields in options: looked at when the middleware is made, for one that
 * HTTP does not allow would break each answer. */
#ifndef YK_MIDDLEWARE_HEADER_OPTION_H
#define YK_MIDDLEWARE_HEADER_OPTION_H

#include <stdbool.h>

/* Whether it can be a field's name (RFC 9110 section 5.1). The log says for
 * `who` what is wrong. */
bool yk_header_name_is_good(const char *who, const char *name);

/* The same of one that is set in answers: yoke sets some itself. */
bool yk_header_name_is_free(const char *who, const char *name);

/* Whether it can be the value of the field `name` (section 5.5): without line
 * ends and other control characters. NULL is none, and good. */
bool yk_header_value_is_good(const char *who, const char *name,
                             const char *value);

#endif
