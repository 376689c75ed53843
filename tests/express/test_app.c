/* Express: test/app.js and test/middleware.basic.js. That an application is a
 * function and sends events is JavaScript's; app.listen is tested end to end. */
#include "routing.h"

static void without_routes_all_is_404(void **state)
{
    (void)state;
    yoke_test *t = yoke_test_new(yoke_app_new());
    yoke_expect_status(yoke_test_get(t, "/"), 404);
    yoke_test_free(t);
}

/* app, with blog in it, with admin in that. */
struct family {
    yoke_app *app, *blog, *admin;
};

static struct family make_family(void)
{
    struct family f = {yoke_app_new(), yoke_app_new(), yoke_app_new()};
    yoke_app_mount(f.app, "/blog", f.blog);
    yoke_app_mount(f.blog, "/admin", f.admin);
    return f;
}

static void a_mounted_application_knows_its_parent(void **state)
{
    (void)state;
    struct family f = make_family();
    assert_null(yoke_app_parent(f.app));
    assert_ptr_equal(yoke_app_parent(f.blog), f.app);
    assert_ptr_equal(yoke_app_parent(f.admin), f.blog);
    yoke_app_free(f.app);
}

static void a_mounted_application_knows_where(void **state)
{
    (void)state;
    struct family f = make_family();
    assert_string_equal(yoke_app_mountpath(f.blog, 0), "/blog");
    assert_string_equal(yoke_app_mountpath(f.admin, 0), "/admin");
    yoke_app_free(f.app);
}

static void its_path_has_those_around_it(void **state)
{
    (void)state;
    struct family f = make_family();
    assert_string_equal(yoke_app_path(f.app), "");
    assert_string_equal(yoke_app_path(f.blog), "/blog");
    assert_string_equal(yoke_app_path(f.admin), "/blog/admin");
    yoke_app_free(f.app);
}

static yoke_app *app_in(const char *env)
{
    if (env)
        setenv("YOKE_ENV", env, 1);
    else
        unsetenv("YOKE_ENV");
    yoke_app *app = yoke_app_new();
    unsetenv("YOKE_ENV");
    return app;
}

static void development_keeps_no_views(void **state)
{
    (void)state;
    yoke_app *app = app_in("development");
    assert_true(yoke_app_is_disabled(app, "view cache"));
    yoke_app_free(app);
}

static void production_keeps_views(void **state)
{
    (void)state;
    yoke_app *app = app_in("production");
    assert_true(yoke_app_is_enabled(app, "view cache"));
    yoke_app_free(app);
}

static void it_is_development_by_default(void **state)
{
    (void)state;
    yoke_app *app = app_in(NULL);
    assert_string_equal(yoke_app_get_str(app, "env"), "development");
    yoke_app_free(app);
}

static void echo(yoke_req *req, yoke_res *res)
{
    size_t len;
    const char *text = yoke_req_body(req, &len);
    yoke_res_set(res, "X-Calls", yoke_req_get_data(req));
    yoke_res_set(res, "Content-Type", "application/json");
    yoke_res_send(res, text, len);
}

static void middleware_runs_in_turn_and_reads_the_body(void **state)
{
    (void)state;
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, PASS("one"));
    yoke_app_use(app, PASS("two"));
    yoke_app_use(app, yoke_body, echo);
    yoke_test *t = yoke_test_new(app);
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_tr_type(r, "application/json");
    yoke_tr_body(r, "{\"foo\":\"bar\"}");
    yoke_expect_header(r, "Content-Type", "application/json");
    yoke_expect_header(r, "X-Calls", "one two");
    yoke_expect_body(r, "{\"foo\":\"bar\"}");
    yoke_test_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_routes_all_is_404),
        cmocka_unit_test(a_mounted_application_knows_its_parent),
        cmocka_unit_test(a_mounted_application_knows_where),
        cmocka_unit_test(its_path_has_those_around_it),
        cmocka_unit_test(development_keeps_no_views),
        cmocka_unit_test(production_keeps_views),
        cmocka_unit_test(it_is_development_by_default),
        cmocka_unit_test(middleware_runs_in_turn_and_reads_the_body),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    yoke_test_on_fail(_fail);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
