#include "core/alloc.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Written by yk_alloc_fail_after only, in tests; -1 otherwise. */
static int fail_after = -1;

static void die_out_of_memory(void)
{
    static const char text[] = "yoke: out of memory\n";
    ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);
    (void)ignored;
    abort();
}

void *yk_alloc(size_t size)
{
    void *ptr = calloc(1, size ? size : 1);
    if (!ptr)
        die_out_of_memory();
    return ptr;
}

char *yk_strdup(const char *text)
{
    if (!text)
        return NULL;
    size_t len = strlen(text) + 1;
    return memcpy(yk_alloc(len), text, len);
}

void *yk_realloc(void *ptr, size_t n, size_t size)
{
    void *grown = reallocarray(ptr, n, size);
    if (!grown && n > 0)
        die_out_of_memory();
    return grown;
}

static int is_this_one_to_fail(void)
{
    if (fail_after < 0)
        return 0;
    return fail_after-- == 0;
}

void *yk_try_alloc(size_t size)
{
    return is_this_one_to_fail() ? NULL : malloc(size ? size : 1);
}

void *yk_try_realloc(void *ptr, size_t size)
{
    return is_this_one_to_fail() ? NULL : realloc(ptr, size ? size : 1);
}

void yk_alloc_fail_after(int n)
{
    fail_after = n;
}
