/* Requests in flight: who is in the table, what is printed, and what happens
 * when it is full. */
#include "../unit.h"

#include <string.h>

#include "net/flights.h"

static struct yk_flights table;

static int setup(void **state)
{
    (void)state;
    memset(&table, 0, sizeof(table));
    yk_flights_place(&table);
    return 0;
}

/* A request whose line is that; padded, for as much may be read. */
static void begin(int fd, const char *line, size_t len)
{
    char bytes[YK_FLIGHT_TEXT_MAX];

    memset(bytes, '#', sizeof(bytes));
    memcpy(bytes, line, len < sizeof(bytes) ? len : sizeof(bytes));
    yk_flight_begin(fd, 1000, bytes, true);
}

#define BEGIN(fd, line) begin(fd, line, sizeof(line))

static void a_request_is_there_while_its_handler_runs(void **state)
{
    struct yk_flight copy;
    char line[YK_FLIGHT_LINE_MAX];

    (void)state;
    BEGIN(7, "GET\0/a?b=c");
    assert_ptr_equal(yk_flights_running(&table), &table.now);
    assert_int_equal(yk_flights_count(&table), 1);
    assert_true(yk_flight_look(&table.now, &copy));
    assert_int_equal(copy.fd, 7);
    assert_int_equal(yk_flight_line(&copy, line), 10);
    assert_string_equal(line, "GET /a?b=c");
    yk_flight_returned();
    assert_int_equal(yk_flights_count(&table), 0);
    assert_null(yk_flights_running(&table));
}

static void one_that_takes_long_stays(void **state)
{
    char line[YK_FLIGHT_LINE_MAX];

    (void)state;
    BEGIN(7, "POST\0/slow");
    struct yk_flight *flight = yk_flight_stays();
    BEGIN(8, "GET\0/fast");
    yk_flight_returned();
    assert_int_equal(yk_flights_count(&table), 1);
    yk_flight_line(flight, line);
    assert_string_equal(line, "POST /slow");
    yk_flight_enter(flight);
    assert_ptr_equal(yk_flights_running(&table), flight);
    yk_flight_leave();
    yk_flight_end(flight);
    assert_int_equal(yk_flights_count(&table), 0);
}

static void more_than_there_is_room_for_are_counted(void **state)
{
    struct yk_flight *flights[YK_FLIGHTS_MAX + 3];

    (void)state;
    for (int i = 0; i < YK_FLIGHTS_MAX + 3; i++) {
        BEGIN(i, "GET\0/");
        flights[i] = yk_flight_stays();
    }
    assert_int_equal(yk_flights_count(&table), YK_FLIGHTS_MAX + 3);
    assert_int_equal(table.more, 3);
    for (int i = 0; i < YK_FLIGHTS_MAX + 3; i++)
        yk_flight_end(flights[i]);
    assert_int_equal(yk_flights_count(&table), 0);
    BEGIN(1, "GET\0/");
    assert_true(yk_flight_stays() >= table.entries);
}

static void what_a_client_sent_is_fit_to_be_printed(void **state)
{
    char line[YK_FLIGHT_LINE_MAX];

    (void)state;
    BEGIN(1, "GET\0/\033[2J\r\n\x80");
    yk_flight_line(&table.now, line);
    assert_string_equal(line, "GET /?[2J???");
}

static void a_long_line_is_cut(void **state)
{
    char text[200] = "GET\0/", line[YK_FLIGHT_LINE_MAX];

    (void)state;
    memset(text + 5, 'x', sizeof(text) - 5);
    begin(1, text, sizeof(text));
    assert_int_equal(yk_flight_line(&table.now, line), YK_FLIGHT_TEXT_MAX + 3);
    assert_string_equal(line + YK_FLIGHT_TEXT_MAX - 1, "x...");
}

static void rubbish_in_shared_memory_does_no_harm(void **state)
{
    struct yk_flight copy;
    char line[YK_FLIGHT_LINE_MAX];

    (void)state;
    memset(&table, 0xff, sizeof(table));
    assert_ptr_equal(yk_flights_running(&table), &table.now);
    table.now.state = 0;
    assert_null(yk_flights_running(&table));
    assert_true(yk_flight_look(&table.entries[63], &copy));
    assert_true(yk_flight_line(&copy, line) < sizeof(line));
}

static void clear_is_only_what_is_open(void **state)
{
    (void)state;
    yk_flight_set_clear(NULL, 0, true);
    assert_int_equal(table.now.state, 0);
    BEGIN(5, "GET\0/");
    yk_flight_set_clear(NULL, 6, false);
    assert_int_equal(table.now.state, YK_FLIGHT_OPEN | YK_FLIGHT_CLEAR);
    yk_flight_set_clear(NULL, 5, false);
    assert_int_equal(table.now.state, YK_FLIGHT_OPEN);
    struct yk_flight *flight = yk_flight_stays();
    assert_int_equal(flight->state, YK_FLIGHT_OPEN);
    yk_flight_set_clear(flight, 5, true);
    assert_int_equal(flight->state, YK_FLIGHT_OPEN | YK_FLIGHT_CLEAR);
}

static void head_has_no_body(void **state)
{
    (void)state;
    BEGIN(1, "HEAD\0/");
    assert_true(yk_flight_is_bodiless(&table.now));
    BEGIN(1, "HEADER\0/");
    assert_false(yk_flight_is_bodiless(&table.now));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_request_is_there_while_its_handler_runs,
                               setup),
        cmocka_unit_test_setup(one_that_takes_long_stays, setup),
        cmocka_unit_test_setup(more_than_there_is_room_for_are_counted, setup),
        cmocka_unit_test_setup(what_a_client_sent_is_fit_to_be_printed, setup),
        cmocka_unit_test_setup(a_long_line_is_cut, setup),
        cmocka_unit_test_setup(rubbish_in_shared_memory_does_no_harm, setup),
        cmocka_unit_test_setup(clear_is_only_what_is_open, setup),
        cmocka_unit_test_setup(head_has_no_body, setup),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
