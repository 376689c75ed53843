/* Every expectation: that it holds, that it fails, and the very words in which
 * it fails. The answers are given, byte by byte. */
#include "client.h"

#include <jansson.h>

static struct yk_exchange *held;

static void on_request(struct yk_exchange *x, void *data)
{
    (void)data;
    held = x;
}

/* A request, and what is to be read as its answer; the real one, which comes
 * when the exchange is ended, is overwritten by it. */
static yoke_tr *answered(const char *text)
{
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_tr_cookie(r, "known", "1");
    yoke_tr_send(r);
    yk_exchange_end(held);
    yk_test_settle(t);
    r->link->memory.out.len = 0;
    yk_bytes_add(&r->link->memory.out, text);
    return r;
}

#define DATE "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"

static yoke_tr *answered_with(const char *fields, const char *body)
{
    struct yk_bytes text = {0};
    yk_bytes_printf(
        &text, "HTTP/1.1 200 OK\r\n" DATE "%sContent-Length: %zu\r\n\r\n%s",
        fields, strlen(body), body);
    yoke_tr *r = answered(text.ptr);
    yk_bytes_done(&text);
    return r;
}

static void status(void **state)
{
    (void)state;
    yoke_tr *r =
        answered("HTTP/1.1 404 Not Found\r\n" DATE "Content-Length: 0\r\n\r\n");
    yoke_expect_status(r, 404);
    FAILS(yoke_expect_status(r, 200),
          "expected 200 \"OK\", got 404 \"Not Found\"");
    FAILS(yoke_expect_status(r, 0),
          "expected no answer, got 404 \"Not Found\"");
    FAILS(yoke_expect_status(r, 299),
          "expected 299 \"\", got 404 \"Not Found\"");
    yoke_expect_status_in(r, 200, 404);
    FAILS(yoke_expect_status_in(r, 500, 403),
          "expected one of \"500, 403\", got 404 \"Not Found\"");
    FAILS(yoke_expect_text(r, 200, ""),
          "expected 200 \"OK\", got 404 \"Not Found\"");
}

static void header(void **state)
{
    (void)state;
    yoke_tr *r = answered_with("Vary: Cookie\r\nX-N: 1\r\nX-N: 2\r\n", "");
    yoke_expect_header(r, "vary", "Cookie");
    FAILS(yoke_expect_header(r, "Vary", "Accept"),
          "expected \"Vary\" of \"Accept\", got \"Cookie\"");
    FAILS(yoke_expect_header(r, "ETag", "x"),
          "expected \"ETag\" of \"x\", got no such field");
    yoke_expect_header_has(r, "Vary", "ook");
    FAILS(yoke_expect_header_has(r, "Vary", "Acc"),
          "expected \"Vary\" with \"Acc\" in it, got \"Cookie\"");
    yoke_expect_header_like(r, "Vary", "^C[a-z]+$");
    FAILS(yoke_expect_header_like(r, "Vary", "^A"),
          "expected \"Vary\" matching /^A/, got \"Cookie\"");
    FAILS(yoke_expect_header_like(r, "ETag", "x"),
          "expected \"ETag\" matching /x/, got no such field");
    yoke_expect_no_header(r, "ETag");
    FAILS(yoke_expect_no_header(r, "Vary"),
          "expected no \"Vary\", got \"Cookie\"");
    yoke_expect_header_also(r, "X-N", "2");
    FAILS(yoke_expect_header_also(r, "X-N", "3"),
          "expected a \"X-N\" of \"3\", got \"1\", \"2\"");
    FAILS(yoke_expect_header_like(r, "Vary", "("),
          "not a POSIX extended regular expression: /(/: Unmatched ( or \\(");
    assert_string_equal(yoke_tr_header_nth(r, "x-n", 1), "2");
    assert_null(yoke_tr_header_nth(r, "x-n", 2));
}

static void body(void **state)
{
    (void)state;
    yoke_tr *r = answered_with("", "foobar");
    yoke_expect_body(r, "foobar");
    yoke_expect_body_bytes(r, "foobar", 6);
    FAILS(yoke_expect_body(r, "foobaz"),
          "expected the body \"foobaz\", got \"foobar\"; they differ from byte "
          "5 on");
    FAILS(yoke_expect_body(r, ""),
          "expected the body \"\", got \"foobar\"; they differ from byte 0 on");
    FAILS(yoke_expect_body_bytes(r, "\0\xff", 2),
          "expected the body \"\\x00\\xff\", got \"foobar\"; they differ from "
          "byte 0 on");
    yoke_expect_body_has(r, "oob");
    FAILS(yoke_expect_body_has(r, "x"),
          "expected a body with \"x\" in it, got \"foobar\"");
    yoke_expect_body_like(r, "^fo+b");
    FAILS(yoke_expect_body_like(r, "^bar"),
          "expected a body matching /^bar/, got \"foobar\"");
    yoke_expect_body_len(r, 6);
    FAILS(yoke_expect_body_len(r, 7), "expected a body of 7 bytes, got 6");
    yoke_expect_text(r, 200, "foobar");
    FAILS(yoke_expect_text(r, 200, "foo"),
          "expected the body \"foo\", got \"foobar\"; they differ from byte 3 "
          "on");
}

