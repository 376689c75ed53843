/* Applications within applications: who owns them, and where they are. */
#include "handlers.h"

static void an_application_knows_where_it_is(void **state)
{
    yoke_app *app = *state, *blog = yoke_app_new(), *admin = yoke_app_new();
    assert_string_equal(yoke_app_path(admin), "");
    assert_string_equal(yoke_app_mountpath(admin, 0), "/");
    assert_null(yoke_app_mountpath(admin, 1));
    assert_null(yoke_app_parent(admin));
    yoke_app_mount(blog, yoke_paths("/admin", "/office"), admin);
    assert_string_equal(yoke_app_path(admin), "/admin");
    yoke_app_mount(app, "/blog", blog);
    assert_ptr_equal(yoke_app_parent(admin), blog);
    assert_ptr_equal(yoke_app_parent(blog), app);
    assert_string_equal(yoke_app_path(admin), "/blog/admin");
    assert_string_equal(yoke_app_path(blog), "/blog");
    assert_string_equal(yoke_app_path(app), "");
    assert_string_equal(yoke_app_mountpath(admin, 0), "/admin");
    assert_string_equal(yoke_app_mountpath(admin, 1), "/office");
    assert_null(yoke_app_mountpath(admin, 2));
}

static void show_app(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_app_data(yoke_req_app(req)));
}

static void note_app(yoke_req *req, yoke_res *res)
{
    (void)res;
    note(yoke_app_data(yoke_req_app(req)));
    yoke_next(req);
}

static void handlers_see_their_application(void **state)
{
    yoke_app *app = *state, *inner = yoke_app_new(), *deep = yoke_app_new();
    yoke_router *router = yoke_router_new();
    yoke_app_set_data(app, (void *)(uintptr_t) "outer", NULL);
    yoke_app_set_data(inner, (void *)(uintptr_t) "inner", NULL);
    yoke_app_set_data(deep, (void *)(uintptr_t) "deep", NULL);
    yoke_app_use(deep, note_app);
    yoke_app_use(inner, note_app);
    yoke_router_get(router, "/x", show_app);
    yoke_app_mount(inner, "/", deep);
    yoke_app_use_router(inner, "/r", router);
    yoke_app_use(inner, note_app);
    yoke_app_mount(app, "/in", inner);
    yoke_app_use(app, note_app, ANSWER("end"));
    expect(app, "GET /in/r/x", 200, "inner");
    expect_trace(app, "GET /in/y", 200, "inner deep inner outer end");
}

static void leaving_an_application_restores_the_one_around(void **state)
{
    yoke_app *app = *state, *inner = yoke_app_new();
    yoke_app_set_data(app, (void *)(uintptr_t) "outer", NULL);
    yoke_app_set_data(inner, (void *)(uintptr_t) "inner", NULL);
    yoke_app_get(inner, "/leave", ROUTER("left"));
    yoke_app_get(inner, "/fail", RAISE("failed"));
    yoke_app_mount(app, "/", inner);
    yoke_app_catch(app, forgive);
    yoke_app_use(app, note_app, ANSWER("end"));
    expect_trace(app, "GET /leave", 200, "left outer end");
    expect_trace(app, "GET /fail", 200, "failed forgiven outer end");
}

static void methods_of_mounted_applications_are_known(void **state)
{
    yoke_app *app = *state, *inner = yoke_app_new();
    yoke_app_method(inner, "COPY", "/x", ANSWER("copied"));
    yoke_app_mount(app, "/in", inner);
    expect_trace(app, "COPY /in/x", 200, "copied");
    expect(app, "OPTIONS /in/x", 200, "COPY");
    expect(app, "GET /in/x", 405, "Method Not Allowed");
}

/* ---- Ownership ---- */

static int freed;

static void count_free(void *data)
{
    (void)data;
    freed++;
}

