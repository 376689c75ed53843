/* The same calls without a port, on a port, and on a UNIX socket. */
#include "catch.h"

#include <sys/stat.h>
#include <uv.h>

#include <yoke/yoke.h>

static uv_timer_t timer;

static void hello(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_printf(req, "hello %s", yoke_req_ip(req)));
}

static void echo(yoke_req *req, yoke_res *res)
{
    size_t len;
    const char *body = yoke_req_body(req, &len);
    yoke_res_send(res, body, len);
}

static void answer(uv_timer_t *unused)
{
    (void)unused;
    yoke_res_text(timer.data, "late");
    uv_close((uv_handle_t *)&timer, NULL);
}

static void later(yoke_req *req, yoke_res *res)
{
    timer.data = res;
    uv_timer_init(yoke_loop(), &timer);
    uv_timer_start(&timer, answer, 10, 0);
    yoke_hold(req);
}

static yoke_res *held;

static void hold(yoke_req *req, yoke_res *res)
{
    held = res;
    yoke_hold(req);
}

static void many(yoke_req *req, yoke_res *res)
{
    static char bytes[12000000];
    (void)req;
    memset(bytes, 'm', sizeof(bytes));
    yoke_res_send(res, bytes, sizeof(bytes));
}

static void cut(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "Content-Length", "5");
    yoke_res_write(res, "abc", 3);
    yoke_res_end(res);
}

static void stream(yoke_req *req, yoke_res *res)
{
    yoke_res_set(res, "Content-Type", "text/event-stream");
    yoke_res_write(res, "data: 1\n\ndata: 2\n\n", 18);
    hold(req, res);
}

static yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_get(app, "/", hello);
    yoke_app_post(app, "/", yoke_body, echo);
    yoke_app_get(app, "/later", later);
    yoke_app_get(app, "/hold", hold);
    yoke_app_get(app, "/many", many);
    yoke_app_get(app, "/cut", cut);
    yoke_app_get(app, "/stream", stream);
    return app;
}

/* Every test runs three times. */
static yoke_test *t;
static const char *ip = "127.0.0.1";

static int set_up_portless(void **state)
{
    (void)state;
    yoke_log_set_level(YOKE_LOG_OFF);
    t = yoke_test_new(make_app());
    return 0;
}

static int set_up_tcp(void **state)
{
    (void)state;
    t = yoke_test_live(make_app());
    return 0;
}

static int set_up_unix(void **state)
{
    (void)state;
    ip = "";
    t = yoke_test_live_unix(make_app());
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ip = "127.0.0.1";
    yoke_test_free(t);
    return 0;
}

static void answers(void **state)
{
    char text[40];
    (void)state;
    snprintf(text, sizeof(text), "hello %s", ip);
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_expect_text(r, 200, text);
    yoke_expect_keeps_alive(r);
    yoke_expect_header(r, "Date", "Sun, 06 Nov 1994 08:49:37 GMT");
    yoke_expect_status(yoke_test_get(t, "/none"), 404);
}

static void takes_bodies(void **state)
{
    static char big[500000];
    (void)state;
    memset(big, 'b', sizeof(big));
    yoke_tr *r = yoke_test_post(t, "/");
    yoke_tr_body_bytes(r, big, sizeof(big));
    yoke_expect_body_bytes(r, big, sizeof(big));
    r = yoke_test_post(t, "/");
    yoke_tr_body(r, "some text");
    yoke_tr_chunked(r, 2);
    yoke_tr_split(r, 1);
    yoke_expect_text(r, 200, "some text");
    r = yoke_test_post(t, "/");
    yoke_tr_body(r, "x");
    yoke_tr_split_everywhere(r);
    yoke_expect_text(r, 200, "x");
}

static void waits_for_a_handler(void **state)
{
    (void)state;
    yoke_expect_text(yoke_test_get(t, "/later"), 200, "late");
    yoke_tr *r = yoke_test_get(t, "/hold");
    yoke_expect_status(r, 0);
    yoke_res_text(held, "at last");
    yoke_expect_text(r, 200, "at last");
}

static void pipelines_and_goes_on(void **state)
{
    (void)state;
    yoke_tr *first = yoke_test_get(t, "/");
    yoke_tr *second = yoke_test_head(t, "/none");
    yoke_tr *third = yoke_test_get(t, "/");
    yoke_tr_after(second, first);
    yoke_expect_status(second, 404);
    yoke_expect_status(first, 200);
    yoke_tr_after(third, second);
    yoke_expect_status(third, 200);
    yoke_tr_send_more(third, "GET /none HTTP/1.0\r\n\r\n", 22);
    yoke_expect_status(yoke_tr_next(third), 404);
    yoke_expect_closed(third, true);
}

static void sees_how_a_connection_ends(void **state)
{
    (void)state;
    yoke_expect_error(yoke_test_get(t, "/cut"), "closed after 3 bytes");
    yoke_tr *r = yoke_test_raw_text(t, "nonsense\r\n\r\n");
    yoke_expect_status(r, 400);
    yoke_expect_closed(r, true);
    r = yoke_test_get(t, "/");
    yoke_tr_close(r);
    yoke_expect_status(r, 200);
    yoke_expect_closed(r, true);
    r = yoke_test_post(t, "/");
    yoke_tr_body(r, "text");
    yoke_tr_abort_after(r, 30);
    yoke_expect_closed(r, true);
}

