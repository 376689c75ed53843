/* Calls from the loop: soon, once, and never from inside. */
#include "../unit.h"

#include <uv.h>
#include <yoke/loop.h>

#include "net/later.h"

struct probe {
    struct yk_later later;
    int calls;
    int again; /* How often it is started again from its own call. */
};

static void on_later(struct yk_later *later)
{
    struct probe *probe = YK_CONTAINER_OF(later, struct probe, later);

    probe->calls++;
    if (probe->again-- > 0)
        yk_later_start(later);
}

static void a_call_is_made_once_from_the_loop(void **state)
{
    struct probe probe = {.calls = 0};

    (void)state;
    yk_later_init(&probe.later, on_later);
    yk_later_start(&probe.later);
    yk_later_start(&probe.later);
    assert_int_equal(probe.calls, 0);
    assert_int_equal(uv_run(yoke_loop(), UV_RUN_DEFAULT), 0);
    assert_int_equal(probe.calls, 1);
}

static void a_call_may_ask_for_another_in_the_next_turn(void **state)
{
    struct probe probe = {.again = 3};

    (void)state;
    yk_later_init(&probe.later, on_later);
    yk_later_start(&probe.later);
    uv_run(yoke_loop(), UV_RUN_NOWAIT);
    assert_int_equal(probe.calls, 1);
    uv_run(yoke_loop(), UV_RUN_DEFAULT);
    assert_int_equal(probe.calls, 4);
}

static void a_call_can_be_taken_back(void **state)
{
    struct probe probe = {.calls = 0};

    (void)state;
    yk_later_init(&probe.later, on_later);
    yk_later_stop(&probe.later);
    yk_later_start(&probe.later);
    yk_later_stop(&probe.later);
    uv_run(yoke_loop(), UV_RUN_DEFAULT);
    assert_int_equal(probe.calls, 0);
}

struct killer {
    struct yk_later later;
    struct probe *victim;
};

static void on_killer(struct yk_later *later)
{
    yk_later_stop(&YK_CONTAINER_OF(later, struct killer, later)->victim->later);
}

static void a_call_can_take_back_the_next_one(void **state)
{
    struct probe probe = {.calls = 0};
    struct killer killer = {.victim = &probe};

    (void)state;
    yk_later_init(&killer.later, on_killer);
    yk_later_init(&probe.later, on_later);
    yk_later_start(&killer.later);
    yk_later_start(&probe.later);
    uv_run(yoke_loop(), UV_RUN_DEFAULT);
    assert_int_equal(probe.calls, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_is_made_once_from_the_loop),
        cmocka_unit_test(a_call_may_ask_for_another_in_the_next_turn),
        cmocka_unit_test(a_call_can_be_taken_back),
        cmocka_unit_test(a_call_can_take_back_the_next_one),
    };
    return cmocka_run_group_tests_name("later", tests, NULL, NULL);
}
