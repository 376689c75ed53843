#include "../unit.h"

#include <string.h>

#include <yoke/yoke.h>

static bool says;       /* What the functions below decide. */
static yoke_req *asked; /* By `ask_later`. */
static yoke_res *asked_res;

static bool allow(yoke_req *req, const char *origin, void *data)
{
    (void)req;
    assert_string_equal(origin, "https://a.example");
    assert_string_equal(data, "data");
    return says;
}

static void ask(yoke_req *req, yoke_res *res, const char *origin, void *data)
{
    assert_string_equal(origin, "https://a.example");
    (void)data;
    yoke_cors_decide(req, res, says);
}

static void ask_later(yoke_req *req, yoke_res *res, const char *origin,
                      void *data)
{
    (void)origin, (void)data;
    asked = req;
    asked_res = res;
}

static void show(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "shown");
}

static yoke_test *client_with(struct yoke_handler cors)
{
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, cors);
    yoke_app_all(app, "/", show);
    return yoke_test_new(app);
}

static yoke_tr *ask_from(yoke_test *t, const char *method, const char *origin)
{
    yoke_tr *r = yoke_test_request(t, method, "/");
    if (origin)
        yoke_tr_set(r, "Origin", origin);
    if (strcmp(method, "OPTIONS") == 0)
        yoke_tr_set(r, "Access-Control-Request-Method", "PUT");
    return r;
}

static void expect_field(yoke_tr *r, const char *name, const char *value)
{
    if (value)
        yoke_expect_header(r, name, value);
    else
        yoke_expect_no_header(r, name);
}

/* ---- Origins ---- */

