/* Stands for the tests of light-my-request 6 (test/index.test.js,
 * test/stream.test.js, test/bind-inject.test.js): what a client without a port
 * hands to an application, and what it gives back. Of its 165 cases 99 are
 * here, some of them several in one row; 66 are left out; docs/express.md says
 * which, and why. Numbers are those of the cases, counted from the top of their
 * file: 24, s3 (stream), b5 (bind-inject). */
#include "../unit/test/catch.h"

#include <stdlib.h>

#include <jansson.h>
#include <uv.h>
#include <yoke/yoke.h>

/* ---- The application ---- */

#define DATA(fn, text) yoke_with(fn, (void *)(uintptr_t)(text), NULL)

static void send_host_and_url(yoke_req *req, yoke_res *res)
{
    yoke_res_set(res, "X-Extra", "hello");
    yoke_res_text(res, yoke_req_printf(req, "%s|%s", yoke_req_get(req, "host"),
                                       yoke_req_original_url(req)));
}

static void send_in_pieces(yoke_req *req, yoke_res *res)
{
    const char *text = yoke_data(req);
    for (size_t i = 0; text[i]; i++)
        yoke_res_write(res, text + i, 1);
    yoke_res_end(res);
}

/* The field that the handler's data names. */
static void send_field(yoke_req *req, yoke_res *res)
{
    const char *value = yoke_req_get(req, yoke_data(req));
    yoke_res_text(res, value ? value : "-");
}

static void send_names(yoke_req *req, yoke_res *res)
{
    const char *name, *value, *names = "";
    for (size_t i = 0; yoke_req_header_at(req, i, &name, &value); i++)
        names = yoke_req_printf(req, "%s%s=%s;", names, name, value);
    yoke_res_text(res, names);
}

static void send_ip(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_ip(req));
}

static void send_data(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_data(req));
}

static void send_bytes(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_send(res, "\x1f\x8b\0\xff", 4);
}

static void send_twice(yoke_req *req, yoke_res *res)
{
    send_data(req, res);
    yoke_res_end(res);
}

static void send_cookies(yoke_req *req, yoke_res *res)
{
    yoke_res_append(res, "Set-Cookie", "type=ninja");
    yoke_res_append(res, "Set-Cookie",
                    "dev=me; Expires=Fri, 17 Jan 2020 20:26:08 -0000; "
                    "Max-Age=1234; Domain=.home.com; Path=/wow; Secure; "
                    "HttpOnly; SameSite=Strict");
    send_field(req, res);
}

static void send_as_json(yoke_req *req, yoke_res *res)
{
    yoke_res_set(res, "Content-Type", "application/json");
    send_data(req, res);
}

static void echo(yoke_req *req, yoke_res *res)
{
    size_t len;
    const char *body = yoke_req_body(req, &len);
    const char *type = yoke_req_get(req, "Content-Type");
    yoke_res_set(res, "Content-Type", type ? type : "text/plain");
    yoke_res_send(res, body, len);
}

static void cut(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "Content-Length", "9");
    yoke_res_write(res, "abc", 3);
    yoke_res_end(res);
}

/* ---- Handlers that do not answer at once ---- */

static yoke_res *held;
static int ends, end_err, closes;

static void on_data(yoke_req *req, const char *ptr, size_t len, void *data)
{
    (void)req, (void)ptr, (void)len, (void)data;
}

static void on_end(yoke_req *req, int err, void *data)
{
    (void)req;
    ends++;
    end_err = err;
    if (err == 0)
        yoke_res_text(data, "whole");
}

static void on_close(yoke_req *req, void *data)
{
    (void)req;
    closes++;
    yoke_res_text(data, "close");
}

static void read_body(yoke_req *req, yoke_res *res)
{
    ends = 0;
    yoke_req_on_data(req, on_data, on_end, res);
}

static void hold(yoke_req *req, yoke_res *res)
{
    held = res;
    closes = 0;
    yoke_req_on_close(req, on_close, res);
    yoke_hold(req);
}

static void end_when_drained(yoke_res *res, void *data)
{
    (void)data;
    yoke_res_end(res);
}

static void send_much(yoke_req *req, yoke_res *res)
{
    static char much[1 << 20];
    (void)req;
    memset(much, 'b', sizeof(much));
    yoke_res_write(res, "a", 1);
    yoke_res_on_drain(res, end_when_drained, NULL);
    /* A client that takes it at once leaves nothing to be drained. */
    if (yoke_res_write(res, much, sizeof(much)) <= 65536)
        yoke_res_end(res);
}

static yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_log_set_level(YOKE_LOG_OFF);
    yoke_app_get(app, "/hello", send_host_and_url);
    yoke_app_get(app, "/pieces", DATA(send_in_pieces, "ab"));
    yoke_app_get(app, "/super", DATA(send_field, "super"));
    yoke_app_get(app, "/agent", DATA(send_field, "User-Agent"));
    yoke_app_all(app, "/length", DATA(send_field, "Content-Length"));
    yoke_app_get(app, "/cookie", DATA(send_field, "Cookie"));
    yoke_app_get(app, "/cookies", DATA(send_cookies, "Cookie"));
    yoke_app_get(app, "/names", send_names);
    yoke_app_get(app, "/ip", send_ip);
    yoke_app_get(app, "/bytes", send_bytes);
    yoke_app_get(app, "/null", DATA(send_data, ""));
    yoke_app_get(app, "/twice", DATA(send_twice, ""));
    yoke_app_get(app, "/text", DATA(send_data, "Hello World"));
    yoke_app_get(app, "/data", DATA(send_as_json, "{\"a\":1,\"b\":\"2\"}"));
    yoke_app_get(app, "/plain", DATA(send_data, "{\"a\":1,\"b\":\"2\"}"));
    yoke_app_get(app, "/none", DATA(send_as_json, "notAJSON"));
    yoke_app_all(app, "/echo", yoke_body, echo);
    yoke_app_get(app, "/cut", cut);
    yoke_app_post(app, "/read", read_body);
    yoke_app_get(app, "/hold", hold);
    yoke_app_get(app, "/much", send_much);
    yoke_app_use(app, send_host_and_url);
    return app;
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

/* ---- What goes in, and what comes out: each row is asked for twice, the
 * second time as a stream ---- */

struct row {
    const char *cases;
    void (*build)(yoke_tr *r); /* NULL: nothing else. */
    const char *method, *path;
    const char *body;
    const char *field, *value; /* Of the answer; NULL: not looked at. */
};

static void with_super(yoke_tr *r)
{
    yoke_tr_set(r, "Super", "duper");
}

static void with_agent(yoke_tr *r)
{
    yoke_tr_set(r, "User-Agent", "duper");
}

static void from_afar(yoke_tr *r)
{
    yoke_tr_remote_addr(r, "1.2.3.4");
}

static void with_query(yoke_tr *r)
{
    yoke_tr_query(r, "xs", "foo");
    yoke_tr_query(r, "xs", "bar");
}

static void with_host(yoke_tr *r)
{
    yoke_tr_set(r, "host", "test.example.com");
}

static void with_authority(yoke_tr *r)
{
    yoke_tr_host(r, "something");
}

static void with_json(yoke_tr *r)
{
    yoke_tr_json(r, json_pack("{s:i}", "a", 1));
}

static void with_text(yoke_tr *r)
{
    yoke_tr_body(r, "something special just for you");
}

static void with_split_text(yoke_tr *r)
{
    with_text(r);
    yoke_tr_split(r, 1);
}

static void with_utf8(yoke_tr *r)
{
    yoke_tr_json(r, json_pack("{s:s}", "a", "\xc2\xbd\xc2\xbd\xd7\x90"));
}

static void with_type(yoke_tr *r)
{
    with_json(r);
    yoke_tr_type(r, "something");
}

static void with_length(yoke_tr *r)
{
    yoke_tr_set(r, "Content-Length", "10");
}

static void with_chunks(yoke_tr *r)
{
    yoke_tr_body(r, "hi");
    yoke_tr_chunked(r, 1);
}

static void with_cookies(yoke_tr *r)
{
    yoke_tr_cookie(r, "foo", "bar");
    yoke_tr_cookie(r, "grass", "\xc3\xa0\xc3\xac\xc3\xb9\xc3\xb2l\xc3\xa9");
}

static void with_cookies_and_a_field(yoke_tr *r)
{
    yoke_tr_set(r, "Cookie", "custom=one");
    with_cookies(r);
}

static void with_two_cookies(yoke_tr *r)
{
    yoke_tr_body(r, "test");
    yoke_tr_cookie(r, "hello", "world");
    yoke_tr_cookie(r, "fastify", "rulez");
}

static void without_defaults(yoke_tr *r)
{
    with_json(r);
    yoke_tr_unset(r, "User-Agent");
    yoke_tr_unset(r, "Content-Type");
}

#define URL   "http://example.com:8080/hello"
#define GRASS "foo=bar; grass=%C3%A0%C3%AC%C3%B9%C3%B2l%C3%A9"

