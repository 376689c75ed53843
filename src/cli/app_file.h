/* An application in a shared object: looked at by the primary, loaded by the
 * workers. */
#ifndef YK_CLI_APP_FILE_H
#define YK_CLI_APP_FILE_H

#include <yoke/app.h>

/* The factory's name unless another is asked for. */
#define YK_FACTORY_NAME "make_app"

/* What a worker is to load. The strings are borrowed. */
struct yk_app_file {
    const char *path;
    const char *factory; /* Name of a `yoke_app *NAME(void)`. */
};

/* Whether the file is there, can be read and looks like a shared object, so
 * that the commonest mistakes are told at once. Runs none of its code. Returns
 * 0, or -1 after having said what is wrong. */
int yk_app_file_check(const struct yk_app_file *file);

/* Loads the file and makes the application; in a worker, once. Its code stays
 * loaded for the life of the process. Never NULL: what went wrong is the
 * `yoke_app_error` of an application that has nothing else. */
yoke_app *yk_app_file_load(const struct yk_app_file *file);

#endif
