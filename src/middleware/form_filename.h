/* What a client calls a file that it sends. */
#ifndef YK_MIDDLEWARE_FORM_FILENAME_H
#define YK_MIDDLEWARE_FORM_FILENAME_H

/* The last part of what may be a path of any system, in UTF-8, without control
 * characters: for people to read; nobody is to open it. It lies in `name`, which
 * is changed; "" when there is nothing in it that could be a name. */
char *yk_form_filename(char *name);

#endif
