/* The skip list: ordered, whatever is added and removed; checked against the
 * plainest map there is. */
#include "../unit.h"

#include <stdio.h>

#include "store/skip.h"

#define NAMES 200

static struct yk_slice name_of(int n, char out[8])
{
    int len = snprintf(out, 8, "%d", n);
    return (struct yk_slice){out, (size_t)len};
}

static void keeps_names_in_order(void **state)
{
    struct yk_skip list;
    bool is_there[NAMES] = {false};
    struct yk_random random = {.state = 7};
    char text[8];
    (void)state;
    yk_skip_init(&list);
    for (int i = 0; i < 5000; i++) {
        int n = (int)yk_random_below(&random, NAMES);
        struct yk_slice name = name_of(n, text);
        struct yk_skip_node *node = yk_skip_find(&list, name);
        assert_int_equal(node != NULL, is_there[n]);
        if (node)
            yk_skip_remove(&list, name);
        else
            assert_non_null(yk_skip_add(&list, name, &is_there[n]));
        is_there[n] = !is_there[n];
    }
    size_t count = 0;
    struct yk_skip_node *last = NULL;
    for (struct yk_skip_node *node = list.heads[0]; node;
         last = node, node = yk_skip_next(node)) {
        assert_true(!last || strcmp(last->key, node->key) < 0);
        assert_true(*(bool *)node->item);
        count++;
    }
    assert_int_equal(count, list.count);
    yk_skip_done(&list);
    assert_int_equal(list.count, 0);
}

static void finds_where_a_name_would_be(void **state)
{
    struct yk_skip list;
    (void)state;
    yk_skip_init(&list);
    assert_null(yk_skip_from(&list, YK_LIT("")));
    yk_skip_add(&list, YK_LIT("b"), NULL);
    yk_skip_add(&list, YK_LIT("bb"), NULL);
    yk_skip_add(&list, YK_LIT("\xff"), NULL);
    assert_string_equal(yk_skip_from(&list, YK_LIT(""))->key, "b");
    assert_string_equal(yk_skip_from(&list, YK_LIT("b"))->key, "b");
    assert_string_equal(yk_skip_from(&list, YK_LIT("ba"))->key, "bb");
    assert_string_equal(yk_skip_from(&list, YK_LIT("bc"))->key, "\xff");
    assert_null(yk_skip_from(&list, YK_LIT("\xff\xff")));
    assert_null(yk_skip_find(&list, YK_LIT("ba")));
    yk_skip_remove(&list, YK_LIT("ba"));
    assert_int_equal(list.count, 3);
    yk_skip_done(&list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_names_in_order),
        cmocka_unit_test(finds_where_a_name_would_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
