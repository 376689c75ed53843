#include "net/unread.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* How often a connection is looked at. */
#define LOOKS          3
/* Of <netinet/tcp.h>, which cannot be had together with <linux/tcp.h>. */
#define TCP_CLOSE_WAIT 8

static bool is_tcp(int fd)
{
    int protocol = 0;
    socklen_t len = sizeof(protocol);

    return getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0 &&
           protocol == IPPROTO_TCP;
}

static bool is_listening(int fd)
{
    int listens = 0;
    socklen_t len = sizeof(listens);

    return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0 ||
           listens;
}

int yk_unread_count(int fd)
{
    int len = 0;

    return ioctl(fd, SIOCINQ, &len) < 0 ? -1 : len;
}

/* The end that the other side has sent counts as a byte that has come, but not
 * as one that waits. */
static bool looks_unread(int fd)
{
    struct tcp_info info = {.tcpi_state = 0};
    socklen_t len = sizeof(info);
    int unread = yk_unread_count(fd);

    if (unread < 0 || getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0 ||
        len < offsetof(struct tcp_info, tcpi_bytes_retrans))
        return false;
    uint64_t ends = info.tcpi_state == TCP_CLOSE_WAIT;
    return info.tcpi_bytes_sent == 0 &&
           info.tcpi_bytes_received == (uint64_t)unread + ends;
}

/* Bytes that come between the two questions make it look read; not each time. */
bool yk_unread_is_all(int fd)
{
    if (!is_tcp(fd) || is_listening(fd))
        return false;
    for (int i = 0; i < LOOKS; i++)
        if (looks_unread(fd))
            return true;
    return false;
}
