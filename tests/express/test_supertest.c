/* Stands for test/supertest.js of supertest (the branch of 7.0): what a test
 * client has to do, and the words in which it fails. Of its 81 cases 63 are
 * here, 18 are left out; docs/express.md says which, and why. The numbers are
 * those of the cases, counted from the top of that file.
 *
 * Express answers text as HTML; the expectations here are those of yoke, which
 * answers it as plain text. */
#include "../unit/test/catch.h"

#include <jansson.h>
#include <uv.h>
#include <yoke/yoke.h>

/* ---- The application ---- */

static void send_data(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_data(req));
}

static void send_json(yoke_req *req, yoke_res *res)
{
    yoke_res_json(res, json_loads(yoke_data(req), JSON_DECODE_ANY, NULL));
}

static void send_wrong(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_status(res, 500);
    yoke_res_json(res, json_pack("{s:s}", "message", "something went wrong"));
}

static void send_name(yoke_req *req, yoke_res *res)
{
    size_t len;
    const char *body = yoke_req_body(req, &len);
    json_t *value = json_loadb(body, len, 0, NULL);
    const char *name = json_string_value(json_object_get(value, "name"));
    yoke_res_text(res, name ? name : "");
    json_decref(value);
}

static void send_unbuffered(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_write(res, "Hello", 5);
    yoke_res_end(res);
}

static void go_to_login(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_redirect(res, 302, "/login");
}

static void cut(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "Content-Length", "1");
    yoke_res_end(res);
}

static yoke_res *held;

static void hold(yoke_req *req, yoke_res *res)
{
    held = res;
    yoke_hold(req);
}

static void set_cookie(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_append(res, "Set-Cookie", "cookie=hey; Path=/");
    yoke_res_text(res, "");
}

/* The field that the handler's data names. */
static void send_field(yoke_req *req, yoke_res *res)
{
    const char *value = yoke_req_get(req, yoke_data(req));
    yoke_res_text(res, value ? value : ":(");
}

static void send_url(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_original_url(req));
}

static void send_value(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_query(req, "val"));
}

static void send_head(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "Content-Encoding", "gzip");
    yoke_res_set(res, "Content-Length", "1024");
    yoke_res_end(res);
}

#define DATA(fn, text) yoke_with(fn, (void *)(uintptr_t)(text), NULL)

#define DEEP                                                                   \
    "{\"stringValue\":\"foo\",\"numberValue\":3,\"nestedObject\":"             \
    "{\"innerString\":\"5\"}}"

static yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_log_set_level(YOKE_LOG_OFF);
    yoke_app_get(app, "/hey", DATA(send_data, "hey"));
    yoke_app_get(app, "/foo", DATA(send_data, "foo"));
    yoke_app_get(app, "/foobar", DATA(send_data, "foobar"));
    yoke_app_get(app, "/heytj", DATA(send_data, "hey tj"));
    yoke_app_get(app, "/json", DATA(send_json, "{\"foo\":\"bar\"}"));
    yoke_app_get(
        app, "/types",
        DATA(send_json, "{\"stringValue\":\"foo\",\"numberValue\":3}"));
    yoke_app_get(app, "/deep", DATA(send_json, DEEP));
    yoke_app_get(app, "/array", DATA(send_json, "[\"a\",{\"id\":1}]"));
    yoke_app_get(app, "/empty", DATA(send_json, "[]"));
    yoke_app_get(app, "/wrong", send_wrong);
    yoke_app_post(app, "/name", yoke_body, send_name);
    yoke_app_get(app, "/unbuffered", send_unbuffered);
    yoke_app_get(app, "/", go_to_login);
    yoke_app_get(app, "/login", DATA(send_data, "Login"));
    yoke_app_get(app, "/cut", cut);
    yoke_app_get(app, "/hold", hold);
    yoke_app_get(app, "/cookie", set_cookie);
    yoke_app_get(app, "/return_cookies", DATA(send_field, "Cookie"));
    yoke_app_get(app, "/return_headers", DATA(send_field, "header"));
    yoke_app_get(app, "/host", DATA(send_field, "Host"));
    yoke_app_get(app, "/url", send_url);
    yoke_app_get(app, "/value", send_value);
    yoke_app_head(app, "/head", send_head);
    yoke_app_get(app, "/verb", DATA(send_data, "OK"));
    yoke_app_post(app, "/verb", DATA(send_data, "OK"));
    yoke_app_put(app, "/verb", DATA(send_data, "OK"));
    yoke_app_delete(app, "/verb", DATA(send_data, "OK"));
    return app;
}

