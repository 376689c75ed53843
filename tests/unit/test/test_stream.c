/* Answers that are looked at while they come: server-sent events, parts of a
 * body, back-pressure; and requests that arrive in every possible way. */
#include "catch.h"

#include <yoke/yoke.h>

#include "http/exchange.h"
#include "test/client.h"
#include "test/exchange.h"

static yoke_res *held;
static size_t written; /* Bytes that /pour has written. */
static int calls;      /* Of /count. */

static void hold(yoke_req *req, yoke_res *res)
{
    (void)req;
    held = res;
    yoke_res_set(res, "Content-Type", "text/event-stream");
    yoke_res_write(res, "", 0);
}

static void pour_more(yoke_res *res, void *data)
{
    static const char bytes[10000] = {'x'};
    (void)data;
    while (written < 1000000) {
        written += sizeof(bytes);
        if (yoke_res_write(res, bytes, sizeof(bytes)) > 65536)
            return;
    }
    yoke_res_end(res);
}

static void stop_pouring(yoke_req *req, void *data)
{
    (void)req;
    yoke_res_end(data);
}

static void pour(yoke_req *req, yoke_res *res)
{
    written = 0;
    yoke_req_on_close(req, stop_pouring, res);
    yoke_res_on_drain(res, pour_more, NULL);
    pour_more(res, NULL);
}

static void echo(yoke_req *req, yoke_res *res)
{
    size_t len;
    const char *body = yoke_req_body(req, &len);
    yoke_res_send(res, body, len);
}

static void count(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_printf(req, "%d", calls++ / 30));
}

static yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_get(app, "/hold", hold);
    yoke_app_get(app, "/pour", pour);
    yoke_app_post(app, "/echo", yoke_body, echo);
    yoke_app_get(app, "/count", count);
    return app;
}

static yoke_test *t;

static int set_up(void **state)
{
    (void)state;
    yoke_log_set_level(YOKE_LOG_OFF);
    t = yoke_test_new(make_app());
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    yoke_test_free(t);
    return 0;
}

static void write_text(const char *text)
{
    yoke_res_write(held, text, strlen(text));
}

/* ---- Parts of a body ---- */

static void looks_at_what_has_come(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/hold");
    yoke_tr_stream(r);
    yoke_expect_status(r, 200);
    yoke_expect_header(r, "Content-Type", "text/event-stream");
    yoke_expect_body(r, "");
    write_text("one ");
    yoke_expect_body(r, "one ");
    write_text("two");
    yoke_expect_body_has(r, "e t");
    yoke_expect_body_like(r, "two$");
    assert_int_equal(yoke_tr_wait_len(r, 7), 7);
    assert_int_equal(yoke_tr_wait_len(r, 8), 7);
    CATCH_FAILURE(yoke_expect_body_has(r, "three"));
    assert_said("expected a body with \"three\" in it, got \"one two\"\n");
    yoke_res_end(held);
    yoke_expect_body(r, "one two");
    assert_null(yoke_tr_error(r));
}

/* ---- Server-sent events ---- */

static void reads_events_one_by_one(void **state)
{
    struct yoke_tr_event event;
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/hold");
    yoke_tr_send(r);
    write_text(": hello\n\nretry: 2000\nevent: tick\nid: 7\ndata: a\n"
               "data:b\ndata:  c\n\n");
    assert_true(yoke_tr_sse_next(r, &event));
    assert_string_equal(event.event, "tick");
    assert_string_equal(event.data, "a\nb\n c");
    assert_string_equal(event.id, "7");
    assert_int_equal(event.retry_ms, 2000);
    assert_int_equal(event.comments, 1);

    write_text("event: nothing\n\n:x\r\ndata\r\n\r\ndata: half");
    assert_true(yoke_tr_sse_next(r, &event));
    assert_string_equal(event.event, "message");
    assert_string_equal(event.data, "");
    assert_string_equal(event.id, "7");
    assert_int_equal(event.retry_ms, -1);

    assert_false(yoke_tr_sse_next(r, &event));
    write_text(" whole\n\n");
    assert_true(yoke_tr_sse_next(r, &event));
    assert_string_equal(event.data, "half whole");

    write_text("data: never ended\n");
    yoke_res_end(held);
    assert_false(yoke_tr_sse_next(r, &event));
    assert_false(yoke_tr_sse_next(r, &event));
}

