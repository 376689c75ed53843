/* Log lines: level, control characters, errors in words; the version. */
#include "../unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <yoke/error.h>
#include <yoke/log.h>
#include <yoke/version.h>

#include "core/log.h"

static char last[5000];
static int lines;

static void keep(enum yoke_log_level level, const char *line, void *data)
{
    (void)level;
    (void)data;
    lines++;
    snprintf(last, sizeof(last), "%s", line);
}

static int setup(void **state)
{
    (void)state;
    yoke_log_set_sink(keep, NULL);
    yoke_log_set_level(YOKE_LOG_INFO);
    lines = 0;
    return 0;
}

/* The first one: the environment is read once. */
static void a_level_that_there_is_not_is_named_once(void **state)
{
    (void)state;
    setenv("YOKE_LOG", "loud", 1);
    yoke_log_set_sink(keep, NULL);
    yoke_log(YOKE_LOG_DEBUG, "not this");
    assert_int_equal(lines, 1);
    assert_string_equal(last, "YOKE_LOG is 'loud': it may be debug, info, "
                              "warn, error or off");
    yoke_log(YOKE_LOG_INFO, "this");
    assert_int_equal(lines, 2);
}

static void lines_below_the_level_are_not_written(void **state)
{
    (void)state;
    assert_false(yk_log_is_shown(YOKE_LOG_DEBUG));
    assert_true(yk_log_is_shown(YOKE_LOG_INFO));
    yoke_log(YOKE_LOG_DEBUG, "not this");
    assert_int_equal(lines, 0);
    yoke_log(YOKE_LOG_WARN, "but %s", "this");
    assert_int_equal(lines, 1);
    assert_string_equal(last, "but this");
    yoke_log_set_level(YOKE_LOG_OFF);
    yoke_log(YOKE_LOG_ERROR, "nor this");
    assert_int_equal(lines, 1);
}

static void a_peer_cannot_forge_a_line(void **state)
{
    (void)state;
    yoke_log(YOKE_LOG_INFO, "path %s", "/a\r\nyoke[1] error: forged\x1b[2J");
    assert_string_equal(last, "path /a??yoke[1] error: forged?[2J");
}

static void a_long_line_is_cut(void **state)
{
    static char text[9000];
    (void)state;
    for (size_t i = 0; i < sizeof(text) - 1; i++)
        text[i] = 'x';
    yoke_log(YOKE_LOG_INFO, "%s", text);
    assert_in_range(strlen(last), 4000, 4096);
}

static void every_error_has_a_text(void **state)
{
    (void)state;
    assert_string_equal(yoke_strerror(0), "no error");
    assert_string_equal(yoke_strerror(-EADDRINUSE), "Address already in use");
#define XX(name, number, text)                                                 \
    assert_string_equal(yoke_strerror(-YOKE_##name), text);
    YOKE_ERROR_MAP(XX)
#undef XX
    assert_string_equal(yoke_strerror(-123456), "unknown error");
}

static void the_library_is_as_old_as_its_headers(void **state)
{
    (void)state;
    assert_string_equal(yoke_version(), YOKE_VERSION);
}

/* Then lines are lost, and the loop goes on. */
static void nobody_waits_for_who_does_not_read(void **state)
{
    char filling[4096];
    int ends[2], before = dup(STDERR_FILENO);
    (void)state;
    yoke_log_set_sink(NULL, NULL);
    memset(filling, 'x', sizeof(filling));
    assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    while (write(ends[1], filling, sizeof(filling)) > 0)
        continue;
    fcntl(ends[1], F_SETFL, fcntl(ends[1], F_GETFL) & ~O_NONBLOCK);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    for (int i = 0; i < 100; i++)
        yoke_log(YOKE_LOG_ERROR, "lost");
    while (read(ends[0], filling, sizeof(filling)) > 0)
        continue;
    yoke_log(YOKE_LOG_ERROR, "read");
    dup2(before, STDERR_FILENO);
    close(before);
    ssize_t n = read(ends[0], filling, sizeof(filling) - 1);
    assert_true(n > 0);
    filling[n] = '\0';
    assert_non_null(strstr(filling, "bytes of standard error were dropped"));
    assert_non_null(strstr(filling, "error: read\n"));
    assert_null(strstr(filling, "error: lost"));
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_level_that_there_is_not_is_named_once),
        cmocka_unit_test_setup(lines_below_the_level_are_not_written, setup),
        cmocka_unit_test_setup(a_peer_cannot_forge_a_line, setup),
        cmocka_unit_test_setup(a_long_line_is_cut, setup),
        cmocka_unit_test_setup(every_error_has_a_text, setup),
        cmocka_unit_test_setup(nobody_waits_for_who_does_not_read, setup),
        cmocka_unit_test(the_library_is_as_old_as_its_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
