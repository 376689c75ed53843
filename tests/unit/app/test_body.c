/* The request's body: collected up to a limit, or in pieces. */
#include "handlers.h"

#include "core/alloc.h"

#define LENGTH(n) "Content-Length: " #n "\r\n"
#define CHUNKED   "Transfer-Encoding: chunked\r\n"

/* Answers with the body. */
static void show_body(yoke_req *req, yoke_res *res)
{
    size_t len;
    const char *body = yoke_req_body(req, &len);
    assert_non_null(body);
    assert_int_equal(body[len], '\0');
    assert_ptr_equal(yoke_req_body(req, NULL), body);
    yoke_res_send(res, body, len);
}

static struct fake *run(yoke_app *app, const char *fields)
{
    struct fake *f = fake_new("POST /x", fields);
    fake_run(f, app);
    return f;
}

/* ---- Collected ---- */

static void a_body_of_known_length_is_collected(void **state)
{
    yoke_app *app = *state;
    yoke_app_post(app, "/x", yoke_body, show_body);
    struct fake *f = run(app, LENGTH(9));
    assert_true(f->was_read);
    assert_false(f->is_ended);
    fake_data(f, "one ");
    fake_data(f, "two");
    fake_data(f, " 3");
    assert_false(f->is_ended);
    fake_data_end(f, 0);
    assert_int_equal(f->status, 200);
    assert_string_equal(f->body, "one two 3");
    assert_not_logged();
    fake_free(f);
}

static void a_body_of_unknown_length_grows(void **state)
{
    yoke_app *app = *state;
    char piece[1001];
    memset(piece, 'x', 1000);
    piece[1000] = '\0';
    yoke_app_post(app, "/x", yoke_body_limit(100000), show_body);
    struct fake *f = run(app, CHUNKED);
    for (int i = 0; i < 50; i++) {
        piece[0] = (char)('a' + i % 26);
        fake_data(f, piece);
    }
    fake_data_end(f, 0);
    assert_int_equal(f->body_len, 50000);
    for (int i = 0; i < 50; i++) {
        assert_int_equal(f->body[i * 1000], 'a' + i % 26);
        assert_int_equal(f->body[i * 1000 + 999], 'x');
    }
    fake_free(f);
}

static void one_large_piece_is_collected(void **state)
{
    yoke_app *app = *state;
    char piece[50001];
    memset(piece, 'x', 50000);
    piece[50000] = '\0';
    yoke_app_post(app, "/x", yoke_body_limit(50000), show_body);
    struct fake *f = run(app, CHUNKED);
    fake_data(f, piece);
    fake_data_end(f, 0);
    assert_int_equal(f->body_len, 50000);
    fake_free(f);
}

static void a_request_without_a_body_passes_through(void **state)
{
    yoke_app *app = *state;
    yoke_app_post(app, "/x", yoke_body, show_body);
    struct fake *f = run(app, "");
    assert_false(f->was_read);
    assert_string_equal(f->body, "");
    fake_free(f);
}

static void an_empty_body_is_collected(void **state)
{
    yoke_app *app = *state;
    yoke_app_post(app, "/x", yoke_body, show_body);
    struct fake *f = run(app, LENGTH(0));
    if (!f->is_ended)
        fake_data_end(f, 0);
    assert_string_equal(f->body, "");
    fake_free(f);
    f = run(app, CHUNKED);
    fake_data_end(f, 0);
    assert_string_equal(f->body, "");
    fake_free(f);
}

static void collecting_twice_is_collecting_once(void **state)
{
    yoke_app *app = *state;
    yoke_app_use(app, yoke_body);
    yoke_app_post(app, "/x", yoke_body_limit(1), show_body);
    struct fake *f = run(app, LENGTH(4));
    fake_data(f, "body");
    fake_data_end(f, 0);
    assert_string_equal(f->body, "body");
    fake_free(f);
}

static void check_no_body(yoke_req *req, yoke_res *res)
{
    size_t len = 7;
    assert_null(yoke_req_body(req, &len));
    assert_int_equal(len, 0);
    yoke_res_end(res);
}

static void a_body_that_nobody_collected_is_null(void **state)
{
    yoke_app *app = *state;
    yoke_app_post(app, "/x", check_no_body);
    struct fake *f = run(app, LENGTH(4));
    assert_false(f->was_read);
    fake_free(f);
}

/* ---- Limits ---- */