static void tells_which_event_came_instead(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/hold");
    yoke_tr_send(r);
    FAILS(yoke_expect_sse(r, "a", "1"),
          "expected the event \"a\" of \"1\", got none");
    write_text("event: a\ndata: 2\n\n");
    FAILS(yoke_expect_sse(r, "a", "1"),
          "expected the event \"a\" of \"1\", got \"a\" of \"2\"");
    yoke_res_end(held);
}

/* ---- Back-pressure ---- */

static void a_slow_client_slows_a_handler_down(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/pour");
    yoke_tr_read_slowly(r, 0);
    yoke_tr_send(r);
    size_t at_first = written;
    assert_true(at_first < 200000);
    assert_true(yoke_tr_backlog(r) > 65536);
    assert_true(yoke_tr_backlog(r) < 100000);
    yoke_tr_read_more(r, 1000);
    assert_int_equal(written, at_first);
    yoke_tr_read_more(r, 100000);
    assert_true(written > at_first);
    assert_true(written < 400000);
    yoke_tr_read_slowly(r, SIZE_MAX);
    yoke_expect_body_len(r, 1000000);
    assert_int_equal(yoke_tr_backlog(r), 0);
}

/* ---- The ways in which a request arrives ---- */

static void is_the_same_in_every_split(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_post(t, "/echo");
    yoke_tr_body(r, "hello");
    yoke_tr_chunked(r, 2);
    yoke_tr_set_trailer(r, "X-A", "b");
    yoke_tr_split_everywhere(r);
    yoke_expect_text(r, 200, "hello");
    /* Whole, in single bytes, and cut at each place. */
    size_t connections = 0;
    YK_LIST_EACH(node, &t->links)
    connections++;
    assert_int_equal(connections, yoke_tr_request_len(r) + 1);
}

static void tells_the_split_that_makes_a_difference(void **state)
{
    (void)state;
    calls = 0;
    yoke_tr *r = yoke_test_get(t, "/count");
    yoke_tr_split_everywhere(r);
    CATCH_FAILURE(yoke_expect_status(r, 200));
    assert_said("the answer is another one when the request is cut after byte "
                "29\n    > GET /count HTTP/1.1\n");
    assert_said("    < 1\n    the answer to the whole request:\n    < HTTP/1.1 "
                "200 OK\n");
    assert_said("    < 0\n");
    yoke_expect_body(r, "0");
}

static void splits_where_it_is_told(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/count");
    assert_int_equal(yoke_tr_request_len(r),
                     strlen("GET /count HTTP/1.1\r\nHost: test\r\n\r\n"));
    yoke_tr_split_at(r, 5);
    yoke_expect_status(r, 200);
    assert_int_equal(r->link->memory.split_at, 5);
}

static void goes_away_in_the_middle(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_post(t, "/echo");
    yoke_tr_body(r, "hello");
    yoke_tr_reset_after(r, yoke_tr_request_len(r) - 1);
    yoke_expect_status(r, 0);
    yoke_expect_closed(r, true);
    r = yoke_test_get(t, "/pour");
    yoke_tr_reset_after_answer(r, 0);
    yoke_expect_status(r, 0);
    r = yoke_test_get(t, "/pour");
    yoke_tr_reset_after_answer(r, 5000);
    yoke_expect_error(r, "closed");
    size_t len;
    yoke_tr_raw(r, &len);
    assert_int_equal(len, 5000);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(looks_at_what_has_come),
        TEST(reads_events_one_by_one),
        TEST(tells_which_event_came_instead),
        TEST(a_slow_client_slows_a_handler_down),
        TEST(is_the_same_in_every_split),
        TEST(tells_the_split_that_makes_a_difference),
        TEST(splits_where_it_is_told),
        TEST(goes_away_in_the_middle),
    };
    return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
