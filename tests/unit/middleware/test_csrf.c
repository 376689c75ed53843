/* Requests that pages of other sites have made a browser send. */
#include "middleware.h"

#define CROSS "csrf.cross.site"

static bool has_signature(yoke_req *req, void *data)
{
    (void)data;
    return yoke_req_get(req, "X-Signature") != NULL;
}

#define TRUSTED                                                                \
    {                                                                          \
        .trusted = (const char *const[])                                       \
        {                                                                      \
            "https://a.example", NULL                                          \
        }                                                                      \
    }

static const struct {
    const char *name, *method;
    const char *site, *origin; /* Sec-Fetch-Site and Origin; NULL: none. */
    int status;
    bool is_signed; /* It has X-Signature. */
    struct yoke_csrf_options options;
} cases[] = {
    {"a program that is no browser", "POST", .status = 200},
    {"a page of this origin", "POST", .site = "same-origin", .status = 200},
    {"the user himself", "POST", .site = "none", .status = 200},
    {"a page of another site", "POST", .site = "cross-site", .status = 403},
    {"a page of another host of this site", "POST", .site = "same-site",
     .status = 403},
    {"the same, if allowed", "POST", .site = "same-site", .status = 200,
     .options = {.allows_same_site = true}},
    {"allowed is only that", "POST", .site = "cross-site", .status = 403,
     .options = {.allows_same_site = true}},
    {"a word that is not known", "POST", .site = "x", .status = 403},
    {"what it says counts more than Origin", "POST", .site = "cross-site",
     .origin = "http://test", .status = 403},
    {"GET may come from anywhere", "GET", .site = "cross-site", .status = 200},
    {"HEAD may, too", "HEAD", .site = "cross-site", .status = 200},
    {"DELETE may not", "DELETE", .site = "cross-site", .status = 403},
    {"an older browser: the same host", "POST", .origin = "http://test",
     .status = 200},
    {"the same host, of a proxy with TLS", "POST", .origin = "https://test",
     .status = 200},
    {"an older browser: another host", "POST", .origin = "http://evil",
     .status = 403},
    {"another port", "POST", .origin = "http://test:81", .status = 403},
    {"a host that begins so", "POST", .origin = "http://test.evil",
     .status = 403},
    {"an origin that is hidden", "POST", .origin = "null", .status = 403},
    {"a trusted origin", "POST", .site = "cross-site",
     .origin = "https://a.example", .status = 200, .options = TRUSTED},
    {"only that", "POST", .site = "cross-site", .origin = "http://a.example",
     .status = 403, .options = TRUSTED},
    {"an exempt request", "POST", .site = "cross-site", .status = 200,
     .is_signed = true, .options = {.is_exempt = has_signature}},
    {"the others", "POST", .site = "cross-site", .status = 403,
     .options = {.is_exempt = has_signature}},
};

static void requests_are_judged_by_their_origin(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        yoke_test *t = yoke_test_new(
            app_behind(yoke_csrf_with(&cases[i].options), answer_ok));
        yoke_tr *r = yoke_test_request(t, cases[i].method, "/");
        print_message("%s\n", cases[i].name);
        if (cases[i].site)
            yoke_tr_set(r, "Sec-Fetch-Site", cases[i].site);
        if (cases[i].origin)
            yoke_tr_set(r, "Origin", cases[i].origin);
        if (cases[i].is_signed)
            yoke_tr_set(r, "X-Signature", "x");
        yoke_expect_status(r, cases[i].status);
        if (cases[i].status == 403)
            yoke_expect_body(r, CROSS);
        yoke_test_free(t);
    }
}

/* ---- Tokens ---- */

static void show_token(yoke_req *req, yoke_res *res)
{
    if (strcmp(yoke_req_method(req), "GET") != 0) {
        yoke_res_text(res, "done");
        return;
    }
    const char *token = yoke_csrf_token(req, res);
    yoke_res_text(res, token ? token : "(none)");
}

static const char *session_of(yoke_req *req, void *data)
{
    (void)data;
    return yoke_req_get(req, "X-Session");
}

static yoke_app *app_with_tokens(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_cookie_secrets(app, "secret");
    yoke_app_use(app, yoke_urlencoded(),
                 yoke_csrf(.cookie = "csrf", .session = session_of),
                 show_token);
    yoke_app_catch(app, show_error);
    return app;
}

static char token[256];

/* The token of a page that the agent loads. */
static void load_page(yoke_test *agent)
{
    snprintf(token, sizeof(token), "%s",
             yoke_tr_text(yoke_test_get(agent, "/")));
    assert_true(strlen(token) > 40);
}

