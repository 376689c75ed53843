/* How much memory a process has; this one, which is there for certain. */
#include "../unit.h"

#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/loop.h>

#include "cluster/memory.h"

#define LARGE (16 << 20)

static bool is_done;

static void on_done(struct yk_weighing *weighing)
{
    (void)weighing;
    is_done = true;
}

static void what_is_used_is_counted(void **state)
{
    uint64_t before = yk_memory_resident(getpid());
    char *more = malloc(LARGE);

    (void)state;
    assert_non_null(more);
    memset(more, 1, LARGE);
    assert_true(yk_memory_resident(getpid()) >= before + LARGE / 2);
    assert_in_range(yk_memory_share(getpid()), LARGE / 2,
                    yk_memory_resident(getpid()) + LARGE);
    free(more);
}

static void who_is_not_there_has_none(void **state)
{
    (void)state;
    assert_int_equal(yk_memory_resident(INT_MAX), 0);
    assert_int_equal(yk_memory_share(INT_MAX), 0);
}

static void weighing_is_told_from_the_loop(void **state)
{
    struct yk_weighing weighing;

    (void)state;
    is_done = false;
    assert_int_equal(yk_memory_weigh(&weighing, getpid(), on_done), 0);
    assert_false(is_done);
    while (!is_done)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    assert_true(weighing.found.resident > 0);
    assert_true(weighing.found.share > 0);
}

static void who_has_ended_meanwhile_has_none(void **state)
{
    struct yk_weighing weighing;

    (void)state;
    is_done = false;
    assert_int_equal(yk_memory_weigh(&weighing, INT_MAX, on_done), 0);
    while (!is_done)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    assert_int_equal(weighing.found.share, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_used_is_counted),
        cmocka_unit_test(who_is_not_there_has_none),
        cmocka_unit_test(weighing_is_told_from_the_loop),
        cmocka_unit_test(who_has_ended_meanwhile_has_none),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
