/* What the body parsers have in common: their options. */
#include "middleware.h"

static void
a_charset_that_is_not_taken_is_an_error_of_registration(void **state)
{
    (void)state;
    assert_true(is_refused(yoke_text(.charset = "klingon")));
    assert_true(is_refused(yoke_text(.charset = "")));
    assert_true(is_refused(yoke_urlencoded(.charset = "utf-16")));
    assert_true(is_refused(yoke_json(.charset = "iso-8859-1")));
    assert_false(is_refused(yoke_text(.charset = "KOI8-R")));
    assert_false(is_refused(yoke_text()));
    assert_false(is_refused(yoke_urlencoded(.charset = "latin1")));
    assert_false(is_refused(yoke_json(.charset = "utf-16")));
    assert_false(is_refused(yoke_raw(.charset = "klingon"))); /* It has none. */
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(
            a_charset_that_is_not_taken_is_an_error_of_registration),
    };
    return cmocka_run_group_tests_name("parser", tests, be_quiet, NULL);
}
