/* What a test writes, and the bytes that are sent for it. */
#include "client.h"

#include <stdlib.h>

#include <jansson.h>

static void on_request(struct yk_exchange *x, void *data)
{
    (void)data;
    yk_exchange_send(x, "", 0);
}

/* What was sent. */
static const char *sent(yoke_tr *r)
{
    yoke_tr_send(r);
    return yk_bytes_text(&r->link->memory.in);
}

/* ---- Tables: one call, and the request without its first two lines ---- */

static void build_nothing(yoke_tr *r)
{
    (void)r;
}

static void build_set(yoke_tr *r)
{
    yoke_tr_set(r, "X-A", "1");
    yoke_tr_set(r, "X-B", "2");
    yoke_tr_set(r, "x-a", "3");
}

static void build_append(yoke_tr *r)
{
    yoke_tr_set(r, "X-A", "1");
    yoke_tr_append(r, "X-A", "2");
    yoke_tr_setf(r, "X-B", "%d-%s", 7, "b");
}

static void build_unset(yoke_tr *r)
{
    yoke_tr_set(r, "X-A", "1");
    yoke_tr_append(r, "X-A", "2");
    yoke_tr_set(r, "X-B", "3");
    yoke_tr_unset(r, "X-a");
    yoke_tr_unset(r, "Content-Length");
}

static void build_basic(yoke_tr *r)
{
    yoke_tr_basic(r, "Aladdin", "open sesame");
}

static void build_bearer(yoke_tr *r)
{
    yoke_tr_bearer(r, "mF_9.B5f-4.1JqM");
}

static void build_cookies(yoke_tr *r)
{
    yoke_tr_cookie(r, "a", "1");
    yoke_tr_cookie(r, "b", "\xc3\xa0; =");
}

static void build_cookies_beside_a_field(yoke_tr *r)
{
    yoke_tr_set(r, "Cookie", "custom=one");
    yoke_tr_cookie(r, "foo", "bar");
}

static void build_body(yoke_tr *r)
{
    yoke_tr_body(r, "text");
}

static void build_body_twice(yoke_tr *r)
{
    yoke_tr_form(r, "a", "b");
    yoke_tr_body_bytes(r, "ab", 2);
}

static void build_json(yoke_tr *r)
{
    yoke_tr_json(r, json_pack("{s:i}", "id", 7));
}

static void build_json_text(yoke_tr *r)
{
    yoke_tr_jsonf(r, "{\"id\": %d}", 7);
}

static void build_json_of_a_type(yoke_tr *r)
{
    yoke_tr_type(r, "application/problem+json");
    yoke_tr_jsonf(r, "null");
}

static void build_form(yoke_tr *r)
{
    yoke_tr_form(r, "a b", "1&2=\xc3\xa9");
    yoke_tr_form(r, "c", "");
}

static void build_field(yoke_tr *r)
{
    yoke_tr_field(r, "a\"b", "1");
}

static void build_file(yoke_tr *r)
{
    yoke_tr_file(r, "f", "x.txt", "text/plain", "yoke-test-boundary-0", 20);
}

static void build_file_without_a_type(yoke_tr *r)
{
    yoke_tr_file(r, "f", "x", NULL, "", 0);
}

static void build_chunks(yoke_tr *r)
{
    yoke_tr_body(r, "hello");
    yoke_tr_chunked(r, 2);
}

static void build_trailers(yoke_tr *r)
{
    yoke_tr_body(r, "hello");
    yoke_tr_set_trailer(r, "X-Sum", "5");
    yoke_tr_set_trailer(r, "X-Two", "2");
}

static void build_length_by_hand(yoke_tr *r)
{
    yoke_tr_body(r, "hello");
    yoke_tr_set(r, "Content-Length", "3");
}

#define PART "Content-Disposition: form-data; name="

