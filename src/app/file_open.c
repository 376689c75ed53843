#include "app/file_open.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <yoke/file.h>

#include "core/cleanup.h"

#include "core/banned.h"

/* A pipe is not waited for, a terminal does not become ours. */
#define FLAGS (O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY)

/* How often a path is looked up again while the system cannot tell whether a
 * rename has led it astray (EAGAIN, openat2(2)). */
#define TRIES 16

/* The longest part of a path: NAME_MAX of every file system that matters. */
#define PART_MAX 255

bool yk_file_has_dotfile(const char *path)
{
    for (const char *part = path; part; part = strchr(part, '/')) {
        part += *part == '/';
        size_t len = strcspn(part, "/");
        bool is_dots = len <= 2 && strspn(part, ".") >= len;
        if (*part == '.' && !is_dots)
            return true;
    }
    return false;
}

bool yk_file_has_parent(const char *path)
{
    for (;;) {
        size_t len = strcspn(path, "/");
        if (len == 2 && memcmp(path, "..", 2) == 0)
            return true;
        if (path[len] == '\0')
            return false;
        path += len + 1;
    }
}

/* ---- Below a folder ---- */

static int open_beneath(int root_fd, const char *path)
{
    struct open_how how = {
        .flags = FLAGS,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    for (int tries = TRIES;;) {
        long fd = syscall(SYS_openat2, root_fd, path, &how, sizeof(how));
        if (fd >= 0)
            return (int)fd;
        if (errno != EAGAIN || --tries == 0)
            return -errno;
    }
}

/* Opens the next part of a path in the folder `fd`. */
static int open_part(int fd, const char *part, size_t len, bool is_last)
{
    char name[PART_MAX + 1];
    if (len > PART_MAX)
        return -ENAMETOOLONG;
    memcpy(name, part, len);
    name[len] = '\0';
    int flags = is_last ? FLAGS : O_PATH | O_DIRECTORY | O_CLOEXEC;
    int next = openat(fd, name, flags | O_NOFOLLOW);
    return next < 0 ? -errno : next;
}

/* Without openat2 (an old kernel, or a sandbox that does not know it): part by
 * part, and no links. */
int yk_file_walk(int root_fd, const char *path)
{
    YK_CLEANUP(yk_close_fd) int fd = fcntl(root_fd, F_DUPFD_CLOEXEC, 3);
    if (fd < 0)
        return -errno;
    for (;;) {
        path += strspn(path, "/");
        size_t len = strcspn(path, "/");
        if (len == 0)
            return -ENOENT;
        if (len == 2 && memcmp(path, "..", 2) == 0)
            return -EXDEV;
        bool is_last = path[len] == '\0';
        int next = open_part(fd, path, len, is_last);
        if (next < 0)
            return next;
        yk_close_fd(&fd);
        fd = next;
        if (is_last)
            return yk_take_fd(&fd);
        path += len;
    }
}

static int open_below(const char *root, const char *path)
{
    YK_CLEANUP(yk_close_fd)
    int root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (root_fd < 0)
        return -errno;
    path += strspn(path, "/");
    /* The folder itself. */
    if (!*path)
        return -EISDIR;
    if (yk_file_has_parent(path))
        return -EXDEV;
    int fd = open_beneath(root_fd, path);
    return fd == -ENOSYS || fd == -EPERM ? yk_file_walk(root_fd, path) : fd;
}

int yoke_open_below(const char *root, const char *path)
{
    if (path[strspn(path, "/")])
        return open_below(root, path);
    int fd = open(root, FLAGS | O_DIRECTORY);
    return fd < 0 ? -errno : fd;
}

/* ---- Any file ---- */

static bool has_bad_form(const char *root, const char *path)
{
    size_t len = strlen(path);
    return (len > 0 && path[len - 1] == '/') || (root && strchr(path, '\\'));
}

/* What is not there in any way that a client should be able to tell. */
static int simplify(int err)
{
    switch (err) {
    case -ENOTDIR:
    case -ENAMETOOLONG:
    case -ELOOP:
    case -ENXIO:
    case -ENODEV:
        return -ENOENT;
    case -EPERM:
        return -EACCES;
    default:
        return err;
    }
}

int yk_file_open(const char *root, const char *path, int *ret_fd,
                 struct stat *ret_stat)
{
    YK_CLEANUP(yk_close_fd) int fd = -1;
    struct stat stat;
    if (has_bad_form(root, path))
        return -ENOENT;
    fd = root ? open_below(root, path) : open(path, FLAGS);
    if (fd < 0)
        return simplify(root ? fd : -errno);
    if (fstat(fd, &stat) < 0)
        return -errno;
    if (S_ISDIR(stat.st_mode))
        return -EISDIR;
    if (!S_ISREG(stat.st_mode))
        return -ENOENT;
    *ret_fd = yk_take_fd(&fd);
    *ret_stat = stat;
    return 0;
}
