/* Clients that keep cookies, and redirects that are followed: an application
 * behind them, as a user meets it. */
#include "catch.h"

#include <stdlib.h>

#include <yoke/yoke.h>

static void log_in(yoke_req *req, yoke_res *res)
{
    const char *user = yoke_req_query(req, "user");
    yoke_res_append(res, "Set-Cookie",
                    yoke_req_printf(req, "sid=%s; Path=/; HttpOnly", user));
    yoke_res_append(res, "Set-Cookie", "theme=dark; Path=/; Max-Age=60");
    yoke_res_text(res, "in");
}

static void log_out(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_append(res, "Set-Cookie", "sid=; Path=/; Max-Age=0");
    yoke_res_text(res, "out");
}

static void set_secure(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_append(res, "Set-Cookie", "safe=1; Path=/; Secure");
    yoke_res_redirect(res, 302, "/who");
}

static void say_cookies(yoke_req *req, yoke_res *res)
{
    const char *cookie = yoke_req_get(req, "Cookie");
    yoke_res_text(res, cookie ? cookie : "nobody");
}

static void say_fields(yoke_req *req, yoke_res *res)
{
    const char *key = yoke_req_get(req, "X-Key");
    const char *proto = yoke_req_get(req, "X-Forwarded-Proto");
    yoke_res_text(res,
                  yoke_req_printf(req, "%s %s %s", yoke_req_get(req, "Host"),
                                  key ? key : "-", proto ? proto : "-"));
}

/* /to?status=307&url=/there */
static void go_to(yoke_req *req, yoke_res *res)
{
    const char *status = yoke_req_query(req, "status");
    yoke_res_status(res, status ? (int)strtol(status, NULL, 10) : 200);
    if (status)
        yoke_res_set(res, "Location", yoke_req_query(req, "url"));
    yoke_res_text(res, "elsewhere");
}

/* "METHOD url body host auth" */
static void say_request(yoke_req *req, yoke_res *res)
{
    size_t len;
    const char *body = yoke_req_body(req, &len);
    const char *auth = yoke_req_get(req, "Authorization");
    const char *type = yoke_req_get(req, "Content-Type");
    yoke_res_text(res, yoke_req_printf(req, "%s %s \"%s\" %s %s %s",
                                       yoke_req_method(req),
                                       yoke_req_original_url(req), body,
                                       yoke_req_get(req, "Host"),
                                       auth ? auth : "-", type ? type : "-"));
}

static void loop_for_ever(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_redirect(res, 302, "/loop");
}

static yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_get(app, "/login", log_in);
    yoke_app_get(app, "/logout", log_out);
    yoke_app_get(app, "/secure", set_secure);
    yoke_app_get(app, "/who", say_cookies);
    yoke_app_get(app, "/fields", say_fields);
    yoke_app_all(app, "/to", go_to);
    yoke_app_all(app, "/a/to", go_to);
    yoke_app_get(app, "/loop", loop_for_ever);
    yoke_app_use(app, yoke_body, say_request);
    return app;
}

static yoke_test *t;

static int set_up(void **state)
{
    (void)state;
    t = yoke_test_new(make_app());
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    yoke_test_free(t);
    return 0;
}

/* ---- Agents ---- */

static void keeps_cookies_and_sends_them(void **state)
{
    (void)state;
    yoke_test *agent = yoke_test_agent(t);
    yoke_expect_text(yoke_test_get(agent, "/who"), 200, "nobody");
    yoke_tr *r = yoke_test_get(agent, "/login?user=ada");
    yoke_expect_cookie(r, "sid", "ada", .http_only = 1);
    yoke_expect_cookie_new(r, "sid");
    yoke_expect_text(yoke_test_get(agent, "/who"), 200, "sid=ada; theme=dark");
    yoke_expect_cookie_renewed(yoke_test_get(agent, "/login?user=bob"), "sid");
    assert_string_equal(yoke_test_cookie(agent, "/", "sid"), "bob");
    yoke_expect_cookie_cleared(yoke_test_get(agent, "/logout"), "sid");
    yoke_expect_text(yoke_test_get(agent, "/who"), 200, "theme=dark");
    assert_null(yoke_test_cookie(agent, "/", "sid"));
    yoke_test_clear_cookies(agent);
    yoke_expect_text(yoke_test_get(agent, "/who"), 200, "nobody");
}

