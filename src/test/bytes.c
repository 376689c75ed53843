#include "test/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/alloc.h"
#include "core/banned.h"

void yk_bytes_done(struct yk_bytes *bytes)
{
    free(bytes->ptr);
    *bytes = (struct yk_bytes){0};
}

const char *yk_bytes_text(const struct yk_bytes *bytes)
{
    return bytes->ptr ? bytes->ptr : "";
}

static void reserve(struct yk_bytes *bytes, size_t more)
{
    size_t needed = bytes->len + more + 1;
    if (needed <= bytes->capacity)
        return;
    bytes->capacity = needed < 256 ? 256 : needed * 2;
    bytes->ptr = yk_realloc(bytes->ptr, bytes->capacity, 1);
}

void yk_bytes_append(struct yk_bytes *bytes, const void *ptr, size_t len)
{
    reserve(bytes, len);
    if (len > 0)
        memcpy(bytes->ptr + bytes->len, ptr, len);
    bytes->len += len;
    bytes->ptr[bytes->len] = '\0';
}

void yk_bytes_vprintf(struct yk_bytes *bytes, const char *fmt, va_list args)
{
    va_list again;
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, fmt, args);
    if (len >= 0) {
        reserve(bytes, (size_t)len);
        vsnprintf(bytes->ptr + bytes->len, (size_t)len + 1, fmt, again);
        bytes->len += (size_t)len;
    }
    va_end(again);
}

void yk_bytes_printf(struct yk_bytes *bytes, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    yk_bytes_vprintf(bytes, fmt, args);
    va_end(args);
}

void yk_bytes_add(struct yk_bytes *bytes, const char *text)
{
    yk_bytes_append(bytes, text, strlen(text));
}

void yk_bytes_add_slice(struct yk_bytes *bytes, struct yk_slice slice)
{
    yk_bytes_append(bytes, slice.ptr, slice.len);
}

void yk_bytes_cut(struct yk_bytes *bytes, size_t at, size_t len)
{
    if (len == 0)
        return;
    memmove(bytes->ptr + at, bytes->ptr + at + len, bytes->len - at - len);
    bytes->len -= len;
    bytes->ptr[bytes->len] = '\0';
}

struct yk_slice yk_bytes_slice(const struct yk_bytes *bytes)
{
    return (struct yk_slice){yk_bytes_text(bytes), bytes->len};
}
