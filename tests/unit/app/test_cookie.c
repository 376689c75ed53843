/* Cookies: how a field is taken apart, and what may be sent. */
#include "fake_exchange.h"

#include <jansson.h>

#include "app/cookie.h"
#include "app/hash.h"

static const char *expected;

static void show(yoke_req *req, yoke_res *res)
{
    const char *text = "", *name, *value;
    for (size_t n = 0; yoke_req_cookie_at(req, n, &name, &value); n++) {
        text = yoke_req_printf(req, "%s%s[%s=%s]", text, n ? " " : "", name,
                               value);
        if (!yoke_req_cookie(req, name))
            fail_msg("%s is not found by its name", name);
    }
    assert_null(yoke_req_cookie(req, "no such cookie"));
    assert_string_equal(text, expected);
    yoke_res_end(res);
}

static void a_field_is_taken_apart(void **state)
{
    static const struct {
        const char *field, *cookies;
    } cases[] = {
        {"a=b", "[a=b]"},
        {"a=b; c=d", "[a=b] [c=d]"},
        {"a=b;c=d;", "[a=b] [c=d]"},
        {" a = b ; c = d ", "[a=b] [c=d]"},
        {"a=b=c", "[a=b=c]"},
        {"a=", "[a=]"},
        {"a", ""},
        {"=b", ""},
        {";;;", ""},
        {"a=\"b c\"", "[a=b c]"},
        {"a=\"", "[a=\"]"},
        {"a=%20%C3%A9", "[a= \xc3\xa9]"},
        {"a=%zz", "[a=%zz]"},
        {"a=%20%", "[a=%20%]"},
        {"a=%00", "[a=%00]"},
        {"a=1+2", "[a=1+2]"},
        {"a=b, c=d", "[a=b, c=d]"},
        {"a=1; a=2", "[a=1] [a=2]"},
        {"%61=b", "[%61=b]"},
    };
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_use(app, show);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char field[128];
        snprintf(field, sizeof(field), "Cookie: %s\r\n", cases[i].field);
        expected = cases[i].cookies;
        struct fake *f = fake_new("GET /", field);
        fake_run(f, app);
        fake_free(f);
    }
    expected = "[a=b] [c=d]";
    struct fake *f = fake_new("GET /", "Cookie: a=b\r\nCookie: c=d\r\n");
    fake_run(f, app);
    fake_free(f);
    expected = "";
    f = fake_new("GET /", "");
    fake_run(f, app);
    fake_free(f);
    yoke_app_free(app);
}

static void count(yoke_req *req, yoke_res *res)
{
    assert_int_equal(yoke_req_cookie_count(req), YK_COOKIES_MAX);
    assert_non_null(yoke_req_cookie(req, "a"));
    assert_null(yoke_req_cookie(req, "z"));
    yoke_res_end(res);
}

/* docs/http-rules.md rule 40 */
static void cookies_after_the_256th_are_ignored(void **state)
{
    yoke_app *app = yoke_app_new();
    char field[8000] = "Cookie: ";
    (void)state;
    for (int i = 0; i < YK_COOKIES_MAX; i++)
        strncat(field, "a=b;", 5);
    strncat(field, "z=1\r\n", 6);
    yoke_app_use(app, count);
    struct fake *f = fake_new("GET /", field);
    fake_run(f, app);
    fake_free(f);
    yoke_app_free(app);
}

static void ask_often(yoke_req *req, yoke_res *res)
{
    const struct yk_blocks *pool = yoke_data(req);
    assert_string_equal(yoke_req_cookie(req, "c"), "d");
    size_t used = pool->used_count;
    for (int i = 0; i < 1000; i++)
        assert_string_equal(yoke_req_cookie(req, "a"), "b");
    assert_int_equal(pool->used_count, used);
    yoke_res_end(res);
}

static void asking_again_takes_no_memory(void **state)
{
    yoke_app *app = yoke_app_new();
    struct fake *f = fake_new("GET /", "Cookie: a=b\r\nCookie: c=d\r\n");
    (void)state;
    yoke_app_use(app, yoke_with(ask_often, &f->pool, NULL));
    fake_run(f, app);
    fake_free(f);
    yoke_app_free(app);
}