static void json(void **state)
{
    (void)state;
    yoke_tr *r = answered_with("", "{\"user\": {\"id\": 7, \"ok\": true}, "
                                   "\"list\": [1, 2.5, \"x\"], \"no\": null}");
    yoke_expect_json(r, "{\"no\":null, \"list\":[1.0,2.5,\"x\"], "
                        "\"user\":{\"ok\":true,\"id\":7}}");
    yoke_expect_json_value(r, json_pack("{s:{s:i,s:b},s:[i,f,s],s:n}", "user",
                                        "id", 7, "ok", 1, "list", 1, 2.5, "x",
                                        "no"));
    FAILS(yoke_expect_json(r, "{\"user\":{\"id\":8,\"ok\":true}}"),
          "expected the JSON {\"user\":{\"id\":8,\"ok\":true}}, got "
          "{\"user\":{\"id\":7,\"ok\":true},\"list\":[1,2.5,\"x\"],"
          "\"no\":null}; they differ at $.user.id: expected 8, got 7");
    FAILS(yoke_expect_json(r, "nope"),
          "what is expected is no JSON: nope (invalid token near 'nope')");
    FAILS(yoke_expect_json_value(r, NULL),
          "the JSON value that is expected is NULL");
    FAILS(yoke_expect_json(r, "3"),
          "expected the JSON 3, got {\"user\":{\"id\":7,\"ok\":true},"
          "\"list\":[1,2.5,\"x\"],\"no\":null}");
    yoke_expect_json_part(r, "$.list", "[1,2.5,\"x\"]");
    FAILS(yoke_expect_json_part(r, "$.list", "[1,2.5]"),
          "expected $.list to be [1,2.5], got [1,2.5,\"x\"]; they differ at "
          "$[2]: expected nothing, got \"x\"");
}

static void json_path(void **state)
{
    bool yes = true;
    const char *x = "x";
    (void)state;
    yoke_tr *r = answered_with("", "{\"user\": {\"id\": 7, \"ok\": true}, "
                                   "\"list\": [1, 2.5, \"x\"], \"no\": null}");
    yoke_expect_json_path(r, "$.user.id", 7);
    yoke_expect_json_path(r, "$.user.id", 7u);
    yoke_expect_json_path(r, "$.user.id", 7.0);
    yoke_expect_json_path(r, "$['user'][\"id\"]", 7L);
    yoke_expect_json_path(r, "$.list[1]", 2.5);
    yoke_expect_json_path(r, "$.list[-1]", x);
    yoke_expect_json_path(r, "$.user.ok", yes);
    yoke_expect_json_bool(r, "$.user.ok", true);
    yoke_expect_json_null(r, "$.no");
    yoke_expect_json_count(r, "$.list", 3);
    yoke_expect_json_count(r, "$.user", 2);
    yoke_expect_no_json_path(r, "$.user.name");
    yoke_expect_no_json_path(r, "$.list[3]");
    FAILS(yoke_expect_json_path(r, "$.user.id", "7"),
          "expected $.user.id to be \"7\", got 7");
    FAILS(yoke_expect_json_path(r, "$.user.id", 8),
          "expected $.user.id to be 8, got 7");
    FAILS(yoke_expect_json_path(r, "$.user.name", "ada"),
          "expected $.user.name to be \"ada\", got nothing");
    FAILS(yoke_expect_json_bool(r, "$.user.ok", false),
          "expected $.user.ok to be false, got true");
    FAILS(yoke_expect_json_path(r, "$.user.ok", 1),
          "expected $.user.ok to be 1, got true");
    FAILS(yoke_expect_json_null(r, "$.user.id"),
          "expected $.user.id to be null, got 7");
    FAILS(yoke_expect_json_count(r, "$.list", 1),
          "expected $.list to have 1 element, got 3: [1,2.5,\"x\"]");
    FAILS(yoke_expect_json_count(r, "$.user.id", 0),
          "expected $.user.id to have 0 elements, got 7");
    FAILS(yoke_expect_no_json_path(r, "$.list[0]"),
          "expected nothing at $.list[0], got 1");
    FAILS(yoke_expect_json_path(r, "user", 1),
          "expected user to be 1, which is no path: it begins with \"$\"");
    FAILS(yoke_expect_json_path(answered_with("", "notAJSON"), "$", 1),
          "expected $ to be 1, got no JSON: invalid token near 'notAJSON' "
          "(line 1)");
    FAILS(yoke_expect_json_count(answered(""), "$", 1),
          "expected $ to have 1 element, got no answer");
}

