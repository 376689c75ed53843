/* The parser of request heads: what is accepted, what is refused and how, and
 * that neither depends on how the input was split. The rule numbers are those
 * of docs/http-rules.md. */
#include "../unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/listen.h>

#include "http/h1_parse.h"

static const struct yoke_limits limits = {
    .max_target_len = 8192,
    .max_head_len = 16384,
    .max_fields = 100,
    .max_line_len = 8192,
};

/* Parses in steps of `step` bytes; each step gets a fresh, exactly sized copy,
 * so that a sanitizer sees any look beyond it. */
static int parse_split(struct yk_h1_head *head, const char *text, size_t len,
                       size_t step, char **ret_buf)
{
    char *buf = NULL;
    int n = 0;
    size_t have = 0;
    yk_h1_head_init(head);
    while (n == 0 && have < len) {
        size_t more = len - have < step ? len - have : step;
        char *grown = malloc(have + more);
        if (buf)
            memcpy(grown, buf, have);
        memcpy(grown + have, text + have, more);
        free(buf);
        buf = grown;
        have += more;
        n = yk_h1_head_parse(head, &limits, buf, have);
    }
    *ret_buf = buf;
    return n;
}

/* The outcome for every way of cutting the text into equal pieces. */
static int outcome(const char *text)
{
    static const size_t steps[] = {1, 2, 3, 5, 7, 16, 61};
    struct yk_h1_head head;
    char *buf;
    size_t len = strlen(text);
    int whole = parse_split(&head, text, len, len, &buf);
    free(buf);
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        int split = parse_split(&head, text, len, steps[i], &buf);
        free(buf);
        assert_int_equal(split, whole);
    }
    return whole;
}

