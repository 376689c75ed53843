#include "net/handshakes.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/cleanup.h"

#include "core/banned.h"

#define FLAGS_OFFSET 13 /* Of the flags in a TCP header. */
#define DEFER_S      1

static void set_defer(int fd, int seconds)
{
    setsockopt(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, &seconds, sizeof(seconds));
}

void yk_handshakes_defer(int fd)
{
    set_defer(fd, DEFER_S);
}

void yk_handshakes_stop(int fd)
{
    struct sock_filter drop_syn[] = {
        BPF_STMT(BPF_LD | BPF_B | BPF_ABS, FLAGS_OFFSET),
        BPF_STMT(BPF_ALU | BPF_AND | BPF_K, TH_SYN | TH_ACK),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TH_SYN, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, 0),
        BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
    };
    const struct sock_fprog program = {
        .len = sizeof(drop_syn) / sizeof(drop_syn[0]), .filter = drop_syn};

    setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
    set_defer(fd, 0);
}

/* The question to the kernel: every connection in the making on this port. */
struct question {
    struct nlmsghdr head;
    struct inet_diag_req_v2 body;
};

static int ask(int netlink, const struct sockaddr_storage *addr)
{
    struct question question = {
        .head = {.nlmsg_len = sizeof(question),
                 .nlmsg_type = SOCK_DIAG_BY_FAMILY,
                 .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP},
        .body = {.sdiag_family = (uint8_t)addr->ss_family,
                 .sdiag_protocol = IPPROTO_TCP,
                 .idiag_states = 1 << TCP_SYN_RECV}};

    question.body.id.idiag_sport =
        addr->ss_family == AF_INET
            ? ((const struct sockaddr_in *)addr)->sin_port
            : ((const struct sockaddr_in6 *)addr)->sin6_port;
    return send(netlink, &question, sizeof(question), 0) < 0 ? -errno : 0;
}

/* Counts what one packet tells. Returns 1 when more follows, 0 at the end, or
 * the kernel's error. */
static int count_packet(void *packet, size_t len, int *count)
{
    struct nlmsghdr *head = packet;

    for (; NLMSG_OK(head, len); head = NLMSG_NEXT(head, len)) {
        if (head->nlmsg_type == NLMSG_DONE)
            return 0;
        if (head->nlmsg_type == NLMSG_ERROR)
            return ((const struct nlmsgerr *)NLMSG_DATA(head))->error;
        *count += head->nlmsg_type == SOCK_DIAG_BY_FAMILY;
    }
    return 1;
}

static int read_count(int netlink)
{
    _Alignas(struct nlmsghdr) char packet[8192];
    int count = 0, more = 1;

    while (more > 0) {
        ssize_t n = recv(netlink, packet, sizeof(packet), 0);
        if (n < 0 && errno != EINTR)
            return -errno;
        if (n > 0)
            more = count_packet(packet, (size_t)n, &count);
    }
    return more < 0 ? more : count;
}

static bool is_tcp(int fd, struct sockaddr_storage *ret_addr)
{
    socklen_t len = sizeof(*ret_addr);

    return getsockname(fd, (struct sockaddr *)ret_addr, &len) == 0 &&
           (ret_addr->ss_family == AF_INET || ret_addr->ss_family == AF_INET6);
}

int yk_handshakes_count(int fd)
{
    struct sockaddr_storage addr;
    struct timeval limit = {.tv_sec = 1};

    if (!is_tcp(fd, &addr))
        return 0;
    YK_CLEANUP(yk_close_fd)
    int netlink =
        socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
    if (netlink < 0)
        return -EOPNOTSUPP;
    setsockopt(netlink, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    int err = ask(netlink, &addr);
    return err < 0 ? err : read_count(netlink);
}
