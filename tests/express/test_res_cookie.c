/* Express: test/res.cookie.js, test/res.clearCookie.js and
 * test/req.signedCookies.js. An invalid date, age or priority does not compile
 * here; values are text, an object is the handler's to write as JSON. */
#include "express.h"

static const char object[] = "j:{\"name\":\"tobi\"}";

static void one(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_cookie(res, "name", "tobi");
    yoke_res_end(res);
}

static void json(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_cookie(res, "user", object);
    yoke_res_end(res);
}

static void encoded(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_cookie(res, "gender", "?");
    yoke_res_end(res);
}

static void safe(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_cookie(res, "name", "tobi", .http_only = true, .secure = true);
    yoke_res_end(res);
}

static void partitioned(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_cookie(res, "name", "tobi", .partitioned = true);
    yoke_res_end(res);
}

static void aged(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_cookie(res, "name", "tobi", .max_age_s = 1);
    yoke_res_end(res);
}

static void of_low_priority(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_cookie(res, "name", "tobi", .priority = YOKE_PRIORITY_LOW);
    yoke_res_end(res);
}

static void of_medium_priority(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_cookie(res, "name", "tobi", .priority = YOKE_PRIORITY_MEDIUM);
    yoke_res_end(res);
}

static void of_high_priority(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_cookie(res, "name", "tobi", .priority = YOKE_PRIORITY_HIGH);
    yoke_res_end(res);
}

static void with_everything(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_cookie(res, "a", "b", .max_age_s = 60, .domain = "example.com",
                    .path = "/x", .http_only = true, .secure = true,
                    .partitioned = true, .priority = YOKE_PRIORITY_HIGH,
                    .same_site = YOKE_SAME_SITE_NONE);
    yoke_res_end(res);
}

static void signed_json(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_cookie(res, "user", object, .is_signed = true);
    yoke_res_end(res);
}

static void signed_text(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_cookie(res, "name", "tobi", .is_signed = true);
    yoke_res_end(res);
}

static void cleared(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_clear_cookie(res, "sid");
    yoke_res_end(res);
}

static void cleared_below(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_clear_cookie(res, "sid", .path = "/admin");
    yoke_res_end(res);
}

static void cleared_with_age(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_clear_cookie(res, "sid", .path = "/admin", .max_age_s = 1000);
    yoke_res_end(res);
}

static void cleared_with_date(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_clear_cookie(res, "sid", .path = "/admin", .expires = 4000000000);
    yoke_res_end(res);
}

static void show_signed(yoke_req *req, yoke_res *res)
{
    express_show(res, yoke_req_signed_cookie(req, "user"));
}

static void with_secret(yoke_app *app)
{
    yoke_app_cookie_secrets(app, "keyboard cat");
}

static void with_other_secret(yoke_app *app)
{
    yoke_app_cookie_secrets(app, "other");
}

static void with_new_secret(yoke_app *app)
{
    yoke_app_cookie_secrets(app, "new", "keyboard cat");
}

#define COOKIE(text) .answered = {{"Set-Cookie", text}}
#define GONE         "Expires=Thu, 01 Jan 1970 00:00:00 GMT"
#define SIGNED_JSON                                                            \
    "s%3Aj%3A%7B%22name%22%3A%22tobi%22%7D."                                   \
    "4D3AC8%2BbGC0aifZCQyA2RcaXg9xn18kRuMwPUUVplH0"

