/* The options of a command: every way of writing them, and every mistake. */
#include "../unit.h"

#include <stdio.h>
#include <string.h>

#include "cli/message.h"

/* In the place of cli/message.c: what was said is looked at. */
static char said[256];

void yk_say(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vsnprintf(said, sizeof(said), fmt, args);
    va_end(args);
}

/* The command is a program: there is nothing to link with. */
#include "cli/options.c"
#include "cli/suggest.c"

struct settings {
    int port;
    const char *host;
    int quiet, loud;
};

static int set_port(const char *given, const char *value, void *data)
{
    return yk_option_number(given, value, 1, 100, "a port",
                            &((struct settings *)data)->port);
}

static int set_host(const char *given, const char *value, void *data)
{
    (void)given;
    ((struct settings *)data)->host = value;
    return 0;
}

static int set_quiet(const char *given, const char *value, void *data)
{
    assert_null(value);
    (void)given;
    ((struct settings *)data)->quiet++;
    return 0;
}

static int set_loud(const char *given, const char *value, void *data)
{
    assert_null(value);
    (void)given;
    ((struct settings *)data)->loud++;
    return 0;
}

static const struct yk_option table[] = {
    {'p', "port", "PORT", "Port", .set = set_port},
    {0, "host", "HOST", "Host", .set = set_host},
    {'q', "quiet", NULL, "Quiet", .set = set_quiet},
    {'l', "loud", NULL, "Loud", .set = set_loud},
    {0},
};

#define ARGS_MAX 16

static char words[256];
static char *args[ARGS_MAX];
static struct settings settings;

/* Parses words that are separated by single spaces. */
static int parse(const char *line)
{
    int n = 0;
    snprintf(words, sizeof(words), "cmd %s", line);
    for (char *p = words; p && n < ARGS_MAX; n++) {
        args[n] = p;
        p = strchr(p, ' ');
        if (p)
            *p++ = '\0';
    }
    said[0] = '\0';
    settings = (struct settings){0};
    return yk_options_parse(table, n, args, &settings);
}

static void takes_values_in_every_form(void **state)
{
    static const char *const lines[] = {"-p 5",     "-p5",  "--port 5",
                                        "--port=5", "-qp5", "-qp 5"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        assert_int_equal(parse(lines[i]), 0);
        assert_int_equal(settings.port, 5);
    }
}

static void takes_several_letters_behind_one_dash(void **state)
{
    (void)state;
    assert_int_equal(parse("-qlq --loud"), 0);
    assert_int_equal(settings.quiet, 2);
    assert_int_equal(settings.loud, 2);
}

static void moves_operands_to_the_front(void **state)
{
    (void)state;
    assert_int_equal(parse("a -q b --host h - -- -l"), 4);
    assert_string_equal(args[1], "a");
    assert_string_equal(args[2], "b");
    assert_string_equal(args[3], "-");
    assert_string_equal(args[4], "-l");
    assert_string_equal(settings.host, "h");
    assert_int_equal(settings.loud, 0);
}

static void says_what_is_wrong(void **state)
{
    static const struct {
        const char *line, *said;
    } samples[] = {
        {"--prot 5", "unknown option --prot; did you mean --port?"},
        {"--prot=5", "unknown option --prot; did you mean --port?"},
        {"--xyzzy", "unknown option --xyzzy"},
        {"-x", "unknown option -x"},
        {"-qx", "unknown option -x"},
        {"--port", "--port needs a value: --port PORT"},
        {"-p", "-p needs a value: -p PORT"},
        {"--quiet=yes", "--quiet takes no value"},
        {"-p x", "-p: 'x' is not a port: a number from 1 to 100"},
        {"--port=", "--port: '' is not a port: a number from 1 to 100"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        assert_int_equal(parse(samples[i].line), -1);
        assert_string_equal(said, samples[i].said);
    }
}

static void numbers_are_digits_within_the_range(void **state)
{
    static const char *const bad[] = {
        "0", "101", "-1", "+1", "1 ", "0x1", "1e1", "", "99999999999999999999"};
    int number = 7;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_equal(yk_option_number("-n", bad[i], 1, 100, "it", &number),
                         -1);
    assert_int_equal(number, 7);
    assert_int_equal(yk_option_number("-n", "1", 1, 100, "it", &number), 0);
    assert_int_equal(number, 1);
    assert_int_equal(yk_option_number("-n", "0100", 1, 100, "it", &number), 0);
    assert_int_equal(number, 100);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_values_in_every_form),
        cmocka_unit_test(takes_several_letters_behind_one_dash),
        cmocka_unit_test(moves_operands_to_the_front),
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(numbers_are_digits_within_the_range),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
