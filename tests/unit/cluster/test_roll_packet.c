/* What an orphan says, read without a loop; and what is none of that. */
#include "../unit.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cluster/roll_packet.h"

static struct yk_roll_packet packet;
static int ends[2], fds[2];
static pid_t pid;

static int setup(void **state)
{
    int on = 1;
    (void)state;
    assert_int_equal(
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(
        setsockopt(ends[0], SOL_SOCKET, SO_PASSCRED, &on, sizeof(on)), 0);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    close(ends[0]);
    close(ends[1]);
    return 0;
}

static ssize_t receive(void)
{
    fds[0] = fds[1] = STDIN_FILENO; /* Nothing of that may be left. */
    return yk_roll_packet_receive(ends[0], &packet, fds, &pid);
}

static void send_head(uint8_t version, uint32_t len)
{
    char bytes[sizeof(struct yk_message_head) + 4] = "";
    const struct yk_message_head head = {
        .version = version, .type = YK_MESSAGE_INTRODUCED, .len = len};
    memcpy(bytes, &head, sizeof(head));
    assert_int_equal(send(ends[1], bytes, sizeof(bytes), 0), sizeof(bytes));
}

static void assert_no_descriptors(void)
{
    assert_int_equal(fds[0], -1);
    assert_int_equal(fds[1], -1);
}

static void a_packet_comes_with_its_sender(void **state)
{
    (void)state;
    send_head(YK_MESSAGE_VERSION, 4);
    assert_int_equal(receive(), 4);
    assert_int_equal(packet.head.type, YK_MESSAGE_INTRODUCED);
    assert_int_equal(pid, getpid());
    assert_no_descriptors();
}

static void what_is_no_packet_is_refused(void **state)
{
    (void)state;
    send_head(YK_MESSAGE_VERSION + 1, 4);
    assert_int_equal(receive(), -EPROTO);
    send_head(YK_MESSAGE_VERSION, 5);
    assert_int_equal(receive(), -EPROTO);
    send_head(YK_MESSAGE_VERSION, UINT32_MAX);
    assert_int_equal(receive(), -EPROTO);
    assert_int_equal(send(ends[1], "x", 1, 0), 1);
    assert_int_equal(receive(), -EPROTO);
    assert_no_descriptors();
    close(ends[1]);
    ends[1] = -1;
    assert_int_equal(receive(), -EPROTO);
    assert_no_descriptors();
}

/* The caller closes them, also after a failure. */
static void a_failure_leaves_no_descriptors(void **state)
{
    (void)state;
    close(ends[0]);
    ends[0] = -1;
    assert_int_equal(receive(), -EBADF);
    assert_no_descriptors();
}

#define WITH_ENDS(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_ENDS(a_packet_comes_with_its_sender),
        WITH_ENDS(what_is_no_packet_is_refused),
        WITH_ENDS(a_failure_leaves_no_descriptors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
