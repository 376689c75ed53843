#include "net/reuseport.h"

#include <errno.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <sys/socket.h>

#include "core/cleanup.h"

#define BACKLOG 511 /* As in socket.c. */

static int copy_option(int from, int to, int level, int name)
{
    int value;
    socklen_t len = sizeof(value);

    if (getsockopt(from, level, name, &value, &len) < 0 ||
        setsockopt(to, level, name, &value, len) < 0)
        return -errno;
    return 0;
}

/* Connections inherit what their listening socket has; and a group has only
 * members that take the same clients. */
static int copy_options(int from, int to, int family)
{
    int err = copy_option(from, to, IPPROTO_TCP, TCP_NODELAY);

    if (err == 0 && family == AF_INET6)
        err = copy_option(from, to, IPPROTO_IPV6, IPV6_V6ONLY);
    return err;
}

static int share(int fd)
{
    int on = 1;

    if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) < 0)
        return -errno;
    return 0;
}

static bool is_tcp(int fd)
{
    int protocol = 0;
    socklen_t len = sizeof(protocol);

    return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0 &&
           protocol == IPPROTO_TCP;
}

int yk_reuseport_open(int first, int backlog, int *ret_fd)
{
    struct sockaddr_storage addr;
    socklen_t len = sizeof(addr);

    if (!is_tcp(first))
        return -EOPNOTSUPP;
    if (getsockname(first, (struct sockaddr *)&addr, &len) < 0)
        return -errno;
    YK_CLEANUP(yk_close_fd)
    int fd =
        socket(addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    int err = copy_options(first, fd, addr.ss_family);
    if (err == 0)
        err = share(fd);
    if (err == 0)
        err = share(first);
    if (err < 0)
        return err;
    if (bind(fd, (const struct sockaddr *)&addr, len) < 0 ||
        listen(fd, backlog > 0 ? backlog : BACKLOG) < 0)
        return -errno;
    *ret_fd = yk_take_fd(&fd);
    return 0;
}

void yk_reuseport_leave(int first)
{
    int off = 0;

    setsockopt(first, SOL_SOCKET, SO_REUSEPORT, &off, sizeof(off));
}

int yk_reuseport_attach_filter(int fd, const struct sock_filter *filter,
                               uint16_t count)
{
    /* The kernel's structure has no const; it copies the filter. */
    const struct sock_fprog program = {
        .len = count, .filter = (struct sock_filter *)(uintptr_t)filter};

    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &program,
                   sizeof(program)) < 0)
        return -errno;
    return 0;
}

int yk_reuseport_attach_program(int fd, int program)
{
    if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_EBPF, &program,
                   sizeof(program)) < 0)
        return -errno;
    return 0;
}
