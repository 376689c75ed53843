/* A slice: borrowed bytes with a length, not terminated. Whoever makes one says
 * how long it is valid. */
#ifndef YK_CORE_SLICE_H
#define YK_CORE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

struct yk_slice {
    const char *ptr;
    size_t len;
};

/* The slice of a string literal. */
#define YK_LIT(text) ((struct yk_slice){(text), sizeof(text) - 1})

static inline struct yk_slice yk_slice_of(const char *text)
{
    return (struct yk_slice){text, strlen(text)};
}

static inline bool yk_slice_eq(struct yk_slice a, struct yk_slice b)
{
    return a.len == b.len && memcmp(a.ptr, b.ptr, a.len) == 0;
}

/* Lower case of one ASCII letter; other bytes as they are. No locale. */
static inline unsigned char yk_lower(unsigned char c)
{
    return (unsigned char)(c - 'A') < 26 ? (unsigned char)(c | 0x20) : c;
}

/* For yk_slice_eq_nocase, of slices that are as long as each other. */
bool yk_bytes_eq_nocase(const char *a, const char *b, size_t len);

/* Equal without regard to the case of ASCII letters. Most that are compared have
 * another length, or begin otherwise. */
static inline bool yk_slice_eq_nocase(struct yk_slice a, struct yk_slice b)
{
    if (a.len != b.len)
        return false;
    return a.len == 0 || (((*a.ptr ^ *b.ptr) & 0xdf) == 0 &&
                          yk_bytes_eq_nocase(a.ptr, b.ptr, a.len));
}

#endif
