/* The head of a part of a form: which field it is, and which file (RFC 7578
 * section 4.2, RFC 6266, and what browsers send). */
#ifndef YK_MIDDLEWARE_FORM_PART_H
#define YK_MIDDLEWARE_FORM_PART_H

#include <stdbool.h>
#include <stddef.h>

struct yk_form_part {
    const char *name;     /* NULL: it has none. */
    const char *filename; /* NULL: it is no file. The last part of what may
                             have been a path, in UTF-8, without control
                             characters. */
    const char *type;     /* Content-Type; NULL: none. */
};

/* Reads a head: lines with CRLF behind each, and a NUL behind all. What is
 * returned lies in it; it is changed. Returns false when it is malformed. */
bool yk_form_part_read(char *head, size_t len, struct yk_form_part *ret_part);

#endif
