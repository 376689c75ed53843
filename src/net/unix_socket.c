#include "net/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <yoke/error.h>

#include "core/alloc.h"
#include "core/cleanup.h"
#include "net/address.h"
#include "net/listener.h"
#include "net/owner.h"
#include "net/port_owner.h"

#include "core/banned.h"

#define MODE_MAX 0777
/* Room for "/proc/self/fd/N/" and a name. */
#define ROOM_LEN 4096

static int new_socket(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
}

/* ---- The address ---- */

/* The file's absolute path, so that it is found again wherever this process
 * goes. Allocated. */
static int resolve(const char *path, char **ret_path)
{
    char cwd[PATH_MAX] = "";
    size_t len = strlen(path);

    if (path[0] != '/' && !getcwd(cwd, sizeof(cwd)))
        return -errno;
    size_t cwd_len = strlen(cwd);
    if (cwd_len + 1 + len > YK_UNIX_LONG_PATH_MAX)
        return -ENAMETOOLONG;
    char *full = yk_try_alloc(cwd_len + 1 + len + 1);
    if (!full)
        return -ENOMEM;
    memcpy(full, cwd, cwd_len);
    if (cwd_len)
        full[cwd_len++] = '/';
    memcpy(full + cwd_len, path, len + 1);
    *ret_path = full;
    return 0;
}

/* The address for bind(2) and connect(2). `folder`, when it is set, has to stay
 * open for as long as the address is used. */
static int address_of(const char *path, int *folder, struct yk_sockaddr *addr)
{
    char room[ROOM_LEN];
    const char *name = strrchr(path, '/') + 1;

    if (strlen(path) <= YK_UNIX_PATH_MAX)
        return yk_sockaddr_unix(addr, path);
    if (strlen(name) > YK_UNIX_NAME_MAX)
        return -ENAMETOOLONG;
    snprintf(room, sizeof(room), "%.*s", (int)(name - path), path);
    *folder = open(room, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (*folder < 0)
        return -errno;
    snprintf(room, sizeof(room), "/proc/self/fd/%d/%s", *folder, name);
    return yk_sockaddr_unix(addr, room);
}

/* ---- Who has it ---- */

/* Somebody answers, or would if he had the time. Who that is, the kernel tells
 * whoever is connected: also of a path that was bound under another name. */
static bool is_live(const struct yk_sockaddr *addr, pid_t *ret_pid)
{
    struct ucred peer = {.pid = 0};
    socklen_t len = sizeof(peer);
    YK_CLEANUP(yk_close_fd) int fd = new_socket();

    *ret_pid = 0;
    if (fd < 0)
        return true;
    if (connect(fd, (const struct sockaddr *)&addr->addr, addr->len) < 0)
        return errno != ECONNREFUSED;
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0)
        *ret_pid = peer.pid;
    return true;
}

static int say_in_use(const char *path, pid_t pid, char *text)
{
    struct yk_port_owner owner;
    int err = yk_port_owner_unix("/proc", path, &owner);

    if (err < 0)
        err = yk_port_owner_pid("/proc", pid, &owner);
    yk_port_owner_text(err < 0 ? NULL : &owner, path, text, YK_SOCKET_TEXT_MAX);
    return -EADDRINUSE;
}

/* ---- Binding ---- */

static int bind_to(int fd, const struct yk_sockaddr *addr)
{
    return bind(fd, (const struct sockaddr *)&addr->addr, addr->len) < 0
               ? -errno
               : 0;
}

/* The path is taken: by a dead socket's file, which may go? */
static int bind_again(int fd, const struct yk_sockaddr *addr, const char *path,
                      char *text)
{
    struct stat st;
    pid_t pid;

    if (lstat(path, &st) < 0 || !S_ISSOCK(st.st_mode)) {
        snprintf(text, YK_SOCKET_TEXT_MAX, "%s exists and is not a socket",
                 path);
        return -EEXIST;
    }
    if (is_live(addr, &pid))
        return say_in_use(path, pid, text);
    if (unlink(path) < 0)
        return -errno;
    return bind_to(fd, addr);
}

static int bind_abstract(struct yk_socket *socket_, const char *name,
                         char *text)
{
    struct yk_sockaddr addr;
    pid_t pid;
    int err = yk_sockaddr_unix(&addr, name);

    if (err < 0)
        return err;
    err = bind_to(socket_->fd, &addr);
    if (err == -EADDRINUSE && is_live(&addr, &pid))
        return say_in_use(name, pid, text);
    return err;
}

