/* Copies of what options point to, for options are gone when the middleware
 * runs. Made when the application is built; they end the process when there is
 * no memory. */
#ifndef YK_MIDDLEWARE_COPY_H
#define YK_MIDDLEWARE_COPY_H

#include <stddef.h>

/* All are the caller's, for free(3). NULL copies to NULL. */
void *yk_zeroed(size_t size);
char *yk_text_copy(const char *text);
char *yk_text_join(const char *a, const char *b, const char *c);

/* Up to `max` texts of a list that NULL ends; `to` has room for them and a
 * NULL. */
void yk_texts_copy(char **to, size_t max, const char *const *from);
void yk_texts_free(char **texts);

/* The texts of a list with ", " between them; NULL for NULL. */
char *yk_texts_join(const char *const *texts);

#endif
