/* UNIX sockets: their files, names of every length, permissions. */
#include "../unit.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../tree.h"

#include "net/address.h"
#include "net/listener.h"
#include "net/unix_socket.h"

static struct tree tree;
static char text[YK_SOCKET_TEXT_MAX];

static int setup(void **state)
{
    (void)state;
    tree_make(&tree);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    tree_remove(&tree);
    return 0;
}

static int open_(struct yk_socket *socket, struct yk_listen_spec spec)
{
    text[0] = '\0';
    return yk_socket_open(socket, &spec, text);
}

static int open_path(struct yk_socket *socket, const char *path)
{
    return open_(socket, (struct yk_listen_spec){.path = path});
}

static mode_t mode_of(const char *path)
{
    struct stat st;

    assert_int_equal(lstat(path, &st), 0);
    return st.st_mode & 07777;
}

static bool answers(const char *path)
{
    struct yk_sockaddr addr;
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);

    assert_int_equal(yk_sockaddr_unix(&addr, path), 0);
    int err = connect(fd, (struct sockaddr *)&addr.addr, addr.len);
    close(fd);
    return err == 0;
}

/* ---- Files ---- */

static void the_file_of_a_socket_comes_and_goes(void **state)
{
    struct yk_socket socket;
    const char *path = tree_path(&tree, "a.sock");

    (void)state;
    assert_int_equal(open_path(&socket, path), 0);
    assert_int_equal(socket.address.family, -1);
    assert_false(socket.address.is_udp);
    assert_string_equal(socket.address.host, path);
    assert_true(answers(path));
    yk_socket_close(&socket);
    assert_int_equal(access(path, F_OK), -1);
}

static void a_file_that_is_another_sockets_by_now_stays(void **state)
{
    struct yk_socket old, new_;
    const char *path = tree_path(&tree, "a.sock");

    (void)state;
    assert_int_equal(open_path(&old, path), 0);
    unlink(path);
    assert_int_equal(open_path(&new_, path), 0);
    yk_socket_close(&old);
    assert_true(answers(path));
    yk_socket_close(&new_);
}

static void only_the_file_of_a_dead_socket_is_replaced(void **state)
{
    struct yk_socket dead, live, other;
    const char *path = tree_path(&tree, "a.sock");
    char expected[YK_SOCKET_TEXT_MAX];

    (void)state;
    assert_int_equal(open_path(&dead, path), 0);
    close(dead.fd); /* As its process's end does: the file stays. */
    free(dead.path);
    assert_int_equal(open_path(&live, path), 0);
    assert_int_equal(open_path(&other, path), -EADDRINUSE);
    snprintf(expected, sizeof(expected), "%s is in use by this program itself",
             path);
    assert_string_equal(text, expected);
    yk_socket_close(&live);
}

static void what_is_no_socket_is_left_alone(void **state)
{
    struct yk_socket socket;
    const char *path = tree_path(&tree, "precious");
    char expected[YK_SOCKET_TEXT_MAX];

    (void)state;
    tree_write(&tree, "precious", "data");
    assert_int_equal(open_path(&socket, path), -EEXIST);
    snprintf(expected, sizeof(expected), "%s exists and is not a socket", path);
    assert_string_equal(text, expected);
    assert_int_equal(access(path, F_OK), 0);
    /* Nor is what a link leads to, or the link. */
    const char *link = tree_path(&tree, "link");
    assert_int_equal(symlink(tree_path(&tree, "nowhere"), link), 0);
    assert_int_equal(open_path(&socket, link), -EEXIST);
    assert_int_equal(mode_of(link), 0777);
}

static void a_relative_path_is_found_again_from_elsewhere(void **state)
{
    struct yk_socket socket;
    char before[512];

    (void)state;
    assert_non_null(getcwd(before, sizeof(before)));
    assert_int_equal(chdir(tree.root), 0);
    assert_int_equal(open_path(&socket, "a.sock"), 0);
    assert_int_equal(chdir(before), 0);
    const char *path = tree_path(&tree, "a.sock");
    assert_string_equal(socket.address.host, path);
    assert_true(answers(path));
    yk_socket_close(&socket);
    assert_int_equal(access(path, F_OK), -1);
}

/* ---- Length ---- */

static const char *long_path(const char *name)
{
    char path[256], folder[120];

    memset(folder, 'd', sizeof(folder) - 1);
    folder[sizeof(folder) - 1] = '\0';
    snprintf(path, sizeof(path), "%s/unused", folder);
    tree_write(&tree, path, "");
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return tree_path(&tree, path);
}

static void a_long_path_works_like_any_other(void **state)
{
    struct yk_socket socket, other;
    const char *path = long_path("a.sock");

    (void)state;
    assert_true(strlen(path) > YK_UNIX_PATH_MAX);
    assert_int_equal(
        open_(&socket, (struct yk_listen_spec){.path = path, .mode = 0601}), 0);
    assert_string_equal(socket.address.host, path);
    assert_int_equal(mode_of(path), 0601);
    assert_int_equal(open_path(&other, path), -EADDRINUSE);
    assert_non_null(strstr(text, "is in use by this program itself"));
    close(socket.fd);
    free(socket.path);
    assert_int_equal(open_path(&socket, path), 0);
    yk_socket_close(&socket);
    assert_int_equal(access(path, F_OK), -1);
}

