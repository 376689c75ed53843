/* Buckets: divided evenly, and moving as little as can be. */
#include "../unit.h"

#include <string.h>

#include <yoke/error.h>

#include "cluster/buckets.h"

static struct yk_buckets buckets;

static void set_up(int count)
{
    yk_buckets_init(&buckets);
    for (int i = 0; i < count; i++) {
        yk_buckets_add(&buckets);
        yk_buckets_set_open(&buckets, (uint16_t)i, true);
    }
}

/* How many buckets a socket has. */
static int share_of(uint16_t number)
{
    int share = 0;

    for (int i = 0; i < YK_BUCKETS; i++)
        share += buckets.owner[i] == number;
    return share;
}

static void nobody_has_any_at_first(void **state)
{
    (void)state;
    set_up(0);
    assert_int_equal(yk_buckets_find(&buckets, 0), YK_HOME_NONE);
    yk_buckets_add(&buckets);
    assert_int_equal(yk_buckets_find(&buckets, UINT32_MAX), YK_HOME_NONE);
}

static void shares_differ_by_one_at_most(void **state)
{
    (void)state;
    for (int count = 1; count <= 40; count++) {
        set_up(count);
        for (uint16_t i = 0; i < count; i++)
            assert_in_range(share_of(i), YK_BUCKETS / count,
                            (YK_BUCKETS + count - 1) / count);
    }
}

static void there_are_so_many_and_no_more(void **state)
{
    (void)state;
    set_up(YK_HOMES_MAX);
    assert_int_equal(yk_buckets_add(&buckets), -YOKE_EFULL);
    assert_int_equal(buckets.count, YK_HOMES_MAX);
}

static void who_comes_takes_his_share_and_nothing_else_moves(void **state)
{
    uint16_t before[YK_BUCKETS];
    int moved = 0;

    (void)state;
    set_up(4);
    memcpy(before, buckets.owner, sizeof(before));
    yk_buckets_add(&buckets);
    yk_buckets_set_open(&buckets, 4, true);
    for (int i = 0; i < YK_BUCKETS; i++)
        if (buckets.owner[i] != before[i]) {
            assert_int_equal(buckets.owner[i], 4);
            moved++;
        }
    assert_int_equal(moved, YK_BUCKETS / 5);
}

static void who_is_closed_lends_his_and_gets_them_back(void **state)
{
    uint16_t before[YK_BUCKETS];

    (void)state;
    set_up(4);
    memcpy(before, buckets.owner, sizeof(before));
    yk_buckets_set_open(&buckets, 2, false);
    assert_int_equal(share_of(2), 0);
    for (int i = 0; i < YK_BUCKETS; i++)
        assert_true(before[i] == 2 || buckets.owner[i] == before[i]);
    /* Each of the others has some of them. */
    for (uint16_t i = 0; i < 4; i++)
        assert_true(i == 2 || share_of(i) > YK_BUCKETS / 4 + 20);
    yk_buckets_set_open(&buckets, 2, true);
    assert_memory_equal(buckets.owner, before, sizeof(before));
}

static void a_second_one_that_is_closed_moves_only_what_it_has(void **state)
{
    uint16_t before[YK_BUCKETS];

    (void)state;
    set_up(4);
    yk_buckets_set_open(&buckets, 0, false);
    memcpy(before, buckets.owner, sizeof(before));
    yk_buckets_set_open(&buckets, 1, false);
    for (int i = 0; i < YK_BUCKETS; i++)
        assert_true(before[i] == 1 || buckets.owner[i] == before[i]);
}

static void as_many_as_can_be(void **state)
{
    (void)state;
    set_up(YK_HOMES_MAX);
    for (uint16_t i = 0; i < YK_HOMES_MAX; i++)
        assert_int_equal(share_of(i), YK_BUCKETS / YK_HOMES_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nobody_has_any_at_first),
        cmocka_unit_test(shares_differ_by_one_at_most),
        cmocka_unit_test(there_are_so_many_and_no_more),
        cmocka_unit_test(who_comes_takes_his_share_and_nothing_else_moves),
        cmocka_unit_test(who_is_closed_lends_his_and_gets_them_back),
        cmocka_unit_test(a_second_one_that_is_closed_moves_only_what_it_has),
        cmocka_unit_test(as_many_as_can_be),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
