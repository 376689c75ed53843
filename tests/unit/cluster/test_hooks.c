/* Hooks around a fork: which are called, and in what order. */
#include "../unit.h"

#include <errno.h>
#include <string.h>

#include <yoke/cluster.h>
#include <yoke/error.h>

#include "cluster/hooks.h"

static char called[64];

static void note(const char *what)
{
    strncat(called, what, sizeof(called) - strlen(called) - 1);
}

static void before(void *data)
{
    note(data);
}

static void after(yoke_worker *worker, void *data)
{
    assert_null(worker);
    note(data);
}

static void add_one_more(yoke_worker *worker, void *data)
{
    static char last[] = "last ";

    (void)worker;
    note(data);
    assert_int_equal(yoke_cluster_after_fork(after, last), 0);
}

/* They cannot be taken back: one test after the other adds to them. */
static void those_before_go_backwards_and_those_after_forwards(void **state)
{
    static char one[] = "one ", two[] = "two ", three[] = "three ";

    (void)state;
    yk_hooks_before_fork();
    yk_hooks_after_fork(NULL);
    assert_string_equal(called, "");
    assert_int_equal(yoke_cluster_before_fork(before, one), 0);
    assert_int_equal(yoke_cluster_before_fork(before, two), 0);
    assert_int_equal(yoke_cluster_after_fork(after, one), 0);
    assert_int_equal(yoke_cluster_after_fork(add_one_more, three), 0);
    yk_hooks_before_fork();
    assert_string_equal(called, "two one ");
    called[0] = '\0';
    yk_hooks_after_fork(NULL);
    assert_string_equal(called, "one three last ");
}

static void their_number_is_limited(void **state)
{
    static char nothing[] = "";
    int err = 0, count = 0;

    (void)state;
    while (!(err = yoke_cluster_before_fork(before, nothing)))
        count++;
    assert_int_equal(err, -YOKE_EFULL);
    assert_in_range(count, 1, YK_HOOKS_MAX);
    while (!(err = yoke_cluster_after_fork(after, nothing)))
        ;
    assert_int_equal(err, -YOKE_EFULL);
    assert_int_equal(yoke_cluster_before_fork(NULL, NULL), -EINVAL);
    assert_int_equal(yoke_cluster_after_fork(NULL, NULL), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_before_go_backwards_and_those_after_forwards),
        cmocka_unit_test(their_number_is_limited),
    };
    return cmocka_run_group_tests_name("hooks", tests, NULL, NULL);
}