static void a_length_over_the_limit_is_413_at_once(void **state)
{
    yoke_app *app = *state;
    yoke_app_post(app, "/x", yoke_body, show_body);
    struct fake *f = run(app, LENGTH(1001));
    assert_int_equal(f->status, 413);
    assert_string_equal(f->body, "Content Too Large");
    assert_false(f->was_read);
    assert_not_logged();
    fake_free(f);

    f = run(app, LENGTH(9223372036854775807));
    assert_int_equal(f->status, 413);
    fake_free(f);
}

static void a_route_can_have_a_limit_of_its_own(void **state)
{
    static const struct {
        const char *fields;
        int status;
    } cases[] = {{LENGTH(5), 200}, {LENGTH(6), 413}};
    yoke_app *app = *state;
    yoke_app_post(app, "/x", yoke_body_limit(5), show_body);
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct fake *f = run(app, cases[i].fields);
        if (!f->is_ended) {
            fake_data(f, "12345");
            fake_data_end(f, 0);
        }
        assert_int_equal(f->status, cases[i].status);
        fake_free(f);
    }
}

static void chunks_over_the_limit_are_413(void **state)
{
    yoke_app *app = *state;
    yoke_app_post(app, "/x", yoke_body_limit(5), show_body);
    struct fake *f = run(app, CHUNKED);
    fake_data(f, "123");
    fake_data(f, "45");
    assert_false(f->is_ended);
    fake_data(f, "6");
    assert_int_equal(f->status, 413);
    fake_free(f);
}

static yoke_res *held_res;

static void hold_error(const struct yoke_err *err, yoke_req *req, yoke_res *res)
{
    yoke_res_status(res, err->status);
    held_res = res;
    yoke_hold(req);
}

static void what_comes_after_413_is_ignored(void **state)
{
    static const int ends[] = {0, -YOKE_ECLOSED};
    yoke_app *app = *state;
    yoke_app_post(app, "/x", yoke_body_limit(5), show_body);
    yoke_app_catch(app, hold_error);
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        struct fake *f = run(app, CHUNKED);
        fake_data(f, "123456");
        fake_data(f, "7");
        fake_data_end(f, ends[i]);
        assert_false(f->is_ended);
        yoke_res_text(held_res, "too much");
        fake_settle(f);
        assert_int_equal(f->status, 413);
        assert_string_equal(f->body, "too much");
        fake_free(f);
    }
}

static void show_message(const struct yoke_err *err, yoke_req *req,
                         yoke_res *res)
{
    (void)req;
    yoke_res_status(res, err->status);
    yoke_res_text(res, err->message);
}

static void the_message_of_413_names_length_limit_and_setting(void **state)
{
    yoke_app *app = *state;
    yoke_app_post(app, "/x", yoke_body_limit(5), show_body);
    yoke_app_catch(app, show_message);
    struct fake *f = run(app, LENGTH(7));
    fake_settle(f);
    assert_int_equal(f->status, 413);
    assert_string_equal(f->body,
                        "the body has 7 bytes; the limit of this route is 5 "
                        "(yoke_body_limit, or max_body_len of the listener)");
    fake_free(f);
    f = run(app, CHUNKED);
    fake_data(f, "123456");
    fake_settle(f);
    assert_non_null(strstr(f->body, "the body has more than 5 bytes; "));
    fake_free(f);
}

static void no_memory_for_a_body_is_503(void **state)
{
    yoke_app *app = *state;
    yoke_app_post(app, "/x", yoke_body_limit(1000000), show_body);
    struct fake *f = fake_new("POST /x", LENGTH(900000));
    yk_app_prepare(app);
    /* One allocation is the request's own. */
    yk_alloc_fail_after(1);
    fake_run(f, app);
    yk_alloc_fail_after(-1);
    assert_int_equal(f->status, 503);
    assert_logged("503: no memory for the body");
    fake_free(f);

    f = run(app, CHUNKED);
    yk_alloc_fail_after(0);
    char piece[9000];
    memset(piece, 'x', sizeof(piece) - 1);
    piece[sizeof(piece) - 1] = '\0';
    fake_data(f, piece);
    yk_alloc_fail_after(-1);
    assert_int_equal(f->status, 503);
    fake_free(f);
}

/* ---- A body that does not arrive whole ---- */

static void a_body_that_breaks_off_ends_the_request(void **state)
{
    static const int ends[] = {-YOKE_ECLOSED, -EPROTO, -ETIMEDOUT};
    yoke_app *app = *state;
    yoke_app_post(app, "/x", yoke_body, show_body);
    for (size_t i = 0; i < COUNT_OF(ends); i++) {
        struct fake *f = run(app, LENGTH(9));
        fake_data(f, "one");
        fake_data_end(f, ends[i]);
        assert_true(f->is_settled);
        assert_string_equal(f->body, "");
        fake_free(f);
    }
}