static const struct refusal {
    int rule;
    enum yk_h1_error error;
    const char *head;
} refusals[] = {
#define H "Host: a\r\n"
#define G "GET / HTTP/1.1\r\nHost: a\r\n"
#define P "POST / HTTP/1.1\r\nHost: a\r\n"
    {1, YK_H1_LENGTH_AND_CODING,
     P "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {1, YK_H1_LENGTH_AND_CODING,
     P "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n"},
    {2, YK_H1_LENGTH_TWICE, P "Content-Length: 5\r\nContent-Length: 5\r\n\r\n"},
    {2, YK_H1_LENGTH_TWICE, P "Content-Length: 5\r\nContent-Length: 6\r\n\r\n"},
    {2, YK_H1_LENGTH, P "Content-Length: 5, 5\r\n\r\n"},
    {2, YK_H1_LENGTH, P "Content-Length: 5,10\r\n\r\n"},
    {3, YK_H1_LENGTH, P "Content-Length: +5\r\n\r\n"},
    {3, YK_H1_LENGTH, P "Content-Length: -1\r\n\r\n"},
    {3, YK_H1_LENGTH, P "Content-Length: -0\r\n\r\n"},
    {3, YK_H1_LENGTH, P "Content-Length: 0x5\r\n\r\n"},
    {3, YK_H1_LENGTH, P "Content-Length: 0o5\r\n\r\n"},
    {3, YK_H1_LENGTH, P "Content-Length: 1_0\r\n\r\n"},
    {3, YK_H1_LENGTH, P "Content-Length: 1 0\r\n\r\n"},
    {3, YK_H1_LENGTH, P "Content-Length: 5abc\r\n\r\n"},
    {3, YK_H1_LENGTH, P "Content-Length: \"5\"\r\n\r\n"},
    {3, YK_H1_LENGTH, P "Content-Length:\r\n\r\n"},
    {3, YK_H1_LENGTH, P "Content-Length: 9223372036854775808\r\n\r\n"},
    {4, YK_H1_CODING, P "Transfer-Encoding: chunked, gzip\r\n\r\n"},
    {4, YK_H1_CODING, P "Transfer-Encoding: chunked, chunked\r\n\r\n"},
    {4, YK_H1_CODING, P "Transfer-Encoding: identity\r\n\r\n"},
    {4, YK_H1_CODING, P "Transfer-Encoding:\r\n\r\n"},
    {4, YK_H1_CODING, P "Transfer-Encoding: chunked,\r\n\r\n"},
    {4, YK_H1_CODING, P "Transfer-Encoding: ,chunked\r\n\r\n"},
    {5, YK_H1_CODING_UNKNOWN, P "Transfer-Encoding: xchunked\r\n\r\n"},
    {5, YK_H1_CODING_UNKNOWN, P "Transfer-Encoding: gzip, chunked\r\n\r\n"},
    {6, YK_H1_CODING_1_0,
     "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {7, YK_H1_FIELD_LINE, P "Transfer-Encoding : chunked\r\n\r\n"},
    {7, YK_H1_FIELD_LINE, P "Transfer-Encoding\t: chunked\r\n\r\n"},
    {7, YK_H1_FIELD_VALUE,
     P "Transfer-Encoding: \x0b"
       "chunked\r\n\r\n"},
    {7, YK_H1_FIELD_VALUE, P "Transfer-Encoding: chunked\x0c\r\n\r\n"},
    {7, YK_H1_CODING,
     P "Transfer-Encoding: \xff"
       "chunked\r\n\r\n"},
    {7, YK_H1_CODING,
     P "Transfer-Encoding: \xc2\xa0"
       "chunked\r\n\r\n"},
    {7, YK_H1_CODING, P "Transfer-Encoding: \"chunked\"\r\n\r\n"},
    {7, YK_H1_CODING_TWICE,
     P "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n"},
    {7, YK_H1_CODING_TWICE,
     P "Transfer-Encoding: chunked\r\nTransfer-encoding: x\r\n\r\n"},
    {7, YK_H1_CODING, P "Transfer-Encoding:\r\n chunked\r\n\r\n"},
    {7, YK_H1_CODING, P "Transfer-Encoding: chunked;q=1\r\n\r\n"},
    {12, YK_H1_LINE_END, "GET / HTTP/1.1\nHost: a\n\n"},
    {12, YK_H1_LINE_END, "GET / HTTP/1.1\r\nHost: a\n\r\n"},
    {12, YK_H1_LINE_END, G "\n"},
    {12, YK_H1_FIELD_VALUE, "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n"},
    {12, YK_H1_FIELD_VALUE, G "X: a\r\r\n\r\n"},
    {12, YK_H1_REQUEST_LINE, "GET /\r HTTP/1.1\r\n" H "\r\n"},
    {13, YK_H1_FIELD_FOLDED, G "X: a\r\n b\r\n\r\n"},
    {13, YK_H1_FIELD_FOLDED, "GET / HTTP/1.1\r\n Host: a\r\n\r\n"},
    {13, YK_H1_FIELD_FOLDED, G "\tX: a\r\n\r\n"},
    {13, YK_H1_FIELD_LINE, G "X : a\r\n\r\n"},
    {13, YK_H1_FIELD_LINE, G ": a\r\n\r\n"},
    {13, YK_H1_FIELD_LINE, G "no colon\r\n\r\n"},
    {13, YK_H1_FIELD_LINE, G "nocolon\r\n\r\n"},
    {13, YK_H1_FIELD_LINE, G "X(y): a\r\n\r\n"},
    {13, YK_H1_FIELD_LINE, G "\xc3\xa4: a\r\n\r\n"},
    {14, YK_H1_FIELD_VALUE,
     G "X: a\x01"
       "b\r\n\r\n"},
    {14, YK_H1_FIELD_VALUE, G "X: a\x7f\r\n\r\n"},
    {14, YK_H1_FIELD_VALUE, G "X: 01234567890\x1f\r\n\r\n"},
    {15, YK_H1_REQUEST_LINE, "GET  / HTTP/1.1\r\n" H "\r\n"},
    {15, YK_H1_VERSION, "GET /  HTTP/1.1\r\n" H "\r\n"},
    {15, YK_H1_METHOD, "GET\t/ HTTP/1.1\r\n" H "\r\n"},
    {15, YK_H1_REQUEST_LINE, "GET /\tHTTP/1.1\r\n" H "\r\n"},
    {15, YK_H1_METHOD, " GET / HTTP/1.1\r\n" H "\r\n"},
    {15, YK_H1_REQUEST_LINE, "GET HTTP/1.1\r\n" H "\r\n"},
    {15, YK_H1_REQUEST_LINE, "GET\r\n" H "\r\n"},
    {15, YK_H1_VERSION, "GET / HTTP/1.1 \r\n" H "\r\n"},
    {15, YK_H1_VERSION, "GET / HTTP/1.1 x\r\n" H "\r\n"},
    {15, YK_H1_VERSION, "GET / http/1.1\r\n" H "\r\n"},
    {15, YK_H1_VERSION, "GET / HTTP/1\r\n" H "\r\n"},
    {15, YK_H1_VERSION, "GET / HTTP/01.01\r\n" H "\r\n"},
    {15, YK_H1_VERSION, "GET / HTTP/ 1.1\r\n" H "\r\n"},
    {15, YK_H1_VERSION, "GET / HTTP/1.x\r\n" H "\r\n"},
    {15, YK_H1_VERSION, "GET / HTTP/1.10\r\n" H "\r\n"},
    {16, YK_H1_BLANK_LINES, "\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n\r\n" G "\r\n"},
    {17, YK_H1_REQUEST_LINE, "GET /\r\n\r\n"},
    {17, YK_H1_VERSION, "GET / HTTP/0.9\r\n" H "\r\n"},
    {17, YK_H1_VERSION_MAJOR, "GET / HTTP/2.0\r\n" H "\r\n"},
    {17, YK_H1_VERSION_MAJOR, "PRI * HTTP/2.0\r\n\r\n"},
    {18, YK_H1_METHOD, "G(T / HTTP/1.1\r\n" H "\r\n"},
    {18, YK_H1_METHOD,
     "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA / HTTP/1.1\r\n" H "\r\n"},
    {19, YK_H1_REQUEST_LINE, "GET /a#b HTTP/1.1\r\n" H "\r\n"},
    {19, YK_H1_REQUEST_LINE, "GET /\x01 HTTP/1.1\r\n" H "\r\n"},
    {19, YK_H1_REQUEST_LINE, "GET /\x7f HTTP/1.1\r\n" H "\r\n"},
    {19, YK_H1_REQUEST_LINE, "GET /\xc3\xa4 HTTP/1.1\r\n" H "\r\n"},
    {20, YK_H1_TARGET, "GET ftp://a/ HTTP/1.1\r\n" H "\r\n"},
    {20, YK_H1_HOST, "GET http://u@a/ HTTP/1.1\r\n" H "\r\n"},
    {20, YK_H1_TARGET, "GET http:// HTTP/1.1\r\n" H "\r\n"},
    {20, YK_H1_HOST, "GET http:///x HTTP/1.1\r\n" H "\r\n"},
    {21, YK_H1_TARGET, "GET * HTTP/1.1\r\n" H "\r\n"},
    {21, YK_H1_CONNECT, "CONNECT a:443 HTTP/1.1\r\n" H "\r\n"},
    {21, YK_H1_TARGET, "GET a:80 HTTP/1.1\r\n" H "\r\n"},
    {21, YK_H1_TARGET, "GET x HTTP/1.1\r\n" H "\r\n"},
    {22, YK_H1_HOST_MISSING, "GET / HTTP/1.1\r\n\r\n"},
    {22, YK_H1_HOST_TWICE, G "Host: a\r\n\r\n"},
    {22, YK_H1_HOST_TWICE, G "hOST: b\r\n\r\n"},
    {22, YK_H1_HOST, "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n"},
    {22, YK_H1_HOST, "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n"},
    {22, YK_H1_HOST, "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n"},
    {22, YK_H1_HOST, "GET / HTTP/1.1\r\nHost: a:x\r\n\r\n"},
    {22, YK_H1_HOST, "GET / HTTP/1.1\r\nHost: a:\r\n\r\n"},
    {22, YK_H1_HOST, "GET / HTTP/1.1\r\nHost: a:65536\r\n\r\n"},
    {22, YK_H1_HOST, "GET / HTTP/1.1\r\nHost: a b\r\n\r\n"},
    {22, YK_H1_HOST, "GET / HTTP/1.1\r\nHost: [::1\r\n\r\n"},
    {22, YK_H1_HOST, "GET / HTTP/1.1\r\nHost:\r\n\r\n"},
    {26, YK_H1_EXPECT, P "Expect: 200-ok\r\nContent-Length: 1\r\n\r\n"},
#undef H
#undef G
#undef P
};

static void refuses_what_the_rules_refuse(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(refusals); i++) {
        int got = -outcome(refusals[i].head);
        if (got != (int)refusals[i].error)
            print_error(
                "rule %d, %s: got \"%s\"\n", refusals[i].rule, refusals[i].head,
                got > 0 ? yk_h1_error_text((enum yk_h1_error)got) : "accepted");
        assert_int_equal(got, refusals[i].error);
    }
}

