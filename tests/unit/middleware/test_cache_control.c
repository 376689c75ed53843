/* Cache-Control, directive by directive (RFC 9111 section 5.2). */
#include "../unit.h"

#include <string.h>

#include "middleware/cache_control.h"

static struct yk_cache_control parse(const char *field)
{
    struct yk_cache_control control;
    yk_cache_control_init(&control);
    yk_cache_control_add(&control, field);
    return control;
}

static void flags_are_found(void **state)
{
    static const struct {
        const char *field;
        const char *flags; /* A letter for each that is set. */
    } cases[] = {
        {"", ""},
        {"no-store", "s"},
        {"NO-STORE", "s"},
        {"no-cache", "c"},
        {"no-cache=\"set-cookie, x\"", "c"},
        {"private", "p"},
        {"private=\"x-field\"", "p"},
        {"public", "u"},
        {"must-revalidate", "m"},
        {"proxy-revalidate", "r"},
        {"must-understand", "n"},
        {"only-if-cached", "o"},
        {" , ,public ,\tno-store", "su"},
        {"publicity, no-stores, xno-cache", ""},
        /* What stands in quotes is no directive. */
        {"ext=\"no-store, private\", public", "u"},
        {"ext=\"a\\\", no-store\", public", "u"},
        {"ext=\"never ends, no-store", ""},
        {"\"no-store\"", ""},
        {"=no-store, public", "u"},
        {"community=\"UCI\" ; public", "u"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct yk_cache_control control = parse(cases[i].field);
        const char *flags = cases[i].flags;
        assert_int_equal(control.no_store, strchr(flags, 's') != NULL);
        assert_int_equal(control.no_cache, strchr(flags, 'c') != NULL);
        assert_int_equal(control.is_private, strchr(flags, 'p') != NULL);
        assert_int_equal(control.is_public, strchr(flags, 'u') != NULL);
        assert_int_equal(control.must_revalidate, strchr(flags, 'm') != NULL);
        assert_int_equal(control.proxy_revalidate, strchr(flags, 'r') != NULL);
        assert_int_equal(control.must_understand, strchr(flags, 'n') != NULL);
        assert_int_equal(control.only_if_cached, strchr(flags, 'o') != NULL);
    }
}

static void the_others_are_read_alike(void **state)
{
    (void)state;
    struct yk_cache_control control =
        parse("s-maxage=1, min-fresh=2, max-stale=3, stale-while-revalidate=4, "
              "stale-if-error=5");
    assert_int_equal(control.s_maxage, 1);
    assert_int_equal(control.min_fresh, 2);
    assert_int_equal(control.max_stale, 3);
    assert_int_equal(control.stale_while_revalidate, 4);
    assert_int_equal(control.stale_if_error, 5);
    /* Section 5.2.1.2: however old. */
    assert_int_equal(parse("max-stale").max_stale, YK_CACHE_SECONDS_MAX);
    assert_int_equal(parse("max-stale=").max_stale, 0);
}

static void numbers_are_read(void **state)
{
    static const struct {
        const char *field;
        int64_t max_age;
    } cases[] = {
        {"", -1},
        {"max-age=60", 60},
        {"Max-Age=060", 60},
        {"max-age=\"60\"", 60}, /* Both forms: section 5.2. */
        {"max-age=0", 0},
        {"max-age=2147483648", YK_CACHE_SECONDS_MAX}, /* Section 1.2.2. */
        {"max-age=99999999999999999999", YK_CACHE_SECONDS_MAX},
        {"max-age=abc", 0}, /* Invalid is stale: 4.2.1. */
        {"max-age=-1", 0},
        {"max-age=1.5", 0},
        {"max-age=", 0},
        {"max-age", 0},
        {"max-age=\"", 0},
        {"max-age=60, max-age=30", 30}, /* The smallest of several. */
        {"max-age=30, max-age=60", 30},
        {"x-max-age=60", -1},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(parse(cases[i].field).max_age, cases[i].max_age);
    struct yk_cache_control control =
        parse("s-maxage=1, min-fresh=2, stale-while-revalidate=3");
    assert_int_equal(control.s_maxage, 1);
    assert_int_equal(control.min_fresh, 2);
    assert_int_equal(control.stale_while_revalidate, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(flags_are_found),
        cmocka_unit_test(numbers_are_read),
        cmocka_unit_test(the_others_are_read_alike),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
