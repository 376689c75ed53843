/* The answer: status, headers, bodies, streams; and what is refused. */
#include "handlers.h"

/* Runs `fn` as the handler of GET /x. */
static struct fake *run(yoke_app *app, yoke_fn *fn)
{
    struct fake *f = fake_new("GET /x", "");
    yoke_app_get(app, "/x", fn);
    fake_run(f, app);
    return f;
}

/* ---- Whole answers ---- */

static void send_text(yoke_req *req, yoke_res *res)
{
    (void)req;
    assert_int_equal(yoke_res_get_status(res), 200);
    assert_int_equal(yoke_res_status(res, 201), 0);
    assert_int_equal(yoke_res_get_status(res), 201);
    assert_int_equal(yoke_res_text(res, "posted"), 0);
    assert_int_equal(yoke_res_body_len(res), 6);
}

static void text_is_plain_text(void **state)
{
    struct fake *f = run(*state, send_text);
    assert_int_equal(f->status, 201);
    assert_string_equal(f->body, "posted");
    assert_string_equal(f->headers,
                        "Content-Type: text/plain; charset=utf-8\n");
    assert_not_logged();
    fake_free(f);
}

static void send_format(yoke_req *req, yoke_res *res)
{
    (void)req;
    assert_int_equal(yoke_res_setf(res, "X-N", "%d-%s", 7, "a"), 0);
    assert_int_equal(yoke_res_setf(res, "X-Long", "%500d", 1), 0);
    assert_int_equal(strlen(yoke_res_get(res, "X-Long")), 500);
    yoke_res_remove(res, "X-Long");
    assert_int_equal(yoke_res_textf(res, "%d of %s", 3, "%s"), 0);
}

static void text_and_fields_may_have_a_format(void **state)
{
    struct fake *f = run(*state, send_format);
    assert_string_equal(f->body, "3 of %s");
    assert_string_equal(f->headers, "X-N: 7-a\nContent-Type: text/plain; "
                                    "charset=utf-8\n");
    fake_free(f);
}

static void send_split(yoke_req *req, yoke_res *res)
{
    (void)req;
    assert_int_equal(yoke_res_setf(res, "X-N", "a%cb", '\n'), -YOKE_EHEADER);
    yoke_res_end(res);
}

static void a_format_cannot_split_the_answer(void **state)
{
    struct fake *f = run(*state, send_split);
    assert_int_equal(f->status, 500);
    fake_free(f);
}

static void send_html(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_html(res, "<b>");
}

static void html_is_html(void **state)
{
    struct fake *f = run(*state, send_html);
    assert_string_equal(f->headers, "Content-Type: text/html; charset=utf-8\n");
    assert_string_equal(f->body, "<b>");
    fake_free(f);
}

static void send_bytes(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_send(res, "a\0b", 3);
}

static void bytes_are_an_octet_stream(void **state)
{
    struct fake *f = run(*state, send_bytes);
    assert_string_equal(f->headers, "Content-Type: application/octet-stream\n");
    assert_int_equal(f->body_len, 3);
    assert_memory_equal(f->body, "a\0b", 3);
    fake_free(f);
}

static void send_nothing(yoke_req *req, yoke_res *res)
{
    (void)req;
    assert_int_equal(yoke_res_send(res, NULL, 0), 0);
}

static void no_bytes_may_be_null(void **state)
{
    struct fake *f = run(*state, send_nothing);
    assert_int_equal(f->status, 200);
    assert_int_equal(f->body_len, 0);
    fake_free(f);
}

static void send_typed(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "content-type", "text/css");
    yoke_res_text(res, "b{}");
}

static void content_type_of_the_handler_stays(void **state)
{
    struct fake *f = run(*state, send_typed);
    assert_string_equal(f->headers, "content-type: text/css\n");
    fake_free(f);
}

static void end_only(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_status(res, 202);
    assert_int_equal(yoke_res_end(res), 0);
}

