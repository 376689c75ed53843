/* Copies of what options point to, for they need not outlive the call. */
#ifndef YK_MIDDLEWARE_TEXTS_H
#define YK_MIDDLEWARE_TEXTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <yoke/app.h>

/* A copy; NULL stays NULL. Ends the process when there is no memory. */
char *yk_text_copy(const char *text);
void yk_text_free(const char *text);

/* Three texts in a row. */
char *yk_text_join(const char *a, const char *b, const char *c);

/* Texts in a row, NULL behind the last, in the request's memory: what is put
 * together for each request, without a format. */
char *yk_text_row(yoke_req *req, const char *const *parts);

/* A number as text. */
const char *yk_text_number(char out[24], int64_t number);

/* Copies of a list that NULL ends. */
const char *const *yk_texts_copy(const char *const *texts);
void yk_texts_free(const char *const *texts);

/* Whether the list has the text. */
bool yk_texts_have(const char *const *texts, const char *text);

/* Memory of zeros, for free(3). Ends the process when there is none. */
void *yk_zeroed(size_t size);

#endif
