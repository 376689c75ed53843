/* Restart back-off: doubles, is capped, forgets after a healthy life. */
#include "../unit.h"

#include "cluster/backoff.h"
#include "core/random.h"

static struct yk_random rng = {.state = 1};

static struct yk_backoff fresh(void)
{
    return (struct yk_backoff){
        .base_ms = 100, .max_ms = 30000, .healthy_ms = 10000};
}

/* The wait may be up to a quarter shorter than the debt. */
static void assert_wait(uint32_t wait_ms, uint32_t debt_ms)
{
    assert_in_range(wait_ms, debt_ms - debt_ms / 4, debt_ms);
}

static void quick_deaths_double_the_wait_up_to_the_ceiling(void **state)
{
    struct yk_backoff backoff = fresh();
    uint32_t debt_ms = 100;

    (void)state;
    for (int death = 0; death < 20; death++) {
        assert_wait(yk_backoff_death(&backoff, 50, &rng), debt_ms);
        debt_ms = debt_ms * 2 > 30000 ? 30000 : debt_ms * 2;
    }
}

static void a_healthy_life_clears_the_debt(void **state)
{
    struct yk_backoff backoff = fresh();

    (void)state;
    for (int death = 0; death < 5; death++)
        yk_backoff_death(&backoff, 0, &rng);
    assert_int_equal(yk_backoff_death(&backoff, 10000, &rng), 0);
    assert_wait(yk_backoff_death(&backoff, 9999, &rng), 100);
}

static void waits_of_workers_that_died_together_differ(void **state)
{
    uint32_t first = 0, different = 0;

    (void)state;
    for (int worker = 0; worker < 16; worker++) {
        struct yk_backoff backoff = fresh();
        uint32_t wait_ms = yk_backoff_death(&backoff, 0, &rng);
        first = first ? first : wait_ms;
        different += wait_ms != first;
    }
    assert_true(different > 8);
}

static void the_largest_ceiling_does_not_overflow(void **state)
{
    struct yk_backoff backoff = {
        .base_ms = 1u << 31, .max_ms = UINT32_MAX, .healthy_ms = 1};

    (void)state;
    for (int death = 0; death < 4; death++)
        assert_true(yk_backoff_death(&backoff, 0, &rng) >= 3u << 29);
}

static void a_ceiling_below_the_first_wait_holds(void **state)
{
    struct yk_backoff backoff = {
        .base_ms = 100, .max_ms = 10, .healthy_ms = 1000};

    (void)state;
    assert_wait(yk_backoff_death(&backoff, 0, &rng), 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quick_deaths_double_the_wait_up_to_the_ceiling),
        cmocka_unit_test(a_healthy_life_clears_the_debt),
        cmocka_unit_test(waits_of_workers_that_died_together_differ),
        cmocka_unit_test(the_largest_ceiling_does_not_overflow),
        cmocka_unit_test(a_ceiling_below_the_first_wait_holds),
    };
    return cmocka_run_group_tests_name("backoff", tests, NULL, NULL);
}
