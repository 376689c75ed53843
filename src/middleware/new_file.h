/* A file that gets its name when it is whole: until then it has none or, where
 * the file system has no such files, another one. It belongs to a request, at
 * whose end what has not been kept is gone. */
#ifndef YK_MIDDLEWARE_NEW_FILE_H
#define YK_MIDDLEWARE_NEW_FILE_H

#include <stdbool.h>

#include <yoke/req.h>

struct yk_new_file {
    int fd;            /* For writing. */
    const char *name;  /* What it is to be called, */
    int folder_fd;     /* in this folder. */
    const char *other; /* The name that it has meanwhile; NULL: none. */
};

/* Begins one that is to be at `path`, below `root` unless that is NULL. Returns
 * 0, or -errno: -EINVAL for a path that ends with no name, -EXDEV for one that
 * leads out of the root, or has a part that begins with a dot there. */
int yk_new_file_open(struct yk_new_file *file, yoke_req *req, const char *root,
                     const char *path, unsigned mode);

/* Whether there is already one of its name. */
bool yk_new_file_exists(const struct yk_new_file *file);

/* Gives it its name; with `replaces`, in the place of another. Returns 0 or
 * -errno: -EEXIST. */
int yk_new_file_keep(struct yk_new_file *file, yoke_req *req, bool replaces);

#endif