static const struct {
    void (*build)(yoke_tr *r);
    const char *expected;
} rows[] = {
    {build_nothing, "Content-Length: 0\r\n\r\n"},
    {build_set, "X-B: 2\r\nx-a: 3\r\nContent-Length: 0\r\n\r\n"},
    {build_append, "X-A: 1\r\nX-A: 2\r\nX-B: 7-b\r\nContent-Length: 0\r\n\r\n"},
    {build_unset, "X-B: 3\r\n\r\n"},
    {build_basic, "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"
                  "Content-Length: 0\r\n\r\n"},
    {build_bearer, "Authorization: Bearer mF_9.B5f-4.1JqM\r\n"
                   "Content-Length: 0\r\n\r\n"},
    {build_cookies,
     "Cookie: a=1; b=%C3%A0%3B%20%3D\r\nContent-Length: 0\r\n\r\n"},
    {build_cookies_beside_a_field,
     "Cookie: custom=one; foo=bar\r\nContent-Length: 0\r\n\r\n"},
    {build_body, "Content-Length: 4\r\n\r\ntext"},
    {build_body_twice, "Content-Length: 2\r\n\r\nab"},
    {build_json, "Content-Type: application/json\r\nContent-Length: 8\r\n\r\n"
                 "{\"id\":7}"},
    {build_json_text, "Content-Type: application/json\r\n"
                      "Content-Length: 9\r\n\r\n{\"id\": 7}"},
    {build_json_of_a_type, "Content-Type: application/problem+json\r\n"
                           "Content-Length: 4\r\n\r\nnull"},
    {build_form, "Content-Type: application/x-www-form-urlencoded\r\n"
                 "Content-Length: 23\r\n\r\na%20b=1%262%3D%C3%A9&c="},
    {build_field,
     "Content-Type: multipart/form-data; boundary=yoke-test-boundary-0\r\n"
     "Content-Length: 101\r\n\r\n"
     "--yoke-test-boundary-0\r\n" PART "\"a%22b\"\r\n\r\n1\r\n"
     "--yoke-test-boundary-0--\r\n"},
    {build_file,
     "Content-Type: multipart/form-data; boundary=yoke-test-boundary-1\r\n"
     "Content-Length: 160\r\n\r\n"
     "--yoke-test-boundary-1\r\n" PART "\"f\"; filename=\"x.txt\"\r\n"
     "Content-Type: text/plain\r\n\r\nyoke-test-boundary-0\r\n"
     "--yoke-test-boundary-1--\r\n"},
    {build_file_without_a_type,
     "Content-Type: multipart/form-data; boundary=yoke-test-boundary-0\r\n"
     "Content-Length: 150\r\n\r\n"
     "--yoke-test-boundary-0\r\n" PART "\"f\"; filename=\"x\"\r\n"
     "Content-Type: application/octet-stream\r\n\r\n\r\n"
     "--yoke-test-boundary-0--\r\n"},
    {build_chunks, "Transfer-Encoding: chunked\r\n\r\n"
                   "2\r\nhe\r\n2\r\nll\r\n1\r\no\r\n0\r\n\r\n"},
    {build_trailers, "Transfer-Encoding: chunked\r\n"
                     "Trailer: X-Sum, X-Two\r\n\r\n"
                     "5\r\nhello\r\n0\r\nX-Sum: 5\r\nX-Two: 2\r\n\r\n"},
    {build_length_by_hand, "Content-Length: 3\r\n\r\nhello"},
};

static void sends_what_was_built(void **state)
{
    static const char line[] = "POST /p HTTP/1.1\r\nHost: test\r\n";
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        yoke_tr *r = yoke_test_post(t, "/p");
        rows[i].build(r);
        const char *text = sent(r);
        assert_memory_equal(text, line, sizeof(line) - 1);
        assert_string_equal(text + sizeof(line) - 1, rows[i].expected);
    }
}

static void has_a_call_for_each_usual_method(void **state)
{
    static const struct {
        yoke_tr *(*begin)(yoke_test *t, const char *path);
        const char *line;
    } methods[] = {
        {yoke_test_get, "GET / "},         {yoke_test_head, "HEAD / "},
        {yoke_test_post, "POST / "},       {yoke_test_put, "PUT / "},
        {yoke_test_patch, "PATCH / "},     {yoke_test_delete, "DELETE / "},
        {yoke_test_options, "OPTIONS / "}, {yoke_test_query, "QUERY / "},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        const char *text = sent(methods[i].begin(t, "/"));
        assert_memory_equal(text, methods[i].line, strlen(methods[i].line));
    }
    assert_memory_equal(sent(yoke_test_request(t, "PROPFIND", "/")),
                        "PROPFIND /", 10);
}