static void a_path_that_is_too_long_is_refused_with_the_limits(void **state)
{
    struct yk_socket socket;
    char name[300];

    (void)state;
    memset(name, 'x', sizeof(name));
    name[YK_UNIX_NAME_MAX + 1] = '\0';
    assert_int_equal(open_path(&socket, long_path(name)), -ENAMETOOLONG);
    assert_non_null(strstr(text, "at most 107 bytes"));
    assert_non_null(strstr(text, "its last part has no more than 80"));
    name[YK_UNIX_NAME_MAX + 1] = 'x';
    name[0] = '/';
    name[256] = '\0';
    assert_int_equal(open_path(&socket, name), -ENAMETOOLONG);
    name[0] = '@';
    name[108] = '\0';
    assert_int_equal(open_path(&socket, name), -ENAMETOOLONG);
    assert_non_null(strstr(text, "an abstract UNIX socket's name"));
}

/* ---- Abstract names ---- */

static void an_abstract_socket_has_no_file(void **state)
{
    struct yk_socket socket, other;
    char name[64], expected[128];

    (void)state;
    snprintf(name, sizeof(name), "@yoke-test-%d", (int)getpid());
    assert_int_equal(open_path(&socket, name), 0);
    assert_string_equal(socket.address.host, name);
    assert_true(answers(name));
    assert_int_equal(open_path(&other, name), -EADDRINUSE);
    snprintf(expected, sizeof(expected), "%s is in use by this program itself",
             name);
    assert_string_equal(text, expected);
    assert_int_equal(
        open_(&other, (struct yk_listen_spec){.path = name, .mode = 0600}),
        -EINVAL);
    yk_socket_close(&socket);
    assert_false(answers(name));
}

/* ---- Permissions ---- */

static void the_mode_is_what_was_asked_for(void **state)
{
    static const struct {
        struct yk_listen_spec spec;
        mode_t mode;
    } samples[] = {
        {{.mode = 0}, 0750}, /* The umask's. */
        {{.mode = 0666}, 0666},
        {{.mode = 0600, .readable_all = true}, 0644},
        {{.mode = 0600, .writable_all = true}, 0622},
        {{.readable_all = true, .writable_all = true}, 0776},
    };
    const char *path = tree_path(&tree, "a.sock");
    mode_t before = umask(0027);

    (void)state;
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        struct yk_socket socket;
        struct yk_listen_spec spec = samples[i].spec;
        spec.path = path;
        assert_int_equal(open_(&socket, spec), 0);
        assert_int_equal(mode_of(path), samples[i].mode);
        yk_socket_close(&socket);
    }
    umask(before);
}

static void an_impossible_mode_is_refused(void **state)
{
    static const int modes[] = {-1, 01000, 0777777};
    const char *path = tree_path(&tree, "a.sock");

    (void)state;
    for (size_t i = 0; i < COUNT_OF(modes); i++) {
        struct yk_socket socket;
        assert_int_equal(
            open_(&socket,
                  (struct yk_listen_spec){.path = path, .mode = modes[i]}),
            -EINVAL);
        assert_non_null(strstr(text, "is not from 0001 to 0777"));
        assert_int_equal(access(path, F_OK), -1);
    }
}

static void an_unknown_owner_is_named_and_nothing_left_behind(void **state)
{
    struct yk_socket socket;
    const char *path = tree_path(&tree, "a.sock");

    (void)state;
    assert_int_equal(
        open_(&socket,
              (struct yk_listen_spec){.path = path, .owner = "no-such-user"}),
        -EINVAL);
    assert_string_equal(text, "there is no user 'no-such-user'");
    assert_int_equal(
        open_(&socket,
              (struct yk_listen_spec){.path = path, .group = "no-such-group"}),
        -EINVAL);
    assert_string_equal(text, "there is no group 'no-such-group'");
    assert_int_equal(access(path, F_OK), -1);
}

static void the_file_belongs_to_whom_was_asked_for(void **state)
{
    struct yk_socket socket;
    const char *path = tree_path(&tree, "a.sock");
    struct stat st;

    (void)state;
    if (geteuid() != 0 || !getgrnam("nogroup"))
        skip();
    struct yk_listen_spec spec = {
        .path = path, .owner = "12345", .group = "nogroup", .mode = 0660};
    assert_int_equal(open_(&socket, spec), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_uid, 12345);
    assert_int_equal(st.st_gid, getgrnam("nogroup")->gr_gid);
    assert_int_equal(st.st_mode & 0777, 0660);
    yk_socket_close(&socket);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_file_of_a_socket_comes_and_goes),
        TEST(a_file_that_is_another_sockets_by_now_stays),
        TEST(only_the_file_of_a_dead_socket_is_replaced),
        TEST(what_is_no_socket_is_left_alone),
        TEST(a_relative_path_is_found_again_from_elsewhere),
        TEST(a_long_path_works_like_any_other),
        TEST(a_path_that_is_too_long_is_refused_with_the_limits),
        TEST(an_abstract_socket_has_no_file),
        TEST(the_mode_is_what_was_asked_for),
        TEST(an_impossible_mode_is_refused),
        TEST(an_unknown_owner_is_named_and_nothing_left_behind),
        TEST(the_file_belongs_to_whom_was_asked_for),
    };
    return cmocka_run_group_tests_name("unix_socket", tests, NULL, NULL);
}
