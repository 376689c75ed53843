/* How long a link that cannot connect rests before it tries again. */
#include "../unit.h"

#include <uv.h>

#include <yoke/loop.h>

#include "store/link.h"

static void it_rests_longer_each_time_up_to_a_second(void **state)
{
    struct yk_random random;
    uint64_t most = 0;
    (void)state;
    yk_random_init(&random);
    for (unsigned attempts = 0; attempts < 40; attempts++) {
        uint64_t longest = 0;
        for (int i = 0; i < 100; i++) {
            uint64_t pause =
                yk_link_pause(&random, attempts, uv_now(yoke_loop()));
            assert_in_range(pause, 10, 1000);
            longest = pause > longest ? pause : longest;
        }
        /* By chance the longest of a hundred may be a little shorter. */
        assert_true(longest + longest / 4 >= most);
        most = longest > most ? longest : most;
    }
    assert_in_range(most, 800, 1000);
}

/* Of many that have lost the same server not all come back at the same time. */
static void no_two_rest_for_the_same_time(void **state)
{
    struct yk_random random;
    uint64_t first = 0;
    int others = 0;
    (void)state;
    yk_random_init(&random);
    for (int i = 0; i < 100; i++) {
        uint64_t pause = yk_link_pause(&random, 6, uv_now(yoke_loop()));
        first = first ? first : pause;
        others += pause != first;
    }
    assert_true(others > 50);
}

/* An attempt that has taken long is pause enough. */
static void who_has_waited_for_an_answer_rests_less(void **state)
{
    struct yk_random random;
    (void)state;
    yk_random_init(&random);
    uint64_t now = uv_now(yoke_loop());
    for (int i = 0; i < 100; i++)
        assert_in_range(yk_link_pause(&random, 6, now - 2000), 1, 25);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_rests_longer_each_time_up_to_a_second),
        cmocka_unit_test(no_two_rest_for_the_same_time),
        cmocka_unit_test(who_has_waited_for_an_answer_rests_less),
    };
    return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
