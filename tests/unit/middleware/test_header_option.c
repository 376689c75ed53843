/* Header fields in options: what HTTP does not allow is told at once. */
#include "middleware.h"

static void names_that_cannot_be_are_errors_of_registration(void **state)
{
    static const char *const bad[] = {"", "X Id", "X-Id:", "X-Id\r\nA", "X-Ü"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_true(is_refused(yoke_request_id(.header = bad[i])));
        assert_true(is_refused(yoke_method_override(.header = bad[i])));
    }
    assert_false(is_refused(yoke_request_id(.header = "X_Id.1")));
    assert_false(is_refused(yoke_method_override(.header = "X_Id.1")));
    assert_false(is_refused(yoke_method_override(.query = "a b")));
}

static void fields_of_yoke_s_own_are_errors_of_registration(void **state)
{
    static const char *const ours[] = {"date", "Connection", "Content-Length",
                                       "transfer-encoding"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ours); i++)
        assert_true(is_refused(yoke_request_id(.header = ours[i])));
}

static void
values_with_control_characters_are_errors_of_registration(void **state)
{
    (void)state;
    assert_true(is_refused(yoke_secure_headers(.referrer_policy = "a\nb")));
    assert_true(is_refused(yoke_secure_headers(.x_xss_protection = "0\x01")));
    assert_true(is_refused(
        yoke_secure_headers(.content_security_policy = "a\r\nb: c")));
    assert_true(is_refused(
        yoke_secure_headers(.content_security_policy = "{nonce}\r\nb: c")));
    assert_false(is_refused(yoke_secure_headers(.referrer_policy = "a\tb")));
    assert_false(
        is_refused(yoke_secure_headers(.referrer_policy = YOKE_NO_HEADER)));
    assert_false(is_refused(yoke_secure_headers()));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_cannot_be_are_errors_of_registration),
        cmocka_unit_test(fields_of_yoke_s_own_are_errors_of_registration),
        cmocka_unit_test(
            values_with_control_characters_are_errors_of_registration),
    };
    return cmocka_run_group_tests_name("header option", tests, be_quiet, NULL);
}
