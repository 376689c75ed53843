/* Generations: what a worker is made from stays what it was. */
#include "../unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cluster/generation.h"

static char dir[] = "/tmp/yoke-generation-XXXXXX";
static char path[128];

/* A program that ends with that status, under its name at once. */
static void install(const char *from)
{
    char command[512];

    snprintf(command, sizeof(command), "cp %s %s.new && mv %s.new %s", from,
             path, path, path);
    assert_int_equal(system(command), 0);
}

static int setup(void **state)
{
    (void)state;
    if (!mkdtemp(dir))
        return -1;
    snprintf(path, sizeof(path), "%s/program", dir);
    yk_generation_init();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    unlink(path);
    return rmdir(dir);
}

static int run(const struct yk_generation *generation)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        execl(generation->program, "program", (char *)NULL);
        _exit(127);
    }
    waitpid(pid, &status, 0);
    return WEXITSTATUS(status);
}

static void it_keeps_its_program_when_the_file_is_replaced(void **state)
{
    struct yk_generation *first, *second;

    (void)state;
    install("/bin/true");
    assert_int_equal(yk_generation_open(path, NULL, &first), 0);
    install("/bin/false");
    assert_int_equal(yk_generation_open(path, NULL, &second), 0);
    assert_int_equal(run(first), 0);
    assert_int_equal(run(second), 1);
    assert_int_equal(second->number, first->number + 1);
    assert_int_equal(yk_generations(), 2);
    yk_generation_drop(first);
    yk_generation_drop(second);
    assert_int_equal(yk_generations(), 0);
}

static void a_script_is_run_by_its_name(void **state)
{
    struct yk_generation *generation;

    (void)state;
    FILE *file = fopen(path, "w");
    fputs("#!/bin/sh\nexit 7\n", file);
    fclose(file);
    assert_int_equal(chmod(path, 0755), 0);
    assert_int_equal(yk_generation_open(path, NULL, &generation), 0);
    assert_int_equal(run(generation), 7);
    yk_generation_drop(generation);
}

static void what_cannot_be_run_is_refused(void **state)
{
    struct yk_generation *generation;

    (void)state;
    assert_int_equal(yk_generation_open("/nowhere/at/all", NULL, &generation),
                     -ENOENT);
    install("/bin/true");
    assert_int_equal(chmod(path, 0644), 0);
    assert_int_equal(yk_generation_open(path, NULL, &generation), -EACCES);
    assert_int_equal(yk_generations(), 0);
}

static void it_lives_as_long_as_somebody_uses_it(void **state)
{
    struct yk_generation *generation;

    (void)state;
    install("/bin/true");
    assert_int_equal(yk_generation_open(path, NULL, &generation), 0);
    assert_ptr_equal(yk_generation_use(generation), generation);
    yk_generation_drop(generation);
    assert_int_equal(yk_generations(), 1);
    assert_int_equal(run(generation), 0);
    yk_generation_drop(generation);
    assert_int_equal(yk_generations(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_keeps_its_program_when_the_file_is_replaced),
        cmocka_unit_test(a_script_is_run_by_its_name),
        cmocka_unit_test(what_cannot_be_run_is_refused),
        cmocka_unit_test(it_lives_as_long_as_somebody_uses_it),
    };
    return cmocka_run_group_tests_name("generation", tests, setup, teardown);
}
