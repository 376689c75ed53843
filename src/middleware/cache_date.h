/* Dates in fields, in each of the three forms that have ever been sent (RFC 9110
 * section 5.6.7). */
#ifndef YK_MIDDLEWARE_CACHE_DATE_H
#define YK_MIDDLEWARE_CACHE_DATE_H

#include <stdint.h>

/* Seconds since 1970; 0, which has been over for long, for whatever is no date
 * (RFC 9111 section 5.3). `now` says which century years of two digits mean. */
int64_t yk_cache_date(const char *text, int64_t now);

#endif
