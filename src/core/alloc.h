/* Memory: two doors, told apart by their names.
 *
 * `yk_alloc` is for small sizes that the program itself chooses; when the
 * system has no memory it ends the process, for nothing sensible is left to
 * do. `yk_try_alloc` is for sizes that a peer influences, and for the primary,
 * which must outlive a shortage: it returns NULL and the caller copes. */
#ifndef YK_CORE_ALLOC_H
#define YK_CORE_ALLOC_H

#include <stddef.h>

/* `size` bytes, zeroed. Never NULL. Released with free(3). */
void *yk_alloc(size_t size) __attribute__((malloc, returns_nonnull));

/* A copy of the string; NULL for NULL. Released with free(3). */
char *yk_strdup(const char *text);

/* Like realloc(3), for arrays of `n` elements; never NULL unless n is 0. */
void *yk_realloc(void *ptr, size_t n, size_t size);

/* `size` bytes, not cleared, or NULL. Released with free(3). */
void *yk_try_alloc(size_t size) __attribute__((malloc, warn_unused_result));

/* Like realloc(3); on failure `ptr` stays valid. */
void *yk_try_realloc(void *ptr, size_t size)
    __attribute__((warn_unused_result));

/* Makes the next-but-n yk_try_ call fail, for tests of the failure paths;
 * -1 goes back to normal. */
void yk_alloc_fail_after(int n);

#endif
