#include "net/socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <yoke/error.h>

#include "core/cleanup.h"
#include "net/address.h"
#include "net/inherit.h"
#include "net/listener.h"
#include "net/port_owner.h"
#include "net/unix_socket.h"

#include "core/banned.h"

#define BACKLOG    511  /* As in Node. */
#define FIRST_FREE 1024 /* Ports below need a privilege, by default. */
#define FREE_PORTS "/proc/sys/net/ipv4/ip_unprivileged_port_start"

/* ---- TCP and UDP ---- */

static int set_option(int fd, int level, int name, bool value)
{
    int number = value;

    return setsockopt(fd, level, name, &number, sizeof(number)) < 0 ? -errno
                                                                    : 0;
}

/* A TCP port that is still in use by old connections may be bound; for UDP the
 * same option means that others may bind it, too. */
static int set_options(int fd, int family, const struct yk_listen_spec *spec)
{
    int err = set_option(fd, SOL_SOCKET, SO_REUSEADDR,
                         !spec->is_udp || spec->reuse_addr);

    if (err == 0 && spec->reuse_port)
        err = set_option(fd, SOL_SOCKET, SO_REUSEPORT, true);
    if (err == 0 && !spec->is_udp)
        err = set_option(fd, IPPROTO_TCP, TCP_NODELAY, true);
    if (err == 0 && family == AF_INET6)
        err = set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, spec->ipv6_only);
    return err;
}

