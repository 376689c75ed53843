#include "../unit.h"

#include <string.h>

#include <yoke/yoke.h>

static yoke_req *held;
static yoke_res *held_res;

static void hold(yoke_req *req, yoke_res *res)
{
    held = req;
    held_res = res;
    yoke_hold(req);
}

static void stream(yoke_req *req, yoke_res *res)
{
    hold(req, res);
    yoke_res_write(res, "begun ", 6);
}

static void say(const struct yoke_err *err, yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_status(res, err->status);
    yoke_res_text(res, err->message);
}

static yoke_test *client(void (*prepare)(yoke_app *app))
{
    yoke_app *app = yoke_app_new();
    prepare(app);
    held = NULL;
    return yoke_test_new(app);
}

static void of_the_app(yoke_app *app)
{
    yoke_app_use(app, yoke_timeout(2000));
    yoke_app_get(app, "/", hold);
    yoke_app_get(app, "/longer", yoke_timeout(20000), hold);
    yoke_app_get(app, "/shorter", yoke_timeout(500, .status = 504), hold);
    yoke_app_get(app, "/none", yoke_timeout(0), hold);
    yoke_app_get(app, "/stream", stream);
}

static void with_answer(yoke_app *app)
{
    of_the_app(app);
    yoke_app_catch(app, say);
}

static void one_that_takes_too_long_is_answered_503(void **state)
{
    yoke_test *t = client(of_the_app);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_tr_send(r);
    yoke_test_clock(t, 1900);
    assert_false(yoke_timed_out(held));
    yoke_test_clock(t, 1000);
    yoke_expect_text(r, 503, "Service Unavailable");
    assert_true(yoke_timed_out(held));
    assert_int_equal(yoke_res_text(held_res, "late"), -YOKE_EANSWERED);
    yoke_test_free(t);
}

static void the_last_limit_counts(void **state)
{
    static const struct {
        const char *path;
        uint64_t fine_ms, more_ms;
        int status; /* 0: no limit. */
    } cases[] = {
        {"/", 1900, 1000, 503},
        {"/longer", 19000, 2000, 503},
        {"/shorter", 400, 1000, 504},
        {"/none", 25000, 25000, 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        yoke_test *t = client(of_the_app);
        yoke_tr *r = yoke_test_get(t, cases[i].path);
        yoke_tr_send(r);
        yoke_test_clock(t, cases[i].fine_ms);
        assert_false(yoke_timed_out(held));
        yoke_test_clock(t, cases[i].more_ms);
        assert_int_equal(yoke_timed_out(held), cases[i].status != 0);
        yoke_res_text(held_res, "at last");
        yoke_expect_status(r, cases[i].status ? cases[i].status : 200);
        yoke_test_free(t);
    }
}

static void an_error_handler_can_answer(void **state)
{
    yoke_test *t = client(with_answer);
    yoke_tr *r = yoke_test_get(t, "/shorter");
    (void)state;
    yoke_tr_send(r);
    yoke_test_clock(t, 1500);
    yoke_expect_text(r, 504, "no answer within 500 ms");
    yoke_next(held);
    yoke_test_free(t);
}

static void who_answers_in_time_is_left_alone(void **state)
{
    yoke_test *t = client(of_the_app);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_tr_send(r);
    yoke_test_clock(t, 1000);
    yoke_res_text(held_res, "in time");
    yoke_expect_text(r, 200, "in time");
    yoke_test_clock(t, 5000);
    yoke_test_free(t);
}

static void a_stream_that_has_begun_goes_on(void **state)
{
    yoke_test *t = client(of_the_app);
    yoke_tr *r = yoke_test_get(t, "/stream");
    (void)state;
    yoke_tr_send(r);
    yoke_test_clock(t, 5000);
    yoke_res_write(held_res, "and more", 8);
    yoke_res_end(held_res);
    yoke_expect_text(r, 200, "begun and more");
    yoke_test_free(t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_takes_too_long_is_answered_503),
        cmocka_unit_test(the_last_limit_counts),
        cmocka_unit_test(an_error_handler_can_answer),
        cmocka_unit_test(who_answers_in_time_is_left_alone),
        cmocka_unit_test(a_stream_that_has_begun_goes_on),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
