/* The parameters of a part's Content-Disposition (RFC 7578 section 4.2, RFC 6266),
 * as strictly as browsers write them, and as loosely as they always have. */
#ifndef YK_MIDDLEWARE_FORM_PARAM_H
#define YK_MIDDLEWARE_FORM_PARAM_H

#include <stdbool.h>

/* The next "name=value" of `*text`, which is changed, and moves behind it; false
 * at the end. `*ret_value` is NULL when it is malformed. */
bool yk_form_param_next(char **text, char **ret_name, char **ret_value);

/* Decodes in place the three characters that browsers write as escapes; no other
 * is one, so "%41" is just that (WHATWG HTML, multipart form data). */
void yk_form_param_decode(char *value);

/* The text of an extended value, charset'language'escapes (RFC 5987), in it. NULL
 * when it is malformed, or not UTF-8: for the rest the sender gives the plain
 * one. */
char *yk_form_param_extended(char *value);

#endif