/* ---- In pieces ---- */

static void note_data(yoke_req *req, const char *ptr, size_t len, void *data)
{
    (void)data;
    note(yoke_req_printf(req, "%.*s", (int)len, ptr));
}

static void answer_end(yoke_req *req, int err, void *data)
{
    note(err == 0 ? "end" : "error");
    assert_int_equal(yoke_req_on_data(req, NULL, NULL, NULL), -EALREADY);
    if (err == 0)
        yoke_res_text(data, trace);
}

static void read_pieces(yoke_req *req, yoke_res *res)
{
    assert_int_equal(yoke_req_on_data(req, note_data, answer_end, res), 0);
    assert_int_equal(yoke_req_on_data(req, note_data, answer_end, res),
                     -EALREADY);
}

static void a_body_can_be_read_in_pieces(void **state)
{
    yoke_app *app = *state;
    yoke_app_post(app, "/x", read_pieces);
    struct fake *f = run(app, LENGTH(2000));
    fake_data(f, "a");
    fake_data(f, "b");
    fake_data_end(f, 0);
    assert_string_equal(f->body, "a b end");
    fake_free(f);
}

static void the_end_comes_also_without_a_body(void **state)
{
    yoke_app *app = *state;
    yoke_app_post(app, "/x", read_pieces);
    struct fake *f = run(app, "");
    assert_true(f->was_read);
    fake_data_end(f, 0);
    assert_string_equal(f->body, "end");
    fake_free(f);
}

static void read_and_ignore(yoke_req *req, yoke_res *res)
{
    assert_int_equal(yoke_req_on_data(req, NULL, NULL, NULL), 0);
    held_res = res;
}

static void callbacks_of_a_body_may_be_null(void **state)
{
    yoke_app *app = *state;
    yoke_app_post(app, "/x", read_and_ignore);
    struct fake *f = run(app, LENGTH(1));
    fake_data(f, "a");
    fake_data_end(f, 0);
    yoke_res_text(held_res, "ok");
    fake_settle(f);
    assert_string_equal(f->body, "ok");
    fake_free(f);
}

static void an_error_at_the_end_ends_the_request(void **state)
{
    yoke_app *app = *state;
    yoke_app_post(app, "/x", read_pieces);
    struct fake *f = run(app, LENGTH(2));
    fake_data(f, "a");
    fake_data_end(f, -YOKE_ECLOSED);
    assert_string_equal(trace, "a error");
    assert_true(f->is_settled);
    fake_free(f);
}

static void hold_at_end(yoke_req *req, int err, void *data)
{
    assert_int_equal(err, -YOKE_ECLOSED);
    held_res = data;
    yoke_hold(req);
}

static void read_and_hold(yoke_req *req, yoke_res *res)
{
    assert_int_equal(yoke_req_on_data(req, NULL, hold_at_end, res), 0);
}

static void a_reader_with_work_under_way_keeps_the_request(void **state)
{
    yoke_app *app = *state;
    yoke_app_post(app, "/x", read_and_hold);
    struct fake *f = run(app, LENGTH(2));
    fake_data_end(f, -YOKE_ECLOSED);
    assert_false(f->is_ended);
    yoke_res_end(held_res);
    fake_settle(f);
    fake_free(f);
}

static void end_in_callback(yoke_req *req, int err, void *data)
{
    (void)req;
    (void)err;
    yoke_res_end(data);
}

static void read_and_end(yoke_req *req, yoke_res *res)
{
    assert_int_equal(yoke_req_on_data(req, NULL, end_in_callback, res), 0);
}

static void a_reader_may_answer_after_an_error(void **state)
{
    yoke_app *app = *state;
    yoke_app_post(app, "/x", read_and_end);
    struct fake *f = run(app, LENGTH(2));
    fake_data_end(f, -EPROTO);
    assert_true(f->is_settled);
    assert_not_logged();
    fake_free(f);
}

static void raise_at_end(yoke_req *req, int err, void *data)
{
    (void)data;
    yoke_next_err(req, 400, "%s", yoke_strerror(err));
}

static void read_and_raise(yoke_req *req, yoke_res *res)
{
    assert_int_equal(yoke_req_on_data(req, NULL, raise_at_end, res), 0);
}