static int bind_file(struct yk_socket *socket_, char *text)
{
    YK_CLEANUP(yk_close_fd) int folder = -1;
    struct yk_sockaddr addr;
    int err = address_of(socket_->path, &folder, &addr);

    if (err < 0)
        return err;
    err = bind_to(socket_->fd, &addr);
    if (err == -EADDRINUSE)
        err = bind_again(socket_->fd, &addr, socket_->path, text);
    return err;
}

/* ---- Permissions ---- */

static int say_unknown(const char *what, const char *name, char *text)
{
    snprintf(text, YK_SOCKET_TEXT_MAX, "there is no %s '%.64s'", what, name);
    return -EINVAL;
}

static int find_user(const char *name, int *ret_id, char *text)
{
    return yk_owner_user(name, ret_id) < 0 ? say_unknown("user", name, text)
                                           : 0;
}

static int find_group(const char *name, int *ret_id, char *text)
{
    return yk_owner_group(name, ret_id) < 0 ? say_unknown("group", name, text)
                                            : 0;
}

static int set_owner(int file, const struct yk_listen_spec *spec, char *text)
{
    int user = -1, group = -1;

    if (spec->owner && find_user(spec->owner, &user, text) < 0)
        return -EINVAL;
    if (spec->group && find_group(spec->group, &group, text) < 0)
        return -EINVAL;
    if (user == -1 && group == -1)
        return 0;
    if (fchownat(file, "", (uid_t)user, (gid_t)group, AT_EMPTY_PATH) == 0)
        return 0;
    int err = -errno;
    snprintf(text, YK_SOCKET_TEXT_MAX, "%.128s cannot be given to %s%s%s: %s",
             spec->path, spec->owner ? spec->owner : "", spec->group ? ":" : "",
             spec->group ? spec->group : "", yoke_strerror(err));
    return err;
}

static int set_mode(int file, const struct yk_listen_spec *spec, mode_t now)
{
    char path[32];
    mode_t mode = spec->mode ? (mode_t)spec->mode : now & MODE_MAX;

    mode |= (mode_t)((spec->readable_all ? 0444 : 0) |
                     (spec->writable_all ? 0222 : 0));
    if (mode == (now & MODE_MAX))
        return 0;
    /* fchmod(2) does not take a descriptor that is only a path. */
    snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
    return chmod(path, mode) < 0 ? -errno : 0;
}

/* By a descriptor of the file, so that nobody can put another in its place
 * meanwhile. */
static int set_permissions(struct yk_socket *socket_,
                           const struct yk_listen_spec *spec, char *text)
{
    struct stat st;
    YK_CLEANUP(yk_close_fd)
    int file = open(socket_->path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

    if (file < 0 || fstat(file, &st) < 0)
        return -errno;
    if (!S_ISSOCK(st.st_mode))
        return -ENOTSOCK;
    socket_->dev = st.st_dev;
    socket_->ino = st.st_ino;
    int err = set_mode(file, spec, st.st_mode);
    return err < 0 ? err : set_owner(file, spec, text);
}

/* ---- All ---- */

static int check(const struct yk_listen_spec *spec, char *text)
{
    bool is_abstract = spec->path[0] == '@';

    if (spec->mode < 0 || spec->mode > MODE_MAX) {
        snprintf(text, YK_SOCKET_TEXT_MAX,
                 "%.128s: mode %#o is not from 0001 to 0777", spec->path,
                 (unsigned)spec->mode);
        return -EINVAL;
    }
    if (is_abstract && (spec->mode || spec->readable_all ||
                        spec->writable_all || spec->owner || spec->group)) {
        snprintf(text, YK_SOCKET_TEXT_MAX,
                 "%.128s is abstract: it has neither mode nor owner",
                 spec->path);
        return -EINVAL;
    }
    return 0;
}

int yk_unix_socket_bind(struct yk_socket *socket_,
                        const struct yk_listen_spec *spec,
                        char text[YK_SOCKET_TEXT_MAX])
{
    bool is_abstract = spec->path[0] == '@';
    int err = check(spec, text);

    if (err == 0 && !is_abstract)
        err = resolve(spec->path, &socket_->path);
    if (err < 0)
        return err;
    socket_->fd = new_socket();
    if (socket_->fd < 0)
        return -errno;
    err = is_abstract ? bind_abstract(socket_, spec->path, text)
                      : bind_file(socket_, text);
    if (err == 0 && !is_abstract)
        err = set_permissions(socket_, spec, text);
    if (err < 0)
        return err;
    snprintf(socket_->address.host, sizeof(socket_->address.host), "%s",
             is_abstract ? spec->path : socket_->path);
    return 0;
}