/* ---- One expectation, and the sentence in which it fails ---- */

enum what {
    STATUS,
    BODY,
    BODY_LIKE,
    JSON,
    HEADER,
    HEADER_LIKE,
};

struct row {
    const char *cases;    /* Their numbers. */
    const char *path;     /* Of a GET. */
    enum what what;       /* Is expected... */
    const char *name;     /* ...of the field; or: */
    int status;           /* The status that is expected. */
    const char *value;    /* ...to be, or to match. */
    const char *sentence; /* NULL: it holds. */
};

static const struct row rows[] = {
    {"21", "/hey", STATUS, .status = 200},
    {"19", "/hey", STATUS, .status = 404,
     .sentence = "expected 404 \"Not Found\", got 200 \"OK\""},
    {"11", "/cut", STATUS, .status = 200,
     .sentence =
         "expected 200 \"OK\", got a bad answer of 200: the connection was "
         "closed after 0 bytes of the body"},
    {"8", "/unbuffered", BODY, .value = "Hello"},
    {"9", "/", STATUS, .status = 302},
    {"24", "/foo", BODY, .value = "foo"},
    {"25", "/foo", BODY, .value = "",
     .sentence = "expected the body \"\", got \"foo\"; they differ from byte 0 "
                 "on"},
    {"26", "/json", BODY, .value = "hey",
     .sentence = "expected the body \"hey\", got \"{\"foo\":\"bar\"}\"; they "
                 "differ from byte 0 on"},
    {"28", "/json", BODY, .value = "{\"foo\":\"bar\"}"},
    {"29", "/json", JSON, .value = "{\"foo\": \"bar\"}"},
    {"29", "/json", JSON, .value = "{\"foo\":\"baz\"}",
     .sentence = "expected the JSON {\"foo\":\"baz\"}, got {\"foo\":\"bar\"}; "
                 "they differ at $.foo: expected \"baz\", got \"bar\""},
    {"30", "/types", JSON,
     .value = "{\"stringValue\":\"foo\",\"numberValue\":3}"},
    {"31", "/deep", JSON, .value = DEEP},
    {"31", "/deep", JSON,
     .value = "{\"nestedObject\":{\"innerString\":5},"
              "\"numberValue\":3,\"stringValue\":\"foo\"}",
     .sentence = "expected the JSON {\"nestedObject\":{\"innerString\":5},"
                 "\"numberValue\":3,\"stringValue\":\"foo\"}, got " DEEP
                 "; they differ at $.nestedObject.innerString: expected 5, got "
                 "\"5\""},
    {"32", "/array", JSON, .value = "[\"a\",{\"id\":1}]"},
    {"33", "/empty", JSON, .value = "[]"},
    {"34", "/foobar", BODY_LIKE, .value = "^bar",
     .sentence = "expected a body matching /^bar/, got \"foobar\""},
    {"37", "/json", HEADER, "Content-Foo", .value = "bar",
     .sentence = "expected \"Content-Foo\" of \"bar\", got no such field"},
    {"38", "/json", HEADER, "Content-Type", .value = "text/html",
     .sentence = "expected \"Content-Type\" of \"text/html\", got "
                 "\"application/json; charset=utf-8\""},
    {"40", "/hey", HEADER_LIKE, "Content-Type", .value = "^application",
     .sentence = "expected \"Content-Type\" matching /^application/, got "
                 "\"text/plain; charset=utf-8\""},
    {"41", "/hey", HEADER, "Content-Length", .value = "4",
     .sentence = "expected \"Content-Length\" of \"4\", got \"3\""},
};

static void expect(yoke_tr *r, const struct row *row)
{
    switch (row->what) {
    case STATUS:
        yoke_expect_status(r, row->status);
        break;
    case BODY:
        yoke_expect_text(r, 200, row->value);
        break;
    case BODY_LIKE:
        yoke_expect_body_like(r, row->value);
        break;
    case JSON:
        yoke_expect_json(r, row->value);
        break;
    case HEADER:
        yoke_expect_header(r, row->name, row->value);
        break;
    case HEADER_LIKE:
        yoke_expect_header_like(r, row->name, row->value);
        break;
    }
}

static yoke_test *t;

static int set_up(void **state)
{
    (void)state;
    t = yoke_test_new(make_app());
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    yoke_test_free(t);
    return 0;
}

static void check(const struct row *row)
{
    yoke_tr *r = yoke_test_get(t, row->path);
    if (!row->sentence)
        expect(r, row);
    else
        FAILS(expect(r, row), row->sentence);
}

static void each_expectation_holds_or_fails_in_words(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(&rows[i]);
}

