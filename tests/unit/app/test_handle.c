/* A request's life beside its handlers: answers that come later, clients that
 * go away, handlers that take too long, slips that are found. */
#include "handlers.h"

/* The request that is on hold, for a test that goes on with it. */
static yoke_req *held;
static yoke_res *held_res;

static void hold(yoke_req *req, yoke_res *res)
{
    note("hold");
    held = req;
    held_res = res;
    yoke_hold(req);
}

static void forget(yoke_req *req, yoke_res *res)
{
    (void)req;
    (void)res;
}

/* Starts a request whose handler is on hold. */
static struct fake *run_held(yoke_app *app, const char *start)
{
    struct fake *f = fake_new(start, "");
    fake_run(f, app);
    assert_false(f->is_ended);
    return f;
}

/* ---- On hold ---- */

static void an_answer_can_come_later(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x/:id", hold);
    struct fake *f = run_held(app, "GET /x/a%20b?q=c");
    assert_string_equal(yoke_req_param(held, "id"), "a b");
    assert_string_equal(yoke_req_query(held, "q"), "c");
    assert_int_equal(yoke_res_text(held_res, "late"), 0);
    assert_int_equal(f->status, 200);
    assert_string_equal(f->body, "late");
    fake_settle(f);
    assert_not_logged();
    fake_free(f);
}

static void next_can_come_later(void **state)
{
    yoke_app *app = *state;
    yoke_router *inner = yoke_router_new();
    yoke_router_use(inner, hold, PASS("a"));
    yoke_app_use_router(app, "/", inner);
    yoke_app_use(app, PASS("b"), hold);
    yoke_app_get(app, "/x", ANSWER("c"));
    struct fake *f = run_held(app, "GET /x");
    yoke_next(held);
    assert_false(f->is_ended);
    yoke_next(held);
    fake_settle(f);
    assert_string_equal(f->body, "hold a b hold c");
    assert_not_logged();
    fake_free(f);
}

static void errors_and_leaving_can_come_later(void **state)
{
    static const struct {
        void (*pass)(yoke_req *req);
        const char *body;
    } cases[] = {{yoke_next, "hold rest end"},
                 {yoke_next_route, "hold inner end"},
                 {yoke_next_router, "hold end"}};
    yoke_app *app = *state;
    yoke_router *inner = yoke_router_new();
    yoke_router_get(inner, "/x", hold, ROUTER("rest"));
    yoke_router_get(inner, "/x", PASS("inner"));
    yoke_app_use_router(app, "/", inner);
    yoke_app_get(app, "/x", ANSWER("end"));
    yoke_app_catch(app, show_error);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        trace[0] = '\0';
        struct fake *f = run_held(app, "GET /x");
        cases[i].pass(held);
        fake_settle(f);
        assert_string_equal(f->body, cases[i].body);
        fake_free(f);
    }
    struct fake *f = run_held(app, "GET /x");
    yoke_next_err(held, 402, "pay %d", 5);
    fake_settle(f);
    assert_int_equal(f->status, 402);
    assert_string_equal(f->body, "pay 5");
    fake_free(f);
}

static void hold_and_next_at_once(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_hold(req);
    yoke_next(req);
}

static void next_while_running_beats_hold(void **state)
{
    yoke_app *app = *state;
    yoke_app_use(app, hold_and_next_at_once);
    yoke_app_get(app, "/x", ANSWER("end"));
    expect(app, "GET /x", 200, "end");
}

static void hold_counts_for_one_layer_only(void **state)
{
    yoke_app *app = *state;
    yoke_app_use(app, hold_and_next_at_once);
    yoke_app_get(app, "/x", forget);
    expect(app, "GET /x", 500, "Internal Server Error");
}

static void hold_error(const struct yoke_err *err, yoke_req *req, yoke_res *res)
{
    note(err->message);
    hold(req, res);
}

