/* Fuzzes the channel, both its ends: packets, descriptors, messages that are
 * put together, acknowledgements.
 *
 * The text is cut into packets of chosen sizes, each with chosen descriptors
 * beside it, and sent to a real channel, which has messages and descriptors of
 * its own on their way to us: first as they are, then with a valid head before
 * each, so that the types are reached. Whatever comes: nothing is read beyond
 * its end, no descriptor is left open, what is handed up was sent, every sender
 * is told once, and an honest message still arrives at the end, unless the
 * rubbish has begun one of its own. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <uv.h>
#include <yoke/log.h>
#include <yoke/loop.h>

#include "cluster/channel.h"
#include "core/list.h"
#include "fuzz.h"

/* Messages that are on their way out while rubbish comes in. */
#define FLYING 5

static struct {
    struct yk_channel channel;
    int messages, packets, ends, told;
    size_t handed_up; /* Bytes in messages. */
} near;

/* ---- Our end ---- */

static void check_bytes(const void *ptr, size_t len)
{
    const unsigned char *bytes = ptr;
    static volatile unsigned char seen;
    for (size_t i = 0; i < len; i++)
        seen = bytes[i]; /* ASan sees whether all of it is there. */
    (void)seen;
}

static void check_fds(int *fds, int count)
{
    MUST(count >= 0 && count <= YK_PACKET_FDS, "too many descriptors");
    for (int i = 0; i < count; i++)
        MUST(fcntl(fds[i], F_GETFD) == FD_CLOEXEC,
             "a descriptor is open and close-on-exec");
}

static void on_packet(struct yk_channel *channel,
                      const struct yk_packet *packet)
{
    (void)channel;
    near.packets++;
    MUST(packet->type != YK_MESSAGE_USER && packet->type != YK_MESSAGE_ACK,
         "messages are not packets");
    MUST(packet->len <= YK_PACKET_MAX, "a packet has a limit");
    check_bytes(packet->body, packet->len);
    check_fds(packet->fds, packet->fd_count);
}

static void on_message(struct yk_channel *channel,
                       const struct yk_incoming *message)
{
    (void)channel;
    near.messages++;
    near.handed_up += message->len;
    check_bytes(message->ptr, message->len);
    check_fds(message->fds, message->fd_count);
}

static void on_nothing(struct yk_channel *channel)
{
    (void)channel;
}

static void on_end(struct yk_channel *channel)
{
    near.ends++;
    yk_channel_close(channel);
}

static const struct yk_channel_ops ops = {
    .on_packet = on_packet,
    .on_message = on_message,
    .on_room = on_nothing,
    .on_end = on_end,
    .on_closed = on_nothing,
    .on_drain = on_nothing,
};

static void on_told(int err, int *fds, int fd_count, void *data)
{
    (void)data;
    near.told++;
    MUST(err == 0 || fd_count == 1, "what did not arrive comes back");
    check_fds(fds, fd_count);
}

static void send_some(void)
{
    for (int i = 0; i < FLYING; i++) {
        int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
        struct yk_outgoing message = {.ptr = "out",
                                      .len = 3,
                                      .fds = &fd,
                                      .fd_count = 1,
                                      .on_done = on_told};
        MUST(yk_channel_send_message(&near.channel, &message) >= 0,
             "there is room for a few");
    }
}

/* ---- The other end ---- */