static void the_token_of_the_page_is_good(void **state)
{
    (void)state;
    yoke_test *t = yoke_test_new(app_with_tokens());
    yoke_test *agent = yoke_test_agent(t);
    load_page(agent);
    yoke_tr *r = yoke_test_post(agent, "/");
    yoke_tr_set(r, "X-CSRF-Token", token);
    yoke_expect_text(r, 200, "done");
    r = yoke_test_post(agent, "/");
    yoke_tr_form(r, "_csrf", token);
    yoke_expect_text(r, 200, "done");
    /* Another page keeps it. */
    r = yoke_test_get(agent, "/");
    yoke_expect_body(r, token);
    yoke_expect_no_header(r, "Set-Cookie");
    yoke_test_free(t);
}

static void its_cookie_is_hidden_from_scripts(void **state)
{
    (void)state;
    yoke_test *t = yoke_test_new(app_with_tokens());
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_expect_cookie(r, "csrf", NULL, .http_only = true, .same_site = "Lax");
    yoke_test_free(t);
}

static void another_token_is_refused(void **state)
{
    (void)state;
    yoke_test *t = yoke_test_new(app_with_tokens());
    yoke_test *agent = yoke_test_agent(t), *other = yoke_test_agent(t);
    load_page(other);
    yoke_tr *r = yoke_test_get(agent, "/");
    yoke_expect_status(r, 200);

    r = yoke_test_post(agent, "/");
    yoke_expect_text(r, 403, "csrf.token.missing");
    r = yoke_test_post(agent, "/");
    yoke_tr_set(r, "X-CSRF-Token", token);
    yoke_expect_text(r, 403, "csrf.token.invalid");
    /* One that nobody has signed, in both places. */
    r = yoke_test_post(t, "/");
    yoke_tr_cookie(r, "csrf", "abc.def");
    yoke_tr_set(r, "X-CSRF-Token", "abc.def");
    yoke_expect_text(r, 403, "csrf.token.invalid");
    /* Without the cookie. */
    r = yoke_test_post(t, "/");
    yoke_tr_set(r, "X-CSRF-Token", token);
    yoke_expect_text(r, 403, "csrf.token.missing");
    yoke_test_free(t);
}

static void a_token_is_good_for_its_session_alone(void **state)
{
    (void)state;
    yoke_test *t = yoke_test_new(app_with_tokens());
    yoke_test *agent = yoke_test_agent(t);
    yoke_test_set(agent, "X-Session", "1");
    load_page(agent);
    yoke_tr *r = yoke_test_post(agent, "/");
    yoke_tr_set(r, "X-CSRF-Token", token);
    yoke_expect_text(r, 200, "done");
    r = yoke_test_post(agent, "/");
    yoke_tr_set(r, "X-CSRF-Token", token);
    yoke_tr_set(r, "X-Session", "2");
    yoke_expect_text(r, 403, "csrf.token.invalid");
    yoke_test_free(t);
}

static void the_origin_is_looked_at_first(void **state)
{
    (void)state;
    yoke_test *t = yoke_test_new(app_with_tokens());
    yoke_test *agent = yoke_test_agent(t);
    load_page(agent);
    yoke_tr *r = yoke_test_post(agent, "/");
    yoke_tr_set(r, "X-CSRF-Token", token);
    yoke_tr_set(r, "Sec-Fetch-Site", "cross-site");
    yoke_expect_text(r, 403, CROSS);
    yoke_test_free(t);
}

static void without_secrets_there_is_no_token(void **state)
{
    (void)state;
    yoke_test *t =
        yoke_test_new(app_behind(yoke_csrf(.cookie = "csrf"), show_token));
    yoke_expect_text(yoke_test_get(t, "/"), 200, "(none)");
    yoke_test_free(t);
    t = yoke_test_new(app_behind(yoke_csrf(), show_token));
    yoke_expect_text(yoke_test_get(t, "/"), 200, "(none)");
    yoke_test_free(t);
}

static void what_is_no_origin_is_an_error_of_registration(void **state)
{
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_use(app, yoke_csrf(.trusted = YOKE_TEXTS("https://a.example/")));
    assert_non_null(yoke_app_error(app));
    yoke_app_free(app);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(requests_are_judged_by_their_origin),
        cmocka_unit_test(the_token_of_the_page_is_good),
        cmocka_unit_test(its_cookie_is_hidden_from_scripts),
        cmocka_unit_test(another_token_is_refused),
        cmocka_unit_test(a_token_is_good_for_its_session_alone),
        cmocka_unit_test(the_origin_is_looked_at_first),
        cmocka_unit_test(without_secrets_there_is_no_token),
        cmocka_unit_test(what_is_no_origin_is_an_error_of_registration),
    };
    return cmocka_run_group_tests_name("csrf", tests, be_quiet, NULL);
}