static const struct row rows[] = {
    {"1 19 s1 116", NULL, "GET", URL, "example.com:8080|/hello",
     "Content-Length", "23"},
    {"1", NULL, "GET", URL, "example.com:8080|/hello", "X-Extra", "hello"},
    {"2 24 27 31 s3 s7", NULL, "GET", "/pieces", "ab", "Transfer-Encoding",
     "chunked"},
    {"3 76 s2 109", with_super, "GET", "/super", "duper", NULL, NULL},
    {"4", with_super, "GET", "/names", "Host=test;Super=duper;", NULL, NULL},
    {"8", from_afar, "GET", "/ip", "1.2.3.4", NULL, NULL},
    {"15", NULL, "GET", "/ip", "127.0.0.1", NULL, NULL},
    {"11", with_query, "GET", "/x", "test|/x?xs=foo&xs=bar", NULL, NULL},
    {"12 80", with_query, "GET", "/x?message=OK",
     "test|/x?message=OK&xs=foo&xs=bar", NULL, NULL},
    {"13", NULL, "GET", "/x?message=OK&xs=foo&xs=bar",
     "test|/x?message=OK&xs=foo&xs=bar", NULL, NULL},
    {"16", with_host, "GET", "/hello", "test.example.com|/hello", NULL, NULL},
    {"17 111", NULL, "GET", "/hello", "test|/hello", NULL, NULL},
    {"18", with_authority, "GET", "/hello", "something|/hello", NULL, NULL},
    {"23", with_agent, "GET", "/agent", "duper", NULL, NULL},
    {"28 s8", NULL, "GET", "/null", "", "Content-Length", "0"},
    {"29", NULL, "GET", "/twice", "", NULL, NULL},
    {"33 s15 119", with_json, "POST", "/echo", "{\"a\":1}", "Content-Type",
     "application/json"},
    {"35 73 78", with_text, "POST", "/echo", "something special just for you",
     "Content-Type", "text/plain"},
    {"46", with_text, "GET", "/echo", "something special just for you", NULL,
     NULL},
    {"47", with_split_text, "GET", "/echo", "something special just for you",
     NULL, NULL},
    {"36", with_utf8, "POST", "/echo", "{\"a\":\"\xc2\xbd\xc2\xbd\xd7\x90\"}",
     "Content-Type", "application/json"},
    {"37", NULL, "POST", "/echo", "", NULL, NULL},
    {"38", with_type, "POST", "/echo", "{\"a\":1}", "Content-Type",
     "something"},
    {"39", with_json, "POST", "/length", "7", NULL, NULL},
    {"40", with_length, "POST", "/length", "10", NULL, NULL},
    {"41 43", with_chunks, "POST", "/echo", "hi", NULL, NULL},
    {"45 86", NULL, "GET", "/text", "Hello World", "Content-Length", "11"},
    {"74", with_two_cookies, "GET", "/cookie", "hello=world; fastify=rulez",
     NULL, NULL},
    {"93", with_cookies, "GET", "/cookie", GRASS, NULL, NULL},
    {"94", with_cookies_and_a_field, "GET", "/cookie", "custom=one; " GRASS,
     NULL, NULL},
    {"110", NULL, "GET", "http://example.com:8080//hello",
     "example.com:8080|//hello", NULL, NULL},
    {"112", NULL, "GET", "//test", "test|//test", NULL, NULL},
    {"113", NULL, "GET", "https://example.com//test", "example.com|//test",
     NULL, NULL},
    {"114", NULL, "GET", "https://example.com/test", "example.com|/test", NULL,
     NULL},
    {"118", without_defaults, "POST", "/echo", "{\"a\":1}", "Content-Type",
     "text/plain"},
    {"122", with_json, "QUERY", "/echo", "{\"a\":1}", "Content-Type",
     "application/json"},
};

static void check(const struct row *row, bool is_stream)
{
    yoke_tr *r = yoke_test_request(t, row->method, row->path);
    if (row->build)
        row->build(r);
    if (is_stream)
        yoke_tr_stream(r);
    yoke_expect_text(r, 200, row->body);
    yoke_expect_header(r, "Date", "Sun, 06 Nov 1994 08:49:37 GMT");
    if (row->field)
        yoke_expect_header(r, row->field, row->value);
}

static void
hands_over_what_was_built_and_gives_back_what_was_answered(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        check(&rows[i], false);
        check(&rows[i], true);
    }
}

/* 26, s6 */
static void bytes_are_what_they_were(void **state)
{
    (void)state;
    yoke_expect_body_bytes(yoke_test_get(t, "/bytes"), "\x1f\x8b\0\xff", 4);
}

