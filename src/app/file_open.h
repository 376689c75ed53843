/* Opens files whose path a client may have chosen (docs/http-rules.md rule
 * 35): never outside of a folder, never anything but a regular file, and never
 * waiting for one that is a pipe or a device. */
#ifndef YK_APP_FILE_OPEN_H
#define YK_APP_FILE_OPEN_H

#include <stdbool.h>

#include "core/slice.h"

struct stat;

/* Opens a regular file for reading. With a `root` the path is relative to that
 * folder; links in it are followed as long as they stay below (where the system
 * has no openat2(2): no links at all). Without, it is an absolute path.
 *
 * Stores a descriptor that the caller owns, and what fstat(2) says. Returns 0,
 * or a negative code and has changed nothing: -ENOENT (also for what is no
 * regular file, ends in a slash, or has a backslash below a root), -EACCES,
 * -EXDEV (it leads out of the root), -EISDIR, -EAGAIN (folders on its way were
 * being renamed all the time), or another -errno. */
int yk_file_open(const char *root, const char *path, int *ret_fd,
                 struct stat *ret_stat);

/* Opens `path` below the folder `root_fd` without openat2(2): part by part, and
 * no links. For systems that have no openat2, and for the tests. Returns a
 * descriptor that the caller owns, or a negative code. */
int yk_file_walk(int root_fd, const char *path);

/* Whether a part of the path is "..". A way up is never taken, even where it
 * would stay below the root: nobody who means well writes one. */
bool yk_file_has_parent(const char *path);

/* Whether a part of the path begins with a dot, and is not "." or ".." alone.
 */
bool yk_file_has_dotfile(const char *path);

#endif
