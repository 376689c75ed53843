/* The bodies of error answers. */
#include "fake_exchange.h"

static void fail_with(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_next_err(req, 503, "the database at 10.0.0.7 is down");
}

static void problem(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_next_problem(req, 400, "say \"%s\" & <more>", "please");
}

static void problem_then_error(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_next_problem(req, 400, "harmless");
}

static void worse(const struct yoke_err *err, yoke_req *req, yoke_res *res)
{
    (void)res;
    assert_string_equal(err->message, "harmless");
    assert_string_equal(err->detail, "harmless");
    yoke_next_err(req, 500, "secret");
}

static void hand_on(const struct yoke_err *err, yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_next_err(req, 422, "%s", err->message);
}

static void show_detail(const struct yoke_err *err, yoke_req *req,
                        yoke_res *res)
{
    (void)req;
    yoke_res_status(res, err->status);
    yoke_res_text(res, err->detail ? err->detail : "-");
}

/* Only for the error that it came with, also through handlers that hand it
 * on. */
static void a_detail_belongs_to_its_error(void **state)
{
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_get(app, "/error", fail_with);
    yoke_app_get(app, "/problem", problem_then_error);
    yoke_app_get(app, "/worse", problem_then_error);
    yoke_app_catch_at(app, "/worse", worse);
    yoke_app_catch(app, hand_on);
    yoke_app_catch(app, show_detail);
    expect(app, "GET /error", 422, "-");
    expect(app, "GET /problem", 422, "harmless");
    expect(app, "GET /worse", 422, "-");
    yoke_app_free(app);
}

static void named(yoke_req *req, yoke_res *res)
{
    (void)res;
    assert_int_equal(yoke_req_set_id(req, "abc-123"), 0);
    assert_string_equal(yoke_req_id(req), "abc-123");
    yoke_next_err(req, 500, "boom");
}

static yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_get(app, "/error", fail_with);
    yoke_app_get(app, "/problem", problem);
    yoke_app_get(app, "/named", named);
    yoke_app_get(app, "/worse", problem_then_error);
    yoke_app_catch_at(app, "/worse", worse);
    return app;
}

#define HTML_OF(title, text)                                                   \
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"  \
    "<title>" title "</title>\n</head>\n<body>\n<h1>" title "</h1>\n" text     \
    "</body>\n</html>\n"

static void the_client_chooses_the_form(void **state)
{
    static const struct {
        const char *start, *accept;
        int status;
        const char *type, *body;
    } cases[] = {
        {"GET /none", "*/*", 404, "text/plain; charset=utf-8",
         "Cannot GET /none"},
        {"GET /none", "text/html,application/xhtml+xml,*/*;q=0.8", 404,
         "text/html; charset=utf-8",
         HTML_OF("404 Not Found", "<p>Cannot GET /none</p>\n")},
        {"GET /none", "application/json", 404, "application/problem+json",
         "{\"title\":\"Not Found\",\"status\":404,"
         "\"detail\":\"Cannot GET /none\"}"},
        {"GET /none", "application/problem+json", 404,
         "application/problem+json",
         "{\"title\":\"Not Found\",\"status\":404,"
         "\"detail\":\"Cannot GET /none\"}"},
        {"GET /none", "image/png", 404, "text/plain; charset=utf-8",
         "Cannot GET /none"},
        {"POST /problem", "application/json", 405, "application/problem+json",
         "{\"title\":\"Method Not Allowed\",\"status\":405}"},
        {"GET /error", "*/*", 503, "text/plain; charset=utf-8",
         "Service Unavailable"},
        {"GET /error", "application/json", 503, "application/problem+json",
         "{\"title\":\"Service Unavailable\",\"status\":503}"},
        {"GET /error", "text/html", 503, "text/html; charset=utf-8",
         HTML_OF("503 Service Unavailable", "")},
        {"GET /problem", "*/*", 400, "text/plain; charset=utf-8",
         "say \"please\" & <more>"},
        {"GET /problem", "text/html", 400, "text/html; charset=utf-8",
         HTML_OF("400 Bad Request",
                 "<p>say &quot;please&quot; &amp; &lt;more&gt;</p>\n")},
        {"GET /problem", "application/json", 400, "application/problem+json",
         "{\"title\":\"Bad Request\",\"status\":400,"
         "\"detail\":\"say \\\"please\\\" & <more>\"}"},
        {"GET /worse", "*/*", 500, "text/plain; charset=utf-8",
         "Internal Server Error"},
        {"GET /named", "application/json", 500, "application/problem+json",
         "{\"title\":\"Internal Server Error\",\"status\":500,"
         "\"request_id\":\"abc-123\"}"},
    };
    yoke_app *app = make_app();
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[256];
        snprintf(text, sizeof(text), "Accept: %s\r\n", cases[i].accept);
        struct fake *f = fake_new(cases[i].start, text);
        fake_run(f, app);
        assert_int_equal(f->status, cases[i].status);
        assert_string_equal(f->body, cases[i].body);
        snprintf(text, sizeof(text), "Content-Type: %s", cases[i].type);
        assert_header(f, text);
        assert_header(f, "Vary: Accept");
        assert_header(f, "X-Content-Type-Options: nosniff");
        if (strstr(cases[i].type, "html"))
            assert_header(f, "Content-Security-Policy: default-src 'none'");
        fake_free(f);
    }
    yoke_app_free(app);
}

static void the_log_has_what_the_client_is_not_told(void **state)
{
    yoke_app *app = make_app();
    (void)state;
    struct fake *f = fake_new("GET /error", "");
    fake_run(f, app);
    assert_logged("error: GET /error: 503: the database at 10.0.0.7 is down "
                  "(");
    assert_logged("test_problem.c:");
    assert_null(strstr(f->body, "10.0.0.7"));
    fake_free(f);
    f = fake_new("GET /named", "");
    fake_run(f, app);
    assert_logged("boom");
    assert_logged("[abc-123]");
    fake_free(f);
    yoke_app_free(app);
}

static void set_ids(yoke_req *req, yoke_res *res)
{
    char *text = yoke_req_alloc(req, 202);
    memset(text, 'a', 201);
    text[201] = '\0';
    assert_null(yoke_req_id(req));
    assert_int_equal(yoke_req_set_id(req, NULL), -EINVAL);
    assert_int_equal(yoke_req_set_id(req, ""), -EINVAL);
    assert_int_equal(yoke_req_set_id(req, "a b"), -EINVAL);
    assert_int_equal(yoke_req_set_id(req, "a\nb"), -EINVAL);
    assert_int_equal(yoke_req_set_id(req, "\xc3\xa9"), -EINVAL);
    assert_int_equal(yoke_req_set_id(req, text), -EINVAL);
    assert_int_equal(yoke_req_set_id(req, text + 1), 0);
    yoke_res_end(res);
}

static void an_id_is_visible_ascii(void **state)
{
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_use(app, set_ids);
    struct fake *f = fake_new("GET /", "");
    fake_run(f, app);
    fake_free(f);
    yoke_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_client_chooses_the_form),
        cmocka_unit_test(the_log_has_what_the_client_is_not_told),
        cmocka_unit_test(a_detail_belongs_to_its_error),
        cmocka_unit_test(an_id_is_visible_ascii),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
