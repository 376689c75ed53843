/* The folders of running clusters: who may have which, and what is refused. */
#include "../unit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cluster/runtime_dir.h"

static char base[64];
static char text[YK_RUNTIME_TEXT_MAX];
static char seen[256];

static int setup(void **state)
{
    (void)state;
    snprintf(base, sizeof(base), "/tmp/yoke-test-XXXXXX");
    assert_non_null(mkdtemp(base));
    setenv("YOKE_RUN_DIR", base, 1);
    seen[0] = '\0';
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    chmod(base, 0700);
    return rmdir(base);
}

static void note(const char *name, void *data)
{
    (void)data;
    strncat(seen, name, sizeof(seen) - strlen(seen) - 2);
    strncat(seen, " ", 2);
}

static void names_are_plain_and_no_numbers(void **state)
{
    static const char *const good[] = {"a", "shop", "shop-12", "A.b_c", "1a"};
    static const char *const bad[] = {"",   ".",   "..",   "12",
                                      "-a", "a/b", "a b",  "\303\244",
                                      ".x", "a\n", "../x", "a:b"};
    char longest[YK_NAME_MAX + 2];

    (void)state;
    for (size_t i = 0; i < COUNT_OF(good); i++)
        assert_true(yk_runtime_is_name(good[i]));
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_false(yk_runtime_is_name(bad[i]));
    memset(longest, 'a', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    assert_false(yk_runtime_is_name(longest));
    assert_true(yk_runtime_is_name(longest + 1));
}

static void a_claimed_name_is_found_and_given_back(void **state)
{
    struct yk_runtime runtime, second;
    int fd;

    (void)state;
    assert_int_equal(yk_runtime_claim(&runtime, "shop", text), 0);
    assert_int_equal(yk_runtime_each(note, NULL, text), 1);
    assert_string_equal(seen, "shop ");
    assert_int_equal(yk_runtime_find("shop", &fd, text), 0);
    close(fd);
    assert_int_equal(yk_runtime_claim(&second, "shop", text), -EADDRINUSE);
    yk_runtime_release(&runtime);
    assert_int_equal(yk_runtime_find("shop", &fd, text), -ENOENT);
    assert_int_equal(yk_runtime_each(note, NULL, text), 0);
}

/* In a process of its own, which holds the name until it is told to end.
 * Returns its end of a pipe. */
static pid_t claim_elsewhere(const char *name, int *ret_pipe)
{
    int up[2], down[2];
    char c;

    assert_int_equal(pipe(up), 0);
    assert_int_equal(pipe(down), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct yk_runtime runtime;
        close(down[1]);
        if (yk_runtime_claim(&runtime, name, text) < 0 ||
            write(up[1], "x", 1) != 1 || read(down[0], &c, 1) < 0)
            _exit(1);
        _exit(0); /* Without giving it back: as one that was killed. */
    }
    close(up[1]);
    close(down[0]);
    assert_int_equal(read(up[0], &c, 1), 1);
    close(up[0]);
    *ret_pipe = down[1];
    return pid;
}

static void what_another_process_has_is_taken_until_it_ends(void **state)
{
    struct yk_runtime runtime;
    int pipe_fd, status;
    pid_t pid = claim_elsewhere("shop", &pipe_fd);

    (void)state;
    assert_int_equal(yk_runtime_claim(&runtime, "shop", text), -EADDRINUSE);
    char wanted[64];
    snprintf(wanted, sizeof(wanted), "(pid %d)", (int)pid);
    assert_non_null(strstr(text, wanted));
    assert_int_equal(yk_runtime_each(note, NULL, text), 1);
    close(pipe_fd);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_int_equal(yk_runtime_claim(&runtime, "shop", text), 0);
    yk_runtime_release(&runtime);
}

static void what_a_dead_one_has_left_is_removed(void **state)
{
    char path[128];
    int pipe_fd, fd;
    pid_t pid = claim_elsewhere("shop", &pipe_fd);

    (void)state;
    close(pipe_fd);
    assert_int_equal(waitpid(pid, NULL, 0), pid);
    snprintf(path, sizeof(path), "%s/shop", base);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(yk_runtime_find("shop", &fd, text), -ENOENT);
    assert_int_equal(access(path, F_OK), -1);
}

static void a_place_that_others_can_write_to_is_refused(void **state)
{
    struct yk_runtime runtime;

    (void)state;
    assert_int_equal(chmod(base, 0777), 0);
    assert_int_equal(yk_runtime_claim(&runtime, "shop", text), -EPERM);
    assert_non_null(strstr(text, "others may write"));
    assert_int_equal(yk_runtime_each(note, NULL, text), -EPERM);
}

static void a_place_of_another_user_is_refused(void **state)
{
    struct yk_runtime runtime;

    (void)state;
    if (geteuid() != 0)
        skip();
    assert_int_equal(chown(base, 12345, 12345), 0);
    assert_int_equal(yk_runtime_claim(&runtime, "shop", text), -EPERM);
    assert_non_null(strstr(text, "another user"));
    assert_int_equal(chown(base, 0, 0), 0);
}

static void a_link_is_not_followed(void **state)
{
    struct yk_runtime runtime;
    char path[128];

    (void)state;
    snprintf(path, sizeof(path), "%s/shop", base);
    assert_int_equal(symlink("/tmp", path), 0);
    assert_true(yk_runtime_claim(&runtime, "shop", text) < 0);
    assert_int_equal(unlink(path), 0);
}

static void the_place_follows_from_the_environment(void **state)
{
    char out[4096], wanted[64];

    (void)state;
    unsetenv("YOKE_RUN_DIR");
    setenv("XDG_RUNTIME_DIR", "/run/user/7", 1);
    assert_int_equal(yk_runtime_base(out, sizeof(out)), 0);
    assert_string_equal(out, geteuid() ? "/run/user/7/yoke" : "/run/yoke");
    unsetenv("XDG_RUNTIME_DIR");
    snprintf(wanted, sizeof(wanted), "/tmp/yoke-%u", (unsigned)geteuid());
    assert_int_equal(yk_runtime_base(out, sizeof(out)), 0);
    assert_string_equal(out, geteuid() ? wanted : "/run/yoke");
    assert_int_equal(yk_runtime_base(out, 4), -ENAMETOOLONG);
}

static void a_place_that_is_not_absolute_is_refused_and_named(void **state)
{
    char out[4096];
    struct yk_runtime runtime;
    int dir_fd;

    (void)state;
    setenv("YOKE_RUN_DIR", "run", 1);
    assert_int_equal(yk_runtime_base(out, sizeof(out)), -EINVAL);
    assert_int_equal(yk_runtime_claim(&runtime, "shop", text), -EINVAL);
    assert_string_equal(text, "YOKE_RUN_DIR has to be an absolute path: 'run'");
    assert_int_equal(yk_runtime_find("shop", &dir_fd, text), -EINVAL);
    setenv("YOKE_RUN_DIR", "", 1); /* As if it were not there. */
    assert_int_equal(yk_runtime_base(out, sizeof(out)), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_plain_and_no_numbers),
        TEST(a_claimed_name_is_found_and_given_back),
        TEST(what_another_process_has_is_taken_until_it_ends),
        TEST(what_a_dead_one_has_left_is_removed),
        TEST(a_place_that_others_can_write_to_is_refused),
        TEST(a_place_of_another_user_is_refused),
        TEST(a_link_is_not_followed),
        TEST(the_place_follows_from_the_environment),
        TEST(a_place_that_is_not_absolute_is_refused_and_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
