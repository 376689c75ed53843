/* Where an application keeps what is to outlive it. */
#ifndef YK_STORE_STATE_DIR_H
#define YK_STORE_STATE_DIR_H

#include <stddef.h>

/* Writes the path of the application's own file with that ending, as
 * yoke/store.h says, and makes its folders (0700). Returns 0; or a negative
 * code, with the reason in `why`. */
int yk_state_path(const char *ending, char *out, size_t size, char *why);

#endif
