/* The request target (RFC 9112 section 3.2) and the authority in it or in the
 * Host field (RFC 3986 section 3.2), strictly. */
#ifndef YK_HTTP_TARGET_H
#define YK_HTTP_TARGET_H

#include "core/slice.h"
#include "http/h1_error.h"
#include "http/request.h"

/* A host with an optional port: `name`, `1.2.3.4`, `[::1]`, each with `:port`.
 * No user information, no path, no list, not empty. */
bool yk_authority_is_legal(struct yk_slice authority);

/* Sorts out a target whose characters have been checked, and the first `?` of
 * which, or its end, is `path_len` bytes from its start: sets `target`,
 * `path_len`, `is_absolute` and, of an absolute target, `host`. `target` lies
 * inside `req->base`; of an absolute one the authority is moved to the left, so
 * that there is room for its NUL and, if the path is missing, for a "/". */
enum yk_h1_error yk_target_parse(struct yk_request *req, struct yk_span target,
                                 uint16_t path_len);

#endif
