/* Request bodies over a whole connection, portless: read, refused, paused, or
 * read away. Each test names its rule of docs/http-rules.md. */
#include "conn_app.h"

#include <stdlib.h>

/* Rule 10: a body that ends too early. */
static void a_truncated_body_is_refused(void **state)
{
    (void)state;
    yoke_tr *r = raw("POST / HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nab");
    yoke_tr_close(r);
    yoke_expect_status(r, 400);
    yoke_expect_closed(r, true);
    r = raw("POST / HTTP/1.1\r\n" HOST
            "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n");
    yoke_tr_close(r);
    yoke_expect_status(r, 400);
    yoke_expect_closed(r, true);
}

/* Rules 8 to 10, through the whole connection. */
static void a_malformed_chunk_is_refused_and_closes(void **state)
{
    static const char *const bodies[] = {
        "x\r\n", "1\r\nab\r\n0\r\n\r\n", "1;\r\na\r\n0\r\n\r\n",
        "0\r\nBad Trailer\r\n\r\n", "0\r\nX: a\n\r\n"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        char text[200];
        snprintf(text, sizeof(text),
                 "POST /count HTTP/1.1\r\n" HOST
                 "Transfer-Encoding: chunked\r\n\r\n%sGET / HTTP/1.1\r\n\r\n",
                 bodies[i]);
        yoke_tr *r = raw(text);
        yoke_expect_status(r, 400);
        yoke_expect_header(r, "Connection", "close");
        yoke_expect_status(yoke_tr_next(r), 0);
        assert_true(end_err < 0);
    }
}

/* Rule 11. */
static void trailers_are_kept_apart(void **state)
{
    (void)state;
    yoke_tr *r =
        raw("POST /count HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n"
            "3\r\nabc\r\n0\r\nX-Trailer: late\r\nHost: b\r\n"
            "Content-Length: 7\r\n\r\n"
            "GET / HTTP/1.1\r\n" HOST "\r\n");
    yoke_tr_split(r, 1);
    yoke_expect_text(r, 200, "3 late");
    yoke_expect_text(yoke_tr_next(r), 200, "hello");
}

/* Rule 11: their limits. */
static void trailers_have_limits(void **state)
{
    char text[20000];
    (void)state;
    int n = snprintf(text, sizeof(text),
                     "POST /count HTTP/1.1\r\n" HOST
                     "Transfer-Encoding: chunked\r\n\r\n0\r\nX: ");
    memset(text + n, 'x', 9000);
    snprintf(text + n + 9000, 10, "\r\n\r\n");
    yoke_tr *r = raw(text);
    yoke_expect_status(r, 431);
    yoke_expect_closed(r, true);
    assert_int_equal(open_conns(), 1); /* It lingers. */
    yoke_tr_close(r);
    assert_int_equal(open_conns(), 0);
}

/* Rule 25. */
static void a_body_over_the_limit_is_refused(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_post(t, "/small");
    yoke_tr_body(r, "0123456789");
    yoke_expect_text(r, 200, "0123456789");
    r = yoke_test_post(t, "/small");
    yoke_tr_body(r, "0123456789a");
    yoke_expect_status(r, 413);
    r = yoke_test_post(t, "/small");
    yoke_tr_body(r, "0123456789a");
    yoke_tr_chunked(r, 3);
    yoke_expect_status(r, 413);
    r = raw("POST /small HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n"
            "Content-Length: 11\r\n\r\n");
    yoke_expect_status(r, 413); /* At once, without 100. */
    yoke_expect_header(r, "Connection", "close");
}

/* Rule 26. */
static void continue_is_sent_when_the_body_is_read(void **state)
{
    (void)state;
    yoke_tr *r = raw("POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n"
                     "Content-Length: 2\r\n\r\n");
    yoke_tr_send(r);
    assert_string_equal(raw_answer(r), "HTTP/1.1 100 Continue\r\n\r\n");
    yoke_tr_send_more(r, "ab", 2);
    yoke_expect_text(r, 200, "ab");
    yoke_expect_no_header(r, "Connection");
}

/* Rule 26: who answers without reading does not invite the body. */
static void no_continue_before_a_final_answer(void **state)
{
    (void)state;
    yoke_tr *r = raw("POST /ignore HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n"
                     "Content-Length: 2\r\n\r\n");
    yoke_expect_text(r, 200, "hello");
    yoke_expect_header(r, "Connection", "close");
    assert_null(strstr(raw_answer(r), "100 Continue"));
}