/* s4 */
static void a_slow_reader_is_waited_for(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/much");
    yoke_tr_read_slowly(r, 100000);
    yoke_expect_status(r, 200);
    yoke_expect_header(r, "Transfer-Encoding", "chunked");
    yoke_expect_body_len(r, (1 << 20) + 1);
}

/* 71 */
static void every_method(void **state)
{
    static const char *const methods[] = {"DELETE", "GET",   "HEAD", "OPTIONS",
                                          "PATCH",  "POST",  "PUT",  "TRACE",
                                          "LINK",   "MKCOL", "QUERY"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(methods); i++)
        yoke_expect_status(yoke_test_request(t, methods[i], "/x"), 200);
}

/* ---- Requests that do not arrive whole ---- */

/* 49, 50 */
static void a_request_without_an_end_has_no_answer(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_post(t, "/read");
    yoke_tr_set(r, "Content-Length", "8");
    yoke_tr_body(r, "1234567");
    yoke_expect_status(r, 0);
    assert_int_equal(ends, 0);
    yoke_tr_send_more(r, "8", 1);
    yoke_expect_text(r, 200, "whole");
    assert_int_equal(ends, 1);
}

/* 42, 48, s9 */
static void a_handler_sees_that_a_body_breaks_off(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_post(t, "/read");
    yoke_tr_body(r, "something special just for you");
    yoke_tr_reset_after(r, yoke_tr_request_len(r) - 5);
    yoke_expect_status(r, 0);
    assert_int_equal(ends, 1);
    assert_int_equal(end_err, -YOKE_ECLOSED);
}

/* 51 */
static void a_handler_sees_that_the_client_has_closed(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/hold");
    yoke_tr_close(r);
    yoke_expect_text(r, 200, "close");
    assert_int_equal(closes, 1);
}

/* 115, s14 */
static void a_request_is_given_up(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/hold");
    yoke_tr_reset(r);
    yoke_expect_status(r, 0);
    assert_int_equal(closes, 1);
}

/* 59, 101, s12 */
static void an_answer_that_is_cut_is_no_answer(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/cut");
    yoke_expect_error(r, "closed after 3 bytes of the body");
    FAILS(yoke_expect_body(r, "abc"),
          "expected the body \"abc\", got a bad answer of 200: the connection "
          "was closed after 3 bytes of the body");
}

/* 61 */
static void a_handler_that_takes_too_long_is_answered_for(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/hold");
    yoke_tr_send(r);
    yoke_test_clock(t, 120500);
    yoke_expect_status(r, 503);
    yoke_res_text(held, "late");
}

/* ---- Forms ---- */

/* 65, 98, 121, 124 */
static void multipart_forms(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_post(t, "/echo");
    yoke_tr_field(r, "field", "value");
    yoke_tr_file(r, "blob", "", NULL, "value", 5);
    yoke_tr_file(r, "blob-with-type", "", "text/plain", "value", 5);
    yoke_tr_file(r, "blob-with-name", "file.txt", NULL, "value", 5);
    yoke_expect_header_like(r, "Content-Type",
                            "^multipart/form-data; boundary=[0-9a-z-]+$");
    yoke_expect_body_like(r, "^--[0-9a-z-]+\r\nContent-Disposition: form-data; "
                             "name=\"field\"\r\n\r\nvalue\r\n--");
    yoke_expect_body_has(r, "name=\"blob\"; filename=\"\"\r\nContent-Type: "
                            "application/octet-stream\r\n\r\nvalue\r\n--");
    yoke_expect_body_has(r, "name=\"blob-with-type\"; filename=\"\"\r\n"
                            "Content-Type: text/plain\r\n\r\nvalue\r\n--");
    yoke_expect_body_like(r, "filename=\"file.txt\"\r\nContent-Type: "
                             "[a-z/-]+\r\n\r\nvalue\r\n--[0-9a-z-]+--\r\n$");
}

/* ---- Answers ---- */

/* 87, 88, 89 */
static void json_is_read_whatever_its_type(void **state)
{
    (void)state;
    yoke_expect_json(yoke_test_get(t, "/data"), "{\"b\":\"2\",\"a\":1}");
    yoke_expect_json(yoke_test_get(t, "/plain"), "{\"b\":\"2\",\"a\":1}");
    yoke_tr *r = yoke_test_get(t, "/none");
    assert_null(yoke_tr_parse_json(r));
    FAILS(yoke_expect_json(r, "1"),
          "expected the JSON 1, got no JSON: invalid token near 'notAJSON' "
          "(line 1)");
}

