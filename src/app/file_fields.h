/* The fields that describe a file that is sent: how to keep it and to name it,
 * its type, its validators. Those that the handler has set itself stay; `set`
 * has a bit for each that was set here, and starts as 0. */
#ifndef YK_APP_FILE_FIELDS_H
#define YK_APP_FILE_FIELDS_H

#include <yoke/file.h>
#include <yoke/res.h>

struct stat;

/* Sets them all but the name, as the options say; `path` is the file's. */
void yk_file_fields_set(yoke_res *res, const char *path,
                        const struct yoke_file *options,
                        const struct stat *stat, unsigned *set);

/* Says that it is to be saved, under this name. */
void yk_file_fields_name(yoke_res *res, const char *filename, unsigned *set);

/* Removes what was about the file, for an error comes instead. How to keep and
 * to name it may be the handler's own words, which stay. */
void yk_file_fields_forget(yoke_res *res, unsigned set);

#endif
