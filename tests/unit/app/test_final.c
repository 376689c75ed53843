/* What becomes of a request that no handler answers, and of errors. */
#include "handlers.h"

/* ---- OPTIONS and 405 ---- */

static void expect_allow(yoke_app *app, const char *start, int status,
                         const char *allow)
{
    char line[256];
    struct fake *f = fake_new(start, "");
    fake_run(f, app);
    assert_int_equal(f->status, status);
    snprintf(line, sizeof(line), "Allow: %s", allow);
    assert_header(f, line);
    assert_header(f, "Content-Type: text/plain; charset=utf-8");
    assert_header(f, "X-Content-Type-Options: nosniff");
    assert_string_equal(f->body, status == 405 ? "Method Not Allowed" : allow);
    fake_free(f);
}

static void options_lists_the_methods_of_the_path(void **state)
{
    yoke_app *app = *state;
    yoke_router *inner = yoke_router_new();
    yoke_app_put(app, "/x", ANSWER("put"));
    yoke_app_get(app, "/:id", ANSWER("get"));
    yoke_app_get(app, "/x", ANSWER("get"));
    yoke_app_all(app, "/x", PASS("all"));
    yoke_app_post(app, "/y", ANSWER("post"));
    yoke_router_delete(inner, "/x", ANSWER("delete"));
    yoke_router_method(inner, "COPY", "/:any", ANSWER("copy"));
    yoke_app_use_router(app, "/", inner);
    expect_allow(app, "OPTIONS /x", 200, "COPY, DELETE, GET, HEAD, PUT");
    expect_allow(app, "OPTIONS /y", 200, "COPY, GET, HEAD, POST");
    expect(app, "OPTIONS /no/such", 404, "Cannot OPTIONS /no/such");
}

static void options_of_the_application_wins(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", ANSWER("get"));
    yoke_app_options(app, "/x", ANSWER("mine"));
    expect_trace(app, "OPTIONS /x", 200, "mine");
}

static void options_star_lists_every_method(void **state)
{
    yoke_app *app = *state;
    yoke_router *inner = yoke_router_new();
    yoke_app_use(app, PASS("logged"));
    yoke_app_get(app, "/x", ANSWER("get"));
    yoke_router_put(inner, "/y", ANSWER("put"));
    yoke_app_use_router(app, "/in", inner);
    trace[0] = '\0';
    expect_allow(app, "OPTIONS *", 200, "GET, HEAD, PUT");
    assert_string_equal(trace, "logged");
}

static void only_all_adds_nothing_to_allow(void **state)
{
    yoke_app *app = *state;
    yoke_app_all(app, "/x", PASS("all"));
    expect(app, "OPTIONS /x", 404, "Cannot OPTIONS /x");
    expect(app, "POST /x", 404, "Cannot POST /x");
}

static void a_path_without_this_method_is_405(void **state)
{
    yoke_app *app = *state;
    yoke_app_use(app, PASS("use"));
    yoke_app_get(app, "/x", ANSWER("get"));
    yoke_app_delete(app, "/:id", ANSWER("delete"));
    expect_allow(app, "POST /x", 405, "DELETE, GET, HEAD");
    expect_allow(app, "POST /y", 405, "DELETE");
    expect(app, "POST /y/z", 404, "Cannot POST /y/z");
}

static void a_route_that_passed_on_leaves_404(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", PASS("get"));
    yoke_app_post(app, "/x", ANSWER("post"));
    expect(app, "GET /x", 404, "Cannot GET /x");
    expect(app, "HEAD /x", 404, "Cannot HEAD /x");
}

static void not_found_shows_the_path_without_markup(void **state)
{
    struct fake *f = fake_new("GET /<script>alert(\"1\")</script>?q=<b>", "");
    fake_run(f, *state);
    assert_int_equal(f->status, 404);
    assert_string_equal(f->body,
                        "Cannot GET /%3Cscript%3Ealert(%221%22)%3C/script%3E");
    assert_header(f, "Content-Type: text/plain; charset=utf-8");
    assert_header(f, "X-Content-Type-Options: nosniff");
    assert_not_logged();
    fake_free(f);
}

/* ---- Errors ---- */

static void errors_go_to_the_next_error_handler(void **state)
{
    yoke_app *app = *state;
    yoke_app_catch(app, show_error); /* Above: not asked. */
    yoke_app_get(app, "/x", RAISE("x"), ANSWER("never"));
    yoke_app_use(app, ANSWER("never"));
    yoke_app_use_router(app, "/", yoke_router_new());
    yoke_app_catch_at(app, "/y", rename_error);
    yoke_app_catch(app, rename_error);
    yoke_app_use(app, ANSWER("never"));
    yoke_app_catch(app, show_error);
    expect_trace(app, "GET /x", 409, "no coffee here!");
    assert_string_equal(trace, "x renamed");
}

static void an_error_that_nobody_catches_shows_its_status_only(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", RAISE("x"));
    struct fake *f = fake_new("GET /x", "");
    fake_run(f, app);
    assert_int_equal(f->status, 418);
    assert_string_equal(f->body, "I'm a teapot");
    assert_header(f, "X-Content-Type-Options: nosniff");
    fake_free(f);
}

