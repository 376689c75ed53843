/* A whole HTTP/1 connection, portless: what the rules of HTTP.md demand of it
 * beyond the parser. Each test names its rule. */
#include "../unit.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/yoke.h>

#include "test/client.h"
#include "test/exchange.h"

static yoke_test *t;

/* ---- An application that does one of everything ---- */

static int requests;       /* Handlers that ran. */
static yoke_req *held;     /* The request on hold, */
static yoke_res *held_res; /* and its answer. */
static int end_err;        /* What on_end was told; 1: nothing yet. */
static int closes;         /* Calls of on_close. */
static int finishes;       /* Calls of on_finish. */
static int drains;         /* Calls of on_drain. */
static size_t received;    /* Bytes of body that arrived in pieces. */

static void count_close(yoke_req *req, void *data)
{
    (void)req;
    (void)data;
    closes++;
}

static void count_finish(yoke_res *res, void *data)
{
    (void)res;
    (void)data;
    finishes++;
}

static void count_request(yoke_req *req, yoke_res *res)
{
    requests++;
    yoke_req_on_close(req, count_close, NULL);
    yoke_res_on_finish(res, count_finish, NULL);
    yoke_next(req);
}

static void hello(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "hello");
}

static void echo(yoke_req *req, yoke_res *res)
{
    size_t len;
    const char *body = yoke_req_body(req, &len);
    yoke_res_send(res, body, len);
}

static void hold(yoke_req *req, yoke_res *res)
{
    held = req;
    held_res = res;
    yoke_hold(req);
}

static void count_data(yoke_req *req, const char *ptr, size_t len, void *data)
{
    (void)req;
    (void)ptr;
    (void)data;
    received += len;
}

static void end_data(yoke_req *req, int err, void *data)
{
    const char *trailer = yoke_req_trailer(req, "X-Trailer");
    end_err = err;
    if (err == 0)
        yoke_res_text(data, yoke_req_printf(req, "%zu %s", received,
                                            trailer ? trailer : "-"));
}

static void count_body(yoke_req *req, yoke_res *res)
{
    yoke_req_on_data(req, count_data, end_data, res);
}

static void pause_body(yoke_req *req, yoke_res *res)
{
    count_body(req, res);
    yoke_req_pause(req);
    held = req;
}

static void no_content(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_status(res, 204);
    yoke_res_text(res, "dropped");
}

static void not_modified(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_status(res, 304);
    yoke_res_set(res, "ETag", "\"1\"");
    yoke_res_text(res, "dropped");
}

static void stream(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_write(res, "one", 3);
    yoke_res_write(res, "", 0);
    yoke_res_write(res, "two", 3);
    yoke_res_end(res);
}

static void promise(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "Content-Length", "5");
    yoke_res_write(res, "abc", 3);
    assert_int_equal(yoke_res_write(res, "defg", 4), -YOKE_ELENGTH);
    yoke_res_write(res, "de", 2);
    yoke_res_end(res);
}

static void break_promise(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "Content-Length", "5");
    yoke_res_write(res, "abc", 3);
    yoke_res_end(res);
}

static void large(yoke_req *req, yoke_res *res)
{
    static char bytes[1000000];
    (void)req;
    memset(bytes, 'x', sizeof(bytes));
    yoke_res_send(res, bytes, sizeof(bytes));
}

static void pour(yoke_res *res, void *data)
{
    static const char bytes[10000] = {'x'};
    (void)data;
    drains++;
    while (yoke_res_body_len(res) < 2000000) {
        if (yoke_res_write(res, bytes, sizeof(bytes)) > 65536)
            return;
    }
    yoke_res_end(res);
}

static void flood(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_on_drain(res, pour, NULL);
    pour(res, NULL);
}

static void burst(yoke_req *req, yoke_res *res)
{
    static const char bytes[10000] = {'x'};
    (void)req;
    for (int i = 0; i < 20; i++)
        yoke_res_write(res, bytes, sizeof(bytes));
    yoke_res_end(res);
}

