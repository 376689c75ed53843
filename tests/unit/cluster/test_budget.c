/* The failure budget: so many within so long. */
#include "../unit.h"

#include <errno.h>
#include <stdbool.h>

#include "cluster/budget.h"
#include "core/alloc.h"

static struct yk_budget budget;

static int setup(void **state)
{
    (void)state;
    return yk_budget_init(&budget, 3, 1000);
}

static int teardown(void **state)
{
    (void)state;
    yk_budget_done(&budget);
    return 0;
}

static void as_many_as_it_allows_within_the_window_exhaust_it(void **state)
{
    (void)state;
    assert_false(yk_budget_fail(&budget, 5000));
    assert_false(yk_budget_fail(&budget, 5500));
    assert_true(yk_budget_fail(&budget, 5999));
}

static void failures_leave_the_window(void **state)
{
    (void)state;
    for (uint64_t now_ms = 0; now_ms < 100000; now_ms += 500)
        assert_false(yk_budget_fail(&budget, now_ms));
}

static void it_counts_only_the_last_ones(void **state)
{
    (void)state;
    assert_false(yk_budget_fail(&budget, 0));
    assert_false(yk_budget_fail(&budget, 900));
    assert_false(yk_budget_fail(&budget, 1100));
    assert_true(yk_budget_fail(&budget, 1200));
}

static void a_budget_of_one_is_exhausted_by_the_first(void **state)
{
    (void)state;
    yk_budget_done(&budget);
    assert_int_equal(yk_budget_init(&budget, 1, 1000), 0);
    assert_true(yk_budget_fail(&budget, 0));
}

static void a_huge_budget_is_cut(void **state)
{
    (void)state;
    yk_budget_done(&budget);
    assert_int_equal(yk_budget_init(&budget, UINT32_MAX, 1000), 0);
    assert_int_equal(budget.limit, YK_BUDGET_MAX);
}

static void without_memory_there_is_none(void **state)
{
    (void)state;
    yk_budget_done(&budget);
    yk_alloc_fail_after(0);
    assert_int_equal(yk_budget_init(&budget, 3, 1000), -ENOMEM);
    yk_alloc_fail_after(-1);
}

#define WITH_BUDGET(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_BUDGET(as_many_as_it_allows_within_the_window_exhaust_it),
        WITH_BUDGET(failures_leave_the_window),
        WITH_BUDGET(it_counts_only_the_last_ones),
        WITH_BUDGET(a_budget_of_one_is_exhausted_by_the_first),
        WITH_BUDGET(a_huge_budget_is_cut),
        WITH_BUDGET(without_memory_there_is_none),
    };
    return cmocka_run_group_tests_name("budget", tests, NULL, NULL);
}