static void has_no_length_for_methods_without_a_body(void **state)
{
    (void)state;
    assert_string_equal(sent(yoke_test_get(t, "/")),
                        "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_tr_body(r, "");
    assert_non_null(strstr(sent(r), "Content-Length: 0\r\n"));
}

static void puts_the_query_behind_that_of_the_path(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/a");
    yoke_tr_query(r, "q", "a b&c");
    yoke_tr_query(r, "x[]", "1+1");
    yoke_tr_query(r, "flag", NULL);
    assert_memory_equal(sent(r), "GET /a?q=a%20b%26c&x%5B%5D=1%2B1&flag HTTP",
                        42);
    r = yoke_test_get(t, "/a?b=c");
    yoke_tr_query(r, "d", "");
    assert_memory_equal(sent(r), "GET /a?b=c&d= HTTP", 18);
}

static void says_the_host_of_an_absolute_path(void **state)
{
    (void)state;
    assert_string_equal(sent(yoke_test_get(t, "http://example.com:8080/a?b")),
                        "GET http://example.com:8080/a?b HTTP/1.1\r\n"
                        "Host: example.com:8080\r\n\r\n");
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_tr_host(r, "something");
    assert_string_equal(sent(r), "GET / HTTP/1.1\r\nHost: something\r\n\r\n");
    r = yoke_test_get(t, "/");
    yoke_tr_unset(r, "Host");
    assert_string_equal(sent(r), "GET / HTTP/1.1\r\n\r\n");
    yoke_expect_status(r, 400);
}

static void says_http10(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_tr_http10(r);
    yoke_expect_status(r, 200);
    assert_string_equal(sent(r), "GET / HTTP/1.0\r\nHost: test\r\n\r\n");
    yoke_expect_closed(r, true);
}

static void sends_fields_of_the_client_with_every_request(void **state)
{
    (void)state;
    yoke_test_set(t, "X-Key", "1");
    yoke_test_set(t, "Host", "h");
    yoke_test_set(t, "x-key", "2");
    assert_string_equal(sent(yoke_test_get(t, "/")),
                        "GET / HTTP/1.1\r\nHost: h\r\nx-key: 2\r\n\r\n");
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_tr_set(r, "X-Key", "3");
    yoke_tr_unset(r, "Host");
    assert_string_equal(sent(r), "GET / HTTP/1.1\r\nX-Key: 3\r\n\r\n");
    yoke_test_unset(t, "X-Key");
    assert_string_equal(sent(yoke_test_get(t, "/")),
                        "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
}

static void attaches_a_file(void **state)
{
    char path[] = "/tmp/yoke-attach-XXXXXX";
    (void)state;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "\0x\xff", 3), 3);
    close(fd);
    yoke_tr *r = yoke_test_post(t, "/");
    yoke_tr_field(r, "a", "b");
    yoke_tr_attach(r, "f", path);
    sent(r);
    unlink(path);

    const struct yk_bytes *in = &r->link->memory.in;
    char part[200];
    int len = snprintf(part, sizeof(part),
                       PART "\"f\"; filename=\"%s\"\r\nContent-Type: "
                            "application/octet-stream\r\n\r\n",
                       path + 5);
    assert_non_null(memmem(in->ptr, in->len, part, (size_t)len));
    assert_non_null(memmem(in->ptr, in->len, "\r\n\r\n\0x\xff\r\n--", 11));
}

static void tells_mistakes_of_the_test(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_post(t, "/");
    CATCH_FAILURE(yoke_tr_attach(r, "f", "/no/such/file"));
    assert_said("cannot attach \"/no/such/file\": No such file or directory\n");
    CATCH_FAILURE(yoke_tr_json(r, NULL));
    assert_said("the JSON value of a body is NULL or cannot be written\n");
    CATCH_FAILURE(yoke_tr_remote_addr(r, "1.2.3"));
    assert_said("not an IP address: \"1.2.3\"\n");
    yoke_tr_send(r);
    CATCH_FAILURE(yoke_tr_set(r, "A", "b"));
    assert_said("a request is changed that has been sent:\n    > POST / HTTP");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sends_what_was_built),
        TEST(has_a_call_for_each_usual_method),
        TEST(has_no_length_for_methods_without_a_body),
        TEST(puts_the_query_behind_that_of_the_path),
        TEST(says_the_host_of_an_absolute_path),
        TEST(says_http10),
        TEST(sends_fields_of_the_client_with_every_request),
        TEST(attaches_a_file),
        TEST(tells_mistakes_of_the_test),
    };
    return cmocka_run_group_tests_name("build", tests, NULL, NULL);
}
