/* Causes of ends: their names, and their counts as JSON and back. */
#include "../unit.h"

#include <stdbool.h>
#include <string.h>

#include <jansson.h>

#include "cluster/causes.h"

static void each_cause_has_a_name_of_its_own(void **state)
{
    (void)state;
    for (int i = 0; i < YK_CAUSES; i++) {
        assert_non_null(yk_cause_name((enum yoke_cause)i));
        for (int k = 0; k < i; k++)
            assert_string_not_equal(yk_cause_name((enum yoke_cause)i),
                                    yk_cause_name((enum yoke_cause)k));
    }
    assert_string_equal(yk_cause_name((enum yoke_cause)YK_CAUSES), "other");
}

static void what_is_no_cause_is_not_counted(void **state)
{
    struct yk_causes causes = {.count = {0}};
    static const struct yk_causes none;

    (void)state;
    yk_causes_count(&causes, (enum yoke_cause)YK_CAUSES);
    yk_causes_count(&causes, (enum yoke_cause) - 1);
    assert_memory_equal(&causes, &none, sizeof(causes));
}

static void counts_go_over_json(void **state)
{
    struct yk_causes causes = {.count = {0}}, read;

    (void)state;
    yk_causes_count(&causes, YOKE_CAUSE_SIGNAL);
    yk_causes_count(&causes, YOKE_CAUSE_SIGNAL);
    yk_causes_count(&causes, YOKE_CAUSE_RELOAD);
    json_t *few = yk_causes_report(&causes, false);
    json_t *all = yk_causes_report(&causes, true);
    assert_int_equal(json_object_size(few), 2);
    assert_int_equal(json_object_size(all), YK_CAUSES);
    assert_int_equal(json_integer_value(json_object_get(few, "signal")), 2);
    yk_causes_read(&read, few);
    assert_memory_equal(&read, &causes, sizeof(read));
    yk_causes_read(&read, all);
    assert_memory_equal(&read, &causes, sizeof(read));
    json_decref(few);
    json_decref(all);
}

/* Of another version, or of none that could count. */
static void what_is_not_understood_counts_as_nothing(void **state)
{
    json_t *object =
        json_pack("{s:i, s:i, s:s}", "exit", -3, "eaten", 5, "signal", "many");
    static const struct yk_causes none;
    struct yk_causes read;

    (void)state;
    yk_causes_read(&read, object);
    assert_memory_equal(&read, &none, sizeof(read));
    yk_causes_read(&read, NULL);
    assert_memory_equal(&read, &none, sizeof(read));
    json_decref(object);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_cause_has_a_name_of_its_own),
        cmocka_unit_test(what_is_no_cause_is_not_counted),
        cmocka_unit_test(counts_go_over_json),
        cmocka_unit_test(what_is_not_understood_counts_as_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