/* Rule 26: nor to a client that has sent the body already, or knows no 1xx. */
static void no_continue_where_it_is_not_needed(void **state)
{
    (void)state;
    yoke_tr *r = raw("POST / HTTP/1.1\r\n" HOST "Expect: 100-continue\r\n"
                     "Content-Length: 2\r\n\r\nab");
    yoke_expect_text(r, 200, "ab");
    assert_null(strstr(raw_answer(r), "100 Continue"));
    r = raw("POST / HTTP/1.0\r\nExpect: 100-continue\r\n"
            "Content-Length: 2\r\n\r\nab");
    yoke_expect_text(r, 200, "ab");
    assert_null(strstr(raw_answer(r), "100 Continue"));
}

/* Rule 26. */
static void another_expectation_is_refused(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_tr_set(r, "Expect", "100-continued");
    yoke_expect_status(r, 417);
    yoke_expect_header(r, "Connection", "close");
}

/* Rule 30. */
static void an_unread_body_is_not_taken_for_a_request(void **state)
{
    (void)state;
    yoke_tr *r =
        raw("POST /ignore HTTP/1.1\r\n" HOST "Content-Length: 30\r\n\r\n"
            "GET /204 HTTP/1.1\r\nHost: a\r\n\r\n"
            "GET / HTTP/1.1\r\n" HOST "\r\n");
    yoke_tr_split(r, 7);
    yoke_expect_text(r, 200, "hello");
    r = yoke_tr_next(r);
    yoke_expect_text(r, 200, "hello");
    assert_int_equal(requests, 2);
}

/* Rule 30: more than is worth reading closes the connection. */
static void a_long_unread_body_closes(void **state)
{
    (void)state;
    yoke_tr *r = raw("POST /ignore HTTP/1.1\r\n" HOST
                     "Content-Length: 65537\r\n\r\nabc");
    yoke_expect_status(r, 200);
    yoke_expect_header(r, "Connection", "close");
    char *chunks = calloc(1, 200000);
    strcpy(chunks, "POST /ignore HTTP/1.1\r\n" HOST
                   "Transfer-Encoding: chunked\r\n\r\n");
    for (size_t i = strlen(chunks); i < 190000; i += 14)
        memcpy(chunks + i, "8\r\nxxxxxxxx\r\n\0", 14), i--;
    r = raw(chunks);
    yoke_expect_text(r, 200, "hello");
    yoke_tr_close(r);
    yoke_expect_closed(r, true);
    assert_int_equal(requests, 2);
    free(chunks);
}

static void a_body_comes_in_pieces_and_can_be_paused(void **state)
{
    static char body[300000];
    (void)state;
    memset(body, 'b', sizeof(body) - 1);
    yoke_tr *r = yoke_test_post(t, "/pause");
    yoke_tr_body(r, body);
    yoke_tr_send(r);
    assert_int_equal(received, 0);
    yoke_req_resume(held);
    yoke_expect_text(r, 200, "299999 -");
    assert_int_equal(end_err, 0);
}

static void a_chunked_body_is_collected(void **state)
{
    static char body[100000];
    (void)state;
    for (size_t i = 0; i < sizeof(body) - 1; i++)
        body[i] = (char)('a' + i % 26);
    for (size_t split = 1; split < 100000; split = split * 3 + 1) {
        yoke_tr *r = yoke_test_post(t, "/");
        yoke_tr_body(r, body);
        yoke_tr_chunked(r, 1000);
        yoke_tr_split(r, split);
        yoke_expect_body_bytes(r, body, sizeof(body) - 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_truncated_body_is_refused),
        TEST(a_malformed_chunk_is_refused_and_closes),
        TEST(trailers_are_kept_apart),
        TEST(trailers_have_limits),
        TEST(a_body_over_the_limit_is_refused),
        TEST(continue_is_sent_when_the_body_is_read),
        TEST(no_continue_before_a_final_answer),
        TEST(no_continue_where_it_is_not_needed),
        TEST(another_expectation_is_refused),
        TEST(an_unread_body_is_not_taken_for_a_request),
        TEST(a_long_unread_body_closes),
        TEST(a_body_comes_in_pieces_and_can_be_paused),
        TEST(a_chunked_body_is_collected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
