/* Express: test/req.host.js and test/req.hostname.js */
#include "express.h"

static void host(yoke_req *req, yoke_res *res)
{
    express_show(res, yoke_req_host(req));
}

static void name(yoke_req *req, yoke_res *res)
{
    express_show(res, yoke_req_hostname(req));
}

#define FORWARDED(value)                                                       \
    {                                                                          \
        {"Host", "localhost"},                                                 \
        {                                                                      \
            "X-Forwarded-Host", value                                          \
        }                                                                      \
    }

static const struct express_case cases[] = {
    {"host: that of Host", host, .fields = {{"Host", "example.com"}},
     .body = "example.com"},
    {"host: with its port", host, .fields = {{"Host", "example.com:3000"}},
     .body = "example.com:3000"},
    {"host: an IPv6 address", host, .fields = {{"Host", "[::1]"}},
     .body = "[::1]"},
    {"host: an IPv6 address with its port", host,
     .fields = {{"Host", "[::1]:3000"}}, .body = "[::1]:3000"},
    {"host: X-Forwarded-Host from a trusted proxy", host, trust_all,
     .fields = FORWARDED("example.com"), .body = "example.com"},
    {"host: X-Forwarded-Host from another", host, trust_another,
     .fields = FORWARDED("example.com"), .body = "localhost"},
    {"host: a trusted proxy that says nothing", host, trust_all,
     .fields = {{"Host", "example.com"}}, .body = "example.com"},
    {"host: X-Forwarded-Host from the first hop", host, trust_one,
     .fields = FORWARDED("example.com"), .body = "example.com"},
    {"host: nobody is trusted by default", host, .fields = FORWARDED("evil"),
     .body = "localhost"},

    {"hostname: that of Host", name, .fields = {{"Host", "example.com"}},
     .body = "example.com"},
    {"hostname: without its port", name,
     .fields = {{"Host", "example.com:3000"}}, .body = "example.com"},
    {"hostname: an IPv6 address keeps its brackets", name,
     .fields = {{"Host", "[::1]"}}, .body = "[::1]"},
    {"hostname: an IPv6 address without its port", name,
     .fields = {{"Host", "[::1]:3000"}}, .body = "[::1]"},
    {"hostname: X-Forwarded-Host, without its port", name, trust_all,
     .fields = FORWARDED("example.com:3000"), .body = "example.com"},
    {"hostname: X-Forwarded-Host from another", name, trust_another,
     .fields = FORWARDED("example.com"), .body = "localhost"},
    {"hostname: a trusted proxy that says nothing", name, trust_all,
     .fields = {{"Host", "example.com"}}, .body = "example.com"},
    {"hostname: the first of several", name, trust_all,
     .fields = FORWARDED("example.com, foobar.com"), .body = "example.com"},
    {"hostname: spaces around a comma do not count", name, trust_all,
     .fields = FORWARDED("example.com , foobar.com"), .body = "example.com"},
    {"hostname: the first of several with ports", name, trust_all,
     .fields = FORWARDED("example.com:8080 , foobar.com:8888"),
     .body = "example.com"},
    {"hostname: nobody is trusted by default", name,
     .fields = FORWARDED("evil"), .body = "localhost"},
};

/* Express's "undefined without a Host", twice: such a request is refused, as
 * HTTP/1.1 wants; without one HTTP/1.0 is let in. */
static void without_host(void **state)
{
    static const char text[] = "GET / HTTP/1.0\r\n\r\n";
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_use(app, host);
    yoke_test *t = yoke_test_new(app);
    yoke_expect_body(yoke_test_raw(t, text, sizeof(text) - 1), "(none)");
    yoke_test_free(t);
}

static void without_hostname(void **state)
{
    static const char text[] = "GET / HTTP/1.0\r\n\r\n";
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_use(app, name);
    yoke_test *t = yoke_test_new(app);
    yoke_expect_body(yoke_test_raw(t, text, sizeof(text) - 1), "(none)");
    yoke_test_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_host),
        cmocka_unit_test(without_hostname),
    };
    int failed = express_run("req.host", cases, COUNT_OF(cases));
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
