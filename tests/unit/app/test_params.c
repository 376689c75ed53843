/* Params: asking for values, wildcards, and what hooks attach. (Which hooks run
 * when: tests/express/test_app_param.c.) */
#include "handlers.h"

static void show_parts(yoke_req *req, yoke_res *res)
{
    size_t count = 99;
    const char *text = "";
    const char *const *parts = yoke_req_param_parts(req, "path", &count);
    for (size_t i = 0; i < count; i++)
        text = yoke_req_printf(req, "%s[%s]", text, parts[i]);
    if (parts && parts[count])
        text = "no end";
    yoke_res_text(res,
                  yoke_req_printf(req, "%zu %s %s", count, text,
                                  parts ? yoke_req_param(req, "path") : "-"));
}

static void wildcards_are_segments(void **state)
{
    static const struct {
        const char *start, *body;
    } cases[] = {
        {"GET /f/a", "1 [a] a"},
        {"GET /f/a/b", "2 [a][b] a/b"},
        {"GET /f/a%2Fb/c%20d", "2 [a/b][c d] a/b/c d"},
        {"GET /f/a/b/", "3 [a][b][] a/b/"},
        {"GET /f//", "2 [][] /"},
        {"GET /f", "0  -"},
        {"GET /one/a%2Fb", "1 [a/b] a/b"},
        {"GET /none", "0  -"},
    };
    yoke_app *app = *state;
    yoke_app_get(app, "/f{/*path}", show_parts);
    yoke_app_get(app, "/one/:path", show_parts);
    yoke_app_get(app, "/none", show_parts);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        expect(app, cases[i].start, 200, cases[i].body);
    expect(app, "GET /f/a/%zz/b", 400, "Bad Request");
    expect(app, "GET /f/a%00", 400, "Bad Request");
}

static void
a_wrong_escape_is_the_concern_of_the_method_that_is_asked(void **state)
{
    yoke_app *app = *state;
    yoke_app_post(app, "/int/:id<int>", show_parts);
    yoke_app_post(app, "/part/x:id", show_parts);
    yoke_app_post(app, "/any/:id", show_parts);
    expect(app, "GET /int/%zz", 405, "Method Not Allowed");
    expect(app, "POST /int/%zz", 400, "Bad Request");
    expect(app, "GET /any/%zz", 405, "Method Not Allowed");
    expect(app, "GET /part/x%zz", 405, "Method Not Allowed");
    expect(app, "POST /part/x%zz", 400, "Bad Request");
}

static void show_all(yoke_req *req, yoke_res *res)
{
    const char *name = "kept", *value = "kept", *text = "";
    size_t n = yoke_req_param_count(req);
    for (size_t i = 0; i < n; i++) {
        assert_true(yoke_req_param_at(req, i, &name, &value));
        text = yoke_req_printf(req, "%s(%s=%s)", text, name, value);
    }
    assert_false(yoke_req_param_at(req, n, &name, &value));
    yoke_res_text(res, text);
}

static void all_params_can_be_gone_through(void **state)
{
    yoke_app *app = *state;
    yoke_router *router = yoke_router_new(.merge_params = true);
    yoke_router_get(router, "/:b/:c{.:d}", show_all);
    yoke_app_use_router(app, "/:a/:b", router);
    yoke_app_use(app, show_all);
    expect(app, "GET /1/2/3/4", 200, "(b=3)(c=4)(a=1)");
    expect(app, "GET /1/2/3/4.5", 200, "(b=3)(c=4)(d=5)(a=1)");
    expect(app, "GET /1", 200, "");
}

static void show_quoted(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_param(req, "user id"));
}

static void names_can_be_quoted(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/u/:\"user id\"/x", show_quoted);
    expect(app, "GET /u/7/x", 200, "7");
}

/* ---- Hooks ---- */

static void attach(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_param_set_data(req, yoke_data(req));
    yoke_next(req);
}

