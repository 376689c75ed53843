/* Bytes that grow: requests, answers and failure texts of the test client. A
 * NUL follows the last byte, so that text in it can be printed as it is.
 *
 * For tests only: it grows without a limit. A zeroed structure is empty. */
#ifndef YK_TEST_BYTES_H
#define YK_TEST_BYTES_H

#include <stddef.h>

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

#endif