static void end_alone_has_no_body_and_no_type(void **state)
{
    struct fake *f = run(*state, end_only);
    assert_int_equal(f->status, 202);
    assert_string_equal(f->headers, "");
    assert_string_equal(f->body, "");
    fake_free(f);
}

static void send_no_content(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_status(res, 204);
    yoke_res_text(res, "");
}

static void an_answer_without_a_body_has_no_type(void **state)
{
    struct fake *f = run(*state, send_no_content);
    assert_int_equal(f->status, 204);
    assert_string_equal(f->headers, "");
    fake_free(f);
}

/* ---- Headers ---- */

static void set_headers(yoke_req *req, yoke_res *res)
{
    char value[] = "1";
    (void)req;
    assert_null(yoke_res_get(res, "X-A"));
    assert_int_equal(yoke_res_set(res, "X-A", value), 0);
    value[0] = '!'; /* It was copied. */
    assert_string_equal(yoke_res_get(res, "x-a"), "1");
    assert_int_equal(yoke_res_append(res, "X-A", "2"), 0);
    assert_string_equal(yoke_res_get(res, "X-A"), "1");
    assert_int_equal(yoke_res_append(res, "X-B", "3"), 0);
    assert_int_equal(yoke_res_set(res, "X-C", "old"), 0);
    assert_int_equal(yoke_res_append(res, "X-C", "older"), 0);
    assert_int_equal(yoke_res_set(res, "x-c", "new"), 0);
    assert_int_equal(yoke_res_set(res, "X-D", "gone"), 0);
    assert_int_equal(yoke_res_remove(res, "x-d"), 0);
    assert_int_equal(yoke_res_remove(res, "X-Never"), 0);
    assert_null(yoke_res_get(res, "X-D"));
    assert_int_equal(yoke_res_set(res, "X-E", ""), 0);
    assert_int_equal(yoke_res_set(res, "X-F", "a\tb \xc3\xa9"), 0);
    yoke_res_end(res);
}

static void headers_are_set_added_and_removed(void **state)
{
    struct fake *f = run(*state, set_headers);
    assert_string_equal(f->headers, "X-A: 1\nX-A: 2\nX-B: 3\nx-c: new\n"
                                    "X-E: \nX-F: a\tb \xc3\xa9\n");
    assert_not_logged();
    fake_free(f);
}

static void list_headers(yoke_req *req, yoke_res *res)
{
    const char *name = "kept", *value = "kept";
    (void)req;
    assert_int_equal(yoke_res_header_count(res), 0);
    assert_false(yoke_res_header_at(res, 0, &name, &value));
    yoke_res_set(res, "X-A", "1");
    yoke_res_append(res, "x-a", "2");
    yoke_res_set(res, "X-B", "3");
    yoke_res_remove(res, "X-B");
    yoke_res_set(res, "Content-Length", "0");
    assert_int_equal(yoke_res_header_count(res), 2);
    assert_false(yoke_res_header_at(res, 2, &name, &value));
    assert_string_equal(name, "kept");
    assert_string_equal(value, "kept");
    assert_true(yoke_res_header_at(res, 1, &name, &value));
    assert_string_equal(name, "x-a");
    assert_string_equal(value, "2");
    yoke_res_end(res);
}

static void headers_set_so_far_are_listed(void **state)
{
    struct fake *f = run(*state, list_headers);
    assert_int_equal(f->status, 200);
    assert_not_logged();
    fake_free(f);
}

/* What the next handler sets. */
static const char *bad_name, *bad_value;

static void set_bad(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "X-Secret", "of the handler");
    assert_int_equal(yoke_res_set(res, bad_name, bad_value), -YOKE_EHEADER);
    assert_int_equal(yoke_res_text(res, "mine"), -YOKE_EHEADER);
    assert_int_equal(yoke_res_text(res, "mine"), -YOKE_EANSWERED);
}

