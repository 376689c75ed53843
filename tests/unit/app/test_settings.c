/* Settings: kinds, defaults, mistakes, inheritance. */
#include "handlers.h"

#include "app/settings.h"

/* The application's error starts with this file and line, and has `part`. */
static void assert_error(const yoke_app *app, int line, const char *part)
{
    char place[256];
    const char *error = yoke_app_error(app);
    snprintf(place, sizeof(place), "%s:%d: ", __FILE__, line);
    if (!error || strncmp(error, place, strlen(place)) != 0 ||
        !strstr(error, part))
        fail_msg("expected \"%s...%s\", got \"%s\"", place, part,
                 error ? error : "(none)");
}

static void known_settings_have_defaults(void **state)
{
    yoke_app *app = *state;
    assert_false(yoke_app_is_enabled(app, "case sensitive routing"));
    assert_false(yoke_app_is_enabled(app, "strict routing"));
    assert_false(yoke_app_is_enabled(app, "trust proxy"));
    assert_true(yoke_app_is_enabled(app, "method not allowed"));
    assert_true(yoke_app_is_disabled(app, "x-powered-by"));
    assert_false(yoke_app_is_enabled(app, "etag"));
    assert_string_equal(yoke_app_get_str(app, "query parser"), "simple");
    assert_string_equal(yoke_app_get_str(app, "jsonp callback name"),
                        "callback");
    assert_int_equal(yoke_app_get_int(app, "subdomain offset"), 2);
    assert_int_equal(yoke_app_get_int(app, "json spaces"), 0);
    assert_null(yoke_app_get_str(app, "view engine"));
}

static void env_comes_from_the_environment(void **state)
{
    (void)state;
    setenv("YOKE_ENV", "production", 1);
    yoke_app *app = yoke_app_new();
    unsetenv("YOKE_ENV");
    assert_string_equal(yoke_app_get_str(app, "env"), "production");
    assert_true(yoke_app_is_enabled(app, "view cache"));
    yoke_app_free(app);

    app = yoke_app_new();
    assert_string_equal(yoke_app_get_str(app, "env"), "development");
    assert_false(yoke_app_is_enabled(app, "view cache"));
    yoke_app_free(app);
}

static int freed;

static void count_free(void *ptr)
{
    (void)ptr;
    freed++;
}

static void names_of_the_applications_own_are_free(void **state)
{
    static int database, other;
    yoke_app *app = *state;
    freed = 0;
    assert_null(yoke_app_get_str(app, "title"));
    yoke_app_set_str(app, "title", "Blog");
    yoke_app_set_str(app, "title", "My blog");
    yoke_app_set_int(app, "answer", -42);
    yoke_app_set_ptr(app, "db", &database, count_free);
    yoke_app_set_ptr(app, "db", &database, count_free);
    assert_int_equal(freed, 0);
    assert_string_equal(yoke_app_get_str(app, "title"), "My blog");
    assert_int_equal(yoke_app_get_int(app, "answer"), -42);
    assert_ptr_equal(yoke_app_get_ptr(app, "db"), &database);
    assert_null(yoke_app_get_str(app, "answer"));
    assert_int_equal(yoke_app_get_int(app, "title"), 0);
    yoke_app_set_ptr(app, "db", &other, count_free);
    assert_int_equal(freed, 1);
    assert_null(yoke_app_error(app));
    yoke_app_free(app);
    assert_int_equal(freed, 2);
    *state = NULL;
}

static void what_is_on_depends_on_the_kind(void **state)
{
    static int thing;
    yoke_app *app = *state;
    yoke_app_set_bool(app, "a", true);
    yoke_app_set_int(app, "b", 0);
    yoke_app_set_int(app, "c", -1);
    yoke_app_set_str(app, "d", "");
    yoke_app_set_ptr(app, "e", NULL, NULL);
    yoke_app_set_ptr(app, "f", &thing, NULL);
    assert_true(yoke_app_is_enabled(app, "a"));
    assert_false(yoke_app_is_enabled(app, "b"));
    assert_true(yoke_app_is_enabled(app, "c"));
    assert_true(yoke_app_is_enabled(app, "d"));
    assert_false(yoke_app_is_enabled(app, "e"));
    assert_true(yoke_app_is_enabled(app, "f"));
    assert_false(yoke_app_is_enabled(app, "g"));
    yoke_app_disable(app, "a");
    assert_true(yoke_app_is_disabled(app, "a"));
}

