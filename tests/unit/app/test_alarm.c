/* Time in a request: calls that it wants later, and taking it away from a
 * handler that takes too long. */
#include "../unit.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <yoke/yoke.h>

static yoke_req *held;
static yoke_res *held_res;
static char rung[16];
static int outcome; /* Of yoke_req_give_up; 1: it was not called. */
static int ends;    /* Of a body's reader. */

static void ring(yoke_req *req, void *data)
{
    (void)req;
    strncat(rung, data, sizeof(rung) - strlen(rung) - 1);
}

static void give_up(yoke_req *req, void *data)
{
    outcome = yoke_req_give_up(req, 504, "after %s", (const char *)data);
}

static void hold(yoke_req *req, yoke_res *res)
{
    held = req;
    held_res = res;
    yoke_hold(req);
}

static void hold_with_alarms(yoke_req *req, yoke_res *res)
{
    yoke_req_after(req, 3000, ring, (void *)(uintptr_t) "c");
    yoke_req_after(req, 1000, ring, (void *)(uintptr_t) "a");
    yoke_req_after(req, 2000, ring, (void *)(uintptr_t) "b");
    hold(req, res);
}

static void hold_for_a_while(yoke_req *req, yoke_res *res)
{
    yoke_req_after(req, 1000, give_up, (void *)(uintptr_t) "a while");
    hold(req, res);
}

static void stream_for_a_while(yoke_req *req, yoke_res *res)
{
    yoke_req_after(req, 1000, give_up, (void *)(uintptr_t) "a while");
    hold(req, res);
    yoke_res_write(res, "begun", 5);
}

static void on_end(yoke_req *req, int err, void *data)
{
    (void)data;
    ends++;
    if (err == 0)
        yoke_res_text(held_res, yoke_req_method(req));
}

static void read_for_a_while(yoke_req *req, yoke_res *res)
{
    yoke_req_after(req, 1000, give_up, (void *)(uintptr_t) "a while");
    held_res = res;
    yoke_req_on_data(req, NULL, on_end, NULL);
}

static void say_why(const struct yoke_err *err, yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_status(res, err->status);
    yoke_res_text(res, err->message);
}

static yoke_test *client(yoke_fn *handler)
{
    yoke_app *app = yoke_app_new();
    held = NULL;
    rung[0] = '\0';
    outcome = 1;
    ends = 0;
    yoke_app_all(app, "/", handler);
    yoke_app_catch(app, say_why);
    return yoke_test_new(app);
}

static void calls_come_in_the_order_of_their_time(void **state)
{
    yoke_test *t = client(hold_with_alarms);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_tr_send(r);
    assert_string_equal(rung, "");
    yoke_test_clock(t, 1600);
    assert_string_equal(rung, "a");
    yoke_test_clock(t, 1000);
    assert_string_equal(rung, "ab");
    yoke_test_clock(t, 5000);
    assert_string_equal(rung, "abc");
    yoke_res_text(held_res, "done");
    yoke_expect_text(r, 200, "done");
    yoke_test_free(t);
}

static void none_comes_after_the_answer(void **state)
{
    yoke_test *t = client(hold_with_alarms);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_tr_send(r);
    yoke_res_text(held_res, "done");
    yoke_expect_text(r, 200, "done");
    yoke_test_clock(t, 10000);
    assert_string_equal(rung, "");
    yoke_test_free(t);
}

static void none_comes_when_the_client_is_gone(void **state)
{
    yoke_test *t = client(hold_with_alarms);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_tr_send(r);
    yoke_tr_reset(r);
    yoke_test_clock(t, 10000);
    assert_string_equal(rung, "");
    yoke_res_end(held_res);
    yoke_test_free(t);
}

static void a_request_can_be_taken_from_its_handler(void **state)
{
    yoke_test *t = client(hold_for_a_while);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_tr_send(r);
    yoke_test_clock(t, 2000);
    yoke_expect_text(r, 504, "after a while");
    yoke_expect_header(r, "Connection", "close");
    assert_int_equal(outcome, 0);
    /* It comes back. */
    assert_int_equal(yoke_res_text(held_res, "late"), -YOKE_EANSWERED);
    yoke_expect_closed(r, true);
    yoke_test_free(t);
}

static void one_that_passes_on_late_does_no_harm(void **state)
{
    yoke_test *t = client(hold_for_a_while);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_tr_send(r);
    yoke_test_clock(t, 2000);
    yoke_expect_status(r, 504);
    yoke_next(held);
    yoke_test_free(t);
}

static void an_answer_that_has_begun_stays(void **state)
{
    yoke_test *t = client(stream_for_a_while);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_tr_send(r);
    yoke_test_clock(t, 2000);
    assert_int_equal(outcome, -YOKE_EANSWERED);
    yoke_res_end(held_res);
    yoke_expect_text(r, 200, "begun");
    yoke_test_free(t);
}

static void give_up_at_once(yoke_req *req, yoke_res *res)
{
    outcome = yoke_req_give_up(req, 503, "nobody holds it");
    yoke_res_text(res, "fine");
}

static void nobody_is_to_hold_it_no_more(void **state)
{
    yoke_test *t = client(give_up_at_once);
    (void)state;
    yoke_expect_text(yoke_test_get(t, "/"), 200, "fine");
    assert_int_equal(outcome, -EBUSY);
    yoke_test_free(t);
}

/* The connection closes behind the answer, and so a body's reader is told that
 * no more of it comes. */
static void a_reader_is_released(void **state)
{
    static const char head[] = "POST / HTTP/1.1\r\nHost: a\r\n"
                               "Content-Length: 100000\r\n\r\n1234";
    yoke_test *t = client(read_for_a_while);
    yoke_tr *r = yoke_test_raw_text(t, head);
    (void)state;
    yoke_tr_send(r);
    yoke_test_clock(t, 2000);
    assert_int_equal(outcome, 0);
    yoke_expect_text(r, 504, "after a while");
    assert_int_equal(ends, 1);
    yoke_tr_close(r);
    yoke_test_free(t);
}

static void a_handler_that_never_comes_back_keeps_no_connection(void **state)
{
    yoke_test *t = client(hold_for_a_while);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_tr_send(r);
    yoke_test_clock(t, 2000);
    yoke_expect_text(r, 504, "after a while");
    yoke_tr_close(r);
    yoke_test_clock(t, 6000);
    yoke_expect_closed(r, true);
    yoke_res_end(held_res);
    yoke_test_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_come_in_the_order_of_their_time),
        cmocka_unit_test(none_comes_after_the_answer),
        cmocka_unit_test(none_comes_when_the_client_is_gone),
        cmocka_unit_test(a_request_can_be_taken_from_its_handler),
        cmocka_unit_test(one_that_passes_on_late_does_no_harm),
        cmocka_unit_test(an_answer_that_has_begun_stays),
        cmocka_unit_test(nobody_is_to_hold_it_no_more),
        cmocka_unit_test(a_reader_is_released),
        cmocka_unit_test(a_handler_that_never_comes_back_keeps_no_connection),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
