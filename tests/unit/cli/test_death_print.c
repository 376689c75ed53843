/* A death in words. */
#include "../unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "cli/death_print.h"

static char *text;

static int setup(void **state)
{
    (void)state;
    setenv("TZ", "UTC", 1);
    tzset();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    free(text);
    text = NULL;
    return 0;
}

/* Takes the death over. */
static const char *print(json_t *death)
{
    size_t len;
    FILE *out = open_memstream(&text, &len);

    assert_non_null(death);
    yk_death_print(out, death);
    fclose(out);
    json_decref(death);
    return text;
}

static json_t *death(int slot, const char *why, json_t *requests, int open,
                     const char *said)
{
    return json_pack("{s:I, s:o, s:i, s:i, s:i, s:i, s:s, s:i, s:o, s:s*}",
                     "time_ms", (json_int_t)1700000000123, "slot",
                     slot ? json_integer(slot) : json_null(), "id", 7, "pid",
                     4711, "generation", 2, "lived_ms", 61500, "text", why,
                     "requests_open", open, "requests", requests, "stderr",
                     said);
}

static void it_says_when_who_and_how(void **state)
{
    (void)state;
    assert_string_equal(print(death(3, "exit code 1", json_array(), 0, NULL)),
                        "2023-11-14 22:13:20  slot 3, worker 7 (pid 4711, "
                        "generation 2) after 1m1s: exit code 1\n");
}

static void without_a_slot_none_is_named(void **state)
{
    (void)state;
    assert_string_equal(
        print(death(0, "killed by SIGKILL", json_array(), 0, NULL)),
        "2023-11-14 22:13:20  worker 7 (pid 4711, generation 2) after 1m1s: "
        "killed by SIGKILL\n");
}

static void requests_are_listed_and_those_beyond_are_counted(void **state)
{
    json_t *requests = json_pack("[{s:s, s:i, s:b}, {s:s, s:i, s:b}]", "line",
                                 "GET /a", "open_ms", 12, "running", 1, "line",
                                 "POST /b", "open_ms", 90000, "running", 0);

    (void)state;
    print(death(1, "killed by SIGSEGV", requests, 5, NULL));
    assert_string_equal(strchr(text, '\n') + 1,
                        "    in flight: GET /a, for 12ms, its handler was "
                        "running\n"
                        "    in flight: POST /b, for 1m30s\n"
                        "    in flight: 3 more\n");
}

static void
what_it_said_stands_below_without_what_drives_a_terminal(void **state)
{
    (void)state;
    print(death(1, "exit code 1", json_array(), 0,
                "first\n\033[31mred\tand\r\nlast, w\xc3\xb6rd"));
    assert_string_equal(strchr(text, '\n') + 1, "    | first\n"
                                                "    | ?[31mred\tand?\n"
                                                "    | last, w\xc3\xb6rd\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(it_says_when_who_and_how, teardown),
        cmocka_unit_test_teardown(without_a_slot_none_is_named, teardown),
        cmocka_unit_test_teardown(
            requests_are_listed_and_those_beyond_are_counted, teardown),
        cmocka_unit_test_teardown(
            what_it_said_stands_below_without_what_drives_a_terminal, teardown),
    };
    return cmocka_run_group_tests_name("death_print", tests, setup, NULL);
}