static void inject(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "X-Name", "a\r\nSet-Cookie: b=c");
    yoke_res_text(res, "never");
}

static void many_headers(yoke_req *req, yoke_res *res)
{
    char name[20];
    char *value = yoke_req_alloc(req, 1001);
    memset(value, 'v', 1000);
    value[1000] = '\0';
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof(name), "X-%d", i);
        yoke_res_set(res, name, value);
    }
    yoke_res_text(res, "many");
}

static yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, count_request);
    yoke_app_get(app, "/", hello);
    yoke_app_post(app, "/", yoke_body, echo);
    yoke_app_post(app, "/small", yoke_body_limit(10), echo);
    yoke_app_all(app, "/ignore", hello);
    yoke_app_all(app, "/hold", hold);
    yoke_app_all(app, "/count", count_body);
    yoke_app_all(app, "/pause", pause_body);
    yoke_app_get(app, "/204", no_content);
    yoke_app_get(app, "/304", not_modified);
    yoke_app_get(app, "/stream", stream);
    yoke_app_get(app, "/promise", promise);
    yoke_app_get(app, "/broken", break_promise);
    yoke_app_get(app, "/large", large);
    yoke_app_get(app, "/flood", flood);
    yoke_app_get(app, "/burst", burst);
    yoke_app_get(app, "/inject", inject);
    yoke_app_get(app, "/headers", many_headers);
    return app;
}

static int setup_with(const struct yoke_limits *limits)
{
    yoke_log_set_level(YOKE_LOG_OFF);
    yoke_test_on_fail(_fail);
    requests = closes = finishes = drains = 0;
    end_err = 1;
    received = 0;
    held = NULL;
    t = yoke_test_new_with(make_app(), limits);
    return 0;
}

static int setup(void **state)
{
    (void)state;
    return setup_with(NULL);
}

static int teardown(void **state)
{
    (void)state;
    yoke_test_free(t);
    return 0;
}

static yoke_tr *raw(const char *text)
{
    return yoke_test_raw(t, text, strlen(text));
}

/* All that the server has sent. */
static const char *raw_answer(yoke_tr *r)
{
    size_t len;
    return yoke_tr_raw(r, &len);
}

/* Connections that the server has not closed, whatever their clients see. */
static uint32_t open_conns(void)
{
    return t->server.conn_count;
}

#define HOST "Host: a\r\n"

/* ---- Bodies ---- */

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

/* ---- Answers ---- */

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
            char body[4];
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
    yoke_tr *r = yoke_test_get(t, "/broken");
    yoke_expect_error(r, "");
    yoke_expect_closed(r, true);
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

/* ---- The client goes away ---- */

static void a_client_that_goes_is_told_to_the_handler(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/hold");
    yoke_tr_send(r);
    assert_int_equal(closes, 0);
    yoke_tr_reset(r);
    assert_int_equal(closes, 1);
    assert_true(yoke_req_is_aborted(held));
    assert_int_equal(finishes, 0);
    yoke_res_text(held_res, "to nobody");
    yoke_test_clock(t, 0);
    assert_int_equal(finishes, 1);
    assert_int_equal(closes, 1);
}

static void a_client_that_half_closes_gets_its_answer(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/hold");
    yoke_tr_close(r);
    assert_int_equal(closes, 1);
    yoke_res_text(held_res, "held");
    yoke_expect_text(r, 200, "held");
    yoke_expect_closed(r, true);
}

static void a_body_that_is_cut_off_is_told_to_its_reader(void **state)
{
    (void)state;
    yoke_tr *r =
        raw("POST /count HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\nabc");
    yoke_tr_send(r);
    assert_int_equal(received, 3);
    assert_int_equal(end_err, 1);
    yoke_tr_reset(r);
    assert_int_equal(end_err, -YOKE_ECLOSED);
    yoke_test_clock(t, 0);
    assert_int_equal(finishes, 1);
}