static void it_is_freed_with_the_one_around(void **state)
{
    static int data;
    yoke_app *app = *state, *inner = yoke_app_new(), *deep = yoke_app_new();
    freed = 0;
    yoke_app_set_data(inner, &data, count_free);
    yoke_app_set_data(deep, &data, count_free);
    yoke_app_mount(app, "/", inner);
    yoke_app_mount(inner, "/", deep);
    fake_log[0] = '\0';
    yoke_log_set_sink(fake_log_line, NULL);
    yoke_app_free(inner);
    yoke_log_set_sink(NULL, NULL);
    assert_logged("is freed with the one around it");
    assert_int_equal(freed, 0);
    yoke_app_free(app);
    assert_int_equal(freed, 2);
    *state = NULL;
}

static void a_second_owner_keeps_it(void **state)
{
    static int data;
    yoke_app *app = *state, *inner = yoke_app_new();
    freed = 0;
    yoke_app_set_data(inner, &data, count_free);
    yoke_app_ref(inner);
    yoke_app_mount(app, "/", inner);
    yoke_app_free(app);
    assert_int_equal(freed, 0);
    assert_null(yoke_app_parent(inner));
    assert_string_equal(yoke_app_path(inner), "");
    yoke_app_free(inner);
    assert_int_equal(freed, 1);
    *state = NULL;
}

static void it_has_one_place(void **state)
{
    yoke_app *app = *state, *inner = yoke_app_new();
    yoke_app_mount(app, "/a", inner);
    yoke_app_mount(app, "/b", inner);
    assert_non_null(strstr(yoke_app_error(app), "mounted already"));
    assert_string_equal(yoke_app_path(inner), "/a");
    yoke_app_free(app);

    app = *state = yoke_app_new();
    yoke_app_mount(app, "/a", app);
    assert_non_null(strstr(yoke_app_error(app), "mounted below itself"));
    assert_null(yoke_app_parent(app));
    yoke_app_free(app);

    app = *state = yoke_app_new();
    inner = yoke_app_new();
    yoke_app_use_router(app, "/a", yoke_app_router(inner));
    assert_non_null(strstr(yoke_app_error(app), "mount that with"));
    yoke_app_free(inner);
    yoke_app_free(app);

    app = *state = yoke_app_new();
    yoke_app_mount(app, "/a", NULL);
    assert_non_null(strstr(yoke_app_error(app), "is NULL"));
}

static void what_is_mounted_badly_is_freed_too(void **state)
{
    static int data;
    yoke_app *app = *state, *inner = yoke_app_new();
    freed = 0;
    yoke_app_set_data(inner, &data, count_free);
    yoke_app_mount(app, "bad", inner);
    assert_non_null(yoke_app_error(app));
    yoke_app_free(app);
    assert_int_equal(freed, 1);
    *state = NULL;
}

static void its_errors_are_those_of_the_one_around(void **state)
{
    yoke_app *app = *state, *inner = yoke_app_new();
    yoke_app_mount(app, "/a", inner);
    yoke_app_get(inner, "/:x<none>", ANSWER("never"));
    yoke_app_enable(inner, "etagg");
    assert_null(yoke_app_error(app));
    yoke_app_set_int(inner, "strict routing", 1);
    assert_non_null(strstr(yoke_app_error(app), "strict routing"));
}

static void it_is_not_served_by_itself(void **state)
{
    yoke_app *app = *state, *inner = yoke_app_new();
    yoke_app_mount(app, "/a", inner);
    assert_non_null(strstr(yoke_app_check(inner), "serve that"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        APP_TEST(an_application_knows_where_it_is),
        APP_TEST(handlers_see_their_application),
        APP_TEST(leaving_an_application_restores_the_one_around),
        APP_TEST(methods_of_mounted_applications_are_known),
        APP_TEST(it_is_freed_with_the_one_around),
        APP_TEST(a_second_owner_keeps_it),
        APP_TEST(it_has_one_place),
        APP_TEST(what_is_mounted_badly_is_freed_too),
        APP_TEST(its_errors_are_those_of_the_one_around),
        APP_TEST(it_is_not_served_by_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
