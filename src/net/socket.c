#include "net/socket.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <yoke/error.h>

#include "core/cleanup.h"
#include "net/address.h"
#include "net/listener.h"
#include "net/port_owner.h"

#include "core/banned.h"

#define BACKLOG    511  /* As in Node. */
#define FIRST_FREE 1024 /* Ports below need a privilege, by default. */
#define FREE_PORTS "/proc/sys/net/ipv4/ip_unprivileged_port_start"

/* ---- TCP ---- */

static int bind_tcp(const struct yk_sockaddr *addr, bool ipv6_only, int *ret_fd)
{
    int on = 1, v6only = ipv6_only;
    YK_CLEANUP(yk_close_fd)
    int fd = socket(addr->addr.ss_family,
                    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) < 0)
        return -errno;
    if (addr->addr.ss_family == AF_INET6 &&
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, sizeof(v6only)) < 0)
        return -errno;
    if (bind(fd, (const struct sockaddr *)&addr->addr, addr->len) < 0)
        return -errno;
    *ret_fd = yk_take_fd(&fd);
    return 0;
}

/* A kernel without IPv6 has no such sockets, or no such address. */
static bool is_without_ipv6(int err)
{
    return err == -EAFNOSUPPORT || err == -EADDRNOTAVAIL;
}

static int bind_any(const struct yk_listen_spec *spec, int *ret_fd)
{
    struct yk_sockaddr addr;
    int err;

    if (spec->port < 0 || spec->port > UINT16_MAX)
        return -EINVAL;
    yk_sockaddr_any(&addr, AF_INET6, spec->port);
    err = bind_tcp(&addr, spec->ipv6_only, ret_fd);
    if (!is_without_ipv6(err) || spec->ipv6_only)
        return err;
    yk_sockaddr_any(&addr, AF_INET, spec->port);
    return bind_tcp(&addr, false, ret_fd);
}

static int bind_host(const struct yk_listen_spec *spec, int *ret_fd)
{
    struct yk_sockaddr addr;
    int err = yk_sockaddr_tcp(&addr, spec->host, spec->port);

    return err < 0 ? err : bind_tcp(&addr, spec->ipv6_only, ret_fd);
}

/* ---- UNIX sockets ---- */

/* Somebody answers, or would if he had the time. */
static bool is_live(const struct yk_sockaddr *addr)
{
    YK_CLEANUP(yk_close_fd)
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    return fd < 0 ||
           connect(fd, (const struct sockaddr *)&addr->addr, addr->len) == 0 ||
           errno != ECONNREFUSED;
}

static int bind_unix(const struct yk_listen_spec *spec, int *ret_fd,
                     struct yk_socket *socket_)
{
    struct yk_sockaddr addr;
    struct stat st;
    int err = yk_sockaddr_unix(&addr, spec->path);
    if (err < 0)
        return err;

    YK_CLEANUP(yk_close_fd)
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (bind(fd, (struct sockaddr *)&addr.addr, addr.len) < 0) {
        if (errno != EADDRINUSE)
            return -errno;
        if (stat(spec->path, &st) < 0 || !S_ISSOCK(st.st_mode))
            return -EEXIST;
        if (is_live(&addr))
            return -EADDRINUSE;
        unlink(spec->path);
        if (bind(fd, (struct sockaddr *)&addr.addr, addr.len) < 0)
            return -errno;
    }
    if (stat(spec->path, &st) == 0) {
        socket_->dev = st.st_dev;
        socket_->ino = st.st_ino;
    }
    *ret_fd = yk_take_fd(&fd);
    return 0;
}

/* ---- Errors in words ---- */

static bool needs_privilege(int port)
{
    int first = FIRST_FREE;
    FILE *file = fopen(FREE_PORTS, "re");

    if (file) {
        if (fscanf(file, "%d", &first) != 1)
            first = FIRST_FREE;
        fclose(file);
    }
    return port < first;
}

/* What was asked for: "port 80", "127.0.0.1:80", "/run/app.sock". */
static void name_spec(const struct yk_listen_spec *spec, char *out, size_t len)
{
    if (spec->path)
        snprintf(out, len, "%s", spec->path);
    else if (!spec->host)
        snprintf(out, len, "port %d", spec->port);
    else
        snprintf(out, len, strchr(spec->host, ':') ? "[%s]:%d" : "%s:%d",
                 spec->host, spec->port);
}

static void say_in_use(const struct yk_listen_spec *spec, const char *name,
                       char *text)
{
    struct yk_port_owner owner;
    int err = spec->path ? yk_port_owner_unix("/proc", spec->path, &owner)
                         : yk_port_owner_tcp("/proc", spec->port, &owner);

    if (err < 0)
        snprintf(text, YK_SOCKET_TEXT_MAX, "%s is in use", name);
    else if (owner.pid == getpid())
        snprintf(text, YK_SOCKET_TEXT_MAX,
                 "%s is in use by this program itself", name);
    else
        snprintf(text, YK_SOCKET_TEXT_MAX, "%s is in use by %s (pid %d)", name,
                 owner.name, (int)owner.pid);
}

static void say_why(const struct yk_listen_spec *spec, int err, char *text)
{
    char name[128];

    name_spec(spec, name, sizeof(name));
    if (err == -EADDRINUSE)
        say_in_use(spec, name, text);
    else if (err == -EACCES && !spec->path && needs_privilege(spec->port))
        snprintf(text, YK_SOCKET_TEXT_MAX,
                 "%s may only be listened on by root or with "
                 "CAP_NET_BIND_SERVICE",
                 name);
    else if (err == -ENAMETOOLONG)
        snprintf(text, YK_SOCKET_TEXT_MAX,
                 "the path of a UNIX socket has at most %zu bytes, this one "
                 "has %zu: %s",
                 YK_UNIX_PATH_MAX, strlen(spec->path), name);
    else if (err == -EEXIST)
        snprintf(text, YK_SOCKET_TEXT_MAX, "%s exists and is not a socket",
                 name);
    else if (err == -ENOENT && !spec->path)
        snprintf(text, YK_SOCKET_TEXT_MAX, "host %s is not known", spec->host);
    else if (err == -EINVAL && !spec->path)
        snprintf(text, YK_SOCKET_TEXT_MAX, "port %d is not from 0 to 65535",
                 spec->port);
    else
        snprintf(text, YK_SOCKET_TEXT_MAX, "%s: %s", name, yoke_strerror(err));
}

/* ---- Open and close ---- */

int yk_socket_open(struct yk_socket *ret_socket,
                   const struct yk_listen_spec *spec,
                   char text[YK_SOCKET_TEXT_MAX])
{
    struct yk_socket opened = {.fd = -1};
    int err;

    if (spec->path)
        err = bind_unix(spec, &opened.fd, &opened);
    else if (spec->host)
        err = bind_host(spec, &opened.fd);
    else
        err = bind_any(spec, &opened.fd);
    if (err == 0 &&
        listen(opened.fd, spec->backlog > 0 ? spec->backlog : BACKLOG) < 0)
        err = -errno;
    if (err == 0)
        err = yk_address_of_socket(opened.fd, &opened.address);
    if (err < 0) {
        say_why(spec, err, text);
        yk_socket_close(&opened);
        return err;
    }
    *ret_socket = opened;
    return 0;
}

void yk_socket_close(struct yk_socket *socket_)
{
    struct stat st;

    if (socket_->fd < 0)
        return;
    if (socket_->ino && stat(socket_->address.host, &st) == 0 &&
        st.st_dev == socket_->dev && st.st_ino == socket_->ino)
        unlink(socket_->address.host);
    yk_close_fd(&socket_->fd);
}
