/* Bytes that grow: requests, answers and failure texts of the test client. A
 * NUL follows the last byte, so that text in it can be printed as it is.
 *
 * For tests only: it grows without a limit. A zeroed structure is empty. */
#ifndef YK_TEST_BYTES_H
#define YK_TEST_BYTES_H

#include <stdarg.h>
#include <stddef.h>

#include "core/slice.h"

struct yk_bytes {
    char *ptr; /* NULL until the first append. */
    size_t len;
    size_t capacity; /* Bytes at `ptr`, the NUL included. */
};

/* Frees the bytes; empty afterwards. */
void yk_bytes_done(struct yk_bytes *bytes);

/* The bytes as a string, never NULL. Borrowed until the next append. */
const char *yk_bytes_text(const struct yk_bytes *bytes);

void yk_bytes_append(struct yk_bytes *bytes, const void *ptr, size_t len);
void yk_bytes_printf(struct yk_bytes *bytes, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void yk_bytes_vprintf(struct yk_bytes *bytes, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));

/* Appends a string, or a slice. */
void yk_bytes_add(struct yk_bytes *bytes, const char *text);
void yk_bytes_add_slice(struct yk_bytes *bytes, struct yk_slice slice);

/* Drops `len` bytes from the middle. */
void yk_bytes_cut(struct yk_bytes *bytes, size_t at, size_t len);

/* The bytes as a slice; borrowed as the string is. */
struct yk_slice yk_bytes_slice(const struct yk_bytes *bytes);

#endif
