#include "../unit.h"

#include <string.h>

#include <yoke/yoke.h>

static void show_parts(yoke_req *req, yoke_res *res)
{
    const char *first = yoke_vhost_part(req, 0);
    const char *second = yoke_vhost_part(req, 1);
    yoke_res_text(res,
                  yoke_req_printf(req, "%s %s %s", (const char *)yoke_data(req),
                                  first ? first : "-", second ? second : "-"));
}

static yoke_app *site(const char *name)
{
    yoke_app *app = yoke_app_new();
    yoke_app_get(app, "/",
                 yoke_with(show_parts, (void *)(uintptr_t)name, NULL));
    return app;
}

static void show_others(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "others");
}

static yoke_app *sites(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_vhost(app, "example.com:8443", site("port"));
    yoke_app_vhost(app, "example.com", site("plain"));
    yoke_app_vhost(app, "*.*.example.com", site("two"));
    yoke_app_vhost(app, "*.example.com", site("one"));
    yoke_app_vhost(app, "api-*.example.org", site("part"));
    yoke_app_vhost(app, "[::1]", site("six"));
    yoke_app_get(app, "/", show_others);
    return app;
}

static void the_host_chooses_the_site(void **state)
{
    static const struct {
        const char *host, *text;
    } cases[] = {
        {"example.com", "plain - -"},
        {"EXAMPLE.com", "plain - -"},
        {"example.com.", "plain - -"},
        {"example.com:80", "plain - -"},
        {"example.com:8443", "port - -"},
        {"a.example.com", "one a -"},
        {"A.example.com:99", "one A -"},
        {"a.b.example.com", "two a b"},
        {"a.b.c.example.com", "others"},
        {".example.com", "others"},
        {"api-v2.example.org", "part v2 -"},
        {"api-.example.org", "others"},
        {"api-a.b.example.org", "others"},
        {"example.org", "others"},
        {"example.com.evil.example", "others"},
        {"[::1]", "six - -"},
        {"[::1]:80", "six - -"},
    };
    yoke_test *t = yoke_test_new(sites());
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        yoke_tr *r = yoke_test_get(t, "/");
        yoke_tr_host(r, cases[i].host);
        yoke_expect_text(r, 200, cases[i].text);
    }
    yoke_test_free(t);
}

static void a_site_that_does_not_answer_leaves_it_to_others(void **state)
{
    yoke_test *t = yoke_test_new(sites());
    yoke_tr *r = yoke_test_get(t, "/none");
    (void)state;
    yoke_tr_host(r, "example.com");
    yoke_expect_status(r, 404);
    yoke_test_free(t);
}

static void a_router_can_have_one(void **state)
{
    yoke_app *app = yoke_app_new();
    yoke_router *router = yoke_router_new();
    (void)state;
    yoke_router_use(router, yoke_vhost("*.example.com"));
    yoke_router_get(router, "/",
                    yoke_with(show_parts, (void *)(uintptr_t) "router", NULL));
    yoke_app_use_router(app, "/", router);
    yoke_app_get(app, "/", show_others);
    yoke_test *t = yoke_test_new(app);
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_tr_host(r, "x.example.com");
    yoke_expect_text(r, 200, "router x -");
    yoke_expect_text(yoke_test_get(t, "/"), 200, "others");
    yoke_test_free(t);
}

static void a_request_without_a_host_is_for_others(void **state)
{
    yoke_test *t = yoke_test_new(sites());
    (void)state;
    yoke_expect_text(yoke_test_raw_text(t, "GET / HTTP/1.0\r\n\r\n"), 200,
                     "others");
    yoke_test_free(t);
}

static void a_wrong_pattern_is_an_error_of_registration(void **state)
{
    static const char *const patterns[] = {NULL, "", "*.*.*.*.*.*.*.*.*"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(patterns); i++) {
        yoke_app *app = yoke_app_new();
        yoke_app_use(app, yoke_vhost(patterns[i]));
        assert_non_null(yoke_app_error(app));
        yoke_app_free(app);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_host_chooses_the_site),
        cmocka_unit_test(a_site_that_does_not_answer_leaves_it_to_others),
        cmocka_unit_test(a_router_can_have_one),
        cmocka_unit_test(a_request_without_a_host_is_for_others),
        cmocka_unit_test(a_wrong_pattern_is_an_error_of_registration),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