static void set_json(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_json_cookie(res, "plain", json_pack("{s:[i,i]}", "a", 1, 2));
    yoke_res_json_cookie(res, "signed", json_string("x"), .is_signed = true);
    yoke_res_end(res);
}

static void show_json(yoke_req *req, yoke_res *res)
{
    json_t *plain = yoke_req_json_cookie(req, "plain");
    json_t *is_signed = yoke_req_signed_json_cookie(req, "signed");
    yoke_res_json(res, json_pack("[o?, o?]", plain, is_signed));
}

static yoke_app *json_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_cookie_secrets(app, "secret");
    yoke_app_get(app, "/set", set_json);
    yoke_app_get(app, "/show", show_json);
    return app;
}

static void values_of_json_come_back(void **state)
{
    yoke_test *t = yoke_test_new(json_app());
    (void)state;
    yoke_tr *set = yoke_test_get(t, "/set");
    yoke_expect_header(set, "Set-Cookie",
                       "plain=j%3A%7B%22a%22%3A%5B1%2C2%5D%7D; Path=/");
    yoke_test *agent = yoke_test_agent(t);
    yoke_expect_status(yoke_test_get(agent, "/set"), 200);
    yoke_expect_body(yoke_test_get(agent, "/show"), "[{\"a\":[1,2]},\"x\"]");
    yoke_test_free(t);
}

static void what_is_no_json_is_none(void **state)
{
    static const char *const values[] = {"{}", "j:{",
                                         "j:", "j:{\"a\":1,\"a\":2}", "s:j:1"};
    yoke_test *t = yoke_test_new(json_app());
    (void)state;
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        yoke_tr *r = yoke_test_get(t, "/show");
        yoke_tr_cookie(r, "plain", values[i]);
        yoke_tr_cookie(r, "signed", values[i]);
        yoke_expect_body(r, "[null,null]");
    }
    yoke_test_free(t);
}

static void set_auto(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_cookie(res, "a", "b", .secure_auto = true);
    yoke_res_end(res);
}