static void error_handlers_can_hold(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", RAISE("x"));
    yoke_app_catch(app, hold_error);
    struct fake *f = run_held(app, "GET /x");
    assert_string_equal(trace, "x no coffee here hold");
    yoke_res_text(held_res, "sorry");
    fake_settle(f);
    assert_string_equal(f->body, "sorry");
    fake_free(f);
}

/* ---- The detector ---- */

static void forget_error(const struct yoke_err *err, yoke_req *req,
                         yoke_res *res)
{
    (void)err;
    forget(req, res);
}

static void a_handler_that_forgets_to_answer_is_found(void **state)
{
    yoke_app *app = *state;
    char place[128];
    yoke_app_get(app, "/x/:id", PASS("a"), forget);
    snprintf(place, sizeof(place), "(%s:%d)", __FILE__, __LINE__ - 1);
    yoke_app_use(app, ANSWER("never"));
    struct fake *f = fake_new("GET /x/7", "");
    fake_run(f, app);
    assert_int_equal(f->status, 500);
    assert_string_equal(f->body, "Internal Server Error");
    assert_logged("error: GET /x/7: 500: the handler returned without an "
                  "answer, yoke_next or yoke_hold");
    assert_logged(place);
    fake_free(f);
}

static void what_the_detector_finds_is_an_error_like_any_other(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", forget);
    yoke_app_catch(app, forget_error);
    yoke_app_catch(app, show_error);
    expect(app, "GET /x", 500,
           "the handler returned without an answer, yoke_next or yoke_hold");
}

static void set_only(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_status(res, 204);
    yoke_res_set(res, "X-A", "b");
}

static void setting_status_and_headers_is_no_answer(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", set_only);
    expect(app, "GET /x", 500, "Internal Server Error");
}

/* ---- Twice ---- */

static void answer_twice(yoke_req *req, yoke_res *res)
{
    assert_false(yoke_res_is_sent(res));
    assert_int_equal(yoke_res_text(res, "first"), 0);
    assert_true(yoke_res_is_sent(res));
    assert_int_equal(yoke_res_text(res, "second"), -YOKE_EANSWERED);
    assert_int_equal(yoke_res_html(res, "second"), -YOKE_EANSWERED);
    assert_int_equal(yoke_res_send(res, "second", 6), -YOKE_EANSWERED);
    assert_int_equal(yoke_res_redirect(res, 0, "/"), -YOKE_EANSWERED);
    assert_int_equal(yoke_res_end(res), -YOKE_EANSWERED);
    assert_int_equal(yoke_res_write(res, "second", 6), -YOKE_EANSWERED);
    assert_int_equal(yoke_res_status(res, 500), -YOKE_EANSWERED);
    assert_int_equal(yoke_res_set(res, "A", "b"), -YOKE_EANSWERED);
    assert_int_equal(yoke_res_append(res, "A", "b"), -YOKE_EANSWERED);
    assert_int_equal(yoke_res_remove(res, "A"), -YOKE_EANSWERED);
    assert_int_equal(yoke_res_on_finish(res, NULL, NULL), -YOKE_EANSWERED);
    yoke_next(req);
    yoke_next_err(req, 500, "too late");
}

static void the_first_answer_stands(void **state)
{
    yoke_app *app = *state;
    char place[128];
    yoke_app_get(app, "/x", answer_twice);
    snprintf(place, sizeof(place), "(%s:%d)", __FILE__, __LINE__ - 1);
    yoke_app_use(app, ANSWER("never"));
    struct fake *f = fake_new("GET /x", "");
    fake_run(f, app);
    assert_int_equal(f->status, 200);
    assert_string_equal(f->body, "first");
    assert_int_equal(f->send_count, 1);
    assert_logged("warn: GET /x: answered twice; the first answer stands");
    assert_logged("warn: GET /x: written after the answer");
    assert_logged("warn: GET /x: the status is set after the head");
    assert_logged("warn: GET /x: a header is set after the head");
    assert_logged("warn: GET /x: yoke_next after the answer");
    assert_logged("warn: GET /x: yoke_next_err after the answer");
    assert_logged(place);
    fake_free(f);
}