static void illegal_headers_become_a_500(void **state)
{
    static const struct {
        const char *name, *value;
    } cases[] = {
        {"X-A", "a\r\nSet-Cookie: b"}, /* docs/http-rules.md rule 33 */
        {"X-A", "a\nb"},
        {"X-A", "a\rb"},
        {"X-A", "a\x01"},
        {"X-A", "a\x7f"},
        {"X A", "a"},
        {"X:A", "a"},
        {"X\r\nA", "a"},
        {"", "a"},
        {"X-\xc3\xa9", "a"},
        {"Connection", "close"},
        {"transfer-encoding", "chunked"},
        {"Date", "today"},
        {"Content-Length", "-1"},
        {"Content-Length", "+5"},
        {"Content-Length", "5 "},
        {"Content-Length", ""},
        {"Content-Length", "0x5"},
        {"Content-Length", "9223372036854775808"},
        {NULL, "a"},
        {"X-A", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        yoke_app *app = yoke_app_new();
        bad_name = cases[i].name;
        bad_value = cases[i].value;
        struct fake *f = run(app, set_bad);
        assert_int_equal(f->status, 500);
        assert_string_equal(f->body, "Internal Server Error");
        assert_no_header(f, "X-Secret");
        assert_header(f, "Content-Type: text/plain; charset=utf-8");
        assert_logged("error: GET /x: header \"");
        assert_logged("answered 500 (");
        assert_logged("test_res.c:");
        fake_free(f);
        yoke_app_free(app);
    }
}

static void set_too_many(yoke_req *req, yoke_res *res)
{
    (void)req;
    for (int i = 0; i < 256; i++)
        assert_int_equal(yoke_res_append(res, "X-A", "b"), 0);
    assert_int_equal(yoke_res_append(res, "X-A", "b"), -YOKE_ETOOLARGE);
    yoke_res_end(res);
}

static void too_many_headers_become_a_500(void **state)
{
    struct fake *f = run(*state, set_too_many);
    assert_int_equal(f->status, 500);
    fake_free(f);
}

static void set_bad_status(yoke_req *req, yoke_res *res)
{
    static const int statuses[] = {0, -1, 100, 101, 199, 1000, 99999};
    (void)req;
    for (size_t i = 0; i < COUNT_OF(statuses); i++)
        assert_int_equal(yoke_res_status(res, statuses[i]), -YOKE_ESTATUS);
    assert_int_equal(yoke_res_get_status(res), 200);
    assert_int_equal(yoke_res_end(res), -YOKE_ESTATUS);
}

static void a_status_out_of_range_becomes_a_500(void **state)
{
    struct fake *f = run(*state, set_bad_status);
    assert_int_equal(f->status, 500);
    assert_logged("error: GET /x: status 199: status code is not between");
    fake_free(f);
}

static void send_older(yoke_req *req, yoke_res *res)
{
    (void)req;
    assert_int_equal(yoke_res_date(res, 784111777), 0);
    yoke_res_text(res, "kept");
    assert_int_equal(yoke_res_date(res, 0), -YOKE_EANSWERED);
}

static void fail_older(yoke_req *req, yoke_res *res)
{
    yoke_res_date(res, 784111777);
    yoke_next_err(req, 503, "no");
}

/* An error in its place has not. */
static void an_answer_can_have_been_made_before(void **state)
{
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_app_get(app, "/", send_older);
    yoke_app_get(app, "/fail", fail_older);
    yoke_test *t = yoke_test_new(app);
    yoke_test_clock(t, 60000);
    yoke_expect_header(yoke_test_get(t, "/"), "Date",
                       "Sun, 06 Nov 1994 08:49:37 GMT");
    yoke_expect_header(yoke_test_get(t, "/fail"), "Date",
                       "Sun, 06 Nov 1994 08:50:37 GMT");
    yoke_test_free(t);
}

static void set_odd_status(yoke_req *req, yoke_res *res)
{
    (void)req;
    assert_int_equal(yoke_res_status(res, 200), 0);
    assert_int_equal(yoke_res_status(res, 999), 0);
    yoke_res_end(res);
}

static void a_status_without_a_name_is_legal(void **state)
{
    struct fake *f = run(*state, set_odd_status);
    assert_int_equal(f->status, 999);
    fake_free(f);
}

static void break_and_raise(yoke_req *req, yoke_res *res)
{
    yoke_res_set(res, "X A", "b");
    yoke_next_err(req, 404, "not here");
}

static void an_error_answer_replaces_a_broken_one(void **state)
{
    struct fake *f = run(*state, break_and_raise);
    assert_int_equal(f->status, 404);
    fake_free(f);
}

static void send_null_text(yoke_req *req, yoke_res *res)
{
    (void)req;
    assert_int_equal(yoke_res_text(res, NULL), -EINVAL);
    assert_int_equal(yoke_res_html(res, NULL), -YOKE_EANSWERED);
}

static void send_null_bytes(yoke_req *req, yoke_res *res)
{
    (void)req;
    assert_int_equal(yoke_res_send(res, NULL, 5), -EINVAL);
}

static void bytes_that_are_null_become_a_500(void **state)
{
    struct fake *f = run(*state, send_null_bytes);
    assert_int_equal(f->status, 500);
    fake_free(f);
}

static void text_that_is_null_becomes_a_500(void **state)
{
    struct fake *f = run(*state, send_null_text);
    assert_int_equal(f->status, 500);
    assert_logged("the text of the answer is NULL");
    fake_free(f);
}

/* ---- Content-Length ---- */

static void promise(yoke_req *req, yoke_res *res)
{
    (void)req;
    assert_null(yoke_res_get(res, "Content-Length"));
    assert_int_equal(yoke_res_set(res, "content-length", "5"), 0);
    assert_string_equal(yoke_res_get(res, "Content-Length"), "5");
    assert_int_equal(yoke_res_write(res, "abc", 3), 3);
    assert_int_equal(yoke_res_write(res, "def", 3), -YOKE_ELENGTH);
    assert_int_equal(yoke_res_write(res, "de", 2), 2);
    yoke_res_end(res);
}

static void content_length_is_a_promise(void **state)
{
    struct fake *f = run(*state, promise);
    assert_int_equal(f->x.content_length, 5);
    assert_string_equal(f->body, "abcde");
    assert_string_equal(f->headers, "");
    assert_false(f->is_cut);
    fake_free(f);
}

static void promise_too_much(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "Content-Length", "5");
    yoke_res_write(res, "abc", 3);
    yoke_res_end(res);
}

