/* Base64 (RFC 4648 section 4). */
#ifndef YK_CORE_BASE64_H
#define YK_CORE_BASE64_H

#include <stddef.h>
#include <stdint.h>

#include "core/slice.h"

/* Room for `len` bytes as text, and for the bytes of `len` characters. */
#define YK_BASE64_MAX(len)       (((len) + 2) / 3 * 4)
#define YK_BASE64_BYTES_MAX(len) ((len) / 4 * 3 + 2)

/* Writes bytes as text without padding; returns its length. */
size_t yk_base64_encode(const uint8_t *bytes, size_t len, char *out);

/* Reads text, with its padding or without; line feeds in it do not count
 * (section 3.3: some encoders fold lines). `out` has room for
 * YK_BASE64_BYTES_MAX(text.len). Returns 0, or -EINVAL when it is not base64. */
int yk_base64_decode(struct yk_slice text, char *out, size_t *ret_len);

#endif
