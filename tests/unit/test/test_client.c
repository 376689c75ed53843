/* The client as a whole, on a bare server: what it sends, what it reads, how it
 * waits, and how it tells what is wrong. */
#include "client.h"

#include <uv.h>

#include <yoke/loop.h>
#include <yoke/test.h>

/* ---- A server of a few routes ---- */

static struct yk_exchange *held; /* What `/hold` has not answered. */
static uv_timer_t timer;
static struct yk_bytes request_body;

static void answer_held(void)
{
    yk_exchange_send(held, "late", 4);
    held = NULL;
}

static void on_timer(uv_timer_t *unused)
{
    (void)unused;
    answer_held();
    uv_close((uv_handle_t *)&timer, NULL);
}

static void on_data(struct yk_exchange *x, const char *ptr, size_t len)
{
    (void)x;
    yk_bytes_append(&request_body, ptr, len);
}

static void on_end(struct yk_exchange *x, int err)
{
    if (err == 0)
        yk_exchange_send(x, request_body.ptr, request_body.len);
    else
        yk_exchange_end(x);
    yk_bytes_done(&request_body);
}

static const struct yk_exchange_events body_events = {.on_data = on_data,
                                                      .on_end = on_end};

static void send_many(struct yk_exchange *x)
{
    static char many[300000];
    memset(many, 'm', sizeof(many));
    yk_exchange_write(x, many, sizeof(many));
    yk_exchange_end(x);
}

static void send_too_little(struct yk_exchange *x)
{
    x->content_length = 5;
    yk_exchange_write(x, "abc", 3);
    held = x;
}

static bool is_path(const struct yk_exchange *x, const char *path)
{
    return yk_slice_eq(yk_request_slice(x->request, x->request->target),
                       yk_slice_of(path));
}

static void on_request(struct yk_exchange *x, void *data)
{
    (void)data;
    if (is_path(x, "/body")) {
        x->events = &body_events;
        yk_exchange_read(x);
    } else if (is_path(x, "/hold")) {
        held = x;
    } else if (is_path(x, "/timer")) {
        held = x;
        uv_timer_init(yoke_loop(), &timer);
        uv_timer_start(&timer, on_timer, 1, 0);
    } else if (is_path(x, "/many")) {
        send_many(x);
    } else if (is_path(x, "/little")) {
        send_too_little(x);
    } else {
        x->status = is_path(x, "/") ? 200 : 404;
        yk_headers_set(&x->headers, x->arena, YK_LIT("X-Kind"),
                       YK_LIT("sample"));
        yk_exchange_send(x, "hello", 5);
    }
}

/* ---- Tests ---- */

static void sends_the_usual_fields(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_tr_set(r, "X-A", "b");
    yoke_expect_text(r, 200, "hello");
    yoke_expect_header(r, "x-kind", "sample");
    yoke_expect_header(r, "Date", "Sun, 06 Nov 1994 08:49:37 GMT");
    yoke_expect_header_has(r, "Date", "1994");
    yoke_expect_no_header(r, "Server");
    yoke_expect_body_has(r, "ell");
    yoke_expect_closed(r, false);
    assert_null(yoke_tr_error(r));
}

static void sends_bodies_whole_chunked_and_split(void **state)
{
    (void)state;
    for (size_t split = 0; split < 5; split++) {
        for (size_t chunk = 0; chunk < 5; chunk++) {
            yoke_tr *r = yoke_test_post(t, "/body");
            yoke_tr_body(r, "some text");
            yoke_tr_split(r, split);
            if (chunk > 0)
                yoke_tr_chunked(r, chunk);
            yoke_expect_text(r, 200, "some text");
        }
    }
    yoke_expect_text(yoke_test_post(t, "/body"), 200, "");
}