static void a_broken_promise_cuts_the_connection(void **state)
{
    struct fake *f = run(*state, promise_too_much);
    assert_true(f->is_cut);
    fake_free(f);
}

static void take_back(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "Content-Length", "5");
    yoke_res_remove(res, "CONTENT-LENGTH");
    assert_null(yoke_res_get(res, "Content-Length"));
    yoke_res_write(res, "abc", 3);
    yoke_res_end(res);
}

static void a_promise_can_be_taken_back(void **state)
{
    struct fake *f = run(*state, take_back);
    assert_int_equal(f->x.content_length, -1);
    assert_false(f->is_cut);
    fake_free(f);
}

/* ---- In pieces ---- */

static yoke_res *stream;

static void start_stream(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "X-A", "b");
    assert_false(yoke_res_is_sent(res));
    assert_int_equal(yoke_res_write(res, NULL, 0), 0);
    assert_true(yoke_res_is_sent(res));
    assert_int_equal(yoke_res_body_len(res), 0);
    stream = res;
}

static void a_stream_is_on_hold_until_its_end(void **state)
{
    struct fake *f = run(*state, start_stream);
    assert_false(f->is_ended);
    assert_header(f, "X-A: b");
    assert_int_equal(yoke_res_write(stream, "one ", 4), 4);
    assert_int_equal(yoke_res_write(stream, "two", 3), 3);
    assert_int_equal(yoke_res_body_len(stream), 7);
    assert_int_equal(yoke_res_set(stream, "X-B", "c"), -YOKE_EANSWERED);
    assert_int_equal(yoke_res_text(stream, "whole"), -YOKE_EANSWERED);
    assert_false(f->is_ended);
    assert_int_equal(yoke_res_end(stream), 0);
    fake_settle(f);
    assert_string_equal(f->body, "one two");
    assert_int_equal(f->piece_count, 3);
    fake_free(f);
}

