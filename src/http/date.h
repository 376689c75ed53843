/* The Date header: a date in HTTP's form (RFC 9110 section 5.6.7), made once a
 * second. */
#ifndef YK_HTTP_DATE_H
#define YK_HTTP_DATE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
#define YK_HTTP_DATE_LEN 29

struct yk_http_date {
    int64_t second; /* Which `text` is for. */
    char text[YK_HTTP_DATE_LEN + 1];
};

/* Writes `second`, counted from 1970 in UTC, from 0 to the end of the year
 * 9999; what lies outside is moved to the nearest end. */
void yk_http_date_format(char out[YK_HTTP_DATE_LEN + 1], int64_t second);

/* Reads a date in any of HTTP's three forms (RFC 9110 section 5.6.7: the one
 * above, and the obsolete ones of RFC 850 and of asctime(3)); a year of two
 * digits is that of 1970 to 2069. False when it is
 * none of them, or is no day that there is; `*ret_second` is left alone. */
bool yk_http_date_parse(struct yk_slice text, int64_t *ret_second);

/* The second that it is now, by the system's clock. */
int64_t yk_http_now(void);

/* The text for `second`; made anew only when the second is another one. */
const char *yk_http_date_at(struct yk_http_date *date, int64_t second);

#endif
