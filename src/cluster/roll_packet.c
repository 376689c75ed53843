#include "cluster/roll_packet.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/banned.h"

/* Takes the first two descriptors that came along, and closes the others. */
static void take_fds(struct msghdr *msg, int fds[2])
{
    int next = 0;

    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
            continue;
        size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
            if (next < 2)
                fds[next++] = fd;
            else
                close(fd);
        }
    }
}

/* The process that has sent it, as the kernel says. */
static pid_t sender_of(struct msghdr *msg)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
        struct ucred who;
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_CREDENTIALS)
            continue;
        memcpy(&who, CMSG_DATA(c), sizeof(who));
        return who.pid;
    }
    return 0;
}

ssize_t yk_roll_packet_receive(int fd, struct yk_roll_packet *packet,
                               int fds[2], pid_t *pid)
{
    _Alignas(struct cmsghdr) char control[512];
    struct iovec iov = {packet, sizeof(*packet)};
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = control,
                         .msg_controllen = sizeof(control)};
    ssize_t n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);

    fds[0] = fds[1] = -1;
    if (n < 0)
        return -errno;
    take_fds(&msg, fds);
    *pid = sender_of(&msg);
    if ((size_t)n < sizeof(packet->head) ||
        packet->head.version != YK_MESSAGE_VERSION ||
        (size_t)n != sizeof(packet->head) + packet->head.len)
        return -EPROTO;
    return (ssize_t)packet->head.len;
}