static void show_data(yoke_req *req, yoke_res *res)
{
    char *user = yoke_req_param_data(req, "user");
    char *other = yoke_req_param_data(req, "other");
    assert_null(yoke_param_value(req));
    assert_null(yoke_param_name(req));
    assert_null(other);
    yoke_res_text(res, user ? user : "(none)");
}

static void what_is_attached_is_the_values(void **state)
{
    yoke_app *app = *state;
    yoke_app_param(app, "user",
                   yoke_with(attach, (void *)(uintptr_t) "ada", NULL));
    yoke_app_get(app, "/:user/:other", show_data);
    yoke_app_get(app, "/:name", show_data);
    expect(app, "GET /1/2", 200, "ada");
    expect(app, "GET /1", 200, "(none)");
}

static void attaching_outside_is_a_mistake(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/:user", attach);
    struct fake *f = fake_new("GET /1", "");
    fake_run(f, app);
    assert_logged("yoke_param_set_data is called outside");
    fake_free(f);
}

static void forget(yoke_req *req, yoke_res *res)
{
    (void)req;
    (void)res;
}

static void a_hook_that_forgets_to_answer_is_found(void **state)
{
    yoke_app *app = *state;
    yoke_app_param(app, "user", forget);
    yoke_app_get(app, "/:user", ANSWER("never"));
    struct fake *f = fake_new("GET /1", "");
    fake_run(f, app);
    assert_int_equal(f->status, 500);
    assert_logged("without an answer, yoke_next or yoke_hold");
    fake_free(f);
}

static yoke_req *held;

static void hold(yoke_req *req, yoke_res *res)
{
    (void)res;
    held = req;
    yoke_hold(req);
}

static void a_hook_can_take_its_time(void **state)
{
    yoke_app *app = *state;
    yoke_app_param(app, "user", hold);
    yoke_app_param(app, "user", PASS("second"));
    yoke_app_get(app, "/:user", ANSWER("end"));
    struct fake *f = fake_new("GET /1", "");
    fake_run(f, app);
    assert_false(f->is_ended);
    assert_string_equal(yoke_param_value(held), "1");
    yoke_next(held);
    fake_settle(f);
    assert_string_equal(f->body, "second end");
    fake_free(f);
}

static void a_hook_that_is_too_slow_is_answered_for(void **state)
{
    yoke_app *app = *state;
    yoke_app_param(app, "user", hold);
    yoke_app_get(app, "/:user", ANSWER("never"));
    struct fake *f = fake_new("GET /1", "");
    fake_run(f, app);
    fake_timeout(f);
    assert_int_equal(f->status, 503);
    yoke_next(held);
    fake_settle(f);
    fake_free(f);
}

static void wrong_hooks_are_errors(void **state)
{
    static const struct {
        const char *name;
        struct yoke_handler handler;
        const char *part;
    } cases[] = {
        {"", {pass, NULL, NULL, NULL}, "is not the name of a param"},
        {":id", {pass, NULL, NULL, NULL}, "write \"id\" for \":id\""},
        {"id", {NULL, NULL, NULL, NULL}, "is NULL"},
        {"id", {NULL, NULL, NULL, show_error}, "is for errors"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        yoke_app *app = yoke_app_new();
        yoke_app_param(app, cases[i].name, cases[i].handler);
        assert_non_null(yoke_app_error(app));
        if (!strstr(yoke_app_error(app), cases[i].part))
            fail_msg("%s", yoke_app_error(app));
        yoke_app_free(app);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        APP_TEST(a_wrong_escape_is_the_concern_of_the_method_that_is_asked),
        APP_TEST(wildcards_are_segments),
        APP_TEST(all_params_can_be_gone_through),
        APP_TEST(names_can_be_quoted),
        APP_TEST(what_is_attached_is_the_values),
        APP_TEST(attaching_outside_is_a_mistake),
        APP_TEST(a_hook_that_forgets_to_answer_is_found),
        APP_TEST(a_hook_can_take_its_time),
        APP_TEST(a_hook_that_is_too_slow_is_answered_for),
        APP_TEST(wrong_hooks_are_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