static void send_raw(int fd, struct iovec *parts, int count, int fd_count)
{
    _Alignas(struct cmsghdr) char control[CMSG_SPACE(4 * sizeof(int))] = {0};
    struct msghdr msg = {.msg_iov = parts, .msg_iovlen = (size_t)count};
    if (fd_count > 0) {
        int fds[4] = {STDERR_FILENO, STDERR_FILENO, fd, STDERR_FILENO};
        size_t len = (size_t)fd_count * sizeof(int);
        msg.msg_control = control;
        msg.msg_controllen = CMSG_SPACE(len);
        struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
        cmsg->cmsg_level = SOL_SOCKET;
        cmsg->cmsg_type = SCM_RIGHTS;
        cmsg->cmsg_len = CMSG_LEN(len);
        memcpy(CMSG_DATA(cmsg), fds, len);
    }
    sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* A piece of the text as a packet: as it is, or with a head that is right. */
static void send_piece(int fd, struct yk_slice piece, uint8_t choice)
{
    struct yk_message_head head = {.version = YK_MESSAGE_VERSION,
                                   .type = YK_MESSAGE_USER,
                                   .len = (uint32_t)piece.len};
    struct iovec parts[2] = {{&head, sizeof(head)},
                             {(void *)(uintptr_t)piece.ptr, piece.len}};
    bool has_head = choice & 8;
    if (choice & 16)
        head.type = YK_MESSAGE_ACK;
    if ((choice & 48) == 32)
        head.type = choice;
    send_raw(fd, has_head ? parts : parts + 1, has_head ? 2 : 1,
             (choice & 7) % 5);
}

/* Reads what has come to the other end, so that it never fills up. */
static void read_away(int fd)
{
    static char room[YK_PACKET_MAX];
    _Alignas(
        struct cmsghdr) char control[CMSG_SPACE(YK_PACKET_FDS * sizeof(int))];
    struct iovec iov = {room, sizeof(room)};
    for (;;) {
        struct msghdr msg = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = control,
                             .msg_controllen = sizeof(control)};
        if (recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) <= 0)
            return;
        struct cmsghdr *cmsg = CMSG_FIRSTHDR(&msg);
        size_t len = cmsg ? cmsg->cmsg_len - CMSG_LEN(0) : 0;
        for (size_t i = 0; i < len / sizeof(int); i++) {
            int one;
            memcpy(&one, CMSG_DATA(cmsg) + i * sizeof(int), sizeof(one));
            close(one);
        }
    }
}

static int count_fds(void)
{
    int count = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (!folder)
        abort();
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

/* An honest message to end with; it is only lost to a dishonest one that has
 * begun before. */
static void send_honest(int fd)
{
    struct {
        struct yk_message_head head;
        struct yk_message_piece piece;
    } packet = {.head = {.version = YK_MESSAGE_VERSION,
                         .type = YK_MESSAGE_USER,
                         .len = sizeof(packet.piece)}};
    struct iovec part = {&packet, sizeof(packet)};
    for (int i = 0; i < 2; i++)
        send_raw(fd, &part, 1, 0);
}

static void turn(void)
{
    for (int i = 0; i < 8; i++)
        uv_run(yoke_loop(), UV_RUN_NOWAIT);
}

static void play(struct fuzz_input *in, int fd)
{
    size_t at = 0;
    while (at < in->text.len) {
        uint8_t choice = fuzz_choose(in);
        size_t len = fuzz_choose_piece(in, in->text.len - at);
        if (len > YK_PACKET_MAX / 2)
            len = YK_PACKET_MAX / 2;
        if (len == 0 && !fuzz_has_choice(in))
            break;
        char *copy = fuzz_copy((struct yk_slice){in->text.ptr + at, len});
        send_piece(fd, (struct yk_slice){copy, len}, choice);
        free(copy);
        at += len;
        turn();
        read_away(fd);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input in = fuzz_input_of(data, size);
    int fds[2];

    yoke_log_set_level(YOKE_LOG_OFF);
    turn(); /* The loop has its descriptors from its first turn on. */
    int before = count_fds();
    memset(&near, 0, sizeof(near));
    if (yk_channel_pair(fds) < 0 ||
        yk_channel_open(&near.channel, fds[0], &ops) < 0)
        abort();
    send_some();
    play(&in, fds[1]);
    int messages = near.messages;
    if (near.ends == 0) {
        send_honest(fds[1]);
        turn();
        MUST(near.messages > messages, "an honest message arrives");
    }
    MUST(near.handed_up <= size, "no more is handed up than was sent");
    close(fds[1]);
    turn();
    MUST(near.ends == 1, "the end is told once");
    MUST(near.told == FLYING, "every sender is told once");
    uv_run(yoke_loop(), UV_RUN_DEFAULT);
    MUST(count_fds() == before, "nothing is left open");
    return 0;
}
