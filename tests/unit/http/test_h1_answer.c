/* Answers over a whole connection, portless: their order, their framing, and
 * what happens to them when the client is slow. Each test names its rule of
 * docs/http-rules.md. */
#include "conn_app.h"

#include <stdlib.h>

#include "core/alloc.h"

/* Rule 27. */
static void answers_without_body_have_none(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_head(t, "/");
    yoke_expect_text(r, 200, "");
    yoke_expect_header(r, "Content-Length", "5");
    r = yoke_test_get(t, "/204");
    yoke_expect_text(r, 204, "");
    yoke_expect_no_header(r, "Content-Length");
    yoke_expect_no_header(r, "Transfer-Encoding");
    r = yoke_test_get(t, "/205");
    yoke_expect_text(r, 205, "");
    yoke_expect_header(r, "Content-Length", "0");
    r = yoke_test_get(t, "/205?stream");
    yoke_expect_text(r, 205, "");
    yoke_expect_header(r, "Content-Length", "0");
    r = yoke_test_get(t, "/304");
    yoke_expect_text(r, 304, "");
    yoke_expect_header(r, "ETag", "\"1\"");
    yoke_expect_header_has(r, "Date", "GMT");
    r = yoke_test_head(t, "/stream");
    yoke_expect_text(r, 200, "");
}

