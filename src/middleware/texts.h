/* Copies of what options point to, for they need not outlive the call. */
#ifndef YK_MIDDLEWARE_TEXTS_H
#define YK_MIDDLEWARE_TEXTS_H

#include <stdbool.h>

/* A copy; NULL stays NULL. Ends the process when there is no memory. */
char *yk_text_copy(const char *text);
void yk_text_free(const char *text);

/* The same for a list that NULL ends. */
const char *const *yk_texts_copy(const char *const *texts);
void yk_texts_free(const char *const *texts);

/* Whether the list has the text. */
bool yk_texts_have(const char *const *texts, const char *text);

#endif
