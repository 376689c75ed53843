/* Locks are those of fcntl(2), which belong to the process and are not handed
 * down to what it forks. They have one trap: closing any descriptor of the file
 * lets go of them, so a process that holds a folder never opens its lock
 * again (`is_ours`). */
#include "cluster/runtime_dir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <yoke/error.h>

#include "core/cleanup.h"

#include "core/banned.h"

#define LOCK          "lock"
#define CONTROL       "control"
#define PATH_LEN      4096
/* Clusters that are listed. */
#define NAMES_MAX     1024
/* How often a claim begins again because another process has just removed what
 * was found. */
#define CLAIM_TRIES   100
#define LOCK_TRIES    5
#define LOCK_PAUSE_MS 10

/* The folder that this process holds, or NULL. Written by yk_runtime_claim and
 * _release. */
static const struct yk_runtime *held;

static bool is_ours(const char *name)
{
    return held && strcmp(held->name, name) == 0;
}

__attribute__((format(printf, 3, 4))) static int
fail(int err, char text[YK_RUNTIME_TEXT_MAX], const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, YK_RUNTIME_TEXT_MAX, fmt, args);
    va_end(args);
    return err;
}

/* ---- Names and places ---- */

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

bool yk_runtime_is_name(const char *name)
{
    size_t len = strlen(name);

    if (len == 0 || len > YK_NAME_MAX || name[0] == '.' || name[0] == '-')
        return false;
    for (size_t i = 0; i < len; i++)
        if (!is_name_char(name[i]))
            return false;
    return name[strspn(name, "0123456789")] != '\0';
}

/* The variable's value, unless it is empty. */
static const char *path_in(const char *variable)
{
    const char *path = getenv(variable);
    return path && path[0] ? path : NULL;
}

int yk_runtime_base(char *out, size_t size)
{
    const char *chosen = path_in("YOKE_RUN_DIR");
    const char *session = path_in("XDG_RUNTIME_DIR");
    int len;

    /* It has to mean the same to whoever asks, from whichever folder; a session
     * that is no such path counts as none, as its specification has it. */
    if (chosen && chosen[0] != '/')
        return -EINVAL;
    if (session && session[0] != '/')
        session = NULL;
    if (chosen)
        len = snprintf(out, size, "%s", chosen);
    else if (geteuid() == 0)
        len = snprintf(out, size, "/run/yoke");
    else if (session)
        len = snprintf(out, size, "%s/yoke", session);
    else
        len = snprintf(out, size, "/tmp/yoke-%u", (unsigned)geteuid());
    return len < 0 || (size_t)len >= size ? -ENAMETOOLONG : 0;
}

/* Nobody else may have put anything there. */
static int check_owner(int fd, const char *path, char text[YK_RUNTIME_TEXT_MAX])
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return fail(-errno, text, "%s: %s", path, yoke_strerror(-errno));
    if (st.st_uid != geteuid())
        return fail(-EPERM, text, "%s belongs to another user (%u): refused",
                    path, (unsigned)st.st_uid);
    if (st.st_mode & (S_IWGRP | S_IWOTH))
        return fail(-EPERM, text,
                    "others may write to %s: refused; its mode "
                    "should be 0700",
                    path);
    return 0;
}

