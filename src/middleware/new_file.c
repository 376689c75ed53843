#include "middleware/new_file.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <yoke/file.h>

#include "middleware/spool.h"

#include "core/banned.h"

/* ---- The folder ---- */

/* Its path, as long as it is open: whatever is renamed on the way there. */
static const char *folder_path(const struct yk_new_file *file, yoke_req *req)
{
    return yoke_req_printf(req, "/proc/self/fd/%d", file->folder_fd);
}

static int open_folder(const char *root, const char *path)
{
    if (root)
        return yoke_open_below(root, path);
    int fd = open(*path ? path : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

/* What a client has chosen is not hidden from those who look. */
static bool has_dots(const char *path)
{
    return *path == '.' || strstr(path, "/.");
}

/* The last part of a path. NULL: it is no name. */
static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    if (!*name || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return NULL;
    return name;
}

/* What stands in front of the name: "" for none, "/" for the root's. */
static const char *folder_of(yoke_req *req, const char *path, const char *name)
{
    size_t len = strlen(path) - strlen(name);
    return len > 1 ? yoke_req_printf(req, "%.*s", (int)len - 1, path)
                   : yoke_req_printf(req, "%.*s", (int)len, path);
}

/* ---- Its life ---- */

static void done(void *value)
{
    const struct yk_new_file *file = value;
    if (file->other)
        unlink(file->other); /* In the folder, which is open still. */
    if (file->fd >= 0)
        close(file->fd);
    if (file->folder_fd >= 0)
        close(file->folder_fd);
}

int yk_new_file_open(struct yk_new_file *file, yoke_req *req, const char *root,
                     const char *path, unsigned mode)
{
    *file = (struct yk_new_file){.fd = -1, .folder_fd = -1};
    if (root && has_dots(path))
        return -EXDEV;
    file->name = name_of(yoke_req_strdup(req, path));
    if (!file->name)
        return -EINVAL;
    file->folder_fd = open_folder(root, folder_of(req, path, file->name));
    if (file->folder_fd < 0)
        return file->folder_fd;
    yoke_req_attach(req, file, file, done);
    file->fd = yk_spool_open(req, folder_path(file, req), &file->other);
    if (file->fd < 0)
        return file->fd;
    return fchmod(file->fd, mode) < 0 ? -errno : 0;
}

bool yk_new_file_exists(const struct yk_new_file *file)
{
    struct stat stat;
    return fstatat(file->folder_fd, file->name, &stat, AT_SYMLINK_NOFOLLOW) ==
           0;
}

/* ---- Its name ---- */

/* Only what has a name can take the place of another. */
static int give_other_name(struct yk_new_file *file, yoke_req *req)
{
    uint64_t random;
    if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
        return -errno;
    const char *other = yoke_req_printf(req, "%s/.upload-%016" PRIx64,
                                        folder_path(file, req), random);
    int err = yk_spool_link(file->fd, NULL, other);
    if (err == 0)
        file->other = other;
    return err;
}

static int replace(struct yk_new_file *file, yoke_req *req, const char *path)
{
    int err = file->other ? 0 : give_other_name(file, req);
    if (err < 0)
        return err;
    if (rename(file->other, path) < 0)
        return -errno;
    file->other = NULL;
    return 0;
}

int yk_new_file_keep(struct yk_new_file *file, yoke_req *req, bool replaces)
{
    const char *path =
        yoke_req_printf(req, "%s/%s", folder_path(file, req), file->name);
    return replaces ? replace(file, req, path)
                    : yk_spool_link(file->fd, file->other, path);
}