static void a_cookie_is_as_secure_as_its_request(void **state)
{
    static const struct {
        bool is_trusted;
        const char *proto, *cookie;
    } cases[] = {
        {false, "https", "a=b; Path=/"},
        {true, "https", "a=b; Path=/; Secure"},
        {true, "https, http", "a=b; Path=/; Secure"},
        {true, "http", "a=b; Path=/"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        yoke_app *app = yoke_app_new();
        if (cases[i].is_trusted)
            yoke_app_set_str(app, "trust proxy", "loopback");
        yoke_app_use(app, set_auto);
        yoke_test *t = yoke_test_new(app);
        yoke_tr *r = yoke_test_get(t, "/");
        yoke_tr_set(r, "X-Forwarded-Proto", cases[i].proto);
        yoke_expect_header(r, "Set-Cookie", cases[i].cookie);
        yoke_test_free(t);
    }
}

/* What is said of cookies that browsers drop. */
static unsigned drops_told;

static void count_drops(enum yoke_log_level level, const char *line, void *data)
{
    (void)data;
    drops_told += level == YOKE_LOG_WARN && strstr(line, "browsers drop it");
}

static void set_none(yoke_req *req, yoke_res *res)
{
    bool is_good = yoke_req_query(req, "good") != NULL;
    yoke_res_cookie(res, "a", "b", .secure = is_good, .secure_auto = true,
                    .same_site = YOKE_SAME_SITE_NONE);
    yoke_res_text(res, "");
}

static void set_partitioned(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_cookie(res, "a", "b", .partitioned = true);
    yoke_res_text(res, "");
}

/* As Express sends it. */
static void a_cookie_that_browsers_drop_is_sent_and_told_once(void **state)
{
    yoke_app *app = yoke_app_new();
    (void)state;
    drops_told = 0;
    yoke_log_set_sink(count_drops, NULL);
    yoke_app_get(app, "/none", set_none);
    yoke_app_get(app, "/partitioned", set_partitioned);
    yoke_test *t = yoke_test_new(app);
    yoke_expect_header(yoke_test_get(t, "/none?good=1"), "Set-Cookie",
                       "a=b; Path=/; Secure; SameSite=None");
    assert_int_equal(drops_told, 0);
    for (int i = 0; i < 2; i++)
        yoke_expect_header(yoke_test_get(t, "/none"), "Set-Cookie",
                           "a=b; Path=/; SameSite=None");
    yoke_expect_header(yoke_test_get(t, "/partitioned"), "Set-Cookie",
                       "a=b; Path=/; Partitioned");
    assert_int_equal(drops_told, 1);
    yoke_test_free(t);
    yoke_log_set_sink(NULL, NULL);
}

static void break_it(yoke_req *req, yoke_res *res)
{
    (void)req;
    switch (*expected) {
    case 'n':
        assert_int_equal(yoke_res_cookie(res, "a b", "c"), -YOKE_EHEADER);
        break;
    case 'N':
        assert_int_equal(yoke_res_cookie(res, NULL, "c"), -YOKE_EHEADER);
        break;
    case 'v':
        assert_int_equal(yoke_res_cookie(res, "a", NULL), -YOKE_EHEADER);
        break;
    case 'r':
        assert_int_equal(yoke_res_cookie(res, "a", "b;c", .is_raw = true),
                         -YOKE_EHEADER);
        break;
    case 'p':
        assert_int_equal(yoke_res_cookie(res, "a", "b", .path = "/; HttpOnly"),
                         -YOKE_EHEADER);
        break;
    default:
        assert_int_equal(
            yoke_res_cookie(res, "a", "b", .domain = "x\r\nSet-Cookie: e=f"),
            -YOKE_EHEADER);
    }
    yoke_res_text(res, "never");
}

/* docs/http-rules.md rule 33 */
static void what_would_split_a_cookie_becomes_a_500(void **state)
{
    static const char *const kinds[] = {"n", "N", "v", "r", "p", "d"};
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_use(app, break_it);
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        struct fake *f = fake_new("GET /", "");
        expected = kinds[i];
        fake_run(f, app);
        assert_int_equal(f->status, 500);
        assert_no_header(f, "Set-Cookie");
        assert_logged("cookie");
        fake_free(f);
    }
    yoke_app_free(app);
}

static void a_value_is_sent_as_it_is_or_not_at_all(void **state)
{
    (void)state;
    assert_true(yk_cookie_is_value(YK_LIT("")));
    assert_true(yk_cookie_is_value(YK_LIT("a!#$%&'()*+-./:<=>?@[]^_`{|}~")));
    assert_true(yk_cookie_is_value(YK_LIT("\"quoted\"")));
    assert_false(yk_cookie_is_value(YK_LIT("a b")));
    assert_false(yk_cookie_is_value(YK_LIT("a,b")));
    assert_false(yk_cookie_is_value(YK_LIT("a\"b")));
    assert_false(yk_cookie_is_value(YK_LIT("a\\b")));
    assert_false(yk_cookie_is_value(YK_LIT("\xc3\xa9")));
}

static void sign(yoke_req *req, yoke_res *res)
{
    const char *text = yoke_req_query(req, "text");
    const char *signed_text = yoke_req_sign(req, text);
    assert_string_equal(yoke_req_unsign(req, signed_text), text);
    assert_null(yoke_req_unsign(req, text));
    assert_null(yoke_req_unsign(req, yoke_req_printf(req, "%sx", signed_text)));
    assert_null(yoke_req_unsign(req, yoke_req_printf(req, "x%s", signed_text)));
    yoke_res_text(res, signed_text);
}

static void unsign(yoke_req *req, yoke_res *res)
{
    const char *text = yoke_req_unsign(req, yoke_req_get(req, "X-Text"));
    yoke_res_text(res, text ? text : "(none)");
}

