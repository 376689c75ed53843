/* The text of a form's fields, as it was sent: escaped, in UTF-8 or
 * iso-8859-1. */
#ifndef YK_MIDDLEWARE_FORM_TEXT_H
#define YK_MIDDLEWARE_FORM_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include <yoke/app.h>

/* Decodes in place, and puts a NUL behind; a wrong escape stays. Returns the
 * length. */
size_t yk_form_unescape(char *text, size_t len);

/* The same text in UTF-8, in the request's memory; NULL when there is none left.
 * With `has_entities`, "&#9786;" is a character. */
const char *yk_form_from_latin1(yoke_req *req, const char *text,
                                bool has_entities);

#endif
