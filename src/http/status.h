/* Status codes and their reason phrases (RFC 9110 section 15). */
#ifndef YK_HTTP_STATUS_H
#define YK_HTTP_STATUS_H

#include <stdbool.h>

#include "core/slice.h"

/* The reason phrase: "Not Found"; empty for a code without one. */
struct yk_slice yk_status_reason(int status);

/* The code and its phrase: "404 Not Found"; empty for a code without one. */
struct yk_slice yk_status_title(int status);

/* The first line of an answer with its CR LF, ready to be sent:
 * "HTTP/1.1 404 Not Found\r\n"; empty for a code without a phrase. */
struct yk_slice yk_status_line(int status);

/* Whether an answer with this status says how long its body is (RFC 9112
 * section 6.3); one that does not has none. */
static inline bool yk_status_has_length(int status)
{
    return status == 200 || (status > 200 && status != 204 && status != 304);
}

/* Whether an answer with this status can have a body. 205 cannot, and says so
 * by a length of 0 (RFC 9110 section 15.3.6). */
static inline bool yk_status_has_body(int status)
{
    return status == 200 || (yk_status_has_length(status) && status != 205);
}

#endif