static void mistakes_are_errors_of_registration(void **state)
{
    yoke_app *app = *state;
    yoke_app_set_int(app, "strict routing", 1);
    assert_error(app, __LINE__ - 1, "use yoke_app_set_bool");
    yoke_app_free(app);

    app = *state = yoke_app_new();
    yoke_app_set_str(app, "etag", "robust");
    assert_error(app, __LINE__ - 1, "is none of \"weak\", \"strong\"");
    yoke_app_free(app);

    app = *state = yoke_app_new();
    yoke_app_enable(app, "Strict-Routing");
    assert_error(app, __LINE__ - 1, "write \"strict routing\"");
    yoke_app_free(app);

    app = *state = yoke_app_new();
    yoke_app_set_str(app, "title", NULL);
    assert_error(app, __LINE__ - 1, "the text is NULL");
    yoke_app_free(app);

    app = *state = yoke_app_new();
    yoke_app_enable(app, "");
    assert_error(app, __LINE__ - 1, "a setting without a name");
}

static void after_the_start_it_is_too_late(void **state)
{
    static int thing;
    yoke_app *app = *state;
    freed = 0;
    assert_null(yk_app_prepare(app));
    yoke_log_set_sink(fake_log_line, NULL);
    fake_log[0] = '\0';
    yoke_app_set_ptr(app, "db", &thing, count_free);
    yoke_log_set_sink(NULL, NULL);
    assert_logged("setting \"db\" is set after the start");
    assert_int_equal(freed, 1);
    assert_null(yoke_app_get_ptr(app, "db"));
}

static void mounted_applications_inherit(void **state)
{
    yoke_app *app = *state, *inner = yoke_app_new(), *deep = yoke_app_new();
    yoke_app_set_str(inner, "etag", "strong");
    yoke_app_set_str(app, "etag", "weak");
    yoke_app_set_int(app, "subdomain offset", 3);
    yoke_app_set_str(app, "title", "Blog");
    yoke_app_mount(inner, "/deep", deep);
    assert_int_equal(yoke_app_get_int(deep, "subdomain offset"), 2);
    yoke_app_mount(app, "/in", inner);
    assert_string_equal(yoke_app_get_str(inner, "etag"), "strong");
    assert_string_equal(yoke_app_get_str(deep, "etag"), "strong");
    assert_int_equal(yoke_app_get_int(deep, "subdomain offset"), 3);
    assert_string_equal(yoke_app_get_str(deep, "title"), "Blog");
    /* Also what is set later. */
    yoke_app_enable(app, "trust proxy");
    yoke_app_set_str(app, "env", "test");
    assert_true(yoke_app_is_enabled(deep, "trust proxy"));
    assert_string_equal(yoke_app_get_str(deep, "env"), "test");
    yoke_app_disable(inner, "trust proxy");
    assert_false(yoke_app_is_enabled(deep, "trust proxy"));
    assert_true(yoke_app_is_enabled(app, "trust proxy"));
}

static void method_not_allowed_can_be_turned_off(void **state)
{
    yoke_app *app = *state;
    yoke_app_disable(app, "method not allowed");
    yoke_app_get(app, "/x", ANSWER("get"));
    expect_trace(app, "GET /x", 200, "get");
    expect(app, "POST /x", 404, "Cannot POST /x");
    expect(app, "OPTIONS /x", 200, "GET, HEAD");
}

static void routing_settings_count_whenever_they_are_made(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/Users/", ANSWER("users"));
    yoke_app_enable(app, "case sensitive routing");
    yoke_app_enable(app, "strict routing");
    expect_trace(app, "GET /Users/", 200, "users");
    expect(app, "GET /users/", 404, "Cannot GET /users/");
    expect(app, "GET /Users", 404, "Cannot GET /Users");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        APP_TEST(known_settings_have_defaults),
        APP_TEST(env_comes_from_the_environment),
        APP_TEST(names_of_the_applications_own_are_free),
        APP_TEST(what_is_on_depends_on_the_kind),
        APP_TEST(mistakes_are_errors_of_registration),
        APP_TEST(after_the_start_it_is_too_late),
        APP_TEST(mounted_applications_inherit),
        APP_TEST(method_not_allowed_can_be_turned_off),
        APP_TEST(routing_settings_count_whenever_they_are_made),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