static int open_dir(int at_fd, const char *name, bool may_make,
                    const char *path, int *ret_fd,
                    char text[YK_RUNTIME_TEXT_MAX])
{
    int err;

    if (may_make && mkdirat(at_fd, name, 0700) < 0 && errno != EEXIST)
        return fail(-errno, text, "cannot make %s: %s", path,
                    yoke_strerror(-errno));
    YK_CLEANUP(yk_close_fd)
    int fd =
        openat(at_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return fail(-errno, text, "cannot open %s: %s", path,
                    yoke_strerror(-errno));
    err = check_owner(fd, path, text);
    if (err == 0)
        *ret_fd = yk_take_fd(&fd);
    return err;
}

static int open_base(bool may_make, char *path, int *ret_fd,
                     char text[YK_RUNTIME_TEXT_MAX])
{
    int err = yk_runtime_base(path, PATH_LEN);

    if (err == -EINVAL)
        return fail(err, text, "YOKE_RUN_DIR has to be an absolute path: '%s'",
                    getenv("YOKE_RUN_DIR"));
    if (err < 0)
        return fail(err, text, "the path of the runtime directory is too long");
    return open_dir(AT_FDCWD, path, may_make, path, ret_fd, text);
}

/* ---- Locks ---- */

/* Returns 0, or -EAGAIN when another process has it. */
static int lock(int fd)
{
    struct flock what = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (fcntl(fd, F_SETLK, &what) == 0)
        return 0;
    return errno == EACCES ? -EAGAIN : -errno;
}

/* Whoever only looks whether the cluster lives has the lock for a moment. */
static int lock_patiently(int fd)
{
    int err = lock(fd);

    for (int i = 0; i < LOCK_TRIES && err == -EAGAIN; i++) {
        poll(NULL, 0, LOCK_PAUSE_MS);
        err = lock(fd);
    }
    return err;
}

/* The process that has it; 0: none, or in another world. */
static pid_t holder(int fd)
{
    struct flock what = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    if (fcntl(fd, F_GETLK, &what) < 0 || what.l_type == F_UNLCK)
        return 0;
    return what.l_pid;
}

/* Somebody may have removed the folder between our opening and locking. */
static bool is_still_there(int base_fd, const char *name, int lock_fd)
{
    char path[YK_NAME_MAX + sizeof("/" LOCK)];
    struct stat ours, there;

    snprintf(path, sizeof(path), "%s/" LOCK, name);
    return fstat(lock_fd, &ours) == 0 &&
           fstatat(base_fd, path, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
           ours.st_ino == there.st_ino && ours.st_dev == there.st_dev;
}

static int open_lock(int dir_fd, int flags)
{
    int fd =
        openat(dir_fd, LOCK, O_RDWR | O_NOFOLLOW | O_CLOEXEC | flags, 0600);
    return fd < 0 ? -errno : fd;
}

static void remove_haven(const char *file, void *data)
{
    const int *dir_fd = data;
    unlinkat(*dir_fd, file, 0);
}

static void remove_havens(int dir_fd)
{
    yk_runtime_each_haven(dir_fd, remove_haven, &dir_fd);
}

void yk_runtime_each_haven(int dir_fd, void (*fn)(const char *file, void *data),
                           void *data)
{
    int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);

    if (!dir && fd >= 0)
        close(fd);
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir));)
        if (strncmp(entry->d_name, YK_HAVEN_PREFIX,
                    sizeof(YK_HAVEN_PREFIX) - 1) == 0)
            fn(entry->d_name, data);
    closedir(dir);
}

/* The lock is held: nobody else is in there. The lock goes first to last. */
static void empty(int base_fd, const char *name, int dir_fd)
{
    unlinkat(dir_fd, CONTROL, 0);
    remove_havens(dir_fd);
    unlinkat(dir_fd, LOCK, 0);
    unlinkat(base_fd, name, AT_REMOVEDIR);
}

/* ---- Claiming ---- */

/* 1: try again. */
static int try_claim(struct yk_runtime *runtime, int base_fd, const char *path,
                     char text[YK_RUNTIME_TEXT_MAX])
{
    YK_CLEANUP(yk_close_fd) int dir_fd = -1;
    int err = open_dir(base_fd, runtime->name, true, path, &dir_fd, text);
    if (err < 0)
        return err == -ENOENT ? 1 : err;

    YK_CLEANUP(yk_close_fd) int lock_fd = open_lock(dir_fd, O_CREAT);
    if (lock_fd == -ENOENT)
        return 1;
    if (lock_fd < 0)
        return fail(lock_fd, text, "%s/" LOCK ": %s", path,
                    yoke_strerror(lock_fd));
    err = lock_patiently(lock_fd);
    if (err == -EAGAIN)
        return fail(-EADDRINUSE, text,
                    "a cluster named '%s' is running already (pid %d)",
                    runtime->name, (int)holder(lock_fd));
    if (err < 0)
        return fail(err, text, "cannot lock %s/" LOCK ": %s", path,
                    yoke_strerror(err));
    if (!is_still_there(base_fd, runtime->name, lock_fd))
        return 1;
    unlinkat(dir_fd, CONTROL, 0);
    runtime->dir_fd = yk_take_fd(&dir_fd);
    runtime->lock_fd = yk_take_fd(&lock_fd);
    return 0;
}

int yk_runtime_claim(struct yk_runtime *runtime, const char *name,
                     char text[YK_RUNTIME_TEXT_MAX])
{
    char path[PATH_LEN], base[PATH_LEN];
    YK_CLEANUP(yk_close_fd) int base_fd = -1;
    int err;

    *runtime = (struct yk_runtime){.dir_fd = -1, .lock_fd = -1};
    if (!yk_runtime_is_name(name))
        return fail(-EINVAL, text,
                    "'%s' cannot be a cluster's name: letters, digits, '.', "
                    "'_' and '-', at most %d, and not a number",
                    name, YK_NAME_MAX);
    if (is_ours(name))
        return fail(-EADDRINUSE, text, "this is '%s' already", name);
    err = open_base(true, base, &base_fd, text);
    if (err < 0)
        return err;
    snprintf(runtime->name, sizeof(runtime->name), "%s", name);
    snprintf(path, sizeof(path), "%.3900s/%s", base, name);
    err = 1;
    for (int i = 0; i < CLAIM_TRIES && err == 1; i++)
        err = try_claim(runtime, base_fd, path, text);
    if (err == 1)
        return fail(-EAGAIN, text, "%s does not stay", path);
    if (err == 0)
        held = runtime;
    return err;
}