static void a_client_keeps_no_cookies_but_its_agents_do(void **state)
{
    (void)state;
    yoke_test *ada = yoke_test_agent(t), *bob = yoke_test_agent(t);
    yoke_tr_send(yoke_test_get(t, "/login?user=x"));
    yoke_tr_send(yoke_test_get(ada, "/login?user=ada"));
    yoke_tr_send(yoke_test_get(bob, "/login?user=bob"));
    yoke_expect_text(yoke_test_get(t, "/who"), 200, "nobody");
    yoke_expect_body_has(yoke_test_get(ada, "/who"), "sid=ada");
    yoke_expect_body_has(yoke_test_get(bob, "/who"), "sid=bob");
}

static void cookies_end_by_the_clock(void **state)
{
    (void)state;
    yoke_test *agent = yoke_test_agent(t);
    yoke_expect_status(yoke_test_get(agent, "/login?user=a"), 200);
    yoke_test_clock(t, 59000);
    yoke_expect_body(yoke_test_get(agent, "/who"), "sid=a; theme=dark");
    yoke_test_clock(agent, 1000);
    yoke_expect_body(yoke_test_get(agent, "/who"), "sid=a");
}

static void secure_cookies_are_for_https(void **state)
{
    (void)state;
    yoke_test *agent = yoke_test_agent(t);
    yoke_expect_cookie(yoke_test_get(agent, "/secure"), "safe", "1",
                       .secure = 1);
    yoke_expect_body(yoke_test_get(agent, "/who"), "nobody");
    assert_string_equal(yoke_test_cookie(agent, "https://test/", "safe"), "1");
    yoke_test_https(agent);
    yoke_expect_body(yoke_test_get(agent, "/who"), "safe=1");
    yoke_expect_body(yoke_test_get(agent, "/fields"), "test - https");
    yoke_expect_body(yoke_test_get(t, "/fields"), "test - -");
}

static void has_fields_of_its_own(void **state)
{
    (void)state;
    yoke_test_set(t, "X-Key", "1");
    yoke_test *agent = yoke_test_agent(t);
    yoke_test_set(agent, "Host", "something.test");
    yoke_expect_body(yoke_test_get(agent, "/fields"), "something.test 1 -");
    yoke_test_set(agent, "X-Key", "2");
    yoke_expect_body(yoke_test_get(agent, "/fields"), "something.test 2 -");
    yoke_expect_body(yoke_test_get(t, "/fields"), "test 1 -");
}

static void takes_cookies_from_the_test(void **state)
{
    (void)state;
    yoke_test *agent = yoke_test_agent(t);
    yoke_test_set_cookie(agent, "/", "a=1; Path=/");
    yoke_test_set_cookie(agent, "http://other.com/", "b=2");
    yoke_tr *r = yoke_test_get(agent, "/who");
    yoke_tr_cookie(r, "c", "3");
    yoke_expect_body(r, "c=3; a=1");
    r = yoke_test_get(agent, "http://other.com/who");
    yoke_expect_body(r, "b=2");
    r = yoke_test_get(agent, "/who");
    yoke_tr_cookie(r, "a", "own");
    yoke_expect_body(r, "a=own");
    CATCH_FAILURE(yoke_test_set_cookie(agent, "/", "a=1; Domain=x.com"));
    assert_said("\"a=1; Domain=x.com\" is no cookie that test can set\n");
}

/* ---- Redirects ---- */

static yoke_tr *begin(const char *method, const char *status, const char *url)
{
    yoke_tr *r = yoke_test_request(t, method, "/to");
    yoke_tr_query(r, "status", status);
    yoke_tr_query(r, "url", url);
    return r;
}

static void follows_no_redirect_unless_told(void **state)
{
    (void)state;
    yoke_tr *r = begin("GET", "302", "/there");
    yoke_expect_text(r, 302, "elsewhere");
    assert_int_equal(yoke_tr_redirect_count(r), 0);
}