/* Parses whole; the head and its buffer stay for the test to look at. */
static struct yk_h1_head head;
static char buffer[40000];

static struct yk_request *parse(const char *text)
{
    size_t len = strlen(text);
    memcpy(buffer, text, len);
    yk_h1_head_init(&head);
    assert_int_equal(outcome(text), (int)len);
    assert_int_equal(yk_h1_head_parse(&head, &limits, buffer, len), (int)len);
    return &head.request;
}

static void assert_span(struct yk_span span, const char *text)
{
    assert_int_equal(span.len, strlen(text));
    assert_string_equal(head.request.base + span.off, text);
}

static void finds_the_parts_of_a_request(void **state)
{
    (void)state;
    struct yk_request *req =
        parse("PROPFIND /a/b?c=d HTTP/1.1\r\nHost: example.com:80\r\n"
              "X-Empty:\r\nX-Space: \t a b \t \r\n\r\n");
    assert_span(req->method, "PROPFIND");
    assert_span(req->target, "/a/b?c=d");
    assert_int_equal(req->path_len, 4);
    assert_span(req->host, "example.com:80");
    assert_int_equal(req->minor, 1);
    assert_int_equal(req->field_count, 3);
    assert_span(req->fields[0].name, "Host");
    assert_span(req->fields[1].name, "X-Empty");
    assert_span(req->fields[1].value, "");
    assert_span(req->fields[2].value, "a b");
    assert_int_equal(req->body, YK_BODY_NONE);
    assert_false(req->wants_close);
    assert_false(req->is_head);
}