void yk_runtime_release(struct yk_runtime *runtime)
{
    char base[PATH_LEN], text[YK_RUNTIME_TEXT_MAX];
    YK_CLEANUP(yk_close_fd) int base_fd = -1;

    if (runtime->dir_fd < 0)
        return;
    if (open_base(false, base, &base_fd, text) == 0)
        empty(base_fd, runtime->name, runtime->dir_fd);
    yk_close_fd(&runtime->dir_fd);
    yk_close_fd(&runtime->lock_fd);
    if (held == runtime)
        held = NULL;
}

/* ---- Finding ---- */

static void note_haven(const char *file, void *data)
{
    bool *is_found = data;
    (void)file;
    *is_found = true;
}

/* Workers may wait there for a primary of that name. */
static bool has_havens(int dir_fd)
{
    bool is_found = false;

    yk_runtime_each_haven(dir_fd, note_haven, &is_found);
    return is_found;
}

/* True when a process holds the lock; removes the folder when none does. */
static bool is_alive(int base_fd, const char *name, int dir_fd)
{
    if (is_ours(name))
        return true;
    YK_CLEANUP(yk_close_fd) int lock_fd = open_lock(dir_fd, 0);
    if (lock_fd < 0)
        return false;
    int err = lock(lock_fd);
    if (err == 0 && is_still_there(base_fd, name, lock_fd) &&
        !has_havens(dir_fd))
        empty(base_fd, name, dir_fd);
    return err == -EAGAIN;
}

int yk_runtime_find(const char *name, int *ret_dir_fd,
                    char text[YK_RUNTIME_TEXT_MAX])
{
    char base[PATH_LEN];
    YK_CLEANUP(yk_close_fd) int base_fd = -1;
    YK_CLEANUP(yk_close_fd) int dir_fd = -1;
    int err;

    if (!yk_runtime_is_name(name))
        return fail(-ENOENT, text, "'%s' is not a cluster's name", name);
    err = open_base(false, base, &base_fd, text);
    if (err == 0)
        err = open_dir(base_fd, name, false, name, &dir_fd, text);
    if (err == 0 && !is_alive(base_fd, name, dir_fd))
        err = -ENOENT;
    if (err == -ENOENT)
        return fail(err, text, "no cluster named '%s' is running", name);
    if (err == 0)
        *ret_dir_fd = yk_take_fd(&dir_fd);
    return err;
}

/* Names that were found. */
struct names {
    char (*items)[YK_NAME_MAX + 1];
    size_t count;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

static void note_name(struct names *names, int base_fd, const char *name)
{
    char text[YK_RUNTIME_TEXT_MAX];
    YK_CLEANUP(yk_close_fd) int dir_fd = -1;

    if (!yk_runtime_is_name(name) || names->count == NAMES_MAX ||
        open_dir(base_fd, name, false, name, &dir_fd, text) < 0 ||
        !is_alive(base_fd, name, dir_fd))
        return;
    memcpy(names->items[names->count++], name, strlen(name) + 1);
}

int yk_runtime_each(void (*fn)(const char *name, void *data), void *data,
                    char text[YK_RUNTIME_TEXT_MAX])
{
    char base[PATH_LEN];
    YK_CLEANUP(yk_close_fd) int base_fd = -1;
    int err = open_base(false, base, &base_fd, text);
    if (err < 0)
        return err == -ENOENT ? 0 : err;

    DIR *dir = opendir(base);
    YK_CLEANUP(yk_free_ptr)
    void *items = calloc(NAMES_MAX, sizeof(((struct names *)NULL)->items[0]));
    struct names names = {.items = items};
    if (!dir || !items) {
        err = dir ? -ENOMEM : -errno;
        if (dir)
            closedir(dir);
        return fail(err, text, "%s: %s", base, yoke_strerror(err));
    }
    for (struct dirent *entry; (entry = readdir(dir));)
        note_name(&names, base_fd, entry->d_name);
    closedir(dir);
    qsort(names.items, names.count, sizeof(names.items[0]), compare_names);
    for (size_t i = 0; i < names.count; i++)
        fn(names.items[i], data);
    return (int)names.count;
}

const char *yk_runtime_path(int dir_fd, const char *file,
                            char out[YK_RUNTIME_PATH_MAX])
{
    snprintf(out, YK_RUNTIME_PATH_MAX, "/proc/self/fd/%d/%s", dir_fd, file);
    return out;
}

int yk_runtime_listen(int dir_fd, const char *file, int type, int backlog)
{
    struct sockaddr_un addr = {.sun_family = AF_UNIX};
    char path[YK_RUNTIME_PATH_MAX];
    YK_CLEANUP(yk_close_fd)
    int fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    snprintf(addr.sun_path, sizeof(addr.sun_path), "%s",
             yk_runtime_path(dir_fd, file, path));
    unlink(addr.sun_path);
    if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
        chmod(addr.sun_path, 0600) < 0 || listen(fd, backlog) < 0)
        return -errno;
    return yk_take_fd(&fd);
}
