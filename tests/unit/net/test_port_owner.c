/* Who holds a port: read from a /proc made for the test, and from the real. */
#include "../unit.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../tree.h"

#include "net/address.h"
#include "net/port_owner.h"

#define TCP_HEAD                                                               \
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when "      \
    "retrnsmt   uid  timeout inode\n"
#define TCP_LINE(port, state, inode)                                           \
    "   0: 0100007F:" port " 00000000:0000 " state                             \
    " 00000000:00000000 00:00000000 00000000     0        0 " inode            \
    " 1 0000000000000000 100 0 0 10 0\n"
#define TCP6_LINE(port, state, inode)                                          \
    "   0: 00000000000000000000000000000000:" port                             \
    " 00000000000000000000000000000000:0000 " state                            \
    " 00000000:00000000 00:00000000 00000000     0        0 " inode            \
    " 1 0000000000000000 100 0 0 10 0\n"
#define UNIX_HEAD "Num       RefCount Protocol Flags    Type St Inode Path\n"

static struct tree tree;

static void add_socket(const char *pid, const char *fd, const char *inode)
{
    char path[128], target[64];

    snprintf(path, sizeof(path), "%s/fd/dummy", pid);
    tree_write(&tree, path, "");
    snprintf(path, sizeof(path), "%s/fd/%s", pid, fd);
    snprintf(target, sizeof(target), "socket:[%s]", inode);
    assert_int_equal(symlink(target, tree_path(&tree, path)), 0);
}

static int setup(void **state)
{
    (void)state;
    tree_make(&tree);
    /* A connection from the port is none that listens on it. */
    tree_write(&tree, "net/tcp",
               TCP_HEAD TCP_LINE("0539", "01", "55")
                   TCP_LINE("0539", "0A", "56"));
    tree_write(&tree, "net/tcp6", TCP_HEAD TCP6_LINE("0050", "0A", "57"));
    tree_write(&tree, "net/unix",
               UNIX_HEAD "0000000000000000: 00000002 00000000 00000000 0001 01 "
                         "58 /run/a.sock\n"
                         "0000000000000000: 00000002 00000000 00010000 0001 01 "
                         "59 /run/a.sock\n"
                         "0000000000000000: 00000002 00000000 00010000 0001 01 "
                         "60\n");
    tree_write(&tree, "net/udp",
               TCP_HEAD TCP_LINE("0035", "07", "61")
                   TCP_LINE("0036", "01", "62"));
    tree_write(&tree, "812/comm", "nginx\n");
    tree_write(&tree, "813/comm", "a name that is long\n");
    tree_write(&tree, "self/comm", "test\n");
    add_socket("812", "6", "56");
    add_socket("813", "3", "55");
    add_socket("813", "4", "57");
    add_socket("813", "5", "59");
    add_socket("813", "6", "61");
    add_socket("813", "7", "62");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tree_remove(&tree);
    return 0;
}

static void the_listener_on_a_port_is_found(void **state)
{
    struct yk_port_owner owner;

    (void)state;
    assert_int_equal(yk_port_owner_tcp(tree.root, 1337, &owner), 0);
    assert_int_equal(owner.pid, 812);
    assert_string_equal(owner.name, "nginx");
    assert_int_equal(yk_port_owner_tcp(tree.root, 80, &owner), 0);
    assert_int_equal(owner.pid, 813);
}

static void who_has_bound_a_udp_port_is_found(void **state)
{
    struct yk_port_owner owner;

    (void)state;
    assert_int_equal(yk_port_owner_udp(tree.root, 0x35, &owner), 0);
    assert_int_equal(owner.pid, 813);
    /* One that is connected keeps nobody from the port's other peers. */
    assert_int_equal(yk_port_owner_udp(tree.root, 0x36, &owner), -ENOENT);
}

static void a_process_is_named_by_its_number(void **state)
{
    struct yk_port_owner owner;
    char text[64];

    (void)state;
    assert_int_equal(yk_port_owner_pid(tree.root, 812, &owner), 0);
    yk_port_owner_text(&owner, "port 80", text, sizeof(text));
    assert_string_equal(text, "port 80 is in use by nginx (pid 812)");
    assert_int_equal(yk_port_owner_pid(tree.root, 814, &owner), -ENOENT);
    assert_int_equal(yk_port_owner_pid(tree.root, 0, &owner), -ENOENT);
    yk_port_owner_text(NULL, "port 80", text, sizeof(text));
    assert_string_equal(text, "port 80 is in use");
}

static void the_listener_on_a_path_is_found(void **state)
{
    struct yk_port_owner owner;

    (void)state;
    assert_int_equal(yk_port_owner_unix(tree.root, "/run/a.sock", &owner), 0);
    assert_int_equal(owner.pid, 813);
    assert_int_equal(yk_port_owner_unix(tree.root, "/run/a", &owner), -ENOENT);
}

static void what_cannot_be_found_is_said(void **state)
{
    struct yk_port_owner owner;

    (void)state;
    assert_int_equal(yk_port_owner_tcp(tree.root, 81, &owner), -ENOENT);
    assert_int_equal(yk_port_owner_tcp("/no/such/proc", 80, &owner), -ENOENT);
    /* It listens, but in a process that may not be looked into. */
    tree_write(&tree, "net/tcp", TCP_HEAD TCP_LINE("0051", "0A", "99"));
    assert_int_equal(yk_port_owner_tcp(tree.root, 81, &owner), -ENOENT);
}

static void the_kernel_is_understood(void **state)
{
    struct yk_sockaddr addr;
    struct sockaddr_storage bound;
    socklen_t len = sizeof(bound);
    struct yk_port_owner owner;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    (void)state;
    yk_sockaddr_ip(&addr, "127.0.0.1", 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&addr.addr, addr.len), 0);
    assert_int_equal(listen(fd, 1), 0);
    getsockname(fd, (struct sockaddr *)&bound, &len);
    struct sockaddr_in *in = (struct sockaddr_in *)&bound;
    assert_int_equal(yk_port_owner_tcp("/proc", ntohs(in->sin_port), &owner),
                     0);
    assert_int_equal(owner.pid, getpid());
    close(fd);
}

#define WITH_PROC(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_PROC(the_listener_on_a_port_is_found),
        WITH_PROC(who_has_bound_a_udp_port_is_found),
        WITH_PROC(a_process_is_named_by_its_number),
        WITH_PROC(the_listener_on_a_path_is_found),
        WITH_PROC(what_cannot_be_found_is_said),
        WITH_PROC(the_kernel_is_understood),
    };
    return cmocka_run_group_tests_name("port_owner", tests, NULL, NULL);
}