static const struct express_case cases[] = {
    {"an object is JSON", json,
     COOKIE("user=j%3A%7B%22name%22%3A%22tobi%22%7D; Path=/")},
    {"a text", one, COOKIE("name=tobi; Path=/")},
    {"a text that must be encoded", encoded, COOKIE("gender=%3F; Path=/")},
    {"attributes", safe, COOKIE("name=tobi; Path=/; HttpOnly; Secure")},
    {"partitioned", partitioned, COOKIE("name=tobi; Path=/; Partitioned")},
    {"an age is sent in both forms", aged,
     COOKIE("name=tobi; Max-Age=1; Path=/; "
            "Expires=Sun, 06 Nov 1994 08:49:38 GMT")},
    {"low priority", of_low_priority,
     COOKIE("name=tobi; Path=/; Priority=Low")},
    {"medium priority", of_medium_priority,
     COOKIE("name=tobi; Path=/; Priority=Medium")},
    {"high priority", of_high_priority,
     COOKIE("name=tobi; Path=/; Priority=High")},
    {"all attributes, in their order", with_everything,
     COOKIE("a=b; Max-Age=60; Domain=example.com; Path=/x; "
            "Expires=Sun, 06 Nov 1994 08:50:37 GMT; HttpOnly; Secure; "
            "Partitioned; Priority=High; SameSite=None")},
    {"signing needs a secret", signed_text, .status = 500,
     .answered = {{"Set-Cookie", NULL}}},

    {"clear: in the past", cleared, COOKIE("sid=; Path=/; " GONE)},
    {"clear: with the attributes it was set with", cleared_below,
     COOKIE("sid=; Path=/admin; " GONE)},
    {"clear: an age is ignored", cleared_with_age,
     COOKIE("sid=; Path=/admin; " GONE)},
    {"clear: a date is ignored", cleared_with_date,
     COOKIE("sid=; Path=/admin; " GONE)},

    {"signed: is read back", show_signed, with_secret,
     .fields = {{"Cookie", "user=" SIGNED_JSON}}, .body = object},
    {"signed: an old secret is good for reading", show_signed, with_new_secret,
     .fields = {{"Cookie", "user=" SIGNED_JSON}}, .body = object},
    {"signed: not by another secret", show_signed, with_other_secret,
     .fields = {{"Cookie", "user=" SIGNED_JSON}}, .body = "(none)"},
    {"signed: not without a secret", show_signed,
     .fields = {{"Cookie", "user=" SIGNED_JSON}}, .body = "(none)"},
    {"signed: a text of one's own is not", show_signed, with_secret,
     .fields = {{"Cookie", "user=s%3Aevil.4D3AC8%2BbGC0aifZCQyA2RcaXg9xn18kRu"
                           "MwPUUVplH0"}},
     .body = "(none)"},
};

/* The secret of Express's test is "foo bar baz"; so are its signatures. */
static void signatures_are_those_of_express(void **state)
{
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_cookie_secrets(app, "foo bar baz");
    yoke_app_get(app, "/json", signed_json);
    yoke_app_get(app, "/text", signed_text);
    yoke_test *t = yoke_test_new(app);
    yoke_expect_header(yoke_test_get(t, "/json"), "Set-Cookie",
                       "user=s%3Aj%3A%7B%22name%22%3A%22tobi%22%7D."
                       "K20xcwmDS%2BPb1rsD95o5Jm5SqWs1KteqdnynnB7jkTE; Path=/");
    yoke_expect_header(
        yoke_test_get(t, "/text"), "Set-Cookie",
        "name=s%3Atobi.xJjV2iZ6EI7C8E5kzwbfA9PVLl1ZR07UTnuTgQQ4EnQ; Path=/");
    yoke_test_free(t);
}

static void several(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_cookie(res, "name", "tobi");
    yoke_res_cookie(res, "age", "1");
    yoke_res_append(res, "Set-Cookie", "fizz=buzz");
    yoke_res_end(res);
}

static void each_cookie_has_a_field_of_its_own(void **state)
{
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_get(app, "/", several);
    yoke_test *t = yoke_test_new(app);
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_expect_status(r, 200);
    size_t len;
    assert_non_null(strstr(yoke_tr_raw(r, &len),
                           "Set-Cookie: name=tobi; Path=/\r\n"
                           "Set-Cookie: age=1; Path=/\r\n"
                           "Set-Cookie: fizz=buzz\r\n"));
    yoke_test_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signatures_are_those_of_express),
        cmocka_unit_test(each_cookie_has_a_field_of_its_own),
    };
    int failed = express_run("res.cookie", cases, COUNT_OF(cases));
    return failed + cmocka_run_group_tests(tests, NULL, NULL);
}
