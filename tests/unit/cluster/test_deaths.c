/* The ring of deaths: what is known of each, and for how long. */
#include "../unit.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/board.h"
#include "cluster/deaths.h"
#include "cluster/worker.h"
#include "core/alloc.h"
#include "net/vitals.h"

static struct yk_board board;
static const struct yoke_exit killed = {
    .cause = YOKE_CAUSE_SIGNAL, .code = -1, .signal = SIGKILL};

static int setup(void **state)
{
    (void)state;
    yk_deaths_clear();
    memset(&board, 0, sizeof(board));
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    yk_deaths_clear();
    return 0;
}

static void die(int id, int slot, bool was_meant)
{
    struct yoke_worker worker = {.id = id,
                                 .slot = slot,
                                 .pid = 1000 + id,
                                 .generation = 3,
                                 .is_leaving = was_meant,
                                 .board = &board};

    yk_deaths_add(&worker, &killed);
}

static void open_request(struct yk_flight *flight, const char *line, size_t len)
{
    memcpy(flight->text, line, len);
    flight->begun_ns = 1;
    flight->state = YK_FLIGHT_OPEN;
}

static void a_death_is_kept_with_its_cause(void **state)
{
    (void)state;
    die(5, 2, false);
    assert_int_equal(yk_deaths_count(), 1);
    const struct yk_death *death = yk_deaths_get(1);
    assert_non_null(death);
    assert_int_equal(death->id, 5);
    assert_int_equal(death->slot, 2);
    assert_int_equal(death->pid, 1005);
    assert_int_equal(death->generation, 3);
    assert_int_equal(death->signal, SIGKILL);
    assert_string_equal(death->text, "killed by SIGKILL");
    assert_true(death->wall_ms > 0);
    assert_null(death->last_said);
    assert_int_equal(death->open_count, 0);
}

static void the_oldest_is_forgotten(void **state)
{
    (void)state;
    for (int i = 1; i <= YK_DEATHS_MAX + 1; i++)
        die(i, 1, false);
    assert_int_equal(yk_deaths_count(), YK_DEATHS_MAX + 1);
    assert_null(yk_deaths_get(0));
    assert_null(yk_deaths_get(1));
    assert_int_equal(yk_deaths_get(2)->id, 2);
    assert_int_equal(yk_deaths_get(YK_DEATHS_MAX + 1)->id, YK_DEATHS_MAX + 1);
    assert_null(yk_deaths_get(YK_DEATHS_MAX + 2));
    assert_int_equal(yk_deaths_set_stderr(1, "late", 4), -ENOENT);
}

static void accidents_are_told_from_what_was_meant(void **state)
{
    (void)state;
    die(1, 1, false);
    die(2, 2, false);
    die(3, 1, true);
    assert_int_equal(yk_deaths_accidents(), 2);
    assert_int_equal(yk_deaths_last_of(1)->id, 1);
    assert_int_equal(yk_deaths_last_of(2)->id, 2);
    assert_null(yk_deaths_last_of(3));
}

static void what_was_in_flight_is_kept_the_running_one_first(void **state)
{
    (void)state;
    open_request(&board.flights.entries[0], "GET\0/waits", 11);
    open_request(&board.flights.entries[1], "GET\0/runs", 10);
    board.flights.current = 2;
    die(1, 1, false);
    const struct yk_death *death = yk_deaths_get(1);
    assert_int_equal(death->open_count, 2);
    assert_int_equal(death->kept_count, 2);
    assert_string_equal(death->requests[0].line, "GET /runs");
    assert_true(death->requests[0].was_running);
    assert_string_equal(death->requests[1].line, "GET /waits");
    assert_false(death->requests[1].was_running);
}

static void so_many_requests_are_kept_and_all_are_counted(void **state)
{
    (void)state;
    for (int i = 0; i < YK_FLIGHTS_MAX; i++)
        open_request(&board.flights.entries[i], "GET", 3);
    board.flights.more = 100;
    die(1, 1, false);
    const struct yk_death *death = yk_deaths_get(1);
    assert_int_equal(death->open_count, YK_FLIGHTS_MAX + 100);
    assert_int_equal(death->kept_count, YK_DEATH_REQUESTS_MAX);
}

static void without_memory_they_are_only_counted(void **state)
{
    (void)state;
    open_request(&board.flights.entries[0], "GET", 3);
    yk_alloc_fail_after(0);
    die(1, 1, false);
    yk_alloc_fail_after(-1);
    const struct yk_death *death = yk_deaths_get(1);
    assert_int_equal(death->open_count, 1);
    assert_int_equal(death->kept_count, 0);
}

static void the_last_words_can_be_added_and_replaced(void **state)
{
    (void)state;
    die(1, 1, false);
    assert_int_equal(yk_deaths_set_stderr(1, "one\n", 4), 0);
    assert_string_equal(yk_deaths_get(1)->last_said, "one\n");
    assert_int_equal(yk_deaths_set_stderr(1, "two", 3), 0);
    assert_string_equal(yk_deaths_get(1)->last_said, "two");
    assert_int_equal(yk_deaths_set_stderr(2, "x", 1), -ENOENT);
    yk_alloc_fail_after(0);
    assert_int_equal(yk_deaths_set_stderr(1, "three", 5), -ENOMEM);
    yk_alloc_fail_after(-1);
    assert_string_equal(yk_deaths_get(1)->last_said, "two");
}

static void of_long_words_the_end_is_kept_from_a_lines_beginning(void **state)
{
    char said[2 * YK_DEATH_STDERR_MAX];

    (void)state;
    memset(said, 'x', sizeof(said));
    said[YK_DEATH_STDERR_MAX + 10] = '\n';
    die(1, 1, false);
    assert_int_equal(yk_deaths_set_stderr(1, said, sizeof(said)), 0);
    assert_int_equal(strlen(yk_deaths_get(1)->last_said),
                     YK_DEATH_STDERR_MAX - 11);
    /* One that has no end is cut. */
    said[YK_DEATH_STDERR_MAX + 10] = 'x';
    assert_int_equal(yk_deaths_set_stderr(1, said, sizeof(said)), 0);
    assert_int_equal(strlen(yk_deaths_get(1)->last_said), YK_DEATH_STDERR_MAX);
}

#define WITH_RING(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RING(a_death_is_kept_with_its_cause),
        WITH_RING(the_oldest_is_forgotten),
        WITH_RING(accidents_are_told_from_what_was_meant),
        WITH_RING(what_was_in_flight_is_kept_the_running_one_first),
        WITH_RING(so_many_requests_are_kept_and_all_are_counted),
        WITH_RING(without_memory_they_are_only_counted),
        WITH_RING(the_last_words_can_be_added_and_replaced),
        WITH_RING(of_long_words_the_end_is_kept_from_a_lines_beginning),
    };
    return cmocka_run_group_tests_name("deaths", tests, NULL, NULL);
}
