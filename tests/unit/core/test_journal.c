/* Lines get their level where the journal reads them. */
#include "../unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/journal.h"
#include "core/sink.h"

static int ends[2]; /* Where it goes, and where it is read. */

static int setup(void **state)
{
    char stream[64];
    struct stat found;

    (void)state;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 ||
        fstat(ends[0], &found) < 0)
        return -1;
    snprintf(stream, sizeof(stream), "%llu:%llu",
             (unsigned long long)found.st_dev,
             (unsigned long long)found.st_ino);
    return setenv("JOURNAL_STREAM", stream, 1);
}

static int teardown(void **state)
{
    (void)state;
    close(ends[0]);
    close(ends[1]);
    return unsetenv("JOURNAL_STREAM");
}

static void it_is_known_by_its_inode(void **state)
{
    (void)state;
    assert_true(yk_journal_is(ends[0]));
    assert_false(yk_journal_is(ends[1]));
    assert_false(yk_journal_is(-1));
    setenv("JOURNAL_STREAM", "nonsense", 1);
    assert_false(yk_journal_is(ends[0]));
    unsetenv("JOURNAL_STREAM");
    assert_false(yk_journal_is(ends[0]));
}

static void each_line_has_its_own_level(void **state)
{
    static const char lines[] = "yoke[1] error: a\n"
                                "yoke[23] warn: b\n"
                                "plain\n"
                                "yoke[4] info: c\n"
                                "yoke[5] debug: d\n"
                                "yoke[6] other: e\n"
                                "yoke[";
    struct yk_sink sink = YK_SINK_INIT(0);
    char got[256];

    (void)state;
    yk_journal_put(&sink, ends[0], lines, sizeof(lines) - 1);
    ssize_t len = read(ends[1], got, sizeof(got) - 1);
    assert_true(len > 0);
    got[len] = '\0';
    assert_string_equal(got, "<3>yoke[1] error: a\n"
                             "<4>yoke[23] warn: b\n"
                             "plain\n"
                             "<6>yoke[4] info: c\n"
                             "<7>yoke[5] debug: d\n"
                             "yoke[6] other: e\n"
                             "yoke[");
    yk_sink_done(&sink);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(it_is_known_by_its_inode, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(each_line_has_its_own_level, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