/* ---- Rule 38: time ---- */

static void a_slow_head_is_refused(void **state)
{
    (void)state;
    yoke_tr *r = raw("GET / HTTP/1.1\r\nHost:");
    yoke_tr_send(r);
    for (int i = 0; i < 5; i++) {
        yoke_test_clock(t, 10000);
        yoke_tr_send_more(r, "a", 1);
    }
    yoke_expect_closed(r, false);
    yoke_test_clock(t, 10500);
    yoke_expect_status(r, 408);
    yoke_expect_header(r, "Connection", "close");
}

static void a_connection_that_says_nothing_is_closed_silently(void **state)
{
    (void)state;
    yoke_tr *r = raw("");
    yoke_tr_send(r);
    yoke_test_clock(t, 59000);
    yoke_expect_closed(r, false);
    yoke_test_clock(t, 2000);
    yoke_expect_closed(r, true);
    assert_string_equal(raw_answer(r), "");
}

static void an_idle_connection_is_closed_silently(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_expect_text(r, 200, "hello");
    yoke_test_clock(t, 4500);
    yoke_expect_closed(r, false);
    yoke_test_clock(t, 1000);
    yoke_expect_closed(r, true);
    assert_int_equal(yoke_tr_status(yoke_tr_next(r)), 0);
}

static void a_request_takes_so_long_and_no_longer(void **state)
{
    (void)state;
    yoke_tr *r =
        raw("POST /count HTTP/1.1\r\n" HOST "Content-Length: 1000000\r\n\r\n");
    static char body[1000];
    yoke_tr_send(r);
    for (int i = 0; i < 299; i++) {
        yoke_tr_send_more(r, body, sizeof(body));
        yoke_test_clock(t, 1000);
    }
    yoke_expect_closed(r, false);
    yoke_test_clock(t, 2000);
    yoke_expect_status(r, 408);
    assert_true(end_err < 0 && end_err != -YOKE_ECLOSED);
}

static void a_body_that_drips_is_refused(void **state)
{
    (void)state;
    yoke_tr *r =
        raw("POST /count HTTP/1.1\r\n" HOST "Content-Length: 100000\r\n\r\n");
    yoke_tr_send(r);
    int seconds = 0;
    while (!raw_answer(r)[0] && seconds < 60) {
        yoke_tr_send_more(r, "0123456789", 10);
        yoke_test_clock(t, 1000);
        seconds++;
    }
    yoke_expect_status(r, 408);
    yoke_expect_body_has(r, "too slowly");
    assert_in_range(seconds, 5, 8);
}

static void a_paused_body_is_not_the_clients_fault(void **state)
{
    (void)state;
    yoke_tr *r =
        raw("POST /pause HTTP/1.1\r\n" HOST "Content-Length: 5\r\n\r\nab");
    yoke_tr_send(r);
    yoke_test_clock(t, 30000);
    yoke_req_resume(held);
    yoke_tr_send_more(r, "cde", 3);
    yoke_expect_text(r, 200, "5 -");
}

static void a_client_that_stops_reading_is_reset(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/large");
    yoke_tr_read_slowly(r, 0);
    yoke_tr_send(r);
    yoke_test_clock(t, 59000);
    yoke_expect_closed(r, false);
    yk_memory_set_pace(&r->link->memory, 1000);
    yk_memory_turn(&r->link->memory);
    yk_memory_set_pace(&r->link->memory, 0);
    yoke_test_clock(t, 50000);
    yoke_expect_closed(r, false); /* It has taken something since. */
    yoke_test_clock(t, 70000);
    yoke_expect_closed(r, true);
}

static void a_handler_that_does_not_answer_is_answered_for(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/hold");
    yoke_tr_send(r);
    yoke_test_clock(t, 119000);
    assert_int_equal(raw_answer(r)[0], '\0');
    yoke_test_clock(t, 1500);
    assert_non_null(strstr(raw_answer(r), "503 Service Unavailable"));
    yoke_res_text(held_res, "too late");
    yoke_expect_status(r, 503);
}