static yoke_test *signs_by(const char *secret, const char *older)
{
    yoke_app *app = yoke_app_new();
    yoke_app_cookie_secrets(app, secret, older);
    yoke_app_get(app, "/sign", sign);
    yoke_app_get(app, "/unsign", unsign);
    return yoke_test_new(app);
}

static void any_text_can_be_signed_and_read_after_a_change(void **state)
{
    yoke_test *before = signs_by("first", "zeroth");
    yoke_test *after = signs_by("second", "first");
    yoke_test *later = signs_by("third", "second");
    (void)state;
    yoke_tr *r = yoke_test_get(before, "/sign?text=a.b%20c");
    yoke_expect_status(r, 200);
    yoke_tr *read = yoke_test_get(after, "/unsign");
    yoke_tr_set(read, "X-Text", yoke_tr_text(r));
    yoke_expect_body(read, "a.b c");
    read = yoke_test_get(later, "/unsign");
    yoke_tr_set(read, "X-Text", yoke_tr_text(r));
    yoke_expect_body(read, "(none)");
    yoke_test_free(before);
    yoke_test_free(after);
    yoke_test_free(later);
}

static void an_empty_secret_is_an_error_of_registration(void **state)
{
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_cookie_secrets(app, "good", "");
    assert_non_null(strstr(yoke_app_error(app), "cookie secret 2 of 2"));
    yoke_app_free(app);
    app = yoke_app_new();
    yoke_app_cookie_secrets(app, NULL);
    assert_non_null(strstr(yoke_app_error(app), "cookie secret 1 of 1"));
    yoke_app_free(app);
    app = yoke_app_new(); /* No old one is as usual. */
    yoke_app_cookie_secrets(app, "good", NULL);
    assert_null(yoke_app_error(app));
    yoke_app_free(app);
}

/* Twice: what a key is made ready for stays as it is. */
static void check_hmac(struct yk_slice key, struct yk_slice text, uint8_t first,
                       uint8_t last)
{
    struct yk_hmac_key *made = yk_hmac_key_new(key);
    for (int i = 0; i < 2; i++) {
        uint8_t out[YK_HMAC_SHA256_LEN] = {0};
        yk_hmac_sha256(made, text, out);
        assert_int_equal(out[0], first);
        assert_int_equal(out[YK_HMAC_SHA256_LEN - 1], last);
    }
    yk_hmac_key_free(made);
}

/* RFC 4231, test cases 1, 2 and 6. */
static void hmac_is_that_of_the_rfc(void **state)
{
    static const struct {
        const char *key;
        size_t key_len;
        const char *text;
        unsigned char first, last;
    } cases[] = {
        {"\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b\x0b"
         "\x0b\x0b\x0b",
         20, "Hi There", 0xb0, 0xf7},
        {"Jefe", 4, "what do ya want for nothing?", 0x5b, 0x43},
    };
    char key[131];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        check_hmac((struct yk_slice){cases[i].key, cases[i].key_len},
                   yk_slice_of(cases[i].text), cases[i].first, cases[i].last);
    }
    memset(key, 0xaa, sizeof(key));
    check_hmac((struct yk_slice){key, sizeof(key)},
               YK_LIT("Test Using Larger Than Block-Size Key - Hash Key First"),
               0x60, 0x54);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_field_is_taken_apart),
        cmocka_unit_test(cookies_after_the_256th_are_ignored),
        cmocka_unit_test(asking_again_takes_no_memory),
        cmocka_unit_test(values_of_json_come_back),
        cmocka_unit_test(what_is_no_json_is_none),
        cmocka_unit_test(a_cookie_is_as_secure_as_its_request),
        cmocka_unit_test(a_cookie_that_browsers_drop_is_sent_and_told_once),
        cmocka_unit_test(what_would_split_a_cookie_becomes_a_500),
        cmocka_unit_test(a_value_is_sent_as_it_is_or_not_at_all),
        cmocka_unit_test(any_text_can_be_signed_and_read_after_a_change),
        cmocka_unit_test(an_empty_secret_is_an_error_of_registration),
        cmocka_unit_test(hmac_is_that_of_the_rfc),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
