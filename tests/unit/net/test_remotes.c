/* Remotes: entries that are taken, given back, and shared. */
#include "../unit.h"

#include <string.h>

#include "net/remotes.h"
#include "net/vitals.h"

static struct yk_remotes table;

static int setup(void **state)
{
    (void)state;
    memset(&table, 0, sizeof(table));
    yk_remotes_place(&table);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    yk_remotes_place(NULL);
    return 0;
}

static void an_entry_stands_in_the_table_while_it_is_taken(void **state)
{
    struct yk_remote *first = yk_remote_take("redis://a");
    struct yk_remote *second = yk_remote_take("lmdb:");
    (void)state;
    assert_ptr_equal(first, &table.entries[0]);
    assert_string_equal(table.entries[1].name, "lmdb:");
    assert_int_equal(table.entries[0].state, YK_REMOTE_FIRST);
    yk_vitals_add(&first->failed, 3);
    yk_remote_give(first);
    assert_int_equal(table.entries[0].state, YK_REMOTE_FREE);
    /* The next one counts from 0. */
    assert_ptr_equal(yk_remote_take("x"), first);
    assert_int_equal(first->failed, 0);
    yk_remote_give(first);
    yk_remote_give(second);
}

static void a_state_keeps_its_time_until_it_changes(void **state)
{
    struct yk_remote *remote = yk_remote_take("x");
    (void)state;
    uint64_t first = remote->since_ns;
    assert_true(first > 0 && first <= yk_now_ns());
    yk_remote_set(remote, YK_REMOTE_FIRST);
    assert_int_equal(remote->since_ns, first);
    yk_remote_set(remote, YK_REMOTE_CLOSED);
    assert_int_equal(remote->state, YK_REMOTE_CLOSED);
    assert_true(remote->since_ns > first);
    yk_remote_give(remote);
}

static void names_that_are_too_long_are_cut(void **state)
{
    char name[1000];
    (void)state;
    memset(name, 'n', sizeof(name));
    name[sizeof(name) - 1] = '\0';
    struct yk_remote *remote = yk_remote_take(name);
    assert_int_equal(strlen(remote->name), YK_REMOTE_NAME_MAX - 1);
    yk_remote_give(remote);
}

static void who_finds_no_entry_counts_for_himself(void **state)
{
    struct yk_remote *taken[YK_REMOTES_MAX + 2];
    (void)state;
    for (int i = 0; i < YK_REMOTES_MAX + 2; i++)
        taken[i] = yk_remote_take("x");
    assert_ptr_equal(taken[YK_REMOTES_MAX - 1],
                     &table.entries[YK_REMOTES_MAX - 1]);
    yk_vitals_add(&taken[YK_REMOTES_MAX]->failed, 1);
    assert_int_equal(taken[YK_REMOTES_MAX + 1]->failed, 0);
    for (int i = 0; i < YK_REMOTES_MAX + 2; i++)
        yk_remote_give(taken[i]);
    assert_int_equal(table.entries[0].state, YK_REMOTE_FREE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            an_entry_stands_in_the_table_while_it_is_taken, setup, teardown),
        cmocka_unit_test_setup_teardown(a_state_keeps_its_time_until_it_changes,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(names_that_are_too_long_are_cut, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(who_finds_no_entry_counts_for_himself,
                                        setup, teardown),
    };
    return cmocka_run_group_tests_name("remotes", tests, NULL, NULL);
}
