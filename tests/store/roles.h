/* Tests of one file that several processes use: a program is its own other
 * processes, `PROGRAM ROLE URL ...` plays a role. */
#ifndef YK_TESTS_STORE_ROLES_H
#define YK_TESTS_STORE_ROLES_H

#include "fixture.h"

/* A file in the tests' folder, and the URL of an lmdb: store there. Each is valid
 * until the next call. */
const char *path_of(const char *name);
const char *url_of(const char *name, const char *options);

/* Starts this program in a role. What it writes to standard output comes from
 * `*ret_fd`. */
pid_t start_role(const char *role, const char *url, const char *more,
                 int *ret_fd);

#endif
