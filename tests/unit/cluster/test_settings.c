/* Settings: merged, defaulted, and the scheduler fixed by its first use. */
#include "../unit.h"

#include <errno.h>
#include <stdlib.h>

#include <yoke/error.h>
#include <yoke/log.h>

#include "cluster/settings.h"

static char prog[] = "prog", flag[] = "-a", value[] = "b";
static char *started_with[] = {prog, flag, value, NULL};

static void default_is_what_this_process_was_started_with(void **state)
{
    char **argv;

    (void)state;
    yk_settings_init(3, started_with);
    argv = yk_settings_argv();
    assert_string_equal(argv[0], "prog");
    assert_string_equal(argv[1], "-a");
    assert_string_equal(argv[2], "b");
    assert_null(argv[3]);
    assert_null(yoke_cluster_settings()->exec);
    free(argv);
}

static void fields_that_are_set_replace_and_the_others_stay(void **state)
{
    const char *args[] = {"one", NULL};

    (void)state;
    yk_settings_init(3, started_with);
    assert_int_equal(yk_settings_change(&(struct yoke_cluster_settings){
                         .exec = "/bin/true", .cwd = "/tmp"}),
                     0);
    assert_int_equal(
        yk_settings_change(&(struct yoke_cluster_settings){.args = args}), 0);
    const struct yoke_cluster_settings *now = yoke_cluster_settings();
    assert_string_equal(now->exec, "/bin/true");
    assert_string_equal(now->cwd, "/tmp");
    assert_string_equal(now->args[0], "one");
    assert_null(now->args[1]);
    char **argv = yk_settings_argv();
    assert_string_equal(argv[0], "/bin/true");
    assert_string_equal(argv[1], "one");
    free(argv);
}

static void the_current_arguments_may_be_given_again(void **state)
{
    (void)state;
    yk_settings_init(3, started_with);
    yk_settings_change(yoke_cluster_settings());
    assert_string_equal(yoke_cluster_settings()->args[1], "b");
}

static void a_scheduler_that_there_is_none_for_is_refused(void **state)
{
    struct yoke_cluster_settings bad = {.sched = (enum yoke_sched)9};

    (void)state;
    assert_int_equal(yk_settings_change(&bad), -EINVAL);
}

static void the_first_use_fixes_the_scheduler(void **state)
{
    struct yoke_cluster_settings rr = {.sched = YOKE_SCHED_RR};
    struct yoke_cluster_settings none = {.sched = YOKE_SCHED_NONE};

    (void)state;
    setenv("YOKE_SCHED_POLICY", "rr", 1);
    assert_int_equal(yk_settings_change(&none), 0);
    assert_int_equal(yk_settings_sched(), YOKE_SCHED_NONE);
    assert_int_equal(yk_settings_change(&rr), -YOKE_ESTARTED);
    assert_int_equal(yk_settings_change(&none), 0);
    unsetenv("YOKE_SCHED_POLICY");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(default_is_what_this_process_was_started_with),
        cmocka_unit_test(fields_that_are_set_replace_and_the_others_stay),
        cmocka_unit_test(the_current_arguments_may_be_given_again),
        cmocka_unit_test(a_scheduler_that_there_is_none_for_is_refused),
        cmocka_unit_test(the_first_use_fixes_the_scheduler),
    };
    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