#define COOKIE                                                                 \
    "Set-Cookie: sid=a%20b; Max-Age=60; Domain=Example.com; Path=/x; "         \
    "HttpOnly; Secure; SameSite=Lax; Priority=High\r\n"

static void cookie(void **state)
{
    (void)state;
    yoke_tr *r = answered_with("Set-Cookie: sid=old\r\n" COOKIE, "");
    yoke_expect_cookie(r, "sid", "a b");
    yoke_expect_cookie(r, "sid", "a%20b");
    yoke_expect_cookie(r, "sid", NULL, .path = "/x", .domain = "example.com",
                       .same_site = "Lax", .priority = "High", .max_age = 60,
                       .http_only = 1, .secure = 1, .partitioned = -1,
                       .persistent = 1);
    yoke_expect_no_cookie(r, "other");
    FAILS(yoke_expect_cookie(r, "other", "1"),
          "expected the cookie \"other\" of \"1\", got no such cookie");
    FAILS(yoke_expect_cookie(r, "other", NULL),
          "expected the cookie \"other\", got no such cookie");
#define GOT                                                                    \
    ", got \"sid=a%20b; Max-Age=60; Domain=Example.com; Path=/x; HttpOnly; "   \
    "Secure; SameSite=Lax; Priority=High\""
    FAILS(yoke_expect_cookie(r, "sid", "c"),
          "expected the cookie \"sid\" of \"c\"" GOT);
    FAILS(yoke_expect_cookie(r, "sid", NULL, .path = "/"),
          "expected the cookie \"sid\" with Path of \"/\"" GOT);
    FAILS(yoke_expect_cookie(r, "sid", NULL, .http_only = -1),
          "expected the cookie \"sid\" without HttpOnly" GOT);
    FAILS(yoke_expect_cookie(r, "sid", NULL, .partitioned = 1),
          "expected the cookie \"sid\" with Partitioned" GOT);
    FAILS(yoke_expect_cookie(r, "sid", NULL, .max_age = 61),
          "expected the cookie \"sid\" with Max-Age of \"61\"" GOT);
    FAILS(yoke_expect_cookie(r, "sid", NULL, .expires = "x"),
          "expected the cookie \"sid\" with Expires of \"x\"" GOT);
    FAILS(yoke_expect_no_cookie(r, "sid"), "expected no cookie \"sid\"" GOT);
}

static void what_becomes_of_a_cookie(void **state)
{
    (void)state;
    yoke_tr *r = answered_with("Set-Cookie: known=2\r\nSet-Cookie: fresh=1\r\n"
                               "Set-Cookie: gone=; Expires=Thu, 01 Jan 1970 "
                               "00:00:00 GMT\r\nSet-Cookie: out=; Max-Age=0"
                               "\r\n",
                               "");
    yoke_expect_cookie_renewed(r, "known");
    yoke_expect_cookie_new(r, "fresh");
    yoke_expect_cookie_cleared(r, "gone");
    yoke_expect_cookie_cleared(r, "out");
    FAILS(yoke_expect_cookie_renewed(r, "fresh"),
          "expected the cookie \"fresh\" to be renewed, the request had not "
          "sent it, got \"fresh=1\"");
    FAILS(yoke_expect_cookie_new(r, "known"),
          "expected the cookie \"known\" to be new, the request had sent it, "
          "got \"known=2\"");
    FAILS(yoke_expect_cookie_cleared(r, "known"),
          "expected the cookie \"known\" to be cleared, got \"known=2\"");
    FAILS(yoke_expect_cookie_new(r, "out"),
          "expected the cookie \"out\" to be new, got \"out=; Max-Age=0\"");
    FAILS(yoke_expect_cookie_cleared(r, "none"),
          "expected the cookie \"none\" to be cleared, got no such cookie");
}

static void trailer(void **state)
{
    (void)state;
    yoke_tr *r =
        answered("HTTP/1.1 200 OK\r\n" DATE "Transfer-Encoding: chunked\r\n\r\n"
                 "1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n");
    yoke_expect_trailer(r, "x-sum", "1");
    yoke_expect_no_trailer(r, "X-Other");
    yoke_expect_no_header(r, "X-Sum");
    assert_string_equal(yoke_tr_trailer(r, "X-Sum"), "1");
    FAILS(yoke_expect_trailer(r, "X-Sum", "2"),
          "expected the trailer \"X-Sum\" of \"2\", got \"1\"");
    FAILS(yoke_expect_trailer(r, "X-Other", "2"),
          "expected the trailer \"X-Other\" of \"2\", got no such field");
    FAILS(yoke_expect_no_trailer(r, "X-Sum"),
          "expected no trailer \"X-Sum\", got \"1\"");
}