static void next_twice(yoke_req *req, yoke_res *res)
{
    (void)res;
    note("a");
    yoke_next(req);
    yoke_next(req);
    yoke_next_err(req, 500, "no");
    yoke_next_route(req);
    yoke_next_router(req);
}

static void the_first_next_counts(void **state)
{
    yoke_app *app = *state;
    yoke_app_use(app, next_twice, PASS("b"));
    yoke_app_get(app, "/x", ANSWER("c"));
    struct fake *f = fake_new("GET /x", "");
    fake_run(f, app);
    assert_string_equal(f->body, "a b c");
    assert_logged("warn: GET /x: yoke_next, but this layer has passed on");
    assert_logged("yoke_next_err, but this layer");
    assert_logged("yoke_next_route, but this layer");
    assert_logged("yoke_next_router, but this layer");
    fake_free(f);
}

static void next_then_answer(yoke_req *req, yoke_res *res)
{
    yoke_next(req);
    yoke_res_text(res, "mine");
}

static void an_answer_after_next_stops_the_stack(void **state)
{
    yoke_app *app = *state;
    yoke_app_use(app, next_then_answer);
    yoke_app_get(app, "/x", ANSWER("never"));
    struct fake *f = fake_new("GET /x", "");
    fake_run(f, app);
    assert_string_equal(f->body, "mine");
    assert_string_equal(trace, "");
    assert_logged("warn: GET /x: answered after yoke_next");
    fake_free(f);
}

/* ---- A client that goes away ---- */

static void note_close(yoke_req *req, void *data)
{
    assert_true(yoke_req_is_aborted(req));
    note(data);
}

static void watch(yoke_req *req, yoke_res *res)
{
    assert_false(yoke_req_is_aborted(req));
    yoke_req_on_close(req, note_close, (void *)(uintptr_t) "never");
    yoke_req_on_close(req, note_close, (void *)(uintptr_t) "closed");
    hold(req, res);
}

static void a_handler_hears_of_a_client_that_goes(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", watch);
    struct fake *f = run_held(app, "GET /x");
    fake_close(f);
    assert_string_equal(trace, "hold closed");
    assert_int_equal(yoke_res_text(held_res, "to nobody"), 0);
    fake_settle(f);
    assert_not_logged();
    fake_free(f);
}

static void a_removed_close_callback_is_not_called(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", watch);
    struct fake *f = run_held(app, "GET /x");
    yoke_req_on_close(held, NULL, NULL);
    fake_close(f);
    assert_string_equal(trace, "hold");
    yoke_res_end(held_res);
    fake_settle(f);
    fake_free(f);
}

static void end_on_close(yoke_req *req, void *data)
{
    (void)req;
    yoke_res_end(data);
}

static void the_answer_can_be_ended_in_on_close(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", hold);
    struct fake *f = run_held(app, "GET /x");
    yoke_req_on_close(held, end_on_close, held_res);
    fake_close(f);
    assert_true(f->is_settled);
    fake_free(f);
}

/* ---- A handler that takes too long ---- */

static void a_slow_handler_is_answered_for(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", hold);
    struct fake *f = run_held(app, "GET /x");
    fake_timeout(f);
    assert_int_equal(f->status, 503);
    assert_string_equal(f->body, "Service Unavailable");
    assert_logged("error: GET /x: 503: no answer within handler_timeout_ms");
    /* It has its whole answer, but the handler still has to come back. */
    assert_int_equal(f->x.content_length, f->body_len);
    assert_false(f->is_settled);
    fake_timeout(f);
    assert_int_equal(f->piece_count, 1);

    assert_int_equal(yoke_res_status(held_res, 201), -YOKE_EANSWERED);
    assert_int_equal(yoke_res_text(held_res, "late"), -YOKE_EANSWERED);
    fake_settle(f);
    assert_true(f->is_settled);
    assert_false(f->is_cut);
    assert_string_equal(f->body, "Service Unavailable");
    fake_free(f);
}