/* ---- Several expectations: the first that does not hold, in the order of the
 * calls, is told ---- */

#define PLAIN "\"text/plain; charset=utf-8\""

/* 22, 23 */
static void one_status_of_several(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/hey");
    yoke_expect_status_in(r, 200, 404);
    FAILS(yoke_expect_status_in(r, 500, 404),
          "expected one of \"500, 404\", got 200 \"OK\"");
}

/* 27, 66, 65, 67 */
static void the_order_is_that_of_the_calls(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/wrong");
    FAILS(
        {
            yoke_expect_status(r, 200);
            yoke_expect_body(r, "hey");
        },
        "expected 200 \"OK\", got 500 \"Internal Server Error\"");
    FAILS(
        {
            yoke_expect_body(r, "hey");
            yoke_expect_status(r, 200);
        },
        "expected the body \"hey\", got \"{\"message\":\"something went "
        "wrong\"}\"; they differ from byte 0 on");
    r = yoke_test_get(t, "/json");
    FAILS(
        {
            yoke_expect_header_like(r, "content-type", "html");
            yoke_expect_body(r, "hello");
        },
        "expected \"content-type\" matching /html/, got "
        "\"application/json; charset=utf-8\"");
}

/* 35, 36 */
static void the_body_is_looked_at_several_times(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/heytj");
    yoke_expect_body_like(r, "tj");
    yoke_expect_body_like(r, "^hey");
    yoke_expect_body(r, "hey tj");
    FAILS(
        {
            yoke_expect_body_like(r, "tj");
            yoke_expect_body(r, "hey");
            yoke_expect_body(r, "hey tj");
        },
        "expected the body \"hey\", got \"hey tj\"; they differ from byte 3 "
        "on");
}

/* 39, 51, 52, 53, 54 */
static void a_field_is_looked_at_several_times(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/hey");
    yoke_expect_header(r, "Content-Type", "text/plain; charset=utf-8");
    yoke_expect_header(r, "Content-Length", "3");
    yoke_expect_header_like(r, "Content-Type", "text");
    yoke_expect_header_like(r, "Content-Type", "plain");
    for (int wrong = 0; wrong < 3; wrong++) {
        const char *like[] = {"text", "plain", "utf"};
        like[wrong] = "bloop";
        FAILS(
            {
                yoke_expect_header_like(r, "Content-Type", like[0]);
                yoke_expect_header_like(r, "Content-Type", like[1]);
                yoke_expect_header_like(r, "Content-Type", like[2]);
            },
            "expected \"Content-Type\" matching /bloop/, got " PLAIN);
    }
}

/* 42, 45, 46, 48, 49, 50, 68, 69 */
static int checks;

static void expect_three(yoke_tr *r)
{
    checks++;
    if (yoke_tr_len(r) != 3)
        yoke_tr_fail(r, "expected three bytes, got %zu", yoke_tr_len(r));
}

static void expectations_of_ones_own(void **state)
{
    (void)state;
    checks = 0;
    yoke_tr *r = yoke_test_get(t, "/hey");
    expect_three(r);
    yoke_expect_header_like(r, "Content-Type", "plain");
    expect_three(r);
    yoke_expect_status(r, 200);
    expect_three(r);
    assert_int_equal(checks, 3);
    FAILS(
        {
            expect_three(r);
            yoke_expect_header_like(r, "Content-Type", "json");
        },
        "expected \"Content-Type\" matching /json/, got " PLAIN);
    FAILS(expect_three(yoke_test_get(t, "/foobar")),
          "expected three bytes, got 6");
}

/* 15 */
static void an_answer_can_be_read_after_a_failure(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/hey");
    CATCH_FAILURE(yoke_tr_fail(r, "some error"));
    assert_int_equal(yoke_tr_status(r), 200);
}

/* ---- Requests ---- */

/* 7 */
static void sends_a_body(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_post(t, "/name");
    yoke_tr_json(r, json_pack("{s:s}", "name", "john"));
    yoke_expect_body(r, "john");
}

/* 10 */
static void follows_redirects(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_tr_redirects(r, 1);
    yoke_expect_text(r, 200, "Login");
}

/* 14 */
static void one_request_after_another(void **state)
{
    (void)state;
    yoke_expect_text(yoke_test_get(t, "/hey"), 200, "hey");
    yoke_expect_text(yoke_test_get(t, "/hey"), 200, "hey");
}

/* 17 */
static void an_answer_that_does_not_come(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/hold");
    FAILS(yoke_expect_status(r, 200), "expected 200 \"OK\", got no answer");
    yoke_res_text(held, "late");
}