/* 90 */
static void a_stream_is_read_piece_by_piece(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/pieces");
    assert_int_equal(yoke_tr_wait_len(r, 1), 2);
    yoke_expect_body_has(r, "a");
    yoke_expect_body_has(r, "b");
}

/* 95 */
static void cookies_are_read_with_all_that_they_say(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/cookies");
    yoke_tr_cookie(r, "foo", "bar");
    yoke_expect_body(r, "foo=bar");
    yoke_expect_cookie(r, "type", "ninja", .persistent = -1, .secure = -1);
    yoke_expect_cookie(r, "dev", "me",
                       .expires = "Fri, 17 Jan 2020 20:26:08 -0000",
                       .max_age = 1234, .domain = "home.com", .path = "/wow",
                       .secure = 1, .http_only = 1, .same_site = "Strict");
}

/* ---- When it is sent ---- */

/* 91, 92 */
static void a_request_is_sent_when_it_is_looked_at_or_told(void **state)
{
    (void)state;
    held = NULL;
    yoke_tr *r = yoke_test_get(t, "/hold");
    assert_null(held);
    yoke_tr_send(r);
    assert_non_null(held);
    yoke_res_text(held, "x");
}

/* 72, 75, 77, 79, 81 */
static void a_request_is_not_changed_afterwards(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/hello");
    yoke_expect_status(r, 200);
#define TOO_LATE "a request is changed that has been sent:"
    CATCH_FAILURE(yoke_tr_body(r, "x"));
    assert_said(TOO_LATE);
    CATCH_FAILURE(yoke_tr_set(r, "A", "b"));
    assert_said(TOO_LATE);
    CATCH_FAILURE(yoke_tr_json(r, json_null()));
    assert_said(TOO_LATE);
    CATCH_FAILURE(yoke_tr_query(r, "a", "b"));
    assert_said(TOO_LATE);
    CATCH_FAILURE(yoke_tr_http10(r));
    assert_said(TOO_LATE);
}

/* 52, b14 */
static void there_has_to_be_an_application(void **state)
{
    (void)state;
    CATCH_FAILURE(yoke_test_new(NULL));
    assert_said("the application is NULL\n");
}

/* ---- What a client sends with every request ---- */

/* b2, b3, b4, b10, b11, b12, b13 */
static void fields_of_the_client(void **state)
{
    (void)state;
    yoke_test_set(t, "Super", "1");
    yoke_expect_body(yoke_test_get(t, "/super"), "1");
    yoke_tr *r = yoke_test_get(t, "/names");
    yoke_tr_set(r, "X-Other", "2");
    yoke_expect_body(r, "Host=test;Super=1;X-Other=2;");
    r = yoke_test_get(t, "/super");
    with_super(r);
    yoke_expect_body(r, "duper");
}

/* b5, b6, b16 */
static void cookies_of_the_client(void **state)
{
    (void)state;
    yoke_test *one = yoke_test_agent(t), *two = yoke_test_agent(t);
    yoke_test_set_cookie(one, "/", "a=1");
    yoke_test_set_cookie(two, "/", "a=2");
    yoke_expect_body(yoke_test_get(one, "/cookie"), "a=1");
    yoke_tr *r = yoke_test_get(two, "/cookie");
    yoke_tr_cookie(r, "b", "3");
    yoke_expect_body(r, "b=3; a=2");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(hands_over_what_was_built_and_gives_back_what_was_answered),
        TEST(bytes_are_what_they_were),
        TEST(a_slow_reader_is_waited_for),
        TEST(every_method),
        TEST(a_request_without_an_end_has_no_answer),
        TEST(a_handler_sees_that_a_body_breaks_off),
        TEST(a_handler_sees_that_the_client_has_closed),
        TEST(a_request_is_given_up),
        TEST(an_answer_that_is_cut_is_no_answer),
        TEST(a_handler_that_takes_too_long_is_answered_for),
        TEST(multipart_forms),
        TEST(json_is_read_whatever_its_type),
        TEST(a_stream_is_read_piece_by_piece),
        TEST(cookies_are_read_with_all_that_they_say),
        TEST(a_request_is_sent_when_it_is_looked_at_or_told),
        TEST(a_request_is_not_changed_afterwards),
        TEST(there_has_to_be_an_application),
        TEST(fields_of_the_client),
        TEST(cookies_of_the_client),
    };
    return cmocka_run_group_tests_name("inject", tests, NULL, NULL);
}
