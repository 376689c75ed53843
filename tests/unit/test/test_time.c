/* Time passes by the client's clock: every timeout of yoke/listen.h, and the
 * timers that handlers set in the loop. No test here waits. */
#include "catch.h"

#include <uv.h>

#include <yoke/yoke.h>

static yoke_res *held;

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
    held = res;
    yoke_hold(req);
}

static void many(yoke_req *req, yoke_res *res)
{
    static char bytes[1000000];
    (void)req;
    memset(bytes, 'm', sizeof(bytes));
    yoke_res_send(res, bytes, sizeof(bytes));
}

/* ---- Timers of the loop ---- */

static uv_timer_t timer;
static int ticks;

static void close_timer(yoke_res *res, void *data)
{
    (void)res;
    (void)data;
    uv_close((uv_handle_t *)&timer, NULL);
}

static void on_tick(uv_timer_t *unused)
{
    yoke_res *res = unused->data;
    char text[32];
    int len = snprintf(text, sizeof(text), "data: %d\n\n", ++ticks);
    yoke_res_write(res, text, (size_t)len);
}

static void tick(yoke_req *req, yoke_res *res)
{
    (void)req;
    ticks = 0;
    timer.data = res;
    uv_timer_init(yoke_loop(), &timer);
    uv_timer_start(&timer, on_tick, 60000, 3600000);
    yoke_res_on_finish(res, close_timer, NULL);
    yoke_res_set(res, "Content-Type", "text/event-stream");
    yoke_res_write(res, "", 0);
}

static void on_once(uv_timer_t *unused)
{
    yoke_res_text(unused->data, "at last");
}

static void in_a_day(yoke_req *req, yoke_res *res)
{
    yoke_res_on_finish(res, close_timer, NULL);
    timer.data = res;
    uv_timer_init(yoke_loop(), &timer);
    uv_timer_start(&timer, on_once, 86400000, 0);
    yoke_hold(req);
}

static yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_get(app, "/", hello);
    yoke_app_post(app, "/", yoke_body, echo);
    yoke_app_get(app, "/hold", hold);
    yoke_app_get(app, "/many", many);
    yoke_app_get(app, "/tick", tick);
    yoke_app_get(app, "/day", in_a_day);
    return app;
}

/* Each timeout is another, so that none is taken for another. */
static const struct yoke_limits limits = {
    .head_timeout_ms = 10000,
    .request_timeout_ms = 40000,
    .idle_timeout_ms = 7000,
    .write_timeout_ms = 20000,
    .handler_timeout_ms = 30000,
    .min_body_rate = 100,
};

static yoke_test *t;

static int set_up(void **state)
{
    (void)state;
    yoke_log_set_level(YOKE_LOG_OFF);
    t = yoke_test_new_with(make_app(), &limits);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    yoke_test_free(t);
    return 0;
}

/* Nothing has happened after `ms`; it has, one tick of the server later. */
static void assert_happens_at(yoke_tr *r, uint64_t ms, int status)
{
    yoke_tr_send(r);
    yoke_test_clock(t, ms - 1);
    yoke_expect_closed(r, false);
    yoke_test_clock(t, 500);
    if (status > 0)
        yoke_expect_status(r, status);
    yoke_expect_closed(r, true);
}

static void head_timeout(void **state)
{
    (void)state;
    assert_happens_at(yoke_test_raw_text(t, "GET / HT"), 10000, 408);
}

static void request_timeout(void **state)
{
    (void)state;
    /* Fast enough for the rate, and without an end. */
    yoke_tr *r = yoke_test_post(t, "/");
    yoke_tr_set(r, "Content-Length", "1000000");
    yoke_tr_send(r);
    char bytes[1000] = {0};
    for (int second = 0; second < 39; second++) {
        yoke_tr_send_more(r, bytes, sizeof(bytes));
        yoke_test_clock(t, 1000);
    }
    yoke_expect_closed(r, false);
    yoke_tr_send_more(r, bytes, sizeof(bytes));
    yoke_test_clock(t, 1500);
    yoke_expect_status(r, 408);
    yoke_expect_closed(r, true);
}

static void idle_timeout(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_expect_status(r, 200);
    assert_happens_at(r, 7000, 0);
}

