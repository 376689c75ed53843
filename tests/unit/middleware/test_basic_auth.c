#include "../unit.h"

#include <string.h>

#include <yoke/yoke.h>

static yoke_req *asked;
static yoke_res *asked_res;

static bool check(yoke_req *req, const char *name, const char *password,
                  void *data)
{
    (void)req;
    return strcmp(name, "ada") == 0 && strcmp(password, data) == 0;
}

static void ask(yoke_req *req, yoke_res *res, const char *name,
                const char *password, void *data)
{
    (void)data;
    asked = req;
    asked_res = res;
    if (strcmp(name, "later") != 0)
        yoke_basic_auth_decide(req, res, strcmp(password, "right") == 0);
}

static void show(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_basic_auth_user(req));
}

static yoke_test *client_with(struct yoke_handler auth)
{
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, auth);
    yoke_app_get(app, "/", show);
    return yoke_test_new(app);
}

#define USERS                                                                  \
    (const struct yoke_basic_user[])                                           \
    {                                                                          \
        {"ada", "secret"}, {"Aladdin", "open sesame"}, {"colon", "a:b"},       \
            {"empty", ""}, {NULL, NULL},                                       \
    }

static void who_is_let_in(void **state)
{
    static const struct {
        const char *field, *user; /* NULL: 401. */
    } cases[] = {
        {NULL, NULL},
        {"Basic YWRhOnNlY3JldA==", "ada"},
        {"Basic YWRhOnNlY3JldA", "ada"},
        {"basic  YWRhOnNlY3JldA==", "ada"},
        {"Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin"},
        {"Basic Y29sb246YTpi", "colon"},
        {"Basic ZW1wdHk6", "empty"},
        {"Basic YWRhOnNlY3JldAA=", NULL}, /* "ada:secret\0" */
        {"Basic YWRhOnNlY3JlVA==", NULL}, /* "ada:secreT" */
        {"Basic YWRhOnNlY3Jl", NULL},     /* "ada:secre" */
        {"Basic YWRhOg==", NULL},         /* "ada:" */
        {"Basic QURBOnNlY3JldA==", NULL}, /* "ADA:secret" */
        {"Basic ZW1wdHk6c2VjcmV0", NULL}, /* "empty:secret" */
        {"Basic YWRhc2VjcmV0", NULL},     /* no colon */
        {"Basic !!!", NULL},
        {"Basic", NULL},
        {"Bearer YWRhOnNlY3JldA==", NULL},
    };
    yoke_test *t = client_with(yoke_basic_auth(.users = USERS));
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        yoke_tr *r = yoke_test_get(t, "/");
        if (cases[i].field)
            yoke_tr_set(r, "Authorization", cases[i].field);
        if (cases[i].user) {
            yoke_expect_text(r, 200, cases[i].user);
            continue;
        }
        yoke_expect_status(r, 401);
        yoke_expect_header(r, "WWW-Authenticate",
                           "Basic realm=\"Restricted\", charset=\"UTF-8\"");
    }
    yoke_test_free(t);
}

static void the_question_can_be_put_otherwise(void **state)
{
    yoke_test *t =
        client_with(yoke_basic_auth(.realm = "Büro", .no_charset = true));
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_tr_basic(r, "", "");
    yoke_expect_status(r, 401);
    yoke_expect_header(r, "WWW-Authenticate", "Basic realm=\"Büro\"");
    yoke_test_free(t);
}

static void a_function_can_decide(void **state)
{
    yoke_test *t =
        client_with(yoke_basic_auth(.check = check,
                                    .data = (void *)(uintptr_t) "pa\xc3\x9f"));
    yoke_tr *right = yoke_test_get(t, "/"), *wrong = yoke_test_get(t, "/");
    (void)state;
    yoke_tr_basic(right, "ada", "pa\xc3\x9f");
    yoke_expect_text(right, 200, "ada");
    yoke_tr_basic(wrong, "ada", "pass");
    yoke_expect_status(wrong, 401);
    yoke_test_free(t);
}

static void a_decision_can_come_later(void **state)
{
    static const struct {
        const char *name, *password;
        bool is_late, decision;
        int status;
    } cases[] = {
        {"now", "right", false, false, 200},
        {"now", "wrong", false, false, 401},
        {"later", "x", true, true, 200},
        {"later", "x", true, false, 401},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        yoke_test *t = client_with(yoke_basic_auth(.ask = ask));
        yoke_tr *r = yoke_test_get(t, "/");
        yoke_tr_basic(r, cases[i].name, cases[i].password);
        yoke_tr_send(r);
        if (cases[i].is_late)
            yoke_basic_auth_decide(asked, asked_res, cases[i].decision);
        yoke_expect_status(r, cases[i].status);
        yoke_test_free(t);
    }
}

static void a_realm_with_quotes_is_an_error_of_registration(void **state)
{
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_use(app, yoke_basic_auth(.realm = "a\"b"));
    assert_non_null(yoke_app_error(app));
    yoke_app_free(app);
}

static void secrets_are_the_same_or_not(void **state)
{
    static const char *const texts[] = {"", "a", "b", "aa", "ab", "aba"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        for (size_t j = 0; j < COUNT_OF(texts); j++)
            assert_int_equal(yoke_is_same_secret(texts[i], texts[j]), i == j);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(who_is_let_in),
        cmocka_unit_test(the_question_can_be_put_otherwise),
        cmocka_unit_test(a_function_can_decide),
        cmocka_unit_test(a_decision_can_come_later),
        cmocka_unit_test(a_realm_with_quotes_is_an_error_of_registration),
        cmocka_unit_test(secrets_are_the_same_or_not),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
