/* The table of workers: columns as narrow as they can be, numbers right, text
 * left, totals below. */
#include "../unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "cli/fleet_table.h"

static char *text;
static char *line_ends;

static int teardown(void **state)
{
    (void)state;
    free(text);
    text = line_ends = NULL;
    return 0;
}

/* A worker that has served that many requests of a millisecond each. */
static json_t *worker(int slot, int id, int uptime_ms, int done,
                      const char *last_death)
{
    json_t *one = json_pack(
        "{s:o, s:i, s:i, s:i, s:s, s:i, s:i, s:o, s:{s:i}, s:{s:i, s:i},"
        " s:{s:i, s:i}, s:{s:i}, s:[[i, i]]}",
        "slot", slot ? json_integer(slot) : json_null(), "id", id, "pid",
        1000 + id, "generation", 1, "state", "ready", "uptime_ms", uptime_ms,
        "restarts", last_death ? 2 : 0, "last_death",
        last_death ? json_string(last_death) : json_null(), "loop", "lag_us",
        50, "memory", "rss", 3 << 20, "pss", 2 << 20, "requests", "open", 1,
        "done", done, "connections", "open", 4, "latency_buckets", 1000, done);

    assert_non_null(one);
    return one;
}

/* A slot without a worker. */
static json_t *slot(int number)
{
    return json_pack("{s:n, s:i, s:n, s:s, s:i, s:s}", "id", "slot", number,
                     "pid", "state", "backing off", "restarts", 9, "last_death",
                     "exit code 1");
}

static json_t *cluster(json_t *workers, int uptime_ms, int done, int waiting)
{
    json_t *all =
        json_pack("{s:s, s:{s:i, s:i, s:i, s:{s:i}}, s:o,"
                  " s:{s:i, s:i, s:{s:i, s:i}, s:{s:i}, s:[[i, i]]}}",
                  "name", "shop", "primary", "pid", 99, "uptime_ms", uptime_ms,
                  "waiting", waiting, "memory", "pss", 1 << 20, "workers",
                  workers, "totals", "workers", (int)json_array_size(workers),
                  "deaths", 1, "requests", "open", 2, "done", done,
                  "connections", "open", 8, "latency_buckets", 1000, done);

    assert_non_null(all);
    return all;
}

/* Takes both over. */
static void print(json_t *now, json_t *before, int columns, int rows)
{
    struct yk_fleet_room room = {.columns = columns, .rows = rows};
    size_t len;
    FILE *out = open_memstream(&text, &len);

    yk_fleet_table_print(out, now, before, &room);
    fclose(out);
    json_decref(now);
    json_decref(before);
    line_ends = text;
}

static const char *next_line(void)
{
    return strsep(&line_ends, "\n");
}

static void each_worker_has_a_row_and_all_have_a_sum(void **state)
{
    (void)state;
    print(cluster(json_pack("[o, o]", worker(1, 1, 10000, 50, NULL),
                            worker(2, 2, 10000, 100, NULL)),
                  10000, 150, 0),
          NULL, 0, 0);
    assert_string_equal(next_line(),
                        "shop: primary 99, up 10s, 2 workers, 1 death");
    assert_string_equal(
        next_line(), "SLOT  ID   PID  GEN  STATE  UPTIME  CONNS  OPEN  REQS  "
                     "REQ/S    P50    P99   LAG   RSS   PSS  RESTARTS");
    assert_string_equal(
        next_line(), "   1   1  1001    1  ready     10s      4     1    50  "
                     "    5  1.0ms  1.0ms  50us  3.0M  2.0M         0");
    assert_string_equal(
        next_line(), "   2   2  1002    1  ready     10s      4     1   100  "
                     "   10  1.0ms  1.0ms  50us  3.0M  2.0M         0");
    assert_string_equal(
        next_line(), "                     total              8     2   150  "
                     "   15  1.0ms  1.0ms              5.0M         0");
    assert_string_equal(next_line(), "");
    assert_null(next_line());
}