static void write_timeout(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/many");
    yoke_tr_read_slowly(r, 0);
    yoke_tr_send(r);
    yoke_test_clock(t, 19000);
    yoke_expect_closed(r, false);
    yoke_test_clock(t, 2000);
    yoke_expect_closed(r, true);
    yoke_tr_read_slowly(r, SIZE_MAX);
    yoke_expect_error(r, "reset");
}

static void a_client_that_reads_a_little_is_waited_for(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/many");
    yoke_tr_read_slowly(r, 0);
    for (int second = 0; second < 100; second++) {
        yoke_tr_read_more(r, 1000);
        yoke_test_clock(t, 1000);
    }
    yoke_tr_read_slowly(r, SIZE_MAX);
    yoke_expect_body_len(r, 1000000);
}

static void handler_timeout(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/hold");
    yoke_tr_send(r);
    yoke_test_clock(t, 29999);
    assert_int_equal(yoke_tr_status(r), 0);
    yoke_test_clock(t, 500);
    yoke_expect_status(r, 503);
    yoke_res_text(held, "late");
}

static void min_body_rate(void **state)
{
    char bytes[50] = {0};
    (void)state;
    yoke_tr *r = yoke_test_post(t, "/");
    yoke_tr_set(r, "Content-Length", "1000000");
    yoke_tr_send(r);
    for (int second = 0; second < 4; second++) {
        yoke_tr_send_more(r, bytes, sizeof(bytes));
        yoke_test_clock(t, 1000);
    }
    yoke_expect_closed(r, false);
    for (int second = 0; second < 4; second++)
        yoke_test_clock(t, 1000);
    yoke_expect_status(r, 408);
}

static void draining_closes_what_is_idle(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_expect_status(r, 200);
    yoke_test_drain(t);
    yoke_expect_closed(r, false);
    yoke_test_clock(t, 500);
    yoke_expect_closed(r, true);
}

static void the_date_goes_on(void **state)
{
    (void)state;
    yoke_test_clock(t, 86400000);
    yoke_expect_header(yoke_test_get(t, "/"), "Date",
                       "Mon, 07 Nov 1994 08:49:37 GMT");
}

/* ---- Timers ---- */

static void timers_of_handlers_are_called(void **state)
{
    static const struct yoke_limits patient = {.handler_timeout_ms = 999999999};
    (void)state;
    yoke_test *other = yoke_test_new_with(make_app(), &patient);
    yoke_tr *r = yoke_test_get(other, "/day");
    yoke_tr_send(r);
    /* With room for the real time that passes. */
    yoke_test_clock(other, 86400000 - 60000);
    assert_int_equal(uv_is_active((uv_handle_t *)&timer), 1);
    yoke_test_clock(other, 60000);
    yoke_expect_text(r, 200, "at last");
    yoke_test_free(other);
}

static void a_repeating_timer_is_called_each_time(void **state)
{
    static const struct yoke_limits patient = {.handler_timeout_ms = 999999999};
    (void)state;
    yoke_test *other = yoke_test_new_with(make_app(), &patient);
    yoke_tr *r = yoke_test_get(other, "/tick");
    yoke_tr_stream(r);
    yoke_expect_status(r, 200);
    yoke_expect_body(r, "");
    yoke_test_clock(other, 60000);
    yoke_expect_sse(r, NULL, "1");
    yoke_test_clock(other, 3600000 * 3);
    yoke_expect_sse(r, NULL, "2");
    yoke_expect_sse(r, NULL, "3");
    yoke_expect_sse(r, NULL, "4");
    assert_int_equal(ticks, 4);
    yoke_res_end(timer.data);
    yoke_test_free(other);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(head_timeout),
        TEST(request_timeout),
        TEST(idle_timeout),
        TEST(write_timeout),
        TEST(a_client_that_reads_a_little_is_waited_for),
        TEST(handler_timeout),
        TEST(min_body_rate),
        TEST(draining_closes_what_is_idle),
        TEST(the_date_goes_on),
        TEST(timers_of_handlers_are_called),
        TEST(a_repeating_timer_is_called_each_time),
    };
    return cmocka_run_group_tests_name("time", tests, NULL, NULL);
}