static void finds_fields_without_regard_to_case(void **state)
{
    (void)state;
    struct yk_request *req =
        parse("HEAD / HTTP/1.1\r\nhOsT: a\r\nX-Two: 1\r\nx-two: 2\r\n\r\n");
    assert_true(req->is_head);
    assert_ptr_equal(yk_request_find(req, YK_LIT("X-TWO")), &req->fields[1]);
    assert_null(yk_request_find(req, YK_LIT("x-tw")));
}

/* Rules 3, 4: legal framing. */
static void frames_bodies(void **state)
{
    (void)state;
    struct yk_request *req =
        parse("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: \t007 \r\n\r\n");
    assert_int_equal(req->body, YK_BODY_LENGTH);
    assert_int_equal(req->content_length, 7);
    req = parse("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
    assert_int_equal(req->body, YK_BODY_NONE);
    req = parse("POST / HTTP/1.1\r\nHost: a\r\n"
                "Content-Length: 9223372036854775807\r\n\r\n");
    assert_int_equal(req->content_length, INT64_MAX);
    req = parse("POST / HTTP/1.1\r\nHost: a\r\n"
                "transfer-encoding: ChunKed\r\n\r\n");
    assert_int_equal(req->body, YK_BODY_CHUNKED);
    req = parse("POST / HTTP/1.1\r\nHost: a\r\n"
                "Transfer_Encoding: chunked\r\n\r\n");
    assert_int_equal(req->body, YK_BODY_NONE); /* Rule 7: another field. */
}

/* Rule 14. */
static void accepts_bytes_beyond_ascii_in_values(void **state)
{
    (void)state;
    struct yk_request *req =
        parse("GET / HTTP/1.1\r\nHost: a\r\nX: \xc3\xa4\t\xff\r\n\r\n");
    assert_span(req->fields[1].value, "\xc3\xa4\t\xff");
}

/* Rule 16. */
static void passes_over_blank_lines_before_a_request(void **state)
{
    (void)state;
    assert_span(parse("\r\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n")->target,
                "/x");
}

/* Rule 17. */
static void takes_http_1_2_for_1_1(void **state)
{
    (void)state;
    assert_int_equal(parse("GET / HTTP/1.2\r\nHost: a\r\n\r\n")->minor, 1);
    assert_int_equal(parse("GET / HTTP/1.0\r\n\r\n")->minor, 0);
}

/* Rule 18. */
static void leaves_unknown_methods_to_the_application(void **state)
{
    (void)state;
    assert_span(parse("QUERY / HTTP/1.1\r\nHost: a\r\n\r\n")->method, "QUERY");
    assert_span(parse("get / HTTP/1.1\r\nHost: a\r\n\r\n")->method, "get");
}

/* Rule 19. */
static void accepts_raw_what_browsers_send_raw(void **state)
{
    (void)state;
    assert_span(parse("GET /\"<>^{}|\\`' HTTP/1.1\r\nHost: a\r\n\r\n")->target,
                "/\"<>^{}|\\`'");
}

/* Rule 20. */
static void an_absolute_target_wins_over_host(void **state)
{
    static const struct {
        const char *target, *host, *path;
    } cases[] = {
        {"http://b.example/p/q?r", "b.example", "/p/q?r"},
        {"HTTP://b.example:8080/", "b.example:8080", "/"},
        {"https://b.example", "b.example", "/"},
        {"http://b.example?x=1", "b.example", "/?x=1"},
        {"http://[::1]:80/a", "[::1]:80", "/a"},
        {"http://b?u=http://c/", "b", "/?u=http://c/"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char text[200];
        snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n",
                 cases[i].target);
        struct yk_request *req = parse(text);
        assert_true(req->is_absolute);
        assert_span(req->host, cases[i].host);
        assert_span(req->target, cases[i].path);
    }
}

/* Rule 21. */
static void options_may_ask_for_the_server_as_a_whole(void **state)
{
    (void)state;
    assert_span(parse("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n")->target, "*");
}

/* Rule 22. */
static void accepts_every_form_of_host(void **state)
{
    static const char *const hosts[] = {
        "a",   "a.b-c_d", "1.2.3.4:80", "[::1]", "[::ffff:1.2.3.4]:1",
        "a:0", "x%20y"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(hosts); i++) {
        char text[100];
        snprintf(text, sizeof(text), "GET / HTTP/1.1\r\nHost: %s\r\n\r\n",
                 hosts[i]);
        assert_span(parse(text)->host, hosts[i]);
    }
}

static char *repeat(char *at, const char *text, size_t times)
{
    size_t len = strlen(text);
    for (size_t i = 0; i < times; i++, at += len)
        memcpy(at, text, len + 1);
    return at;
}

/* Rule 23. */
static void a_target_has_a_limit(void **state)
{
    static char text[20000];
    (void)state;
    char *at = repeat(text, "GET /", 1);
    at = repeat(at, "a", 8191);
    repeat(at, " HTTP/1.1\r\nHost: a\r\n\r\n", 1);
    assert_true(outcome(text) > 0);
    repeat(at, "a HTTP/1.1\r\nHost: a\r\n\r\n", 1);
    assert_int_equal(outcome(text), -YK_H1_TARGET_LONG);
    *at = 'a', at[1] = 'a', at[2] = '\0'; /* No end in sight. */
    assert_int_equal(outcome(text), -YK_H1_TARGET_LONG);
}

/* Rule 24. */
static void fields_have_limits(void **state)
{
    static char text[40000];
    (void)state;
    char *start = repeat(text, "GET / HTTP/1.1\r\nHost: a\r\n", 1);
    char *at = repeat(start, "X: y\r\n", 99);
    repeat(at, "\r\n", 1);
    assert_true(outcome(text) > 0);
    repeat(at, "X: y\r\n\r\n", 1);
    assert_int_equal(outcome(text), -YK_H1_FIELDS_MANY);

    at = repeat(repeat(start, "X: ", 1), "y", 8189);
    repeat(at, "\r\n\r\n", 1);
    assert_true(outcome(text) > 0);
    repeat(at, "y\r\n\r\n", 1);
    assert_int_equal(outcome(text), -YK_H1_FIELD_LONG);
    repeat(at, "yyy", 1);
    assert_int_equal(outcome(text), -YK_H1_FIELD_LONG);

    at = repeat(repeat(start, "X: ", 1), "y", 8000);
    at = repeat(repeat(at, "\r\nX: ", 1), "y", 8000);
    size_t used = (size_t)(at - text);
    at = repeat(repeat(at, "\r\nX: ", 1), "y", 16384 - 4 - 5 - used);
    repeat(at, "\r\n\r\n", 1);
    assert_int_equal(strlen(text), 16384);
    assert_true(outcome(text) > 0);
    repeat(at, "y\r\n\r\n", 1);
    assert_int_equal(outcome(text), -YK_H1_HEAD_LONG);
}

/* Rule 28. */
static void knows_when_the_connection_is_to_close(void **state)
{
    static const struct {
        const char *head;
        bool close;
    } cases[] = {
        {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", false},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", true},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: x, CLOSE\r\n\r\n", true},
        {"GET / HTTP/1.1\r\nHost: a\r\nConnection: closed\r\n\r\n", false},
        {"GET / HTTP/1.0\r\n\r\n", true},
        {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", false},
        {"GET / HTTP/1.0\r\nConnection: keep-alive,close\r\n\r\n", true},
        {"GET / HTTP/1.0\r\nConnection: close\r\nConnection: "
         "keep-alive\r\n\r\n",
         true},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(parse(cases[i].head)->wants_close, cases[i].close);
}

/* Rule 26. */
static void expects_a_continue_only_of_1_1_and_with_a_body(void **state)
{
    (void)state;
    assert_true(parse("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n"
                      "Expect: 100-Continue\r\n\r\n")
                    ->expects_continue);
    assert_false(parse("POST / HTTP/1.0\r\nContent-Length: 1\r\n"
                       "Expect: 100-continue\r\n\r\n")
                     ->expects_continue);
    assert_false(parse("GET / HTTP/1.1\r\nHost: a\r\n"
                       "Expect: 100-continue\r\n\r\n")
                     ->expects_continue);
}

static void leaves_what_follows_the_head(void **state)
{
    char text[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /2";
    (void)state;
    yk_h1_head_init(&head);
    assert_int_equal(yk_h1_head_parse(&head, &limits, text, sizeof(text) - 1),
                     (int)sizeof(text) - 1 - 6);
    assert_string_equal(text + sizeof(text) - 1 - 6, "GET /2");
}

static void a_nul_is_refused_wherever_it_stands(void **state)
{
    static const char model[] = "GET /abc HTTP/1.1\r\nHost: a\r\nX: b\r\n\r\n";
    char text[sizeof(model)];
    (void)state;
    for (size_t i = 0; i < sizeof(model) - 1; i++) {
        memcpy(text, model, sizeof(model));
        text[i] = '\0';
        yk_h1_head_init(&head);
        assert_true(yk_h1_head_parse(&head, &limits, text, sizeof(text) - 1) <=
                    0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refuses_what_the_rules_refuse),
        cmocka_unit_test(finds_the_parts_of_a_request),
        cmocka_unit_test(finds_fields_without_regard_to_case),
        cmocka_unit_test(frames_bodies),
        cmocka_unit_test(accepts_bytes_beyond_ascii_in_values),
        cmocka_unit_test(passes_over_blank_lines_before_a_request),
        cmocka_unit_test(takes_http_1_2_for_1_1),
        cmocka_unit_test(leaves_unknown_methods_to_the_application),
        cmocka_unit_test(accepts_raw_what_browsers_send_raw),
        cmocka_unit_test(an_absolute_target_wins_over_host),
        cmocka_unit_test(options_may_ask_for_the_server_as_a_whole),
        cmocka_unit_test(accepts_every_form_of_host),
        cmocka_unit_test(a_target_has_a_limit),
        cmocka_unit_test(fields_have_limits),
        cmocka_unit_test(knows_when_the_connection_is_to_close),
        cmocka_unit_test(expects_a_continue_only_of_1_1_and_with_a_body),
        cmocka_unit_test(leaves_what_follows_the_head),
        cmocka_unit_test(a_nul_is_refused_wherever_it_stands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
