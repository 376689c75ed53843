/* A worker's standard error: whole lines go on, the end of it is kept. */
#include "../unit.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cluster/output.h"

static struct yk_output output;
static int ends[2]; /* Where it goes. */
static char got[65536];

static int setup(void **state)
{
    (void)state;
    output = (struct yk_output){.kept = NULL};
    return pipe2(ends, O_NONBLOCK | O_CLOEXEC);
}

static int teardown(void **state)
{
    (void)state;
    yk_output_done(&output);
    close(ends[0]);
    close(ends[1]);
    return 0;
}

static void take(const char *text)
{
    yk_output_take(&output, ends[1], text, strlen(text));
}

/* What has come out since the last call. */
static const char *passed(void)
{
    ssize_t len = read(ends[0], got, sizeof(got) - 1);

    got[len > 0 ? len : 0] = '\0';
    return got;
}

static void a_line_goes_when_it_has_ended(void **state)
{
    (void)state;
    take("one ");
    assert_string_equal(passed(), "");
    take("line\nand");
    assert_string_equal(passed(), "one line\n");
    take(" another\n");
    assert_string_equal(passed(), "and another\n");
}

static void lines_that_come_together_go_together(void **state)
{
    (void)state;
    take("a\nb\nc\nd");
    assert_string_equal(passed(), "a\nb\nc\n");
}

static void at_the_end_the_rest_goes_as_a_line(void **state)
{
    (void)state;
    take("no end");
    yk_output_end(&output, ends[1]);
    assert_string_equal(passed(), "no end\n");
    yk_output_end(&output, ends[1]);
    assert_string_equal(passed(), "");
}

static void a_line_longer_than_the_ring_goes_in_pieces(void **state)
{
    char line[3 * YK_OUTPUT_KEPT];

    (void)state;
    memset(line, 'x', sizeof(line));
    line[sizeof(line) - 1] = '\n';
    yk_output_take(&output, ends[1], line, sizeof(line));
    assert_int_equal(read(ends[0], got, sizeof(got)), sizeof(line));
    assert_memory_equal(got, line, sizeof(line));
}

static void the_last_bytes_are_kept(void **state)
{
    char kept[YK_OUTPUT_KEPT];

    (void)state;
    for (int i = 0; i < 2000; i++) {
        take("0123456789\n");
        passed();
    }
    assert_int_equal(yk_output_read(&output, kept, sizeof(kept)), sizeof(kept));
    assert_memory_equal(kept + sizeof(kept) - 11, "0123456789\n", 11);
    assert_int_equal(yk_output_read(&output, kept, 4), 4);
    assert_memory_equal(kept, "789\n", 4);
}

static void the_last_line_is_the_last_that_is_not_empty(void **state)
{
    char line[64];

    (void)state;
    yk_output_last_line(&output, line, sizeof(line));
    assert_string_equal(line, "");
    take("first\nno database\r\n\n\n");
    yk_output_last_line(&output, line, sizeof(line));
    assert_string_equal(line, "no database");
    take("cut o");
    yk_output_last_line(&output, line, sizeof(line));
    assert_string_equal(line, "cut o");
}

static void what_nobody_reads_is_dropped_and_told(void **state)
{
    char line[4096];

    (void)state;
    memset(line, 'x', sizeof(line));
    line[sizeof(line) - 1] = '\n';
    /* More than a pipe holds: it must not wait. */
    for (int i = 0; i < 64; i++)
        yk_output_take(&output, ends[1], line, sizeof(line));
    while (read(ends[0], got, sizeof(got)) > 0)
        ;
    take("after\n");
    assert_non_null(strstr(passed(), "bytes of standard error were dropped"));
    assert_non_null(strstr(got, "after\n"));
}

static void a_copy_is_kept_and_not_passed_on(void **state)
{
    struct yk_output copy = {.kept = NULL};
    char line[64];

    (void)state;
    take("one\ntwo\nthr");
    passed();
    yk_output_copy(&copy, &output);
    yk_output_copy(&copy, &(struct yk_output){.kept = NULL});
    yk_output_end(&copy, ends[1]);
    assert_string_equal(passed(), "");
    yk_output_last_line(&copy, line, sizeof(line));
    assert_string_equal(line, "thr");
    yk_output_done(&copy);
}

#define WITH_OUTPUT(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_OUTPUT(a_line_goes_when_it_has_ended),
        WITH_OUTPUT(lines_that_come_together_go_together),
        WITH_OUTPUT(at_the_end_the_rest_goes_as_a_line),
        WITH_OUTPUT(a_line_longer_than_the_ring_goes_in_pieces),
        WITH_OUTPUT(the_last_bytes_are_kept),
        WITH_OUTPUT(the_last_line_is_the_last_that_is_not_empty),
        WITH_OUTPUT(what_nobody_reads_is_dropped_and_told),
        WITH_OUTPUT(a_copy_is_kept_and_not_passed_on),
    };
    return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
