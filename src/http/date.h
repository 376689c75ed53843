/* The Date header: a date in HTTP's form (RFC 9110 section 5.6.7), made once a
 * second. */
#ifndef YK_HTTP_DATE_H
#define YK_HTTP_DATE_H

#include <stdint.h>

/* "Sun, 06 Nov 1994 08:49:37 GMT" */
#define YK_HTTP_DATE_LEN 29

struct yk_http_date {
    int64_t second; /* Which `text` is for. */
    char text[YK_HTTP_DATE_LEN + 1];
};

/* Writes `second`, counted from 1970 in UTC, from 0 to the end of the year
 * 9999; what lies outside is moved to the nearest end. */
void yk_http_date_format(char out[YK_HTTP_DATE_LEN + 1], int64_t second);

/* The text for `second`; made anew only when the second is another one. */
const char *yk_http_date_at(struct yk_http_date *date, int64_t second);

#endif
