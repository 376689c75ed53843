/* Status codes and their reason phrases (RFC 9110 section 15). */
#ifndef YK_HTTP_STATUS_H
#define YK_HTTP_STATUS_H

#include <stdbool.h>

#include "core/slice.h"

/* The reason phrase: "Not Found"; empty for a code without one. */
struct yk_slice yk_status_reason(int status);

/* The first line of an answer with its CR LF, ready to be sent:
 * "HTTP/1.1 404 Not Found\r\n"; empty for a code without a phrase. */
struct yk_slice yk_status_line(int status);

/* Whether an answer with this status can have a body (section 6.4.1). */
static inline bool yk_status_has_body(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

#endif
