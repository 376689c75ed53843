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

void yk_bytes_printf(struct yk_bytes *bytes, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int len = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (len < 0)
        return;
    reserve(bytes, (size_t)len);
    va_start(args, fmt);
    vsnprintf(bytes->ptr + bytes->len, (size_t)len + 1, fmt, args);
    va_end(args);
    bytes->len += (size_t)len;
}
