/* Express: test/config.js. What an object inherits, and calls that return the
 * application, are JavaScript's. */
#include "express.h"

static bool trusts_none(const char *address, int hop, void *data)
{
    (void)address;
    (void)hop;
    (void)data;
    return false;
}

static const struct yoke_trust one = {trusts_none, NULL};
static const struct yoke_trust other = {trusts_none, NULL};

static void set_trust(yoke_app *app, const struct yoke_trust *trust)
{
    yoke_app_set_ptr(app, "trust proxy", (void *)(uintptr_t)trust, NULL);
}

static void assert_trusts(const yoke_app *app, const struct yoke_trust *trust)
{
    assert_ptr_equal(yoke_app_get_ptr(app, "trust proxy"), trust);
}

static int set_up(void **state)
{
    *state = yoke_app_new();
    return 0;
}

static int tear_down(void **state)
{
    yoke_app_free(*state);
    return 0;
}

static void a_value_is_got_as_it_was_set(void **state)
{
    yoke_app *app = *state;
    yoke_app_set_str(app, "foo", "bar");
    assert_string_equal(yoke_app_get_str(app, "foo"), "bar");
}

static void a_value_that_was_set_twice_is_the_last(void **state)
{
    yoke_app *app = *state;
    yoke_app_set_str(app, "foo", "bar");
    yoke_app_set_str(app, "foo", "baz");
    assert_string_equal(yoke_app_get_str(app, "foo"), "baz");
}

static void what_was_not_set_is_none(void **state)
{
    yoke_app *app = *state;
    assert_null(yoke_app_get_str(app, "foo"));
    assert_null(yoke_app_get_ptr(app, "foo"));
}

static void etag_refuses_what_it_does_not_know(void **state)
{
    yoke_app *app = *state;
    yoke_app_set_int(app, "etag", 42);
    assert_non_null(strstr(yoke_app_error(app), "etag"));
    yoke_app_free(app);
    app = *state = yoke_app_new();
    yoke_app_set_str(app, "etag", "foo");
    assert_non_null(strstr(yoke_app_error(app), "etag"));
}

static const char *make_tag(yoke_req *req, const void *body, size_t len,
                            void *data)
{
    (void)req;
    (void)body;
    (void)len;
    (void)data;
    return "\"1\"";
}

static void etag_takes_a_function(void **state)
{
    static struct yoke_etag ours = {make_tag, NULL};
    yoke_app *app = *state;
    yoke_app_set_ptr(app, "etag", &ours, NULL);
    assert_null(yoke_app_error(app));
    assert_ptr_equal(yoke_app_get_ptr(app, "etag"), &ours);
}

static void trust_proxy_takes_a_function(void **state)
{
    yoke_app *app = *state;
    set_trust(app, &one);
    assert_null(yoke_app_error(app));
    assert_trusts(app, &one);
}

static void a_mounted_application_has_its_parents_value(void **state)
{
    yoke_app *app = *state, *blog = yoke_app_new();
    yoke_app_set_str(app, "title", "Express");
    yoke_app_mount(app, "/", blog);
    assert_string_equal(yoke_app_get_str(blog, "title"), "Express");
}

static void a_mounted_applications_own_value_comes_first(void **state)
{
    yoke_app *app = *state, *blog = yoke_app_new();
    yoke_app_mount(app, "/", blog);
    yoke_app_set_str(app, "title", "Express");
    yoke_app_set_str(blog, "title", "Some Blog");
    assert_string_equal(yoke_app_get_str(blog, "title"), "Some Blog");
    assert_string_equal(yoke_app_get_str(app, "title"), "Express");
}

static void trust_proxy_is_inherited(void **state)
{
    yoke_app *app = *state, *blog = yoke_app_new();
    set_trust(app, &one);
    yoke_app_mount(app, "/", blog);
    assert_trusts(blog, &one);
}

static void trust_proxy_of_its_own_comes_first(void **state)
{
    yoke_app *app = *state, *blog = yoke_app_new();
    set_trust(app, &one);
    set_trust(blog, &other);
    yoke_app_mount(app, "/", blog);
    assert_trusts(app, &one);
    assert_trusts(blog, &other);
}

static void what_is_enabled_is_true(void **state)
{
    yoke_app *app = *state;
    yoke_app_enable(app, "tobi");
    assert_true(yoke_app_get_bool(app, "tobi"));
}

static void what_is_disabled_is_false(void **state)
{
    yoke_app *app = *state;
    yoke_app_enable(app, "tobi");
    yoke_app_disable(app, "tobi");
    assert_false(yoke_app_get_bool(app, "tobi"));
}

static void nothing_is_enabled_by_default(void **state)
{
    assert_false(yoke_app_is_enabled(*state, "foo"));
}

static void what_has_a_value_is_enabled(void **state)
{
    yoke_app_set_str(*state, "foo", "bar");
    assert_true(yoke_app_is_enabled(*state, "foo"));
}

static void all_is_disabled_by_default(void **state)
{
    assert_true(yoke_app_is_disabled(*state, "foo"));
}

static void what_has_a_value_is_not_disabled(void **state)
{
    yoke_app_set_str(*state, "foo", "bar");
    assert_false(yoke_app_is_disabled(*state, "foo"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_value_is_got_as_it_was_set),
        TEST(a_value_that_was_set_twice_is_the_last),
        TEST(what_was_not_set_is_none),
        TEST(etag_refuses_what_it_does_not_know),
        TEST(etag_takes_a_function),
        TEST(trust_proxy_takes_a_function),
        TEST(a_mounted_application_has_its_parents_value),
        TEST(a_mounted_applications_own_value_comes_first),
        TEST(trust_proxy_is_inherited),
        TEST(trust_proxy_of_its_own_comes_first),
        TEST(what_is_enabled_is_true),
        TEST(what_is_disabled_is_false),
        TEST(nothing_is_enabled_by_default),
        TEST(what_has_a_value_is_enabled),
        TEST(all_is_disabled_by_default),
        TEST(what_has_a_value_is_not_disabled),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
