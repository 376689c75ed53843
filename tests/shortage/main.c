/* Every scenario, for each call that may fail in it; some dozens of them, all by
 * YOKE_SHORTAGE=all. See shortage.h. */
#include "../unit/unit.h"

#include <stdlib.h>

#include "scenarios.h"
#include "shortage.h"

#define SHORTAGE_TEST(name_, kind_, run_, most_, ...)                          \
    static void name_(void **state)                                            \
    {                                                                          \
        static const struct scenario scenario = {.name = #name_,               \
                                                 .kind = (kind_),              \
                                                 .run = (run_),                \
                                                 .most = (most_),              \
                                                 __VA_ARGS__};                 \
        (void)state;                                                           \
        assert_true(shortage_survives(&scenario));                             \
    }

SHORTAGE_TEST(a_program_starts_without_memory, SHORTAGE_MEMORY,
              start_in_shortage, 8)
SHORTAGE_TEST(requests_are_served_without_memory, SHORTAGE_MEMORY,
              serve_in_shortage, 16)
SHORTAGE_TEST(requests_are_served_in_a_long_lack_of_memory, SHORTAGE_MEMORY,
              serve_in_shortage, 8, .span = 8)
SHORTAGE_TEST(a_store_answers_without_memory, SHORTAGE_MEMORY,
              store_in_shortage, 8)
SHORTAGE_TEST(a_file_answers_without_memory, SHORTAGE_MEMORY,
              store_in_file_in_shortage, 5)
SHORTAGE_TEST(a_program_starts_without_descriptors, SHORTAGE_DESCRIPTORS,
              start_in_shortage, 5)
SHORTAGE_TEST(requests_are_served_without_descriptors, SHORTAGE_DESCRIPTORS,
              serve_in_shortage, 5)
SHORTAGE_TEST(a_file_answers_without_descriptors, SHORTAGE_DESCRIPTORS,
              store_in_file_in_shortage, 5)
SHORTAGE_TEST(no_request_notices_an_interrupt, SHORTAGE_INTERRUPTS,
              serve_undisturbed, 5)
SHORTAGE_TEST(a_file_answers_though_interrupted, SHORTAGE_INTERRUPTS,
              store_in_file_in_shortage, 5)
SHORTAGE_TEST(a_primary_outlives_a_lack_of_memory, SHORTAGE_MEMORY,
              supervise_in_shortage, 5, .must_outlive = true)
SHORTAGE_TEST(a_primary_outlives_a_lack_of_descriptors, SHORTAGE_DESCRIPTORS,
              supervise_in_shortage, 3, .must_outlive = true)

int main(int argc, char **argv)
{
    if (getenv("YOKE_WORKER"))
        return serve_as_worker(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_starts_without_memory),
        cmocka_unit_test(requests_are_served_without_memory),
        cmocka_unit_test(requests_are_served_in_a_long_lack_of_memory),
        cmocka_unit_test(a_store_answers_without_memory),
        cmocka_unit_test(a_file_answers_without_memory),
        cmocka_unit_test(a_program_starts_without_descriptors),
        cmocka_unit_test(requests_are_served_without_descriptors),
        cmocka_unit_test(a_file_answers_without_descriptors),
        cmocka_unit_test(no_request_notices_an_interrupt),
        cmocka_unit_test(a_file_answers_though_interrupted),
        cmocka_unit_test(a_primary_outlives_a_lack_of_memory),
        cmocka_unit_test(a_primary_outlives_a_lack_of_descriptors),
    };
    if (argc > 1)
        cmocka_set_test_filter(argv[1]);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
