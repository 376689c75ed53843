#include "../unit.h"

#include <stdio.h>
#include <string.h>

#include <yoke/yoke.h>

static const struct {
    const char *name, *value;
} defaults[] = {
    {"Content-Security-Policy",
     "default-src 'self';base-uri 'self';font-src 'self' https: data:;"
     "form-action 'self';frame-ancestors 'self';img-src 'self' data:;"
     "object-src 'none';script-src 'self';script-src-attr 'none';"
     "style-src 'self' https: 'unsafe-inline';upgrade-insecure-requests"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Origin-Agent-Cluster", "?1"},
    {"Referrer-Policy", "no-referrer"},
    {"Strict-Transport-Security", "max-age=31536000; includeSubDomains"},
    {"X-Content-Type-Options", "nosniff"},
    {"X-DNS-Prefetch-Control", "off"},
    {"X-Download-Options", "noopen"},
    {"X-Frame-Options", "SAMEORIGIN"},
    {"X-Permitted-Cross-Domain-Policies", "none"},
    {"X-XSS-Protection", "0"},
};

static void show(yoke_req *req, yoke_res *res)
{
    const char *nonce = yoke_csp_nonce(req);
    yoke_res_text(res, nonce ? nonce : "none");
}

static yoke_test *client_with(struct yoke_handler headers)
{
    yoke_app *app = yoke_app_new();
    yoke_app_enable(app, "x-powered-by");
    yoke_app_use(app, headers);
    yoke_app_get(app, "/", show);
    return yoke_test_new(app);
}

static void all_are_sent(void **state)
{
    yoke_test *t = client_with(yoke_secure_headers());
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    for (size_t i = 0; i < COUNT_OF(defaults); i++)
        yoke_expect_header(r, defaults[i].name, defaults[i].value);
    yoke_expect_no_header(r, "Cross-Origin-Embedder-Policy");
    yoke_expect_no_header(r, "Permissions-Policy");
    yoke_expect_body(r, "none");
    yoke_test_free(t);
}

static void each_can_be_switched_off(void **state)
{
#define OFF YOKE_NO_HEADER
    yoke_test *t = client_with(yoke_secure_headers(
            .content_security_policy = OFF, .cross_origin_opener_policy = OFF,
            .cross_origin_resource_policy = OFF, .origin_agent_cluster = OFF,
            .referrer_policy = OFF, .strict_transport_security = OFF,
            .x_content_type_options = OFF, .x_dns_prefetch_control = OFF,
            .x_download_options = OFF, .x_frame_options = OFF,
            .x_permitted_cross_domain_policies = OFF, .x_xss_protection = OFF));
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_expect_status(r, 200);
    for (size_t i = 0; i < COUNT_OF(defaults); i++)
        yoke_expect_no_header(r, defaults[i].name);
    yoke_test_free(t);
}

static void each_can_be_set(void **state)
{
    yoke_test *t = client_with(
        yoke_secure_headers(.content_security_policy = "default-src 'none'",
                            .reports_only = true,
                            .cross_origin_embedder_policy = "require-corp",
                            .permissions_policy = "camera=()",
                            .x_frame_options = "DENY"));
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_expect_header(r, "Content-Security-Policy-Report-Only",
                       "default-src 'none'");
    yoke_expect_no_header(r, "Content-Security-Policy");
    yoke_expect_header(r, "Cross-Origin-Embedder-Policy", "require-corp");
    yoke_expect_header(r, "Permissions-Policy", "camera=()");
    yoke_expect_header(r, "X-Frame-Options", "DENY");
    yoke_test_free(t);
}

static void a_nonce_is_another_for_each_request(void **state)
{
    yoke_test *t = client_with(yoke_secure_headers(
            .content_security_policy =
                "script-src 'nonce-{nonce}';style-src 'nonce-{nonce}'"));
    yoke_tr *first = yoke_test_get(t, "/"), *second = yoke_test_get(t, "/");
    char policy[160];
    (void)state;
    snprintf(policy, sizeof(policy),
             "script-src 'nonce-%s';style-src 'nonce-%s'", yoke_tr_text(first),
             yoke_tr_text(first));
    assert_int_equal(yoke_tr_len(first), 22);
    yoke_expect_header(first, "Content-Security-Policy", policy);
    assert_string_not_equal(yoke_tr_text(first), yoke_tr_text(second));
    yoke_test_free(t);
}

static void errors_keep_their_stricter_policy(void **state)
{
    yoke_test *t = client_with(yoke_secure_headers());
    yoke_tr *r = yoke_test_get(t, "/none");
    (void)state;
    yoke_tr_set(r, "Accept", "text/html");
    yoke_expect_status(r, 404);
    yoke_expect_header(r, "Content-Security-Policy", "default-src 'none'");
    yoke_expect_header(r, "X-Frame-Options", "SAMEORIGIN");
    yoke_test_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_are_sent),
        cmocka_unit_test(each_can_be_switched_off),
        cmocka_unit_test(each_can_be_set),
        cmocka_unit_test(a_nonce_is_another_for_each_request),
        cmocka_unit_test(errors_keep_their_stricter_policy),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