/* Rule 28. */
static void keep_alive_follows_the_version_and_the_client(void **state)
{
    static const struct {
        const char *request, *connection;
        bool closed;
    } cases[] = {
        {"GET / HTTP/1.1\r\n" HOST "\r\n", NULL, false},
        {"GET / HTTP/1.1\r\n" HOST "Connection: cLoSe\r\n\r\n", "close", true},
        {"GET / HTTP/1.0\r\n\r\n", "close", true},
        {"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "keep-alive",
         false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        yoke_tr *r = raw(cases[i].request);
        yoke_expect_text(r, 200, "hello");
        if (cases[i].connection)
            yoke_expect_header(r, "Connection", cases[i].connection);
        else
            yoke_expect_no_header(r, "Connection");
        yoke_expect_closed(r, cases[i].closed);
    }
}

/* Rule 28: what follows a close is not a request. */
static void nothing_is_read_after_close(void **state)
{
    (void)state;
    yoke_tr *r = raw("GET / HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"
                     "GET / HTTP/1.1\r\n" HOST "\r\n");
    yoke_expect_text(r, 200, "hello");
    yoke_expect_status(yoke_tr_next(r), 0);
    assert_int_equal(requests, 1);
}

/* Rule 29. */
static void pipelined_requests_are_answered_in_order(void **state)
{
    char text[20000] = "";
    (void)state;
    size_t len = 0;
    for (int i = 0; i < 200; i++)
        len += (size_t)snprintf(
            text + len, sizeof(text) - len,
            "POST / HTTP/1.1\r\n" HOST "Content-Length: 3\r\n\r\n%03d", i);
    for (size_t split = 1; split < len; split = split * 5 + 2) {
        yoke_tr *r = yoke_test_raw(t, text, len);
        yoke_tr_split(r, split);
        for (int i = 0; i < 200; i++, r = yoke_tr_next(r)) {
            char body[16];
            snprintf(body, sizeof(body), "%03d", i);
            yoke_expect_text(r, 200, body);
        }
        yoke_expect_status(r, 0);
    }
}

/* Rule 29: a request waits for the one before it. */
static void a_held_request_holds_those_behind_it(void **state)
{
    (void)state;
    yoke_tr *r = raw("GET /hold HTTP/1.1\r\n" HOST "\r\n"
                     "GET / HTTP/1.1\r\n" HOST "\r\n");
    yoke_tr_send(r);
    assert_int_equal(requests, 1);
    yoke_res_text(held_res, "held");
    yoke_expect_text(r, 200, "held");
    yoke_expect_text(yoke_tr_next(r), 200, "hello");
}

/* Rule 29: after an error nothing more is parsed. */
static void nothing_is_read_after_an_error(void **state)
{
    (void)state;
    yoke_tr *r = raw("GET / HTTP/1.1\r\n" HOST "\r\nBAD\r\n\r\n"
                     "GET / HTTP/1.1\r\n" HOST "\r\n");
    yoke_expect_text(r, 200, "hello");
    r = yoke_tr_next(r);
    yoke_expect_status(r, 400);
    yoke_expect_body_has(r, "malformed request line");
    yoke_expect_status(yoke_tr_next(r), 0);
    assert_int_equal(requests, 1);
}

/* Rule 29: a client that does not read its answers is not served more. */
static void pipelining_stops_for_a_client_that_does_not_read(void **state)
{
    (void)state;
    size_t len = 0;
    char *text = malloc(2000 * 40);
    for (int i = 0; i < 2000; i++)
        len +=
            (size_t)sprintf(text + len, "GET /large HTTP/1.1\r\n" HOST "\r\n");
    yoke_tr *r = yoke_test_raw(t, text, len);
    yoke_tr_read_slowly(r, 0);
    yoke_tr_send(r);
    assert_in_range(requests, 1, 3);
    yoke_tr_reset(r);
    free(text);
}

/* Rule 31. */
static void an_upgrade_to_the_unknown_is_ignored(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_tr_set(r, "Connection", "Upgrade, HTTP2-Settings");
    yoke_tr_set(r, "Upgrade", "h2c");
    yoke_tr_set(r, "HTTP2-Settings", "AAMAAABkAAQAAP__");
    yoke_expect_text(r, 200, "hello");
}

/* Rule 32. */
static void every_answer_has_a_date_and_no_server(void **state)
{
    static const char *const requests_[] = {
        "GET / HTTP/1.1\r\n" HOST "\r\n", "GET /none HTTP/1.1\r\n" HOST "\r\n",
        "BAD\r\n\r\n", "GET /stream HTTP/1.1\r\n" HOST "\r\n"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(requests_); i++) {
        yoke_tr *r = raw(requests_[i]);
        yoke_expect_header(r, "Date", "Sun, 06 Nov 1994 08:49:37 GMT");
        yoke_expect_no_header(r, "Server");
        yoke_expect_no_header(r, "X-Powered-By");
    }
}

/* Rule 32: Content-Length or Transfer-Encoding, never both. */
static void streams_are_chunked_or_have_a_length(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/stream");
    yoke_expect_text(r, 200, "onetwo");
    yoke_expect_header(r, "Transfer-Encoding", "chunked");
    yoke_expect_no_header(r, "Content-Length");
    r = yoke_test_get(t, "/promise");
    yoke_expect_text(r, 200, "abcde");
    yoke_expect_header(r, "Content-Length", "5");
    yoke_expect_no_header(r, "Transfer-Encoding");
    r = raw("GET /stream HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    yoke_expect_text(r, 200, "onetwo");
    yoke_expect_header(r, "Connection", "close");
    yoke_expect_no_header(r, "Transfer-Encoding");
}

/* Rule 32: fewer bytes than promised. */
static void a_broken_promise_cuts_the_connection(void **state)
{
    (void)state;
    static const char *const paths[] = {"/broken", "/nothing"};
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        yoke_tr *r = yoke_test_get(t, paths[i]);
        yoke_expect_error(r, "");
        yoke_expect_closed(r, true);
    }
}

/* Rule 32: an answer in pieces that stays unfinished must not look finished;
 * those before it are whole. */
static void half_an_answer_is_seen_to_be_half(void **state)
{
    (void)state;
    yoke_tr *r = raw("GET / HTTP/1.1\r\n" HOST "\r\n"
                     "GET /half HTTP/1.1\r\n" HOST "\r\n"
                     "GET / HTTP/1.1\r\n" HOST "\r\n");
    yoke_expect_text(r, 200, "hello");
    r = yoke_tr_next(r);
    yoke_expect_error(r, "");
    yoke_expect_closed(r, true);
    assert_int_equal(requests, 2);
    r = raw("GET /half HTTP/1.0\r\n\r\n");
    yoke_expect_error(r, "");
    assert_true(r->link->memory.is_reset);
    r = raw("GET / HTTP/1.1\r\n" HOST "\r\n"
            "GET /broken HTTP/1.1\r\n" HOST "\r\n");
    yoke_expect_text(r, 200, "hello");
    yoke_expect_error(yoke_tr_next(r), "");
}

/* Rule 33. */
static void a_header_cannot_be_injected(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/inject");
    yoke_expect_status(r, 500);
    yoke_expect_no_header(r, "Set-Cookie");
    yoke_expect_no_header(r, "X-Name");
}

/* Rule 34. */
static void a_wrong_escape_in_the_path_reaches_no_file_but_404(void **state)
{
    (void)state;
    yoke_expect_status(yoke_test_get(t, "/%2e%2e/%2fetc"), 404);
}

static void a_head_longer_than_a_buffer_is_sent_whole(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/headers");
    size_t len;
    assert_true(yoke_tr_raw(r, &len) != NULL && len > 100 * 1000);
}

static void a_large_answer_reaches_a_slow_client(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/large");
    yoke_tr_read_slowly(r, 7777);
    yoke_expect_status(r, 200);
    assert_int_equal(yoke_tr_len(r), 1000000);
}

static void a_stream_waits_for_a_slow_client(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/flood");
    yoke_tr_read_slowly(r, 0);
    yoke_tr_send(r);
    assert_int_equal(drains, 1);
    yoke_tr_read_slowly(r, 30000);
    yoke_expect_status(r, 200);
    assert_int_equal(yoke_tr_len(r), 2000000);
    assert_in_range(drains, 10, 200);
}

static void a_stream_may_end_while_it_has_to_wait(void **state)
{
    (void)state;
    yoke_tr *r = raw("GET /burst HTTP/1.1\r\n" HOST "\r\n"
                     "GET / HTTP/1.1\r\n" HOST "\r\n");
    yoke_tr_read_slowly(r, 5000);
    yoke_expect_status(r, 200);
    assert_int_equal(yoke_tr_len(r), 200000);
    yoke_expect_text(yoke_tr_next(r), 200, "hello");
}

/* Its handler has answered, and does not look at what that returns. */
static void an_answer_that_there_is_no_memory_for_is_over(void **state)
{
    static char value[16000];
    (void)state;
    yoke_tr *r = raw("GET /hold HTTP/1.1\r\n" HOST "\r\n");
    assert_int_equal(yoke_tr_status(r), 0);
    memset(value, 'x', sizeof(value) - 1);
    for (int i = 0; i < 200; i++)
        yoke_res_append(held_res, "X-Long", value);
    yk_alloc_fail_after(50);
    assert_int_equal(yoke_res_text(held_res, "held"), -YOKE_ECLOSED);
    yk_alloc_fail_after(-1);
    assert_int_equal(yoke_tr_status(raw("GET / HTTP/1.1\r\n" HOST "\r\n")),
                     200);
    assert_int_equal(finishes, 2);
    assert_int_equal(open_conns(), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(answers_without_body_have_none),
        TEST(an_answer_that_there_is_no_memory_for_is_over),
        TEST(keep_alive_follows_the_version_and_the_client),
        TEST(nothing_is_read_after_close),
        TEST(pipelined_requests_are_answered_in_order),
        TEST(a_held_request_holds_those_behind_it),
        TEST(nothing_is_read_after_an_error),
        TEST(pipelining_stops_for_a_client_that_does_not_read),
        TEST(an_upgrade_to_the_unknown_is_ignored),
        TEST(every_answer_has_a_date_and_no_server),
        TEST(streams_are_chunked_or_have_a_length),
        TEST(a_broken_promise_cuts_the_connection),
        TEST(half_an_answer_is_seen_to_be_half),
        TEST(a_header_cannot_be_injected),
        TEST(a_wrong_escape_in_the_path_reaches_no_file_but_404),
        TEST(a_head_longer_than_a_buffer_is_sent_whole),
        TEST(a_large_answer_reaches_a_slow_client),
        TEST(a_stream_waits_for_a_slow_client),
        TEST(a_stream_may_end_while_it_has_to_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