static void a_slow_handler_may_also_pass_on(void **state)
{
    static void (*const passes[])(yoke_req * req) = {yoke_next, yoke_next_route,
                                                     yoke_next_router};
    yoke_app *app = *state;
    yoke_app_get(app, "/x", hold);
    yoke_app_use(app, ANSWER("never"));
    for (size_t i = 0; i < COUNT_OF(passes); i++) {
        struct fake *f = run_held(app, "GET /x");
        fake_timeout(f);
        passes[i](held);
        fake_settle(f);
        assert_int_equal(f->status, 503);
        fake_free(f);
    }
}

static void a_slow_handler_may_also_end_or_fail(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", hold);
    struct fake *f = run_held(app, "GET /x");
    fake_timeout(f);
    assert_int_equal(yoke_res_write(held_res, "x", 1), -YOKE_EANSWERED);
    assert_int_equal(yoke_res_end(held_res), -YOKE_EANSWERED);
    fake_settle(f);
    fake_free(f);

    f = run_held(app, "GET /x");
    fake_timeout(f);
    yoke_next_err(held, 500, "late");
    fake_settle(f);
    fake_free(f);
}

static void error_handlers_answer_for_a_slow_handler(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", hold);
    yoke_app_catch(app, show_error);
    struct fake *f = run_held(app, "GET /x");
    fake_timeout(f);
    assert_int_equal(f->status, 503);
    assert_string_equal(f->body, "no answer within handler_timeout_ms");
    yoke_res_end(held_res);
    fake_settle(f);
    fake_free(f);
}

static void a_slow_error_handler_is_answered_for_too(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", hold);
    yoke_app_catch(app, hold_error);
    struct fake *f = run_held(app, "GET /x");
    fake_timeout(f);
    assert_null(f->body);
    fake_timeout(f);
    assert_int_equal(f->status, 503);
    yoke_res_text(held_res, "one comes back");
    fake_settle(f);
    assert_false(f->is_settled);
    yoke_res_text(held_res, "the other as well");
    fake_settle(f);
    assert_true(f->is_settled);
    assert_string_equal(f->body, "Service Unavailable");
    fake_free(f);
}

static void a_handler_that_is_just_in_time_is_heard(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", hold);
    yoke_app_catch(app, hold_error);
    struct fake *f = run_held(app, "GET /x");
    fake_timeout(f);
    yoke_res_text(held_res, "made it");
    fake_settle(f);
    assert_string_equal(f->body, "made it");
    assert_false(f->is_settled);
    yoke_res_text(held_res, "the error handler, too late");
    fake_settle(f);
    assert_string_equal(f->body, "made it");
    fake_free(f);
}

static void stream_error(const struct yoke_err *err, yoke_req *req,
                         yoke_res *res)
{
    (void)req;
    yoke_res_write(res, "sorry: ", 7);
    yoke_res_write(res, err->message, 9);
    assert_int_equal(yoke_res_end(res), 0);
}

static void a_stream_for_a_slow_handler_ends_when_it_comes_back(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", hold);
    yoke_app_catch(app, stream_error);
    struct fake *f = run_held(app, "GET /x");
    fake_timeout(f);
    assert_string_equal(f->body, "sorry: no answer");
    /* For the client it is whole already. */
    assert_true(f->has_left);
    assert_false(f->is_ended);
    yoke_res_end(held_res);
    fake_settle(f);
    assert_true(f->is_settled);
    fake_free(f);
}

static yoke_res *streaming;

static void begin_stream(const struct yoke_err *err, yoke_req *req,
                         yoke_res *res)
{
    (void)err;
    (void)req;
    streaming = res;
    yoke_res_write(res, "wait", 4);
}

static void end_held(void)
{
    assert_int_equal(yoke_res_text(held_res, "late"), -YOKE_EANSWERED);
}

static void end_stream(void)
{
    yoke_res_end(streaming);
}

