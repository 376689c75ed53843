/* Opening files whose path a client may have chosen (docs/http-rules.md rule
 * 35). */
#include "../unit.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <yoke/file.h>

#include "app/file_open.h"

static char folder[64], root[80];

static const char *in_folder(const char *name)
{
    static char path[400];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    return path;
}

static void write_file(const char *name)
{
    int fd = open(in_folder(name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, name, strlen(name)), (ssize_t)strlen(name));
    close(fd);
}

static int make(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/yoke-test-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(root, sizeof(root), "%s/root", folder);
    assert_int_equal(mkdir(root, 0700), 0);
    assert_int_equal(mkdir(in_folder("root/sub"), 0700), 0);
    write_file("secret");
    write_file("root/file");
    write_file("root/sub/file");
    assert_int_equal(symlink("file", in_folder("root/link")), 0);
    assert_int_equal(symlink("../secret", in_folder("root/out")), 0);
    assert_int_equal(symlink("/etc/passwd", in_folder("root/far")), 0);
    assert_int_equal(symlink("sub", in_folder("root/way")), 0);
    assert_int_equal(symlink("..", in_folder("root/up")), 0);
    assert_int_equal(mkfifo(in_folder("root/pipe"), 0600), 0);
    return 0;
}

static int destroy(void **state)
{
    static const char *const names[] = {
        "root/pipe", "root/up",   "root/way",      "root/far",
        "root/out",  "root/link", "root/sub/file", "root/file",
        "secret",    "root/sub",  "root",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        remove(in_folder(names[i]));
    return rmdir(folder);
}

static const char *long_name(void)
{
    static char name[300];
    memset(name, 'n', sizeof(name) - 1);
    return name;
}

static void paths_lead_nowhere_outside(void **state)
{
    const struct {
        const char *path;
        int result;
    } cases[] = {
        {"file", 0},
        {"/file", 0},
        {"//file", 0},
        {"./file", 0},
        {"sub/file", 0},
        {"sub//file", 0},
        {"link", 0},
        {"way/file", 0},
        {"nothing", -ENOENT},
        {"file/", -ENOENT},
        {"file/more", -ENOENT},
        {"sub", -EISDIR},
        {"", -EISDIR},
        {"/", -ENOENT},
        {".", -EISDIR},
        {"..", -EXDEV},
        {"../secret", -EXDEV},
        {"sub/../file", -EXDEV},
        {"sub/../../secret", -EXDEV},
        {"out", -EXDEV},
        {"far", -EXDEV},
        {"up/secret", -EXDEV},
        {"pipe", -ENOENT},
        {"..\\secret", -ENOENT},
        {"a\\b", -ENOENT},
        {long_name(), -ENOENT},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct stat stat;
        int fd = -1;
        int result = yk_file_open(root, cases[i].path, &fd, &stat);
        if (result != cases[i].result)
            fail_msg("%s: expected %d, got %d", cases[i].path, cases[i].result,
                     result);
        assert_int_equal(fd >= 0, result == 0);
        if (fd >= 0) {
            assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
            close(fd);
        }
    }
}

/* How often openat2(2) is interrupted by a rename; see syscall below. */
static int renames, calls;

/* Takes the place of the libc's. */
long syscall(long number, ...)
{
    static long (*real)(long, ...);
    va_list args;
    long a[6];
    va_start(args, number);
    for (size_t i = 0; i < COUNT_OF(a); i++)
        a[i] = va_arg(args, long);
    va_end(args);
    if (number == SYS_openat2) {
        calls++;
        if (renames > 0) {
            renames--;
            errno = EAGAIN;
            return -1;
        }
    }
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "syscall");
    return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static void a_rename_on_the_way_is_tried_again_but_not_for_ever(void **state)
{
    static const struct {
        int renames, result, calls;
    } cases[] = {{0, 0, 1}, {3, 0, 4}, {1000, -EAGAIN, 16}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct stat stat;
        int fd = -1;
        renames = cases[i].renames;
        calls = 0;
        int result = yk_file_open(root, "sub/file", &fd, &stat);
        assert_int_equal(result, cases[i].result);
        assert_int_equal(calls, cases[i].calls);
        if (fd >= 0)
            close(fd);
    }
    renames = 0;
}

static void without_openat2_links_are_not_followed(void **state)
{
    static const struct {
        const char *path;
        int result;
    } cases[] = {
        {"file", 0},
        {"sub/file", 0},
        {"sub//file", 0},
        {"nothing", -ENOENT},
        {"../secret", -EXDEV},
        {"sub/../../secret", -EXDEV},
        {"link", -ELOOP},
        {"out", -ELOOP},
        {"way/file", -ENOTDIR},
        {"up/secret", -ENOTDIR},
    };
    int root_fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
    (void)state;
    assert_true(root_fd >= 0);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int fd = yk_file_walk(root_fd, cases[i].path);
        int result = fd < 0 ? fd : 0;
        if (result != cases[i].result)
            fail_msg("%s: expected %d, got %d", cases[i].path, cases[i].result,
                     result);
        if (fd >= 0)
            close(fd);
    }
    close(root_fd);
}