/* 59, 61, 62, 63 */
static void every_method(void **state)
{
    (void)state;
    yoke_expect_status(yoke_test_delete(t, "/verb"), 200);
    yoke_expect_status(yoke_test_get(t, "/verb"), 200);
    yoke_expect_status(yoke_test_post(t, "/verb"), 200);
    yoke_expect_status(yoke_test_put(t, "/verb"), 200);
}

/* 64 */
static void head_has_the_length_of_a_body_that_does_not_come(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_head(t, "/head");
    yoke_tr_set(r, "Accept-Encoding", "gzip, deflate");
    yoke_expect_text(r, 200, "");
    yoke_expect_header(r, "Content-Length", "1024");
}

/* 72, 73, 74, 75 */
static void queries(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/value");
    yoke_tr_query(r, "val", "Test1");
    yoke_expect_text(r, 200, "Test1");
    r = yoke_test_get(t, "/url");
    yoke_tr_query(r, "val[]", "Test1");
    yoke_expect_body(r, "/url?val%5B%5D=Test1");
    r = yoke_test_get(t, "/url");
    yoke_tr_query(r, "val[]", "Test1");
    yoke_tr_query(r, "val[]", "Test2");
    yoke_expect_body(r, "/url?val%5B%5D=Test1&val%5B%5D=Test2");
    r = yoke_test_get(t, "/url");
    yoke_tr_query(r, "val[test]", "Test1");
    yoke_expect_body(r, "/url?val%5Btest%5D=Test1");
}

/* ---- Agents ---- */

/* 55, 56, 57, 58 */
static void agents_keep_cookies_fields_and_a_host(void **state)
{
    (void)state;
    yoke_test *agent = yoke_test_agent(t);
    yoke_test_set(agent, "header", "hey");
    yoke_expect_header(yoke_test_get(agent, "/cookie"), "set-cookie",
                       "cookie=hey; Path=/");
    yoke_expect_body(yoke_test_get(agent, "/return_cookies"), "cookie=hey");
    yoke_expect_body(yoke_test_get(agent, "/return_headers"), "hey");
    yoke_expect_body(yoke_test_get(t, "/return_cookies"), ":(");
    yoke_test_set(agent, "Host", "something.test");
    yoke_expect_body(yoke_test_get(agent, "/host"), "something.test");
}

/* ---- Ports ---- */

/* 1, 3, 12, 13 */
static void a_live_client_has_a_port_of_its_own(void **state)
{
    (void)state;
    yoke_test *live = yoke_test_live(make_app());
    int port = yoke_test_address(live)->port;
    assert_true(port > 0);
    yoke_expect_text(yoke_test_get(live, "/hey"), 200, "hey");
    yoke_test_free(live);
    /* It is free again. */
    yoke_server *server =
        yoke_app_listen(make_app(), .port = port, .host = "127.0.0.1");
    while (!yoke_server_address(server))
        uv_run(yoke_loop(), UV_RUN_ONCE);
    assert_int_equal(yoke_server_address(server)->port, port);
    yoke_server_stop(server, 0);
    uv_run(yoke_loop(), UV_RUN_DEFAULT);
}

/* 20 */
static void a_connection_that_cannot_be_made(void **state)
{
    (void)state;
    yoke_test *live = yoke_test_live(make_app());
    yoke_tr *r = yoke_test_get(live, "/hey");
    yoke_tr_remote_addr(r, "10.0.0.1");
    FAILS(yoke_expect_status(r, 200),
          "expected 200 \"OK\", got no answer: cannot connect: Cannot assign "
          "requested address");
    yoke_test_free(live);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_expectation_holds_or_fails_in_words),
        TEST(one_status_of_several),
        TEST(the_order_is_that_of_the_calls),
        TEST(the_body_is_looked_at_several_times),
        TEST(a_field_is_looked_at_several_times),
        TEST(expectations_of_ones_own),
        TEST(an_answer_can_be_read_after_a_failure),
        TEST(sends_a_body),
        TEST(follows_redirects),
        TEST(one_request_after_another),
        TEST(an_answer_that_does_not_come),
        TEST(every_method),
        TEST(head_has_the_length_of_a_body_that_does_not_come),
        TEST(queries),
        TEST(agents_keep_cookies_fields_and_a_host),
        cmocka_unit_test(a_live_client_has_a_port_of_its_own),
        cmocka_unit_test(a_connection_that_cannot_be_made),
    };
    return cmocka_run_group_tests_name("supertest", tests, NULL, NULL);
}