static void a_slow_handler_may_come_back_into_a_stream(void **state)
{
    static void (*const ends[][2])(void) = {{end_held, end_stream},
                                            {end_stream, end_held}};
    yoke_app *app = *state;
    yoke_app_get(app, "/x", hold);
    yoke_app_catch(app, begin_stream);
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        struct fake *f = run_held(app, "GET /x");
        fake_timeout(f);
        ends[i][0]();
        fake_settle(f);
        assert_false(f->is_settled);
        ends[i][1]();
        fake_settle(f);
        assert_true(f->is_settled);
        assert_string_equal(f->body, "wait");
        fake_free(f);
    }
}

static void forget_end(yoke_req *req, int err, void *data)
{
    (void)req;
    assert_int_equal(err, -YOKE_ECLOSED);
    ++*(int *)data;
}

static int ends_told;

static void read_and_pause(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_req_on_data(req, NULL, forget_end, &ends_told);
    yoke_req_pause(req);
}

static void a_slow_reader_that_is_told_the_end_has_come_back(void **state)
{
    yoke_app *app = *state;
    yoke_app_post(app, "/x", read_and_pause);
    struct fake *f = fake_new("POST /x", "Content-Length: 5\r\n");
    ends_told = 0;
    fake_run(f, app);
    fake_timeout(f);
    assert_int_equal(f->status, 503);
    assert_false(f->is_settled);
    fake_data_end(f, -YOKE_ECLOSED);
    assert_int_equal(ends_told, 1);
    assert_true(f->is_settled);
    fake_free(f);
}

static void answer_error_twice(const struct yoke_err *err, yoke_req *req,
                               yoke_res *res)
{
    show_error(err, req, res);
    assert_int_equal(yoke_res_text(res, "again"), -YOKE_EANSWERED);
}

static void a_second_answer_is_not_a_handler_that_comes_back(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", hold);
    yoke_app_catch(app, answer_error_twice);
    struct fake *f = run_held(app, "GET /x");
    fake_timeout(f);
    assert_logged("answered twice");
    assert_false(f->is_settled);
    yoke_res_end(held_res);
    fake_settle(f);
    fake_free(f);
}

static void write_and_hold(yoke_req *req, yoke_res *res)
{
    assert_int_equal(yoke_res_write(res, "a", 1), 1);
    held = req;
    held_res = res;
}

static void a_stream_has_no_timeout(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", write_and_hold);
    struct fake *f = run_held(app, "GET /x");
    fake_timeout(f);
    assert_int_equal(f->status, 200);
    assert_not_logged();
    yoke_res_end(held_res);
    fake_settle(f);
    fake_free(f);
}

/* ---- The end ---- */

static void note_finish(yoke_res *res, void *data)
{
    assert_true(yoke_res_is_sent(res));
    assert_string_equal(yoke_req_method(yoke_res_req(res)), "GET");
    note(data);
}

static void finish_thrice(yoke_req *req, yoke_res *res)
{
    static char names[] = "1\0002\0003";
    for (int i = 0; i < 3; i++)
        assert_int_equal(yoke_res_on_finish(res, note_finish, names + 2 * i),
                         0);
    yoke_next(req);
}

static void finish_callbacks_run_last_first(void **state)
{
    yoke_app *app = *state;
    yoke_app_use(app, finish_thrice);
    yoke_app_get(app, "/x", ANSWER("end"));
    expect(app, "GET /x", 200, "end");
    assert_string_equal(trace, "end 3 2 1");
}

static void finish_many(yoke_req *req, yoke_res *res)
{
    static char name[] = "x";
    for (int i = 0; i < 8; i++)
        assert_int_equal(yoke_res_on_finish(res, note_finish, name), 0);
    assert_int_equal(yoke_res_on_finish(res, note_finish, name), -YOKE_EFULL);
    yoke_next(req);
}

static void eight_finish_callbacks_are_the_most(void **state)
{
    yoke_app *app = *state;
    yoke_app_use(app, finish_many);
    expect(app, "GET /x", 404, "Cannot GET /x");
    assert_string_equal(trace, "x x x x x x x x");
}

