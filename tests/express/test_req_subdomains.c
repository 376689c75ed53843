/* Express: test/req.subdomains.js */
#include "express.h"

static void show(yoke_req *req, yoke_res *res)
{
    const char *text = "";
    for (size_t i = 0; i < yoke_req_subdomain_count(req); i++)
        text = yoke_req_printf(req, "%s%s%s", text, i ? " " : "",
                               yoke_req_subdomain(req, i));
    yoke_res_text(res, text);
}

static void offset_0(yoke_app *app)
{
    yoke_app_set_int(app, "subdomain offset", 0);
}

static void offset_3(yoke_app *app)
{
    yoke_app_set_int(app, "subdomain offset", 3);
}

static const struct express_case cases[] = {
    {"the nearest first", show,
     .fields = {{"Host", "tobi.ferrets.example.com"}}, .body = "ferrets tobi"},
    {"an IPv4 address has none", show, .fields = {{"Host", "127.0.0.1"}},
     .body = ""},
    {"an IPv6 address has none", show, .fields = {{"Host", "[::1]"}},
     .body = ""},
    {"a domain has none", show, .fields = {{"Host", "example.com"}},
     .body = ""},
    {"those of a trusted X-Forwarded-Host", show, trust_all,
     .fields = {{"X-Forwarded-Host", "tobi.ferrets.example.com"}},
     .body = "ferrets tobi"},
    {"offset 0: the whole domain", show, offset_0,
     .fields = {{"Host", "tobi.ferrets.sub.example.com"}},
     .body = "com example sub ferrets tobi"},
    {"offset 0: the whole IPv4 address", show, offset_0,
     .fields = {{"Host", "127.0.0.1"}}, .body = "127.0.0.1"},
    {"offset 0: the whole IPv6 address", show, offset_0,
     .fields = {{"Host", "[::1]"}}, .body = "[::1]"},
    {"offset 3", show, offset_3,
     .fields = {{"Host", "tobi.ferrets.sub.example.com"}},
     .body = "ferrets tobi"},
    {"offset 3, and no more parts", show, offset_3,
     .fields = {{"Host", "sub.example.com"}}, .body = ""},
};

static void without_host(void **state)
{
    static const char text[] = "GET / HTTP/1.0\r\n\r\n";
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_use(app, show);
    yoke_test *t = yoke_test_new(app);
    yoke_expect_body(yoke_test_raw(t, text, sizeof(text) - 1), "");
    yoke_test_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(without_host)};
    int failed = express_run("req.subdomains", cases, COUNT_OF(cases));
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