static void reads_the_answers_to_several_requests_in_a_row(void **state)
{
    static const char text[] = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
                               "GET /x HTTP/1.1\r\nHost: a\r\n\r\n"
                               "GET / HTTP/1.0\r\n\r\n";
    (void)state;
    yoke_tr *r = yoke_test_raw(t, text, sizeof(text) - 1);
    yoke_expect_text(r, 200, "");
    yoke_expect_header(r, "Content-Length", "5");
    yoke_expect_text(yoke_tr_next(r), 404, "hello");
    yoke_tr *last = yoke_tr_next(yoke_tr_next(r));
    yoke_expect_text(last, 200, "hello");
    yoke_expect_closed(last, true);
    yoke_expect_status(yoke_tr_next(last), 0);
    yoke_expect_error(yoke_tr_next(yoke_tr_next(last)), "before it");
}

static void sends_more_on_the_same_connection(void **state)
{
    static const char text[] = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    (void)state;
    yoke_tr *r = yoke_test_raw(t, text, 10);
    yoke_expect_status(r, 0);
    yoke_tr_send_more(r, text + 10, sizeof(text) - 11);
    yoke_expect_status(r, 200);
    yoke_tr_send_more(r, text, sizeof(text) - 1);
    yoke_expect_status(yoke_tr_next(r), 200);
}

static void waits_for_a_handler_that_answers_from_the_loop(void **state)
{
    (void)state;
    yoke_expect_text(yoke_test_get(t, "/timer"), 200, "late");
}

static void does_not_wait_when_nothing_can_come(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/hold");
    yoke_expect_status(r, 0);
    answer_held();
    yoke_expect_text(r, 200, "late");
}

static void lets_time_pass_for_timeouts(void **state)
{
    struct yoke_limits limits = {.idle_timeout_ms = 2000,
                                 .head_timeout_ms = 3000};
    (void)state;
    yoke_test *other = yk_test_new(&limits, on_request, NULL);
    yoke_tr *idle = yoke_test_get(other, "/");
    yoke_tr *slow = yoke_test_raw(other, "GET / HT", 8);
    yoke_expect_status(idle, 200);
    yoke_tr_send(slow);
    yoke_test_clock(other, 1000);
    yoke_expect_closed(idle, false);
    yoke_test_clock(other, 1500);
    yoke_expect_closed(idle, true);
    yoke_expect_status(slow, 0);
    yoke_test_clock(other, 1000);
    yoke_expect_status(slow, 408);
    yoke_expect_header(slow, "Date", "Sun, 06 Nov 1994 08:49:40 GMT");
    yoke_test_free(other);
}

static void reads_slowly(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/many");
    yoke_tr_read_slowly(r, 1000);
    yoke_expect_status(r, 200);
    assert_int_equal(yoke_tr_len(r), 300000);
}

static void does_not_read_and_then_does(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/many");
    yoke_tr_read_slowly(r, 0);
    yoke_expect_status(r, 0);
    yoke_tr_read_slowly(r, SIZE_MAX);
    yoke_expect_status(r, 200);
}

static void aborts_within_the_request(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_post(t, "/body");
    yoke_tr_body(r, "some text");
    yoke_tr_abort_after(r, 20);
    yoke_expect_closed(r, true);
}

static void sees_that_an_answer_was_cut(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/little");
    yoke_tr_send(r);
    yk_exchange_end(held);
    yoke_expect_error(r, "closed after 3 bytes");
    assert_int_equal(yoke_tr_status(r), 200);
    assert_string_equal(yoke_tr_text(r), "abc");
    CATCH_FAILURE(yoke_expect_status(r, 200));
    assert_said("expected 200 \"OK\", got a bad answer of 200: the connection");
}

static void drains(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/hold");
    yoke_tr_send(r);
    yoke_test_drain(t);
    answer_held();
    yoke_expect_header(r, "Connection", "close");
    yoke_expect_closed(r, true);
}