static void write_tells_what_waits(void **state)
{
    struct fake *f = run(*state, start_stream);
    f->write_result = 70000;
    assert_int_equal(yoke_res_write(stream, "x", 1), 70000);
    f->x.is_aborted = true;
    assert_int_equal(yoke_res_write(stream, "x", 1), -YOKE_ECLOSED);
    yoke_res_end(stream);
    fake_settle(f);
    fake_free(f);
}

static void drained(yoke_res *res, void *data)
{
    yoke_res_write(res, data, 1);
}

static void drain_is_told_each_time(void **state)
{
    struct fake *f = run(*state, start_stream);
    f->x.events->on_drain(&f->x); /* Nobody listens. */
    yoke_res_on_drain(stream, drained, (void *)(uintptr_t) "d");
    f->x.events->on_drain(&f->x);
    f->x.events->on_drain(&f->x);
    yoke_res_end(stream);
    fake_settle(f);
    assert_string_equal(f->body, "dd");
    fake_free(f);
}

static void start_broken_stream(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "X A", "b");
    assert_int_equal(yoke_res_write(res, "a", 1), -YOKE_EHEADER);
    assert_int_equal(yoke_res_write(res, "b", 1), -YOKE_EANSWERED);
    stream = res;
}

static void a_broken_stream_is_swallowed_until_its_end(void **state)
{
    struct fake *f = run(*state, start_broken_stream);
    assert_int_equal(f->status, 500);
    assert_string_equal(f->body, "Internal Server Error");
    assert_false(f->is_settled);
    assert_int_equal(yoke_res_write(stream, "c", 1), -YOKE_EANSWERED);
    assert_int_equal(yoke_res_end(stream), -YOKE_EANSWERED);
    fake_settle(f);
    assert_true(f->is_settled);
    assert_string_equal(f->body, "Internal Server Error");
    fake_free(f);
}

static void whole_broken_stream(yoke_req *req, yoke_res *res)
{
    start_broken_stream(req, res);
    assert_int_equal(yoke_res_end(res), -YOKE_EANSWERED);
}

static void a_broken_stream_may_end_at_once(void **state)
{
    struct fake *f = run(*state, whole_broken_stream);
    assert_true(f->is_settled);
    assert_int_equal(f->status, 500);
    fake_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        APP_TEST(text_is_plain_text),
        APP_TEST(text_and_fields_may_have_a_format),
        APP_TEST(a_format_cannot_split_the_answer),
        APP_TEST(html_is_html),
        APP_TEST(bytes_are_an_octet_stream),
        APP_TEST(no_bytes_may_be_null),
        APP_TEST(content_type_of_the_handler_stays),
        APP_TEST(end_alone_has_no_body_and_no_type),
        APP_TEST(an_answer_without_a_body_has_no_type),
        APP_TEST(headers_are_set_added_and_removed),
        APP_TEST(headers_set_so_far_are_listed),
        APP_TEST(illegal_headers_become_a_500),
        APP_TEST(too_many_headers_become_a_500),
        APP_TEST(a_status_out_of_range_becomes_a_500),
        APP_TEST(a_status_without_a_name_is_legal),
        cmocka_unit_test(an_answer_can_have_been_made_before),
        APP_TEST(an_error_answer_replaces_a_broken_one),
        APP_TEST(bytes_that_are_null_become_a_500),
        APP_TEST(text_that_is_null_becomes_a_500),
        APP_TEST(content_length_is_a_promise),
        APP_TEST(a_broken_promise_cuts_the_connection),
        APP_TEST(a_promise_can_be_taken_back),
        APP_TEST(a_stream_is_on_hold_until_its_end),
        APP_TEST(write_tells_what_waits),
        APP_TEST(drain_is_told_each_time),
        APP_TEST(a_broken_stream_is_swallowed_until_its_end),
        APP_TEST(a_broken_stream_may_end_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