static void a_reader_may_pass_an_error_on(void **state)
{
    yoke_app *app = *state;
    yoke_app_post(app, "/x", read_and_raise);
    yoke_app_catch(app, show_error);
    struct fake *f = run(app, LENGTH(2));
    fake_data_end(f, -YOKE_ECLOSED);
    assert_true(f->is_settled);
    assert_int_equal(f->status, 400);
    assert_string_equal(f->body, "the other side has closed the connection");
    assert_not_logged();
    fake_free(f);
}

static void pass_while_reading(yoke_req *req, yoke_res *res)
{
    assert_int_equal(yoke_req_on_data(req, note_data, NULL, res), 0);
    yoke_next(req);
}

static void hold_on(yoke_req *req, yoke_res *res)
{
    held_res = res;
    yoke_hold(req);
}

static void an_error_does_not_end_the_request_of_another_layer(void **state)
{
    yoke_app *app = *state;
    yoke_app_use(app, pass_while_reading);
    yoke_app_post(app, "/x", hold_on);
    struct fake *f = run(app, LENGTH(2));
    fake_data(f, "a");
    fake_data_end(f, -YOKE_ECLOSED);
    assert_false(f->is_ended);
    yoke_res_end(held_res);
    fake_settle(f);
    fake_free(f);
}

static void pause_data(yoke_req *req, const char *ptr, size_t len, void *data)
{
    (void)ptr;
    (void)len;
    (void)data;
    yoke_req_pause(req);
}

static void read_with_pause(yoke_req *req, yoke_res *res)
{
    assert_int_equal(yoke_req_on_data(req, pause_data, answer_end, res), 0);
}

static void a_reader_can_pause(void **state)
{
    yoke_app *app = *state;
    yoke_app_post(app, "/x", read_with_pause);
    struct fake *f = run(app, LENGTH(2));
    fake_data(f, "a");
    assert_true(f->x.is_paused);
    yoke_req_resume(f->x.owner);
    assert_false(f->x.is_paused);
    fake_data_end(f, 0);
    fake_free(f);
}

static void check_trailer(yoke_req *req, int err, void *data)
{
    assert_int_equal(err, 0);
    assert_string_equal(yoke_req_trailer(req, "x-sum"), "42");
    assert_null(yoke_req_trailer(req, "x-none"));
    assert_null(yoke_req_get(req, "x-sum"));
    yoke_res_end(data);
}

static void read_trailer(yoke_req *req, yoke_res *res)
{
    assert_int_equal(yoke_req_on_data(req, NULL, check_trailer, res), 0);
    assert_null(yoke_req_trailer(req, "x-sum"));
}

static void trailers_are_kept_apart(void **state)
{
    yoke_app *app = *state;
    yoke_app_post(app, "/x", read_trailer);
    struct fake *f = run(app, CHUNKED);
    yk_headers_add(&f->trailers, &f->arena, YK_LIT("X-Sum"), YK_LIT("42"));
    fake_data_end(f, 0);
    fake_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        APP_TEST(a_body_of_known_length_is_collected),
        APP_TEST(a_body_of_unknown_length_grows),
        APP_TEST(one_large_piece_is_collected),
        APP_TEST(a_request_without_a_body_passes_through),
        APP_TEST(an_empty_body_is_collected),
        APP_TEST(collecting_twice_is_collecting_once),
        APP_TEST(a_body_that_nobody_collected_is_null),
        APP_TEST(a_length_over_the_limit_is_413_at_once),
        APP_TEST(a_route_can_have_a_limit_of_its_own),
        APP_TEST(chunks_over_the_limit_are_413),
        APP_TEST(what_comes_after_413_is_ignored),
        APP_TEST(the_message_of_413_names_length_limit_and_setting),
        APP_TEST(no_memory_for_a_body_is_503),
        APP_TEST(a_body_that_breaks_off_ends_the_request),
        APP_TEST(a_body_can_be_read_in_pieces),
        APP_TEST(the_end_comes_also_without_a_body),
        APP_TEST(callbacks_of_a_body_may_be_null),
        APP_TEST(an_error_at_the_end_ends_the_request),
        APP_TEST(a_reader_with_work_under_way_keeps_the_request),
        APP_TEST(a_reader_may_answer_after_an_error),
        APP_TEST(a_reader_may_pass_an_error_on),
        APP_TEST(an_error_does_not_end_the_request_of_another_layer),
        APP_TEST(a_reader_can_pause),
        APP_TEST(trailers_are_kept_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