static void who_may_read(void **state)
{
    static const char *const list[] = {"https://a.example",
                                       "https://*.b.example", NULL};
    static const char a[] = "https://a.example";
    const struct {
        struct yoke_handler cors;
        bool says;
        const char *origin, *allowed, *vary;
    } cases[] = {
        {yoke_cors(), false, a, "*", NULL},
        {yoke_cors(), false, NULL, "*", NULL},
        {yoke_cors(.origin = "https://c.example"), false, a,
         "https://c.example", "Origin"},
        {yoke_cors(.origins = list), false, a, a, "Origin"},
        {yoke_cors(.origins = list), false, NULL, NULL, "Origin"},
        {yoke_cors(.origins = list), false, "https://A.example",
         "https://A.example", "Origin"},
        {yoke_cors(.origins = list), false, "http://a.example", NULL, "Origin"},
        {yoke_cors(.origins = list), false, "https://a.example.evil.example",
         NULL, "Origin"},
        {yoke_cors(.origins = list), false, "https://x.b.example",
         "https://x.b.example", "Origin"},
        {yoke_cors(.origins = list), false, "https://x.y.b.example",
         "https://x.y.b.example", "Origin"},
        {yoke_cors(.origins = list), false, "https://b.example", NULL,
         "Origin"},
        {yoke_cors(.origins = list), false, "https://.b.example", NULL,
         "Origin"},
        {yoke_cors(.origins = list), false, "https://evil/.b.example", NULL,
         "Origin"},
        {yoke_cors(.origins = list), false, "https://evil?.b.example", NULL,
         "Origin"},
        {yoke_cors(.origins = list), false, "https://evil@x.b.example", NULL,
         "Origin"},
        {yoke_cors(.origins = list), false, "http://x.b.example", NULL,
         "Origin"},
        {yoke_cors(.origins = list), false, "null", NULL, "Origin"},
        {yoke_cors(.reflects = true), false, "http://any", "http://any",
         "Origin"},
        {yoke_cors(.allow = allow, .data = (void *)(uintptr_t) "data"), true, a,
         a, "Origin"},
        {yoke_cors(.allow = allow, .data = (void *)(uintptr_t) "data"), false,
         a, NULL, "Origin"},
        {yoke_cors(.ask = ask), true, a, a, "Origin"},
        {yoke_cors(.ask = ask), false, a, NULL, "Origin"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        static const char *const methods[] = {"GET", "OPTIONS"};
        yoke_test *t = client_with(cases[i].cors);
        says = cases[i].says;
        for (size_t m = 0; m < COUNT_OF(methods); m++) {
            yoke_tr *r = ask_from(t, methods[m], cases[i].origin);
            yoke_expect_status(r, m == 0 ? 200 : 204);
            expect_field(r, "Access-Control-Allow-Origin", cases[i].allowed);
            if (m == 0)
                expect_field(r, "Vary", cases[i].vary);
            else if (cases[i].vary)
                yoke_expect_header_has(r, "Vary", cases[i].vary);
        }
        yoke_test_free(t);
    }
}

static void a_decision_can_come_later(void **state)
{
    yoke_test *t = client_with(yoke_cors(.ask = ask_later));
    yoke_tr *r = ask_from(t, "GET", "https://a.example");
    (void)state;
    yoke_tr_send(r);
    yoke_cors_decide(asked, asked_res, true);
    yoke_expect_text(r, 200, "shown");
    yoke_expect_header(r, "Access-Control-Allow-Origin", "https://a.example");
    yoke_test_free(t);
}

/* ---- The answer to a question beforehand ---- */

static void the_defaults_of_a_preflight(void **state)
{
    yoke_test *t = client_with(yoke_cors());
    yoke_tr *r = ask_from(t, "OPTIONS", "https://a.example");
    (void)state;
    yoke_tr_set(r, "Access-Control-Request-Headers", "x-one, x-two");
    yoke_expect_text(r, 204, "");
    yoke_expect_header(r, "Access-Control-Allow-Methods",
                       "GET,HEAD,PUT,PATCH,POST,DELETE");
    yoke_expect_header(r, "Access-Control-Allow-Headers", "x-one, x-two");
    yoke_expect_header(r, "Vary", "Access-Control-Request-Headers");
    yoke_expect_no_header(r, "Access-Control-Max-Age");
    yoke_expect_no_header(r, "Access-Control-Allow-Credentials");
    yoke_expect_no_header(r, "Access-Control-Allow-Private-Network");
    yoke_test_free(t);
}

static void the_options_of_a_preflight(void **state)
{
    yoke_test *t = client_with(
        yoke_cors(.reflects = true, .methods = "GET,PUT", .credentials = true,
                  .allowed_headers = "X-One",
                  .exposed_headers = "X-Total, ETag", .max_age_s = 600,
                  .status = 200, .private_network = true));
    yoke_tr *r = ask_from(t, "OPTIONS", "https://a.example");
    yoke_tr *get = ask_from(t, "GET", "https://a.example");
    (void)state;
    yoke_tr_set(r, "Access-Control-Request-Headers", "x-one, x-two");
    yoke_tr_set(r, "Access-Control-Request-Private-Network", "true");
    yoke_expect_text(r, 200, "");
    yoke_expect_header(r, "Access-Control-Allow-Methods", "GET,PUT");
    yoke_expect_header(r, "Access-Control-Allow-Headers", "X-One");
    yoke_expect_header(r, "Access-Control-Allow-Credentials", "true");
    yoke_expect_header(r, "Access-Control-Max-Age", "600");
    yoke_expect_header(r, "Access-Control-Allow-Private-Network", "true");
    yoke_expect_header(r, "Vary", "Origin");
    yoke_expect_no_header(r, "Access-Control-Expose-Headers");

    yoke_expect_text(get, 200, "shown");
    yoke_expect_header(get, "Access-Control-Expose-Headers", "X-Total, ETag");
    yoke_expect_header(get, "Access-Control-Allow-Credentials", "true");
    yoke_expect_no_header(get, "Access-Control-Allow-Methods");
    yoke_expect_no_header(get, "Access-Control-Max-Age");
    yoke_test_free(t);
}

static void one_that_is_refused_says_nothing(void **state)
{
    yoke_test *t =
        client_with(yoke_cors(.origins = YOKE_TEXTS("https://b.example"),
                              .credentials = true));
    yoke_tr *r = ask_from(t, "OPTIONS", "https://a.example");
    (void)state;
    yoke_expect_status(r, 204);
    yoke_expect_no_header(r, "Access-Control-Allow-Origin");
    yoke_expect_no_header(r, "Access-Control-Allow-Credentials");
    yoke_expect_no_header(r, "Access-Control-Allow-Methods");
    yoke_test_free(t);
}

static void the_next_layer_may_answer_it(void **state)
{
    yoke_test *t = client_with(yoke_cors(.continues = true, .max_age_s = -1));
    yoke_tr *r = ask_from(t, "OPTIONS", "https://a.example");
    (void)state;
    yoke_expect_text(r, 200, "shown");
    yoke_expect_header(r, "Access-Control-Allow-Origin", "*");
    yoke_expect_header(r, "Access-Control-Max-Age", "0");
    yoke_test_free(t);
}

static void plain_options_is_no_preflight(void **state)
{
    yoke_test *t = client_with(yoke_cors());
    yoke_tr *r = yoke_test_options(t, "/");
    (void)state;
    yoke_expect_text(r, 200, "shown");
    yoke_expect_header(r, "Access-Control-Allow-Origin", "*");
    yoke_test_free(t);
}

static void what_is_no_origin_is_an_error_of_registration(void **state)
{
    static const char *const wrong[] = {"*",
                                        "",
                                        "example.com",
                                        "https://",
                                        "https://a.example/",
                                        "://a",
                                        "https://a.example/path",
                                        "https://a.*.example",
                                        "https://*",
                                        "a b://c d"};
    static const char *const right[] = {"null",
                                        "https://a.example",
                                        "http://localhost:8080",
                                        "http://[::1]:80",
                                        "https://*.a.example",
                                        "app://local"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(wrong) + COUNT_OF(right); i++) {
        bool is_wrong = i < COUNT_OF(wrong);
        const char *origin = is_wrong ? wrong[i] : right[i - COUNT_OF(wrong)];
        yoke_app *app = yoke_app_new();
        print_message("%s\n", origin);
        yoke_app_use(app, yoke_cors(.origins = YOKE_TEXTS("null", origin)));
        assert_int_equal(yoke_app_error(app) != NULL, is_wrong);
        yoke_app_free(app);
    }
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, yoke_cors(.origin = "*"));
    assert_null(yoke_app_error(app));
    yoke_app_use(app, yoke_cors(.origin = "https://a.example/"));
    assert_non_null(yoke_app_error(app));
    yoke_app_free(app);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_may_read),
        cmocka_unit_test(a_decision_can_come_later),
        cmocka_unit_test(the_defaults_of_a_preflight),
        cmocka_unit_test(the_options_of_a_preflight),
        cmocka_unit_test(one_that_is_refused_says_nothing),
        cmocka_unit_test(the_next_layer_may_answer_it),
        cmocka_unit_test(plain_options_is_no_preflight),
        cmocka_unit_test(what_is_no_origin_is_an_error_of_registration),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
