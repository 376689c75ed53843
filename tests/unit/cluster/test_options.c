/* The options of the supervised form: defaults, and what is refused. */
#include "../unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/cluster.h>

#include "cluster/options.h"

static struct yoke_cluster_options filled;
static char text[128];

static int fill(const struct yoke_cluster_options *given)
{
    return yk_options_fill(&filled, given, text);
}

static void nothing_given_is_every_default(void **state)
{
    (void)state;
    assert_int_equal(fill(NULL), 0);
    assert_in_range(filled.workers, 1, 1024);
    assert_int_equal(filled.backoff_base_ms, 100);
    assert_int_equal(filled.stop_timeout_ms, 30000);
    assert_int_equal(filled.hang_timeout_ms, 30000);
    assert_int_equal(filled.request_timeout_ms, 0);
    assert_int_equal(filled.max_surge, 1);
    assert_int_equal(filled.max_unavailable, 0);
    assert_string_equal(filled.check_path, "/");
}

static void minus_one_is_none(void **state)
{
    (void)state;
    assert_int_equal(
        fill(&(struct yoke_cluster_options){.boot_timeout_ms = -1,
                                            .hang_timeout_ms = -1,
                                            .max_unavailable = -1}),
        0);
    assert_int_equal(filled.max_unavailable, 0);
    assert_int_equal(filled.boot_timeout_ms, 0);
    assert_int_equal(filled.hang_timeout_ms, 0);
}

static void without_surge_one_may_be_missing(void **state)
{
    (void)state;
    assert_int_equal(fill(&(struct yoke_cluster_options){.max_surge = -1}), 0);
    assert_int_equal(filled.max_surge, 0);
    assert_int_equal(filled.max_unavailable, 1);
}

static void a_negative_priority_stays(void **state)
{
    (void)state;
    assert_int_equal(fill(&(struct yoke_cluster_options){.nice = -1}), 0);
    assert_int_equal(filled.nice, -1);
}

static void what_is_out_of_range_is_named(void **state)
{
    static const struct {
        struct yoke_cluster_options options;
        const char *text;
    } cases[] = {
        {{.workers = 1025}, "the option workers is 1025: it may be 0 to 1024"},
        {{.workers = -1}, "the option workers is -1"},
        {{.stop_timeout_ms = -1}, "stop_timeout_ms is -1"},
        {{.max_generations = 1}, "max_generations is 1: it may be 2 to"},
        {{.recycle_jitter = 91}, "recycle_jitter is 91"},
        {{.umask = "8"}, "the option umask is '8': it is octal"},
        {{.umask = ""}, "the option umask is ''"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_int_equal(fill(&cases[i].options), -EINVAL);
        assert_non_null(strstr(text, cases[i].text));
    }
}

static void users_are_found_by_name_and_number(void **state)
{
    struct yoke_cluster_settings settings = {.exec = NULL};

    (void)state;
    assert_int_equal(
        yk_options_owner(
            &(struct yoke_cluster_options){.user = "nobody", .group = "12"},
            &settings, text),
        0);
    assert_int_equal(settings.uid, 65534);
    assert_int_equal(settings.gid, 12);
    assert_int_equal(
        yk_options_owner(&(struct yoke_cluster_options){.user = "no such"},
                         &settings, text),
        -EINVAL);
    assert_string_equal(text, "there is no user 'no such'");
}

static void preloading_is_an_option_or_the_environments(void **state)
{
    static const struct {
        enum yoke_preload given;
        const char *variable;
        enum yoke_preload expected;
    } cases[] = {
        {YOKE_PRELOAD_DEFAULT, NULL, YOKE_PRELOAD_OFF},
        {YOKE_PRELOAD_DEFAULT, "", YOKE_PRELOAD_OFF},
        {YOKE_PRELOAD_DEFAULT, "0", YOKE_PRELOAD_OFF},
        {YOKE_PRELOAD_DEFAULT, "1", YOKE_PRELOAD_ON},
        {YOKE_PRELOAD_DEFAULT, "strict", YOKE_PRELOAD_STRICT},
        {YOKE_PRELOAD_OFF, "strict", YOKE_PRELOAD_OFF},
        {YOKE_PRELOAD_STRICT, "0", YOKE_PRELOAD_STRICT},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        unsetenv("YOKE_PRELOAD");
        if (cases[i].variable)
            setenv("YOKE_PRELOAD", cases[i].variable, 1);
        assert_int_equal(
            fill(&(struct yoke_cluster_options){.preload = cases[i].given}), 0);
        assert_int_equal(filled.preload, cases[i].expected);
    }
    setenv("YOKE_PRELOAD", "yes", 1);
    assert_int_equal(fill(NULL), -EINVAL);
    assert_string_equal(text,
                        "YOKE_PRELOAD is 'yes': it may be 0, 1 or strict");
    unsetenv("YOKE_PRELOAD");
}

static void policies_have_names(void **state)
{
    static const enum yoke_sched policies[] = {
        YOKE_SCHED_RR,           YOKE_SCHED_NONE,   YOKE_SCHED_BALANCED,
        YOKE_SCHED_KERNEL_RR,    YOKE_SCHED_STICKY, YOKE_SCHED_AUTO,
        YOKE_SCHED_KERNEL_LEAST,
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(policies); i++) {
        const char *name = yoke_sched_name(policies[i]);
        assert_non_null(name);
        assert_int_equal(yoke_sched_find(name), policies[i]);
        assert_non_null(strstr(yoke_sched_names(), name));
    }
    assert_null(yoke_sched_name((enum yoke_sched)1000));
    assert_int_equal(yoke_sched_find("fair"), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(policies_have_names),
        cmocka_unit_test(nothing_given_is_every_default),
        cmocka_unit_test(minus_one_is_none),
        cmocka_unit_test(without_surge_one_may_be_missing),
        cmocka_unit_test(a_negative_priority_stays),
        cmocka_unit_test(what_is_out_of_range_is_named),
        cmocka_unit_test(users_are_found_by_name_and_number),
        cmocka_unit_test(preloading_is_an_option_or_the_environments),
    };
    return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