static void reads_slowly(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/many");
    yoke_tr_read_slowly(r, 1000000);
    yoke_expect_body_len(r, 12000000);
    r = yoke_test_get(t, "/many");
    yoke_tr_read_slowly(r, 0);
    yoke_tr_send(r);
    yoke_expect_status(r, 0);
    assert_true(yoke_tr_backlog(r) > 0);
    yoke_tr_read_slowly(r, SIZE_MAX);
    yoke_expect_body_len(r, 12000000);
    assert_int_equal(yoke_tr_backlog(r), 0);
}

static void resets_in_the_middle_of_an_answer(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/many");
    yoke_tr_reset_after_answer(r, 1000);
    assert_int_equal(yoke_tr_status(r), 200);
    assert_true(yoke_tr_len(r) < 1000);
    yoke_expect_closed(r, true);
}

static void time_passes_at_once(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/");
    yoke_expect_closed(r, false);
    yoke_test_clock(t, 6000);
    yoke_expect_closed(r, true);
}

static void drains(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/hold");
    yoke_tr_send(r);
    yoke_expect_status(r, 0);
    yoke_test_drain(t);
    yoke_res_text(held, "x");
    yoke_expect_closes(r);
}

static void reads_events(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/stream");
    yoke_expect_sse(r, NULL, "1");
    yoke_expect_sse(r, "message", "2");
    yoke_res_write(held, "data: 3\n\n", 9);
    yoke_expect_sse(r, NULL, "3");
    yoke_res_end(held);
    CATCH_FAILURE(yoke_expect_sse(r, NULL, "4"));
    assert_said("got the end of the stream\n");
}

static void tells_what_was_never_answered(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/hold");
    yoke_tr_send(r);
    yoke_expect_status(r, 0);
    CATCH_FAILURE(yoke_test_free(t));
    assert_said("this request was never answered: GET /hold (");
    assert_said("test_live.c:");
    /* The client was left as it was, and tear_down frees it. */
    yoke_res_text(held, "x");
}

/* ---- Only with a port ---- */

static void tells_its_address(void **state)
{
    struct stat status;
    (void)state;
    yoke_test *other = yoke_test_live_unix(make_app());
    const struct yoke_address *address = yoke_test_address(other);
    char path[sizeof(address->host)];
    assert_int_equal(address->family, -1);
    snprintf(path, sizeof(path), "%s", address->host);
    assert_int_equal(stat(path, &status), 0);
    yoke_test_free(other);
    assert_int_equal(stat(path, &status), -1);

    other = yoke_test_live(make_app());
    assert_int_equal(yoke_test_address(other)->family, 4);
    assert_true(yoke_test_address(other)->port > 0);
    yoke_test_free(other);

    other = yoke_test_new(make_app());
    assert_null(yoke_test_address(other));
    yoke_test_free(other);
}

static void comes_from_another_loopback_address(void **state)
{
    (void)state;
    yoke_test *other = yoke_test_live(make_app());
    yoke_tr *r = yoke_test_get(other, "/");
    yoke_tr_remote_addr(r, "127.1.2.3");
    yoke_expect_text(r, 200, "hello 127.1.2.3");
    r = yoke_test_get(other, "/");
    yoke_tr_remote_addr(r, "10.0.0.1");
    CATCH_FAILURE(yoke_expect_status(r, 200));
    assert_said("expected 200 \"OK\", got no answer: cannot connect: Cannot "
                "assign requested address\n");
    yoke_test_free(other);
}

static void has_limits_of_its_own(void **state)
{
    struct yoke_limits limits = {.max_target_len = 20};
    (void)state;
    yoke_test *other = yoke_test_live_with(make_app(), &limits);
    assert_true(yoke_test_address(other)->port > 0);
    yoke_expect_status(yoke_test_get(other, "/"), 200);
    yoke_expect_status(yoke_test_get(other, "/?longer-than-that-is"), 414);
    yoke_test_free(other);
}

#define TEST(name, set_up)                                                     \
    {                                                                          \
#        name " (" #        set_up ")", name, set_up, tear_down, NULL          \
    }
#define THRICE(name)                                                           \
    TEST(name, set_up_portless), TEST(name, set_up_tcp), TEST(name, set_up_unix)

int main(void)
{
    const struct CMUnitTest tests[] = {
        THRICE(answers),
        THRICE(takes_bodies),
        THRICE(waits_for_a_handler),
        THRICE(pipelines_and_goes_on),
        THRICE(sees_how_a_connection_ends),
        THRICE(reads_slowly),
        THRICE(resets_in_the_middle_of_an_answer),
        THRICE(time_passes_at_once),
        THRICE(drains),
        THRICE(reads_events),
        THRICE(tells_what_was_never_answered),
        cmocka_unit_test(tells_its_address),
        cmocka_unit_test(comes_from_another_loopback_address),
        cmocka_unit_test(has_limits_of_its_own),
    };
    return cmocka_run_group_tests_name("live", tests, NULL, NULL);
}