static void an_absolute_path_is_the_programs_own(void **state)
{
    struct stat stat;
    int fd = -1;
    (void)state;
    assert_int_equal(yk_file_open(NULL, in_folder("root/out"), &fd, &stat), 0);
    assert_int_equal(stat.st_size, strlen("secret"));
    close(fd);
    assert_int_equal(yk_file_open(NULL, in_folder("root"), &fd, &stat),
                     -EISDIR);
    assert_int_equal(yk_file_open(NULL, "/dev/null", &fd, &stat), -ENOENT);
}

static void dotfiles_are_seen_wherever_they_stand(void **state)
{
    (void)state;
    assert_true(yk_file_has_dotfile(".a"));
    assert_true(yk_file_has_dotfile("a/.b/c"));
    assert_true(yk_file_has_dotfile("/.a"));
    assert_true(yk_file_has_dotfile("..."));
    assert_true(yk_file_has_dotfile("..a"));
    assert_false(yk_file_has_dotfile("a.b/c.d"));
    assert_false(yk_file_has_dotfile("./a/../b"));
    assert_false(yk_file_has_dotfile(""));
}

static void files_and_folders_can_be_opened_below_a_root(void **state)
{
    static const struct {
        const char *path;
        int err; /* 0: it is opened. */
        bool is_folder;
    } cases[] = {
        {"", 0, true},
        {"/", 0, true},
        {"sub", 0, true},
        {"/sub/", 0, true},
        {"file", 0, false},
        {"link", 0, false},
        {"way", 0, true},
        {"none", -ENOENT, false},
        {"out", -EXDEV, false},
        {"../secret", -EXDEV, false},
        {"far", -EXDEV, false},
        {"up", -EXDEV, false},
        {"sub/../file", -EXDEV, false},
        {"file/", -ENOTDIR, false},
    };
    struct stat stat;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        int fd = yoke_open_below(root, cases[i].path);
        assert_int_equal(fd < 0 ? fd : 0, cases[i].err);
        if (fd < 0)
            continue;
        assert_int_equal(fstat(fd, &stat), 0);
        assert_int_equal(S_ISDIR(stat.st_mode), cases[i].is_folder);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        close(fd);
    }
    assert_int_equal(yoke_open_below(in_folder("nowhere"), "file"), -ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_lead_nowhere_outside),
        cmocka_unit_test(a_rename_on_the_way_is_tried_again_but_not_for_ever),
        cmocka_unit_test(without_openat2_links_are_not_followed),
        cmocka_unit_test(an_absolute_path_is_the_programs_own),
        cmocka_unit_test(dotfiles_are_seen_wherever_they_stand),
        cmocka_unit_test(files_and_folders_can_be_opened_below_a_root),
    };
    return cmocka_run_group_tests(tests, make, destroy);
}
