#include "net/inherit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <yoke/log.h>

#include "core/number.h"
#include "net/address.h"
#include "net/listener.h"

#include "core/banned.h"

/* Most descriptors that a service manager passes. */
#define PASSED_MAX 256
/* What one without a name is called. */
#define UNNAMED    "unknown"

/* How many there are, and what they are called, as LISTEN_FDNAMES has it.
 * Written by yk_inherit_init. */
static int passed_count;
static const char *passed_names;
static bool is_ready;

/* ---- Taking them up ---- */

static int env_int(const char *name, int *ret_value)
{
    const char *text = getenv(name);

    return text ? yk_parse_int(yk_slice_of(text), ret_value) : -ENOENT;
}

static void close_on_exec(int fd)
{
    int flags = fcntl(fd, F_GETFD);

    if (flags >= 0)
        fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
}

void yk_inherit_init(void)
{
    int pid, count;

    if (is_ready)
        return;
    is_ready = true;
    if (env_int("LISTEN_PID", &pid) < 0 || pid != getpid())
        return;
    if (env_int("LISTEN_FDS", &count) < 0 || count < 0 || count > PASSED_MAX) {
        yoke_log(YOKE_LOG_WARN,
                 "LISTEN_FDS is not a number from 0 to %d: ignored",
                 PASSED_MAX);
        return;
    }
    passed_count = count;
    passed_names = getenv("LISTEN_FDNAMES");
    for (int i = 0; i < count; i++)
        close_on_exec(YK_INHERIT_FIRST + i);
}

int yk_inherit_count(void)
{
    return passed_count;
}

/* ---- Names ---- */

/* The name at `index`; those that are missing at the end have none. */
static struct yk_slice name_at(int index)
{
    const char *at = passed_names ? passed_names : "";
    size_t len = strcspn(at, ":");

    for (; index > 0 && at[len] == ':'; index--) {
        at += len + 1;
        len = strcspn(at, ":");
    }
    return index > 0 || len == 0 ? yk_slice_of(UNNAMED)
                                 : (struct yk_slice){at, len};
}

static int type_of(int fd)
{
    int type;
    socklen_t len = sizeof(type);

    return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0 ? -errno : type;
}

static int wanted_type(const struct yk_listen_spec *spec)
{
    return spec->is_udp ? SOCK_DGRAM : SOCK_STREAM;
}

/* "'web', 'admin'": each once, as many as there is room for. */
static void list_names(char *out, size_t len)
{
    size_t used = 0;

    out[0] = '\0';
    for (int i = 0; i < passed_count; i++) {
        struct yk_slice name = name_at(i);
        bool is_new = true;
        for (int j = 0; j < i; j++)
            is_new &= !yk_slice_eq(name, name_at(j));
        if (!is_new || used + name.len + 5 > len)
            continue;
        used += (size_t)snprintf(out + used, len - used, "%s'%.*s'",
                                 used ? ", " : "", (int)name.len, name.ptr);
    }
}

static int say_missing(const struct yk_listen_spec *spec, unsigned found,
                       char *text)
{
    char names[100];

    list_names(names, sizeof(names));
    if (passed_count == 0)
        snprintf(text, YK_SOCKET_TEXT_MAX,
                 "no descriptor is named '%.64s': the service manager has "
                 "passed none (LISTEN_FDS)",
                 spec->fd_name);
    else if (found)
        snprintf(text, YK_SOCKET_TEXT_MAX,
                 "only %u %s named '%.64s' from the service manager, and more "
                 "listeners on it",
                 found, found == 1 ? "socket is" : "sockets are",
                 spec->fd_name);
    else
        snprintf(text, YK_SOCKET_TEXT_MAX,
                 "no %s socket is named '%.64s'; the service manager has "
                 "passed %s",
                 spec->is_udp ? "datagram" : "stream", spec->fd_name, names);
    return -ENOENT;
}

/* The descriptor, or a negative code. */
static int find_name(const struct yk_listen_spec *spec, char *text)
{
    struct yk_slice wanted = yk_slice_of(spec->fd_name);
    unsigned found = 0;

    yk_inherit_init();
    for (int i = 0; i < passed_count; i++) {
        if (!yk_slice_eq(name_at(i), wanted) ||
            type_of(YK_INHERIT_FIRST + i) != wanted_type(spec))
            continue;
        if (found++ == spec->index)
            return YK_INHERIT_FIRST + i;
    }
    return say_missing(spec, found, text);
}

/* ---- What a descriptor is ---- */

static int refuse(int err, const char *what, int fd, char *text)
{
    snprintf(text, YK_SOCKET_TEXT_MAX, "descriptor %d %s", fd, what);
    return err;
}

static int check_type(int fd, const struct yk_listen_spec *spec, char *text)
{
    int type = type_of(fd);

    if (type == -EBADF)
        return refuse(-EBADF, "is not open", fd, text);
    if (type < 0)
        return refuse(-ENOTSOCK, "is not a socket", fd, text);
    if (type == wanted_type(spec))
        return 0;
    return refuse(-EPROTOTYPE,
                  spec->is_udp ? "is not a datagram socket"
                               : "is not a stream socket",
                  fd, text);
}

static int check_address(int fd, const struct yk_listen_spec *spec, char *text)
{
    struct sockaddr_storage addr;
    socklen_t len = sizeof(addr);
    struct yoke_address bound;

    if (getsockname(fd, (struct sockaddr *)&addr, &len) < 0)
        return -errno;
    bool is_ip = addr.ss_family == AF_INET || addr.ss_family == AF_INET6;
    if (!is_ip && (spec->is_udp || addr.ss_family != AF_UNIX))
        return refuse(-EAFNOSUPPORT, "has another kind of address", fd, text);
    yk_address_from_sockaddr(&bound, (struct sockaddr *)&addr, len);
    if (is_ip ? bound.port == 0 : !bound.host[0])
        return refuse(-EINVAL, "is not bound to an address", fd, text);
    len = sizeof(addr);
    if (!spec->is_udp && getpeername(fd, (struct sockaddr *)&addr, &len) == 0)
        return refuse(-EISCONN, "is a connection, not a listening socket", fd,
                      text);
    return 0;
}

int yk_inherit_socket(struct yk_socket *socket_,
                      const struct yk_listen_spec *spec,
                      char text[YK_SOCKET_TEXT_MAX])
{
    int fd = spec->fd_name ? find_name(spec, text) : spec->fd;
    int err = fd < 0 && spec->fd_name ? fd : check_type(fd, spec, text);

    if (err == 0)
        err = check_address(fd, spec, text);
    if (err < 0)
        return err;
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, YK_INHERIT_FIRST);
    if (copy < 0)
        return -errno;
    socket_->fd = copy;
    int flags = fcntl(copy, F_GETFL);
    return flags < 0 || fcntl(copy, F_SETFL, flags | O_NONBLOCK) < 0 ? -errno
                                                                     : 0;
}
