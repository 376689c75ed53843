/* Redirects: which are sent, and how their URL is written. */
#include "handlers.h"

static int wanted_status;
static const char *wanted_url;
static int result;

static void redirect(yoke_req *req, yoke_res *res)
{
    (void)req;
    result = yoke_res_redirect(res, wanted_status, wanted_url);
}

static struct fake *run(int status, const char *url)
{
    yoke_app *app = yoke_app_new();
    struct fake *f = fake_new("GET /x", "");
    wanted_status = status;
    wanted_url = url;
    yoke_app_get(app, "/x", redirect);
    fake_run(f, app);
    yoke_app_free(app);
    return f;
}

static void the_url_is_made_fit_to_be_sent(void **state)
{
    static const struct {
        const char *url, *location;
    } cases[] = {
        {"/login", "/login"},
        {"", ""},
        {"https://h:8/a?b=c&d#e", "https://h:8/a?b=c&d#e"},
        {"/a b", "/a%20b"},
        {"/a%20b", "/a%20b"},
        {"/a%2fb%zz%", "/a%2fb%25zz%25"},
        {"/caf\xc3\xa9", "/caf%C3%A9"},
        {"/\"<>`{}", "/%22%3C%3E%60%7B%7D"},
        {"/!#$&'()*+,;=:@[]|~^\\", "/!#$&'()*+,;=:@[]|~^\\"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[128];
        struct fake *f = run(0, cases[i].url);
        assert_int_equal(result, 0);
        assert_int_equal(f->status, 302);
        snprintf(text, sizeof(text), "Location: %s", cases[i].location);
        assert_header(f, text);
        assert_header(f, "Content-Type: text/plain; charset=utf-8");
        snprintf(text, sizeof(text), "Found. Redirecting to %s",
                 cases[i].location);
        assert_string_equal(f->body, text);
        fake_free(f);
    }
}

static void any_redirection_status_is_taken(void **state)
{
    static const int statuses[] = {300, 301, 302, 303, 307, 308, 399};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        struct fake *f = run(statuses[i], "/");
        assert_int_equal(f->status, statuses[i]);
        fake_free(f);
    }
}

static void what_is_no_redirection_becomes_a_500(void **state)
{
    static const struct {
        int status;
        const char *url;
        int result;
    } cases[] = {
        {200, "/", -YOKE_ESTATUS},
        {400, "/", -YOKE_ESTATUS},
        {-1, "/", -YOKE_ESTATUS},
        {302, NULL, -EINVAL},
        {302, "/\r\nSet-Cookie: a=b",
         -YOKE_EHEADER}, /* docs/http-rules.md rule 33 */
        {302, "/\n", -YOKE_EHEADER},
        {302, "/\t", -YOKE_EHEADER},
        {302, "/\x7f", -YOKE_EHEADER},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fake *f = run(cases[i].status, cases[i].url);
        assert_int_equal(result, cases[i].result);
        assert_int_equal(f->status, 500);
        assert_no_header(f, "Location");
        assert_logged("error: GET /x: redirect: ");
        fake_free(f);
    }
}

static void go_back(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_redirect_back(res, "/home");
}

/* Nobody is sent where a stranger wants, whatever Referer says. */
static void back_is_only_to_this_site(void **state)
{
    static const struct {
        const char *fields, *location;
    } cases[] = {
        {"", "/home"},
        {"Referer: http://test/a?b=c\r\n", "/a?b=c"},
        {"Referer: HTTP://TEST/a\r\n", "/a"},
        {"Referer: http://test/\r\n", "/"},
        {"Referer: http://test\r\n", "/home"},
        {"Referer: https://test/a\r\n", "/home"},
        {"Referer: http://test:80/a\r\n", "/home"},
        {"Referer: http://test.evil/a\r\n", "/home"},
        {"Referer: http://test@evil/a\r\n", "/home"},
        {"Referer: http://evil/http://test/\r\n", "/home"},
        {"Referer: http://test//evil\r\n", "/home"},
        {"Referer: http://test/\\evil\r\n", "/home"},
        {"Referer: //test/a\r\n", "/home"},
        {"Referer: /a\r\n", "/home"},
        {"Referer: javascript:alert(1)\r\n", "/home"},
    };
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_get(app, "/x", go_back);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[128];
        struct fake *f = fake_new("GET /x", cases[i].fields);
        fake_run(f, app);
        assert_int_equal(f->status, 302);
        snprintf(text, sizeof(text), "Location: %s", cases[i].location);
        assert_header(f, text);
        fake_free(f);
    }
    yoke_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        APP_TEST(the_url_is_made_fit_to_be_sent),
        APP_TEST(any_redirection_status_is_taken),
        APP_TEST(what_is_no_redirection_becomes_a_500),
        APP_TEST(back_is_only_to_this_site),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
