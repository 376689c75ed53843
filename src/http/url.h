/* URLs as text: percent-encoding (RFC 3986 section 2.1) and query strings.
 *
 * Pure: bytes in, bytes out, into room that the caller has. Text is decoded
 * once, and after it has been taken apart, so that an encoded delimiter never
 * separates anything (docs/http-rules.md rule 34). */
#ifndef YK_HTTP_URL_H
#define YK_HTTP_URL_H

#include <stdbool.h>
#include <stddef.h>

#include "core/slice.h"

/* Decodes one segment of a path; `out` has room for `text.len` bytes and may be
 * `text` itself. "+" stays as it is. Returns 0, or -YOKE_EESCAPE, with `out`
 * undefined, for a "%" without two hex digits and for "%00", which no C string
 * can hold. */
int yk_url_decode(struct yk_slice text, char *out, size_t *ret_len);

/* Decodes a name or a value of a query string; `out` as above. "+" is a space.
 * What yk_url_decode refuses stays as it is. Returns the decoded length. */
size_t yk_url_decode_query(struct yk_slice text, char *out);

/* Room that yk_url_encode needs for `len` bytes. */
#define YK_URL_ENCODED_MAX(len) ((len)*3)

/* Makes a URL, or a part of one, fit to be sent: bytes that may not stand in a
 * URL are percent-encoded. What is encoded already stays so, and so does "\",
 * which browsers take for "/"; a "%" that encodes nothing becomes "%25".
 * Returns the encoded length. */
size_t yk_url_encode(struct yk_slice text, char *out);

/* One parameter of a query string, not decoded. `value.ptr` is NULL when there
 * is no "=". */
struct yk_url_pair {
    struct yk_slice name, value;
};

/* Takes the next parameter off the front of `*rest`, without what stands before
 * the "?". Returns false at the end; empty ones ("&&") are skipped. */
bool yk_url_next_pair(struct yk_slice *rest, struct yk_url_pair *ret_pair);

#endif