/* A refused connection is read away before it is closed, so that no reset
 * destroys the answer; but not for ever. */
static void lingering_ends(void **state)
{
    (void)state;
    yoke_tr *r = raw("BAD\r\n\r\nmore");
    yoke_expect_status(r, 400);
    yoke_expect_closed(r, true);
    yoke_test_clock(t, 4000);
    assert_int_equal(open_conns(), 1);
    yoke_test_clock(t, 1500);
    assert_int_equal(open_conns(), 0);
}

/* ---- Rule 39: connections ---- */

static int setup_few(void **state)
{
    (void)state;
    return setup_with(
        &(struct yoke_limits){.max_conns = 3, .max_conns_per_ip = 2});
}

static void one_connection_too_many_is_told_so(void **state)
{
    static const struct {
        const char *ip;
        int status;
    } cases[] = {{"10.0.0.1", 200},
                 {"10.0.0.1", 200},
                 {"10.0.0.1", 503},
                 {"10.0.0.2", 503} /* The refused one still lingers. */};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        yoke_tr *r = yoke_test_get(t, "/");
        yoke_tr_remote_addr(r, cases[i].ip);
        yoke_expect_status(r, cases[i].status);
    }
    yoke_test_clock(t, 10000);
    yoke_expect_status(yoke_test_get(t, "/"), 200);
}

/* ---- Draining ---- */

static void draining_finishes_what_has_begun(void **state)
{
    (void)state;
    yoke_tr *idle = yoke_test_get(t, "/");
    yoke_expect_text(idle, 200, "hello");
    yoke_tr *busy = yoke_test_get(t, "/hold");
    yoke_tr_send(busy);
    yoke_tr *late = yoke_test_get(t, "/");
    yoke_expect_text(late, 200, "hello");
    yoke_test_drain(t);
    yoke_tr_send_more(late, "GET / HTTP/1.1\r\n" HOST "\r\n",
                      strlen("GET / HTTP/1.1\r\n" HOST "\r\n"));
    yoke_expect_header(yoke_tr_next(late), "Connection", "close");
    yoke_test_clock(t, 600);
    yoke_expect_closed(idle, true);
    yoke_expect_closed(late, true);
    yoke_expect_closed(busy, false);
    yoke_res_text(held_res, "held");
    yoke_expect_text(busy, 200, "held");
    yoke_expect_header(busy, "Connection", "close");
    yoke_expect_closed(busy, true);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

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
        TEST(answers_without_body_have_none),
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
        TEST(a_header_cannot_be_injected),
        TEST(a_wrong_escape_in_the_path_reaches_no_file_but_404),
        TEST(a_head_longer_than_a_buffer_is_sent_whole),
        TEST(a_large_answer_reaches_a_slow_client),
        TEST(a_stream_waits_for_a_slow_client),
        TEST(a_stream_may_end_while_it_has_to_wait),
        TEST(a_client_that_goes_is_told_to_the_handler),
        TEST(a_client_that_half_closes_gets_its_answer),
        TEST(a_body_that_is_cut_off_is_told_to_its_reader),
        TEST(a_slow_head_is_refused),
        TEST(a_connection_that_says_nothing_is_closed_silently),
        TEST(an_idle_connection_is_closed_silently),
        TEST(a_request_takes_so_long_and_no_longer),
        TEST(a_body_that_drips_is_refused),
        TEST(a_paused_body_is_not_the_clients_fault),
        TEST(a_client_that_stops_reading_is_reset),
        TEST(a_handler_that_does_not_answer_is_answered_for),
        TEST(lingering_ends),
        cmocka_unit_test_setup_teardown(one_connection_too_many_is_told_so,
                                        setup_few, teardown),
        TEST(draining_finishes_what_has_begun),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