static void rates_and_percentiles_are_of_the_time_in_between(void **state)
{
    (void)state;
    print(
        cluster(json_pack("[o]", worker(1, 1, 12000, 90, NULL)), 12000, 90, 0),
        cluster(json_pack("[o]", worker(1, 1, 10000, 50, NULL)), 10000, 50, 0),
        0, 0);
    next_line();
    next_line();
    /* 40 in 2 seconds. */
    assert_non_null(strstr(next_line(), "  90     20  1.0ms  1.0ms  "));
}

static void without_requests_there_are_no_percentiles(void **state)
{
    (void)state;
    print(cluster(json_pack("[o]", worker(1, 1, 10000, 0, NULL)), 10000, 0, 0),
          NULL, 0, 0);
    next_line();
    assert_null(strstr(next_line(), "P50"));
}

static void a_slot_without_a_worker_says_what_became_of_the_last(void **state)
{
    (void)state;
    print(cluster(json_pack("[o, o]", slot(2),
                            worker(1, 3, 61000, 1, "killed by SIGSEGV")),
                  10000, 1, 3),
          NULL, 0, 0);
    assert_string_equal(next_line(), "shop: primary 99, up 10s, 2 workers, 1 "
                                     "death, 3 connections wait");
    assert_non_null(strstr(next_line(), "RESTARTS  LAST DEATH"));
    /* By slot, not as they came. */
    assert_non_null(strstr(next_line(), "2  killed by SIGSEGV"));
    const char *empty = next_line();
    assert_int_equal(strncmp(empty, "   2 ", 5), 0);
    assert_non_null(strstr(empty, " backing off "));
    assert_non_null(strstr(empty, "9  exit code 1"));
}

static void outside_the_supervised_form_there_are_no_slots(void **state)
{
    (void)state;
    print(cluster(json_pack("[o, o]", worker(0, 2, 1, 1, NULL),
                            worker(0, 1, 1, 1, NULL)),
                  1, 2, 0),
          NULL, 0, 0);
    next_line();
    assert_int_equal(strncmp(next_line(), "ID   PID", 8), 0);
    assert_int_equal(strncmp(next_line(), " 1  1001", 8), 0);
}

static void what_has_no_room_is_left_out_but_never_the_sum(void **state)
{
    json_t *workers = json_array();

    (void)state;
    for (int i = 1; i <= 20; i++)
        json_array_append_new(workers, worker(i, i, 1000, 1, NULL));
    print(cluster(workers, 1000, 20, 0), NULL, 30, 6);
    int lines = 0;
    const char *line, *last = "";
    while ((line = next_line()) && *line) {
        assert_true(strlen(line) <= 30);
        last = line;
        lines++;
    }
    assert_int_equal(lines, 6);
    assert_non_null(strstr(last, "total"));
}

static void nonsense_is_printed_as_nothing(void **state)
{
    (void)state;
    print(json_pack("{s:s, s:[i, s, {s:s, s:s}]}", "name", "odd", "workers", 1,
                    "x", "slot", "y", "pid", "z"),
          NULL, 0, 0);
    assert_string_equal(next_line(),
                        "odd: primary 0, up 0ms, 0 workers, 0 deaths");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(each_worker_has_a_row_and_all_have_a_sum,
                                  teardown),
        cmocka_unit_test_teardown(
            rates_and_percentiles_are_of_the_time_in_between, teardown),
        cmocka_unit_test_teardown(without_requests_there_are_no_percentiles,
                                  teardown),
        cmocka_unit_test_teardown(
            a_slot_without_a_worker_says_what_became_of_the_last, teardown),
        cmocka_unit_test_teardown(
            outside_the_supervised_form_there_are_no_slots, teardown),
        cmocka_unit_test_teardown(
            what_has_no_room_is_left_out_but_never_the_sum, teardown),
        cmocka_unit_test_teardown(nonsense_is_printed_as_nothing, teardown),
    };
    return cmocka_run_group_tests_name("fleet_table", tests, NULL, NULL);
}
