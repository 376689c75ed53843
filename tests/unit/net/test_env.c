/* Numbers from the environment. */
#include "../unit.h"

#include <limits.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <yoke/loop.h>

static void numbers_are_read_and_nothing_gives_the_fallback(void **state)
{
    static const struct {
        const char *text;
        int expected;
    } samples[] = {{NULL, 7},      {"", 7},    {"0", 0},
                   {"1337", 1337}, {"-5", -5}, {"2147483647", INT_MAX},
                   {"00012", 12}};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        unsetenv("YK_TEST");
        if (samples[i].text)
            setenv("YK_TEST", samples[i].text, 1);
        assert_int_equal(yoke_env_int("YK_TEST", 7), samples[i].expected);
    }
}

/* The exit status of a process that reads it. */
static int status_of(const char *text)
{
    int status;
    pid_t pid = fork();

    if (pid == 0) {
        setenv("YK_TEST", text, 1);
        setenv("YOKE_LOG", "off", 1);
        yoke_env_int("YK_TEST", 7);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void anything_else_ends_the_process(void **state)
{
    static const char *const bad[] = {"x",  "80x", "8 0",        " 80",
                                      "+1", "0x1", "2147483648", "1.5"};

    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_equal(status_of(bad[i]), 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_and_nothing_gives_the_fallback),
        cmocka_unit_test(anything_else_ends_the_process),
    };
    return cmocka_run_group_tests_name("env", tests, NULL, NULL);
}
