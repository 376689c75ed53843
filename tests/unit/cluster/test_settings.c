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

static void places_of_stdio_are_merged_one_by_one(void **state)
{
    const struct yoke_cluster_settings *now;

    (void)state;
    assert_int_equal(yk_settings_stdio_count(yoke_cluster_settings()), 0);
    assert_int_equal(
        yk_settings_change(&(struct yoke_cluster_settings){
            .stdio = {[1] = YOKE_STDIO_PIPE, [4] = YOKE_STDIO_FD(7)}}),
        0);
    assert_int_equal(yk_settings_change(&(struct yoke_cluster_settings){
                         .stdio = {[1] = YOKE_STDIO_IGNORE}, .silent = 1}),
                     0);
    now = yoke_cluster_settings();
    assert_int_equal(yk_settings_stdio_count(now), 5);
    assert_int_equal(yk_settings_stdio(now, 0), YOKE_STDIO_PIPE);
    assert_int_equal(yk_settings_stdio(now, 1), YOKE_STDIO_IGNORE);
    assert_int_equal(yk_settings_stdio(now, 3), YOKE_STDIO_NONE);
    assert_int_equal(yk_settings_stdio(now, 4), YOKE_STDIO_FD(7));
    yk_settings_change(&(struct yoke_cluster_settings){
        .stdio = {[4] = YOKE_STDIO_NONE}, .silent = -1});
    now = yoke_cluster_settings();
    assert_int_equal(yk_settings_stdio(now, 0), YOKE_STDIO_INHERIT);
    assert_int_equal(yk_settings_stdio_count(now), 2);
}

static void what_was_replaced_lives_as_long_as_it_is_used(void **state)
{
    (void)state;
    yk_settings_change(&(struct yoke_cluster_settings){.exec = "/bin/old"});
    struct yk_settings *old = yk_settings_ref();
    yk_settings_change(&(struct yoke_cluster_settings){.exec = "/bin/new"});
    assert_string_equal(old->values.exec, "/bin/old");
    assert_string_equal(yoke_cluster_settings()->exec, "/bin/new");
    yk_settings_unref(old);
}

static void what_there_is_not_changes_nothing(void **state)
{
    struct yoke_cluster_settings bad[] = {
        {.exec = "/bin/x", .silent = 2},
        {.exec = "/bin/x", .stdio = {[3] = -1}},
    };

    (void)state;
    yk_settings_change(&(struct yoke_cluster_settings){.exec = "/bin/true"});
    for (size_t i = 0; i < COUNT_OF(bad); i++)
        assert_int_equal(yk_settings_change(&bad[i]), -EINVAL);
    /* No such user, so no group either. */
    assert_int_equal(yk_settings_change(&(struct yoke_cluster_settings){
                         .exec = "/bin/x", .uid = 3999999999u}),
                     -ENOENT);
    assert_string_equal(yoke_cluster_settings()->exec, "/bin/true");
}

static void the_current_arguments_may_be_given_again(void **state)
{
    (void)state;
    yk_settings_init(3, started_with);
    yk_settings_change(yoke_cluster_settings());
    assert_string_equal(yoke_cluster_settings()->args[1], "b");
}

/* Its group comes from the user database, which is asked once, here. */
static void the_user_is_looked_up_when_it_is_set(void **state)
{
    (void)state;
    struct yk_settings *before = yk_settings_ref();
    assert_false(before->has_account);
    assert_int_equal(yk_settings_change(
                         &(struct yoke_cluster_settings){.uid = 1, .gid = 12}),
                     0);
    struct yk_settings *now = yk_settings_ref();
    assert_true(now->has_account);
    assert_int_equal(now->account.uid, 1);
    assert_int_equal(now->account.gid, 12);
    assert_int_equal(now->account.groups[0], 12);
    yk_settings_unref(now);
    yk_settings_unref(before);
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
        cmocka_unit_test(places_of_stdio_are_merged_one_by_one),
        cmocka_unit_test(what_was_replaced_lives_as_long_as_it_is_used),
        cmocka_unit_test(what_there_is_not_changes_nothing),
        cmocka_unit_test(the_current_arguments_may_be_given_again),
        cmocka_unit_test(the_user_is_looked_up_when_it_is_set),
        cmocka_unit_test(a_scheduler_that_there_is_none_for_is_refused),
        cmocka_unit_test(the_first_use_fixes_the_scheduler),
    };
    return cmocka_run_group_tests_name("settings", tests, NULL, NULL);
}
