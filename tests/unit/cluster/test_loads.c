/* Loads: what a worker sees of the others. */
#include "../unit.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cluster/loads.h"

#define NOW_NS   1000000000
#define STUCK_NS 3000000

static struct yk_loads *loads;
static int loads_fd;

static int setup(void **state)
{
    (void)state;
    return yk_loads_create(&loads, &loads_fd);
}

static int teardown(void **state)
{
    (void)state;
    yk_loads_unmap(loads);
    return close(loads_fd);
}

static void seat(int index, uint32_t open, uint64_t busy_since_ns)
{
    loads->seats[index].state = YK_SEAT_SERVES;
    loads->seats[index].open = open;
    loads->seats[index].busy_since_ns = busy_since_ns;
    if (loads->head.limit <= (uint32_t)index)
        loads->head.limit = (uint32_t)index + 1;
}

static struct yk_others look(uint32_t own)
{
    struct yk_others others;

    yk_loads_look(loads, own, NOW_NS, STUCK_NS, &others);
    return others;
}

static void alone_there_are_no_others(void **state)
{
    (void)state;
    seat(0, 5, 0);
    struct yk_others others = look(0);
    assert_int_equal(others.count, 0);
    assert_int_equal(others.least, UINT32_MAX);
}

static void the_least_loaded_of_the_others_is_found(void **state)
{
    (void)state;
    seat(0, 1, 0);
    seat(1, 9, 0);
    seat(2, 4, NOW_NS - 10);
    loads->seats[2].coming = 2;
    struct yk_others others = look(0);
    assert_int_equal(others.count, 2);
    assert_int_equal(others.idle, 1);
    assert_int_equal(others.least, 6);
}

static void who_is_stuck_or_does_not_serve_does_not_count(void **state)
{
    (void)state;
    seat(0, 9, 0);
    seat(1, 0, NOW_NS - STUCK_NS);
    seat(2, 0, 0);
    loads->seats[2].state = YK_SEAT_TAKEN;
    seat(3, 7, 0);
    struct yk_others others = look(0);
    assert_int_equal(others.count, 1);
    assert_int_equal(others.least, 7);
}

static void rubbish_is_only_a_bad_hint(void **state)
{
    (void)state;
    memset(loads, 0xff, sizeof(*loads));
    look(3);
    seat(1, UINT32_MAX, UINT64_MAX);
    loads->seats[1].coming = UINT32_MAX;
    struct yk_others others = {.count = 0};
    for (int i = 0; i < YK_SEATS_MAX && others.count == 0; i++)
        others = look(3);
    assert_int_equal(others.count, 1);
    assert_true(others.least >= 1u << 28 && others.least < UINT32_MAX);
}

static void of_very_many_some_are_looked_at_each_time(void **state)
{
    (void)state;
    for (int i = 0; i < 4 * YK_OTHERS_MAX; i++)
        seat(i, 10, 0);
    seat(3 * YK_OTHERS_MAX, 1, 0);
    uint32_t least = UINT32_MAX;
    for (int i = 0; i < 4; i++) {
        struct yk_others others = look(0);
        assert_true(others.count <= YK_OTHERS_MAX);
        if (others.least < least)
            least = others.least;
    }
    assert_int_equal(least, 1);
}

static void another_process_maps_the_same_table(void **state)
{
    struct yk_loads *other;

    (void)state;
    seat(5, 42, 0);
    assert_int_equal(yk_loads_map(loads_fd, &other), 0);
    assert_int_equal(other->seats[5].open, 42);
    yk_loads_unmap(other);
    int fd = memfd_create("too short", MFD_CLOEXEC);
    assert_int_equal(yk_loads_map(fd, &other), -EINVAL);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(alone_there_are_no_others, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(the_least_loaded_of_the_others_is_found,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(
            who_is_stuck_or_does_not_serve_does_not_count, setup, teardown),
        cmocka_unit_test_setup_teardown(rubbish_is_only_a_bad_hint, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            of_very_many_some_are_looked_at_each_time, setup, teardown),
        cmocka_unit_test_setup_teardown(another_process_maps_the_same_table,
                                        setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