static void finish_comes_also_when_the_client_has_gone(void **state)
{
    yoke_app *app = *state;
    yoke_app_use(app, finish_thrice);
    yoke_app_get(app, "/x", hold);
    struct fake *f = run_held(app, "GET /x");
    fake_close(f);
    yoke_res_end(held_res);
    fake_settle(f);
    assert_string_equal(trace, "hold 3 2 1");
    fake_free(f);
}

static void pass_on_after_write(yoke_req *req, yoke_res *res)
{
    yoke_res_write(res, "half", 4);
    yoke_next(req);
}

static void half_an_answer_that_nobody_finishes_is_cut(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", pass_on_after_write);
    struct fake *f = fake_new("GET /x", "");
    fake_run(f, app);
    assert_true(f->is_cut);
    assert_string_equal(f->body, "half");
    assert_logged("error: GET /x: passed on in the middle of an answer");
    fake_free(f);
}

static void finish_answer(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_write(res, " whole", 6);
    yoke_res_end(res);
}

static void another_layer_can_finish_an_answer(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", pass_on_after_write, finish_answer);
    yoke_app_get(app, "/y", pass_on_after_write, forget);
    expect(app, "GET /x", 200, "half whole");
    struct fake *f = fake_new("GET /y", "");
    fake_run(f, app);
    assert_true(f->is_cut);
    fake_free(f);
}

static void raise_after_write(yoke_req *req, yoke_res *res)
{
    yoke_res_write(res, "half", 4);
    yoke_next_err(req, 500, "the rest is lost");
}

static void an_error_in_the_middle_of_an_answer_cuts_it(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", raise_after_write);
    yoke_app_catch(app, show_error);
    struct fake *f = fake_new("GET /x", "");
    fake_run(f, app);
    assert_true(f->is_cut);
    assert_int_equal(f->status, 200);
    assert_string_equal(f->body, "half");
    assert_logged("500: the rest is lost");
    fake_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        APP_TEST(an_answer_can_come_later),
        APP_TEST(next_can_come_later),
        APP_TEST(errors_and_leaving_can_come_later),
        APP_TEST(next_while_running_beats_hold),
        APP_TEST(hold_counts_for_one_layer_only),
        APP_TEST(error_handlers_can_hold),
        APP_TEST(a_handler_that_forgets_to_answer_is_found),
        APP_TEST(what_the_detector_finds_is_an_error_like_any_other),
        APP_TEST(setting_status_and_headers_is_no_answer),
        APP_TEST(the_first_answer_stands),
        APP_TEST(the_first_next_counts),
        APP_TEST(an_answer_after_next_stops_the_stack),
        APP_TEST(a_handler_hears_of_a_client_that_goes),
        APP_TEST(a_removed_close_callback_is_not_called),
        APP_TEST(the_answer_can_be_ended_in_on_close),
        APP_TEST(a_slow_handler_is_answered_for),
        APP_TEST(a_slow_handler_may_also_pass_on),
        APP_TEST(a_slow_handler_may_also_end_or_fail),
        APP_TEST(error_handlers_answer_for_a_slow_handler),
        APP_TEST(a_slow_error_handler_is_answered_for_too),
        APP_TEST(a_handler_that_is_just_in_time_is_heard),
        APP_TEST(a_stream_for_a_slow_handler_ends_when_it_comes_back),
        APP_TEST(a_second_answer_is_not_a_handler_that_comes_back),
        APP_TEST(a_slow_handler_may_come_back_into_a_stream),
        APP_TEST(a_slow_reader_that_is_told_the_end_has_come_back),
        APP_TEST(a_stream_has_no_timeout),
        APP_TEST(finish_callbacks_run_last_first),
        APP_TEST(eight_finish_callbacks_are_the_most),
        APP_TEST(finish_comes_also_when_the_client_has_gone),
        APP_TEST(half_an_answer_that_nobody_finishes_is_cut),
        APP_TEST(another_layer_can_finish_an_answer),
        APP_TEST(an_error_in_the_middle_of_an_answer_cuts_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