static void methods_change_as_in_browsers(void **state)
{
    static const struct {
        const char *method, *status, *answer;
    } rows[] = {
        {"GET", "301", "GET /there \"\" test - -"},
        {"POST", "301", "GET /there \"\" test - -"},
        {"POST", "302", "GET /there \"\" test - -"},
        {"POST", "303", "GET /there \"\" test - -"},
        {"PUT", "303", "GET /there \"\" test - -"},
        {"PUT", "302", "PUT /there \"{}\" test - application/json"},
        {"POST", "307", "POST /there \"{}\" test - application/json"},
        {"POST", "308", "POST /there \"{}\" test - application/json"},
        {"DELETE", "308", "DELETE /there \"{}\" test - application/json"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        yoke_tr *r = begin(rows[i].method, rows[i].status, "/there");
        if (strcmp(rows[i].method, "GET") != 0)
            yoke_tr_jsonf(r, "{}");
        yoke_tr_redirects(r, 1);
        yoke_expect_text(r, 200, rows[i].answer);
        assert_int_equal(yoke_tr_redirect_count(r), 1);
        assert_string_equal(yoke_tr_path(r), "/there");
    }
    yoke_tr *r = begin("HEAD", "303", "/there");
    yoke_tr_redirects(r, 1);
    yoke_expect_text(r, 200, "");
    r = begin("GET", "304", "/there");
    yoke_tr_redirects(r, 1);
    yoke_expect_status(r, 304);
    r = begin("GET", "300", "/there");
    yoke_tr_redirects(r, 1);
    yoke_expect_status(r, 300);
}

static void resolves_where_it_is_sent(void **state)
{
    static const struct {
        const char *location, *path;
    } rows[] = {
        {"/x", "/x"},
        {"/x?y=1#z", "/x?y=1"},
        {"x", "/a/x"},
        {"./x", "/a/x"},
        {"../x", "/x"},
        {"../../x", "/x"},
        {"/x/../y/./z", "/y/z"},
        {"x/..", "/a/"},
        {"?q=/../1", "/a/to?q=/../1"},
        {"http://test/y", "/y"},
        {"//test", "/"},
        {"https://test?x", "/?x"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        yoke_tr *r = yoke_test_get(t, "/a/to?status=302");
        yoke_tr_query(r, "url", rows[i].location);
        yoke_tr_redirects(r, 1);
        assert_string_equal(yoke_tr_path(r), rows[i].path);
    }
}

static void other_hosts_get_no_credentials(void **state)
{
    (void)state;
    yoke_tr *r = begin("GET", "302", "http://other.com:81/x");
    yoke_tr_bearer(r, "secret");
    yoke_tr_cookie(r, "own", "1");
    yoke_tr_redirects(r, 1);
    yoke_expect_body(r, "GET /x \"\" other.com:81 - -");
    r = begin("GET", "302", "//TEST/x");
    yoke_tr_bearer(r, "secret");
    yoke_tr_redirects(r, 1);
    yoke_expect_body(r, "GET /x \"\" TEST Bearer secret -");
}

static void stops_after_the_most(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/loop");
    yoke_tr_redirects(r, 5);
    yoke_expect_status(r, 302);
    assert_int_equal(yoke_tr_redirect_count(r), 5);
}

static void keeps_cookies_on_the_way(void **state)
{
    (void)state;
    yoke_test *agent = yoke_test_agent(t);
    yoke_test_https(agent);
    yoke_tr *r = yoke_test_get(agent, "/secure");
    yoke_tr_redirects(r, 1);
    yoke_expect_text(r, 200, "safe=1");
}

static void a_failure_shows_every_hop(void **state)
{
    (void)state;
    yoke_tr *r = begin("GET", "302", "/there");
    yoke_tr_redirects(r, 1);
    CATCH_FAILURE(yoke_expect_status(r, 404));
    assert_said("expected 404 \"Not Found\", got 200 \"OK\"\n"
                "    > GET /to?status=302&url=%2Fthere HTTP/1.1\n");
    assert_said("    < HTTP/1.1 302 Found\n");
    assert_said("    < elsewhere\n    > GET /there HTTP/1.1\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(keeps_cookies_and_sends_them),
        TEST(a_client_keeps_no_cookies_but_its_agents_do),
        TEST(cookies_end_by_the_clock),
        TEST(secure_cookies_are_for_https),
        TEST(has_fields_of_its_own),
        TEST(takes_cookies_from_the_test),
        TEST(follows_no_redirect_unless_told),
        TEST(methods_change_as_in_browsers),
        TEST(resolves_where_it_is_sent),
        TEST(other_hosts_get_no_credentials),
        TEST(stops_after_the_most),
        TEST(keeps_cookies_on_the_way),
        TEST(a_failure_shows_every_hop),
    };
    return cmocka_run_group_tests_name("agent", tests, NULL, NULL);
}