static void interim(void **state)
{
    (void)state;
    yoke_tr *r = answered("HTTP/1.1 100 Continue\r\n\r\n"
                          "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
                          "HTTP/1.1 204 No Content\r\n" DATE "\r\n");
    yoke_expect_status(r, 204);
    yoke_expect_interim(r, 100);
    yoke_expect_interim(r, 103);
    yoke_expect_interim_header(r, 103, "link", "</a>");
    yoke_expect_no_header(r, "Link");
    assert_int_equal(yoke_tr_interim_count(r), 2);
    assert_int_equal(yoke_tr_interim_status(r, 1), 103);
    assert_int_equal(yoke_tr_interim_status(r, 2), 0);
    assert_string_equal(yoke_tr_interim_header(r, 1, "Link"), "</a>");
    assert_null(yoke_tr_interim_header(r, 0, "Link"));
    FAILS(yoke_expect_interim(r, 102),
          "expected an interim answer 102, got 100, 103");
    FAILS(yoke_expect_interim_header(r, 103, "Link", "</b>"),
          "expected an interim answer 103 with \"Link\" of \"</b>\", got "
          "\"</a>\"");
    FAILS(yoke_expect_no_interim(r),
          "expected no interim answer, got 100, 103");
    r = answered_with("", "");
    yoke_expect_no_interim(r);
    FAILS(yoke_expect_interim(r, 100),
          "expected an interim answer 100, got none");
}

static void connection(void **state)
{
    (void)state;
    yoke_tr *r = answered_with("", "");
    yoke_expect_closed(r, false);
    yoke_expect_keeps_alive(r);
    FAILS(yoke_expect_closed(r, true),
          "expected the connection to be closed, it is open");
    FAILS(yoke_expect_closes(r),
          "expected the connection to be closed, and the answer to say it, got "
          "no \"Connection: close\", and it is open");
    r = answered_with("Connection: close\r\n", "");
    FAILS(
        yoke_expect_keeps_alive(r),
        "expected the connection to be kept alive, got \"Connection: close\", "
        "and it is open");
    FAILS(yoke_expect_closes(r),
          "expected the connection to be closed, and the answer to say it, got "
          "\"Connection: close\", and it is open");
    r->link->memory.is_shut = true;
    yoke_expect_closes(r);
    FAILS(yoke_expect_closed(r, false),
          "expected the connection to be open, it is closed");
}

static void answers_that_are_wrong(void **state)
{
    (void)state;
    yoke_tr *r = answered("HTTP/1.1 200 OK\r\n\r\n");
    yoke_expect_error(r, "no Date");
    FAILS(yoke_expect_status(r, 200),
          "expected 200 \"OK\", got a bad answer of 200: no Date");
    FAILS(yoke_expect_error(r, "reset"),
          "expected an answer that is wrong: \"reset\", got no Date");
    FAILS(yoke_expect_error(answered_with("", ""), "reset"),
          "expected an answer that is wrong: \"reset\", got a sound one");
    r = answered("HTTP/1.1 200 OK\r\n" DATE "Content-Length: 5\r\n\r\nabc");
    FAILS(yoke_expect_body(r, "abc"),
          "expected the body \"abc\", got a bad answer of 200");
    FAILS(yoke_expect_header_has(answered(""), "A", "b"),
          "expected \"A\" with \"b\" in it, got no answer");
}

static void of_the_tests_own(void **state)
{
    (void)state;
    yoke_tr *r = answered_with("", "3");
    FAILS(yoke_tr_fail(r, "expected %s, got %d", "less", 3),
          "expected less, got 3");
    assert_said("    > GET / HTTP/1.1\n");
    assert_said("    < 3\n");
}

static void streams(void **state)
{
    (void)state;
    yoke_tr *r =
        answered("HTTP/1.1 200 OK\r\n" DATE "Transfer-Encoding: chunked\r\n\r\n"
                 "c\r\nevent: a\ndat\r\n"
                 "9\r\na: 1\n\ndat\r\n0\r\n\r\n");
    yoke_expect_sse(r, "a", "1");
    FAILS(yoke_expect_sse(r, NULL, "2"),
          "expected the event \"*\" of \"2\", got the end of the stream");
    r = answered_with("", "data: x\n\n");
    FAILS(yoke_expect_sse(r, "tick", "x"),
          "expected the event \"tick\" of \"x\", got \"message\" of \"x\"");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(status),
        TEST(header),
        TEST(body),
        TEST(json),
        TEST(json_path),
        TEST(cookie),
        TEST(what_becomes_of_a_cookie),
        TEST(trailer),
        TEST(interim),
        TEST(connection),
        TEST(answers_that_are_wrong),
        TEST(of_the_tests_own),
        TEST(streams),
    };
    return cmocka_run_group_tests_name("expect", tests, NULL, NULL);
}