static int bind_ip(const struct yk_sockaddr *addr,
                   const struct yk_listen_spec *spec, int *ret_fd)
{
    int type = spec->is_udp ? SOCK_DGRAM : SOCK_STREAM;
    YK_CLEANUP(yk_close_fd)
    int fd =
        socket(addr->addr.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    int err = set_options(fd, addr->addr.ss_family, spec);
    if (err < 0)
        return err;
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
    err = bind_ip(&addr, spec, ret_fd);
    if (!is_without_ipv6(err) || spec->ipv6_only)
        return err;
    yk_sockaddr_any(&addr, AF_INET, spec->port);
    return bind_ip(&addr, spec, ret_fd);
}

static int bind_host(const struct yk_listen_spec *spec, int *ret_fd)
{
    struct yk_sockaddr addr;
    int err = yk_sockaddr_ip(&addr, spec->host, spec->port);

    return err < 0 ? err : bind_ip(&addr, spec, ret_fd);
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
    return port > 0 && port < first;
}

/* What was asked for: "port 80", "UDP port 53", "127.0.0.1:80", "udp
 * [::1]:53", "descriptor 7", "/run/app.sock". */
static void name_spec(const struct yk_listen_spec *spec, char *out, size_t len)
{
    const char *kind = spec->is_udp ? "UDP " : "";

    if (spec->fd_name)
        snprintf(out, len, "descriptor '%s'", spec->fd_name);
    else if (spec->fd)
        snprintf(out, len, "descriptor %d", spec->fd);
    else if (spec->path)
        snprintf(out, len, "%s", spec->path);
    else if (!spec->host)
        snprintf(out, len, "%sport %d", kind, spec->port);
    else
        snprintf(out, len, strchr(spec->host, ':') ? "%s[%s]:%d" : "%s%s:%d",
                 kind, spec->host, spec->port);
}

static void say_in_use(const struct yk_listen_spec *spec, const char *name,
                       char *text)
{
    struct yk_port_owner owner;
    int err = spec->is_udp ? yk_port_owner_udp("/proc", spec->port, &owner)
                           : yk_port_owner_tcp("/proc", spec->port, &owner);

    yk_port_owner_text(err < 0 ? NULL : &owner, name, text, YK_SOCKET_TEXT_MAX);
}

static void say_too_long(const struct yk_listen_spec *spec, char *text)
{
    if (spec->path[0] == '@')
        snprintf(text, YK_SOCKET_TEXT_MAX,
                 "an abstract UNIX socket's name has at most %zu bytes with "
                 "its '@', this one has %zu",
                 YK_UNIX_PATH_MAX, strlen(spec->path));
    else
        snprintf(text, YK_SOCKET_TEXT_MAX,
                 "the path of a UNIX socket has at most %zu bytes, or up to "
                 "%zu when its last part has no more than %d; this one has "
                 "%zu: %.100s",
                 YK_UNIX_PATH_MAX, YK_UNIX_LONG_PATH_MAX, YK_UNIX_NAME_MAX,
                 strlen(spec->path), spec->path);
}

static void say_why(const struct yk_listen_spec *spec, int err, char *text)
{
    char name[160];
    bool is_ip = !spec->path && !spec->fd && !spec->fd_name;

    name_spec(spec, name, sizeof(name));
    if (err == -EADDRINUSE && is_ip)
        say_in_use(spec, name, text);
    else if (err == -EACCES && is_ip && needs_privilege(spec->port))
        snprintf(text, YK_SOCKET_TEXT_MAX,
                 "%s may only be listened on by root or with "
                 "CAP_NET_BIND_SERVICE",
                 name);
    else if (err == -ENAMETOOLONG && spec->path)
        say_too_long(spec, text);
    else if (err == -ENOENT && spec->host && is_ip)
        snprintf(text, YK_SOCKET_TEXT_MAX, "host %s is not known", spec->host);
    else if (err == -EINVAL && is_ip)
        snprintf(text, YK_SOCKET_TEXT_MAX, "port %d is not from 0 to 65535",
                 spec->port);
    else
        snprintf(text, YK_SOCKET_TEXT_MAX, "%s: %s", name, yoke_strerror(err));
}

/* ---- Open and close ---- */

static int open_bound(struct yk_socket *opened,
                      const struct yk_listen_spec *spec, char *text)
{
    if (spec->fd_name || spec->fd)
        return yk_inherit_socket(opened, spec, text);
    if (spec->path)
        return yk_unix_socket_bind(opened, spec, text);
    if (spec->host)
        return bind_host(spec, &opened->fd);
    return bind_any(spec, &opened->fd);
}

/* One that was inherited may listen already, with a backlog of its own. */
static int start_listening(const struct yk_socket *opened,
                           const struct yk_listen_spec *spec)
{
    int listens = 0;
    socklen_t len = sizeof(listens);

    if (spec->is_udp)
        return 0;
    getsockopt(opened->fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len);
    if (listens && spec->backlog <= 0)
        return 0;
    return listen(opened->fd, spec->backlog > 0 ? spec->backlog : BACKLOG) < 0
               ? -errno
               : 0;
}

/* The kernel knows the address, but of a UNIX socket only as it was bound. */
static int find_address(struct yk_socket *opened,
                        const struct yk_listen_spec *spec)
{
    struct yoke_address address;
    int err = yk_address_of_socket(opened->fd, &address);

    if (err < 0)
        return err;
    if (spec->path && address.family == -1 && opened->address.host[0])
        memcpy(address.host, opened->address.host, sizeof(address.host));
    opened->address = address;
    return 0;
}

int yk_socket_open(struct yk_socket *ret_socket,
                   const struct yk_listen_spec *spec,
                   char text[YK_SOCKET_TEXT_MAX])
{
    struct yk_socket opened = {.fd = -1};

    text[0] = '\0';
    int err = open_bound(&opened, spec, text);
    if (err == 0)
        err = start_listening(&opened, spec);
    if (err == 0)
        err = find_address(&opened, spec);
    if (err == 0) {
        *ret_socket = opened;
        return 0;
    }
    if (!text[0])
        say_why(spec, err, text);
    yk_socket_close(&opened);
    return err;
}

static void remove_file(const struct yk_socket *socket_)
{
    struct stat st;

    if (socket_->ino && lstat(socket_->path, &st) == 0 &&
        st.st_dev == socket_->dev && st.st_ino == socket_->ino)
        unlink(socket_->path);
}

void yk_socket_close(struct yk_socket *socket_)
{
    if (socket_->path)
        remove_file(socket_);
    free(socket_->path);
    socket_->path = NULL;
    yk_close_fd(&socket_->fd);
}
