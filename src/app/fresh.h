/* Conditional requests (RFC 9110 section 13): whether the client's copy is
 * still good, and whether what it wants to change is still what it knows. The
 * answer's `ETag` and `Last-Modified` are set before. */
#ifndef YK_APP_FRESH_H
#define YK_APP_FRESH_H

#include <stdbool.h>

#include "core/slice.h"

struct yoke_req;

/* As yoke_req_is_fresh. */
bool yk_fresh(const struct yoke_req *req);

/* False when `If-Match` or `If-Unmodified-Since` does not hold: 412. */
bool yk_fresh_may_go_on(const struct yoke_req *req);

/* False when `If-Range` says that the client's part belongs to another version,
 * so that `Range` is to be ignored. */
bool yk_fresh_may_range(const struct yoke_req *req);

/* Whether a list of entity tags has `etag`, or is "*" and there is one. Strong
 * comparison: weak tags are equal to none. */
bool yk_etag_is_in(struct yk_slice list, struct yk_slice etag, bool is_strong);

#endif
