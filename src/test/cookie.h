/* One Set-Cookie field, read as browsers read it (RFC 6265 section 5.2). */
#ifndef YK_TEST_COOKIE_H
#define YK_TEST_COOKIE_H

#include <stdbool.h>
#include <stdint.h>

#include "core/slice.h"

/* All slices are borrowed from the field; one whose attribute is missing has
 * the pointer NULL. */
struct yk_cookie {
    struct yk_slice name, value;
    struct yk_slice domain; /* Without a leading dot. */
    struct yk_slice path;
    struct yk_slice expires; /* As it was written. */
    struct yk_slice max_age; /* The same. */
    struct yk_slice same_site;
    struct yk_slice priority;
    bool is_secure;
    bool is_http_only;
    bool is_partitioned;
    bool is_persistent; /* It says when it ends. */
    bool is_cleared;    /* It has ended: the client is to forget it. */
    int64_t expires_s;  /* When it ends, in seconds since 1970. */
    int64_t lifetime_s; /* Max-Age in seconds, if `max_age` is one. */
};

/* Reads a field's value at the time `now_s`. Returns 0, or -EINVAL when it has
 * no name: then clients ignore it. */
int yk_cookie_parse(struct yk_cookie *cookie, struct yk_slice field,
                    int64_t now_s);

/* A date in any of the forms that clients accept (RFC 6265 section 5.1.1).
 * Returns 0, or -EINVAL. */
int yk_cookie_date(struct yk_slice text, int64_t *ret_second);

#endif