static void raise_5xx(yoke_req *req, yoke_res *res)
{
    yoke_res_set(res, "X-Mine", "kept");
    yoke_res_set(res, "Content-Encoding", "gzip");
    yoke_res_set(res, "Content-Type", "text/html");
    yoke_res_set(res, "Content-Length", "5");
    yoke_next_err(req, (int)(intptr_t)yoke_data(req), "the disk is full");
}

static void server_errors_are_logged_and_not_shown(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", yoke_with(raise_5xx, (void *)507, NULL));
    int line = __LINE__ - 1;
    char place[128];
    snprintf(place, sizeof(place),
             "error: GET /x?q: 507: the disk is full (%s:%d)", __FILE__, line);
    struct fake *f = fake_new("GET /x?q", "");
    fake_run(f, app);
    assert_int_equal(f->status, 507);
    assert_string_equal(f->body, "Insufficient Storage");
    assert_header(f, "X-Mine: kept");
    assert_no_header(f, "Content-Encoding");
    assert_header(f, "Content-Type: text/plain; charset=utf-8");
    assert_logged(place);
    fake_free(f);
}

static void client_errors_are_not_logged(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", yoke_with(raise_5xx, (void *)404, NULL));
    struct fake *f = fake_new("GET /x", "");
    fake_run(f, app);
    assert_int_equal(f->status, 404);
    assert_not_logged();
    fake_free(f);
}

static void a_status_that_is_no_error_becomes_500(void **state)
{
    static const int statuses[] = {200, 0, -1, 399, 600, 1000};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        yoke_app *app = yoke_app_new();
        yoke_app_get(app, "/x",
                     yoke_with(raise_5xx, (void *)(intptr_t)statuses[i], NULL));
        expect(app, "GET /x", 500, "Internal Server Error");
        yoke_app_free(app);
    }
}

static void an_error_without_a_phrase_shows_its_number(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", yoke_with(raise_5xx, (void *)499, NULL));
    expect(app, "GET /x", 499, "499");
}

static void an_error_handler_that_passes_on_ends_the_error(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", RAISE("x"));
    yoke_app_catch(app, forgive);
    yoke_app_catch(app, show_error);
    yoke_app_use(app, ANSWER("end"));
    expect_trace(app, "GET /x", 200, "x forgiven end");
}

static void errors_leave_a_router_for_the_handlers_around_it(void **state)
{
    yoke_app *app = *state;
    yoke_router *inner = yoke_router_new();
    yoke_router_get(inner, "/x", RAISE("x"));
    yoke_router_get(inner, "/y", RAISE("y"));
    yoke_router_catch_at(inner, "/y", show_error);
    yoke_app_use_router(app, "/in", inner);
    yoke_app_catch(app, rename_error);
    yoke_app_catch(app, show_error);
    expect_trace(app, "GET /in/x", 409, "no coffee here!");
    expect_trace(app, "GET /in/y", 418, "no coffee here");
}

static void a_router_is_not_entered_with_an_error(void **state)
{
    yoke_app *app = *state;
    yoke_router *inner = yoke_router_new();
    yoke_router_catch(inner, rename_error);
    yoke_app_use(app, RAISE("x"));
    yoke_app_use_router(app, "/", inner);
    yoke_app_catch(app, show_error);
    expect_trace(app, "GET /", 418, "no coffee here");
}

static void an_error_that_is_handed_on_is_logged_once(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", yoke_with(raise_5xx, (void *)500, NULL));
    yoke_app_catch(app, rename_error);
    yoke_app_catch(app, rename_error);
    struct fake *f = fake_new("GET /x", "");
    fake_run(f, app);
    assert_int_equal(f->status, 409);
    assert_string_equal(strchr(fake_log, '\n'), "\n");
    fake_free(f);
}

static void show_where(const struct yoke_err *err, yoke_req *req, yoke_res *res)
{
    assert_null(yoke_data(req));
    yoke_res_text(res,
                  yoke_req_printf(req, "%d|%s|%s|%s", err->status,
                                  yoke_req_base_url(req), yoke_req_url(req),
                                  yoke_req_param(req, "id")));
}

static void error_handlers_see_the_url_of_their_path(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/users/7/edit", RAISE("x"));
    yoke_app_catch_at(app, "/users/:id", show_where);
    expect(app, "GET /users/7/edit", 200, "418|/users/7|/edit|7");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        APP_TEST(options_lists_the_methods_of_the_path),
        APP_TEST(options_of_the_application_wins),
        APP_TEST(options_star_lists_every_method),
        APP_TEST(only_all_adds_nothing_to_allow),
        APP_TEST(a_path_without_this_method_is_405),
        APP_TEST(a_route_that_passed_on_leaves_404),
        APP_TEST(not_found_shows_the_path_without_markup),
        APP_TEST(errors_go_to_the_next_error_handler),
        APP_TEST(an_error_that_nobody_catches_shows_its_status_only),
        APP_TEST(server_errors_are_logged_and_not_shown),
        APP_TEST(client_errors_are_not_logged),
        APP_TEST(a_status_that_is_no_error_becomes_500),
        APP_TEST(an_error_without_a_phrase_shows_its_number),
        APP_TEST(an_error_handler_that_passes_on_ends_the_error),
        APP_TEST(errors_leave_a_router_for_the_handlers_around_it),
        APP_TEST(a_router_is_not_entered_with_an_error),
        APP_TEST(an_error_that_is_handed_on_is_logged_once),
        APP_TEST(error_handlers_see_the_url_of_their_path),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
