/* Deaths in words, and the count of processes killed for memory. */
#include "../unit.h"

#include <signal.h>
#include <sys/wait.h>

#include "../tree.h"
#include "cluster/cgroup.h"
#include "cluster/death.h"

static void each_cause_has_its_words(void **state)
{
    static const struct {
        struct yoke_exit why;
        const char *text;
    } samples[] = {
        {{.cause = YOKE_CAUSE_EXIT, .code = 0}, "exit code 0"},
        {{.cause = YOKE_CAUSE_EXIT, .code = 255}, "exit code 255"},
        {{.cause = YOKE_CAUSE_SIGNAL, .signal = SIGKILL}, "killed by SIGKILL"},
        {{.cause = YOKE_CAUSE_SIGNAL, .signal = SIGSEGV, .core_dumped = true},
         "killed by SIGSEGV, core dumped"},
        {{.cause = YOKE_CAUSE_SIGNAL, .signal = 40}, "killed by signal 40"},
        {{.cause = YOKE_CAUSE_MEMORY, .signal = SIGKILL}, "killed for memory"},
        {{.cause = YOKE_CAUSE_DEADLINE, .signal = SIGKILL},
         "killed, for it did not stop within the deadline"},
        {{.cause = YOKE_CAUSE_STARTUP, .code = 1, .reason = "no database"},
         "could not start: no database"},
        {{.cause = YOKE_CAUSE_STARTUP, .code = 1},
         "could not start: for an unknown reason"},
        {{.cause = YOKE_CAUSE_UNKNOWN},
         "it is not known how: its parent was gone"},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(samples); i++)
        assert_string_equal(yoke_exit_text(&samples[i].why), samples[i].text);
}

static void what_the_kernel_says_is_read(void **state)
{
    static const struct {
        int code, status;
        struct yoke_exit expected;
    } samples[] = {
        {CLD_EXITED, 3, {.cause = YOKE_CAUSE_EXIT, .code = 3}},
        {CLD_KILLED, 9, {.cause = YOKE_CAUSE_SIGNAL, .code = -1, .signal = 9}},
        {CLD_DUMPED,
         11,
         {.cause = YOKE_CAUSE_SIGNAL,
          .code = -1,
          .signal = 11,
          .core_dumped = true}},
        {0, 0, {.cause = YOKE_CAUSE_UNKNOWN}},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        struct yoke_exit why = {.code = 0};
        siginfo_t info = {.si_code = samples[i].code};
        info.si_status = samples[i].status;
        yk_death_read(&why, &info);
        assert_int_equal(why.cause, samples[i].expected.cause);
        assert_int_equal(why.code, samples[i].expected.code);
        assert_int_equal(why.signal, samples[i].expected.signal);
        assert_int_equal(why.core_dumped, samples[i].expected.core_dumped);
    }
}

static void kills_for_memory_are_counted_in_both_versions(void **state)
{
    static const struct {
        const char *groups, *path, *text;
        int expected;
    } samples[] = {
        {"0::/app\n", "sys/app/memory.events",
         "low 0\nhigh 0\nmax 7\noom 3\noom_kill 2\noom_group_kill 0\n", 2},
        {"4:memory:/app\n", "sys/memory/app/memory.oom_control",
         "oom_kill_disable 0\nunder_oom 0\noom_kill 5\n", 5},
        {"4:memory:/app\n0::/\n", "sys/memory/app/memory.oom_control",
         "oom_kill 1\n", 1},
        {"0::/app\n", "sys/app/memory.events", "low 0\n", 0},
        {"0::/app\n", "sys/other", "", 0},
    };

    (void)state;
    for (size_t i = 0; i < COUNT_OF(samples); i++) {
        struct tree tree;
        tree_make(&tree);
        tree_write(&tree, "self", samples[i].groups);
        tree_write(&tree, samples[i].path, samples[i].text);
        struct yk_cgroup_roots roots = {.self = tree_path(&tree, "self"),
                                        .mount = tree_path(&tree, "sys")};
        assert_int_equal(yk_death_memory_kills(&roots), samples[i].expected);
        tree_remove(&tree);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_cause_has_its_words),
        cmocka_unit_test(what_the_kernel_says_is_read),
        cmocka_unit_test(kills_for_memory_are_counted_in_both_versions),
    };
    return cmocka_run_group_tests_name("death", tests, NULL, NULL);
}