static void tells_what_was_expected_and_the_exchange(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/x");
    CATCH_FAILURE(yoke_expect_status(r, 200));
    assert_said("test_client.c:");
    assert_said(": expected 200 \"OK\", got 404 \"Not Found\"\n"
                "    > GET /x HTTP/1.1\n    > Host: test\n");
    assert_said("    < HTTP/1.1 404 Not Found\n    < ");
    assert_said("    < hello\n");
    CATCH_FAILURE(yoke_expect_header(r, "X-Kind", "other"));
    assert_said("expected \"X-Kind\" of \"other\", got \"sample\"\n");
    CATCH_FAILURE(yoke_expect_header(r, "Vary", "Accept"));
    assert_said("expected \"Vary\" of \"Accept\", got no such field\n");
    CATCH_FAILURE(yoke_expect_no_header(r, "X-Kind"));
    assert_said("expected no \"X-Kind\", got \"sample\"\n");
    CATCH_FAILURE(yoke_expect_body(r, "help\n"));
    assert_said("expected the body \"help\\n\", got \"hello\"; they differ "
                "from byte 3 on\n");
    CATCH_FAILURE(yoke_expect_body_has(r, "y"));
    assert_said("expected a body with \"y\" in it, got \"hello\"\n");
    CATCH_FAILURE(yoke_expect_closed(r, true));
    assert_said("expected the connection to be closed, it is open\n");
    CATCH_FAILURE(yoke_expect_status(r, 0));
    assert_said("expected no answer, got 404 \"Not Found\"\n");
}

static void makes_bytes_printable(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_raw(t, "\x80 /\n\t\"\r\n\r\nx", 11);
    CATCH_FAILURE(yoke_expect_status(r, 200));
    assert_said("got 400 \"Bad Request\"\n"
                "    > \\x80 /\\n\\t\"\n    >\n    > x\n");
    assert_said("    < (closed)\n");
}

static void leaves_out_the_middle_of_much(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/many");
    CATCH_FAILURE(yoke_expect_status(r, 404));
    assert_said("bytes more ...\n    < mmm");
}

static void new_tells_an_application_that_was_set_up_wrongly(void **state)
{
    (void)state;
    yoke_app *app = yoke_app_new();
    yoke_app_fail(app, "no setting");
    CATCH_FAILURE(yoke_test_new(app));
    assert_said("test_client.c:");
    assert_said("no setting\n");
    yoke_app_free(app);
    CATCH_FAILURE(yoke_test_new(NULL));
    assert_said("the application is NULL\n");
}

static void free_tells_a_request_without_an_answer(void **state)
{
    (void)state;
    yoke_test *other = yk_test_new(NULL, on_request, NULL);
    yoke_tr_send(yoke_test_get(other, "/hold"));
    CATCH_FAILURE(yoke_test_free(other));
    assert_said("this request was never answered: GET /hold\n    > GET /hold");
    /* It was left as it was, and can still be put right. */
    answer_held();
    yoke_test_free(other);
}

static void free_tells_a_request_that_was_never_sent(void **state)
{
    (void)state;
    yoke_test *other = yk_test_new(NULL, on_request, NULL);
    yoke_test_get(other, "/x");
    CATCH_FAILURE(yoke_test_free(other));
    assert_said("GET /x was never sent");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sends_the_usual_fields),
        TEST(sends_bodies_whole_chunked_and_split),
        TEST(reads_the_answers_to_several_requests_in_a_row),
        TEST(sends_more_on_the_same_connection),
        TEST(waits_for_a_handler_that_answers_from_the_loop),
        TEST(does_not_wait_when_nothing_can_come),
        TEST(lets_time_pass_for_timeouts),
        TEST(reads_slowly),
        TEST(does_not_read_and_then_does),
        TEST(aborts_within_the_request),
        TEST(sees_that_an_answer_was_cut),
        TEST(drains),
        TEST(tells_what_was_expected_and_the_exchange),
        TEST(makes_bytes_printable),
        TEST(leaves_out_the_middle_of_much),
        TEST(new_tells_an_application_that_was_set_up_wrongly),
        TEST(free_tells_a_request_without_an_answer),
        TEST(free_tells_a_request_that_was_never_sent),
    };
    return cmocka_run_group_tests_name("client", tests, NULL, NULL);
}
