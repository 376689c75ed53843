/* An answer waits for what has to be done before its client hears of it. */
#include "../unit.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>
#include <yoke/yoke.h>

static yoke_res *delayed; /* The answer that waits. */
static yoke_res *streamed;
static int delays; /* How often it is delayed. */
static int closed, drained;
static int told; /* What became of a file; 1: nothing yet. */
static char path[] = "/tmp/yoke-test-delay-XXXXXX";

/* ---- Handlers ---- */

static void delay(yoke_res *res, void *data)
{
    (void)data;
    for (int i = 0; i < delays; i++)
        assert_int_equal(yoke_res_delay(res), 0);
    delayed = res;
}

static void delay_later(yoke_req *req, yoke_res *res)
{
    assert_int_equal(yoke_res_delay(res), -YOKE_EANSWERED);
    yoke_res_on_head(res, delay, NULL);
    yoke_next(req);
}

/* What is borrowed for the call is somebody else's afterwards. */
static void text(yoke_req *req, yoke_res *res)
{
    char borrowed[] = "hello";
    (void)req;
    yoke_res_set(res, "Set-Cookie", "a=b");
    assert_int_equal(yoke_res_text(res, borrowed), 0);
    memset(borrowed, 'x', sizeof(borrowed));
    assert_true(yoke_res_is_sent(res));
    assert_int_equal(yoke_res_text(res, "again"), -YOKE_EANSWERED);
}

static void redirect(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_redirect(res, 303, "/next");
}

static void pieces(yoke_req *req, yoke_res *res)
{
    (void)req;
    assert_true(yoke_res_write(res, "one", 3) >= 0);
    assert_true(yoke_res_is_sent(res));
    assert_true(yoke_res_write(res, "two", 3) >= 0);
    yoke_res_end(res);
}

static void empty(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_end(res);
}

static void on_file(yoke_req *req, yoke_res *res, int err, void *data)
{
    (void)req, (void)res, (void)data;
    assert_int_equal(told, 1);
    told = err;
}

static void file(yoke_req *req, yoke_res *res)
{
    (void)req;
    told = 1;
    yoke_res_send_file(res, path, .done = on_file);
}

static void bad_field(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "X-Bad", "a\r\nb");
    yoke_res_write(res, "one", 3);
    yoke_res_end(res);
}

static void on_close(yoke_req *req, void *data)
{
    (void)req, (void)data;
    closed++;
    yoke_res_end(streamed);
}

static void on_drain(yoke_res *res, void *data)
{
    (void)res, (void)data;
    drained++;
}

static void stream(yoke_req *req, yoke_res *res)
{
    static char much[100000];
    streamed = res;
    yoke_req_on_close(req, on_close, NULL);
    yoke_res_on_drain(res, on_drain, NULL);
    assert_true(yoke_res_write(res, much, sizeof(much)) >= 100000);
}

static void events(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_sse *sse = yoke_res_sse(res);
    if (sse)
        yoke_sse_send(sse, "hi", "there");
}

static void pass_error(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_next_err(req, 418, "no");
}

static int shout(yoke_filter *filter, const void *ptr, size_t len,
                 enum yoke_filter_step step, void *data)
{
    (void)ptr, (void)data;
    return step == YOKE_FILTER_MORE && len > 0
               ? yoke_filter_pass(filter, "filtered ", 9)
               : 0;
}

static void filtered(yoke_req *req, yoke_res *res)
{
    yoke_res_filter(res, shout, NULL);
    pieces(req, res);
}

static yoke_test *client(yoke_fn *handler)
{
    yoke_app *app = yoke_app_new();
    delayed = NULL;
    delays = 1;
    closed = drained = 0;
    yoke_app_use(app, delay_later);
    if (handler)
        yoke_app_get(app, "/", handler);
    return yoke_test_new(app);
}

static size_t sent_len(yoke_tr *r)
{
    size_t len;
    yoke_tr_raw(r, &len);
    return len;
}

static yoke_tr *waiting(yoke_test *t, const char *method)
{
    yoke_tr *r = yoke_test_request(t, method, "/");
    yoke_tr_stream(r);
    yoke_tr_send(r);
    for (int i = 0; i < 5; i++)
        uv_run(yoke_loop(), UV_RUN_NOWAIT);
    assert_non_null(delayed);
    assert_int_equal(sent_len(r), 0);
    return r;
}

static const struct {
    yoke_fn *handler;
    const char *method;
    int status;
    const char *body;
} kinds[] = {
    {text, "GET", 200, "hello"},
    {text, "HEAD", 200, ""},
    {redirect, "GET", 303, "See Other. Redirecting to /next"},
    {pieces, "GET", 200, "onetwo"},
    {pieces, "HEAD", 200, ""},
    {filtered, "GET", 200, "filtered filtered "},
    {empty, "GET", 200, ""},
    {file, "GET", 200, "a file"},
    {file, "HEAD", 200, ""},
    {pass_error, "GET", 418, NULL},
    {bad_field, "GET", 500, NULL},
    {NULL, "GET", 404, NULL},
};

/* ---- Tests ---- */

static void every_kind_of_answer_waits_and_is_the_same(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        yoke_test *t = client(kinds[i].handler);
        yoke_tr *r = waiting(t, kinds[i].method);
        yoke_res_proceed(delayed);
        for (int turn = 0; turn < 10; turn++)
            uv_run(yoke_loop(), UV_RUN_NOWAIT);
        yoke_expect_status(r, kinds[i].status);
        if (kinds[i].body)
            yoke_expect_body(r, kinds[i].body);
        if (kinds[i].handler == file)
            assert_int_equal(told, 0);
        yoke_test_free(t);
    }
}

static void every_kind_of_answer_can_become_an_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        yoke_test *t = client(kinds[i].handler);
        yoke_tr *r = waiting(t, kinds[i].method);
        yoke_res_proceed_err(delayed, 503, "store.away", "not stored");
        yoke_expect_status(r, 503);
        yoke_expect_no_header(r, "Set-Cookie");
        yoke_expect_no_header(r, "Location");
        yoke_expect_keeps_alive(r);
        yoke_test_free(t);
    }
}

static void nobody_hears_of_an_answer_whose_client_goes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        for (int fails = 0; fails < 2; fails++) {
            yoke_test *t = client(kinds[i].handler);
            yoke_tr *r = waiting(t, kinds[i].method);
            yoke_tr_reset(r);
            uv_run(yoke_loop(), UV_RUN_NOWAIT);
            if (fails)
                yoke_res_proceed_err(delayed, 503, "store.away", "not stored");
            else
                yoke_res_proceed(delayed);
            yoke_test_free(t);
        }
    }
}

static void the_last_of_several_lets_it_go(void **state)
{
    (void)state;
    yoke_test *t = client(text);
    delays = 3;
    yoke_tr *r = waiting(t, "GET");
    yoke_res_proceed(delayed);
    yoke_res_proceed_err(delayed, 500, NULL, "one of them fails");
    assert_int_equal(sent_len(r), 0);
    yoke_res_proceed(delayed);
    yoke_expect_status(r, 500);
    yoke_test_free(t);
}

static void fields_can_be_set_while_it_waits(void **state)
{
    (void)state;
    yoke_test *t = client(pieces);
    yoke_tr *r = waiting(t, "GET");
    assert_int_equal(yoke_res_set(delayed, "X-Late", "yes"), 0);
    assert_int_equal(yoke_res_status(delayed, 202), 0);
    yoke_res_proceed(delayed);
    yoke_expect_text(r, 202, "onetwo");
    yoke_expect_header(r, "X-Late", "yes");
    yoke_test_free(t);
}

static void proceed_at_once(yoke_res *res, void *data)
{
    (void)data;
    assert_int_equal(yoke_res_delay(res), 0);
    yoke_res_proceed(res);
}

static void hardly_delay(yoke_req *req, yoke_res *res)
{
    yoke_res_on_head(res, proceed_at_once, NULL);
    yoke_next(req);
}

static int pass_on(yoke_filter *filter, const void *ptr, size_t len,
                   enum yoke_filter_step step, void *data)
{
    (void)step, (void)data;
    return yoke_filter_pass(filter, ptr, len);
}

/* So large that it goes through the filter in several turns of the loop. */
static void large_and_filtered(yoke_req *req, yoke_res *res)
{
    size_t len = 500000;
    char *much = yoke_req_try_alloc(req, len);
    assert_non_null(much);
    memset(much, 'x', len);
    yoke_res_filter(res, pass_on, NULL);
    yoke_res_send(res, much, len);
    memset(much, 'y', len);
}

static void a_large_body_waits_and_is_filtered(void **state)
{
    (void)state;
    yoke_test *t = client(large_and_filtered);
    yoke_tr *r = waiting(t, "GET");
    yoke_res_proceed(delayed);
    for (int turn = 0; turn < 50; turn++)
        uv_run(yoke_loop(), UV_RUN_NOWAIT);
    yoke_expect_body_len(r, 500000);
    assert_null(memchr(yoke_tr_text(r), 'y', 500000));
    yoke_test_free(t);
    t = client(large_and_filtered);
    r = waiting(t, "GET");
    yoke_res_proceed_err(delayed, 503, NULL, "not stored");
    yoke_expect_status(r, 503);
    yoke_test_free(t);
}

static void fail_at_once(yoke_res *res, void *data)
{
    (void)data;
    assert_int_equal(yoke_res_delay(res), 0);
    yoke_res_proceed_err(res, 503, NULL, "no");
}

static void refuse_at_once(yoke_req *req, yoke_res *res)
{
    yoke_res_on_head(res, fail_at_once, NULL);
    yoke_next(req);
}

static void careless_pieces(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_write(res, "one", 3);
    yoke_res_write(res, "two", 3);
    yoke_res_end(res);
}

static void it_can_become_an_error_at_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        yoke_fn *handler = kinds[i].handler;
        if (handler == filtered)
            continue;
        yoke_app *app = yoke_app_new();
        yoke_app_use(app, refuse_at_once);
        if (handler)
            yoke_app_use(app, handler == pieces ? careless_pieces : handler);
        yoke_test *t = yoke_test_new(app);
        yoke_tr *r = yoke_test_request(t, kinds[i].method, "/");
        yoke_expect_status(r, 503);
        yoke_test_free(t);
    }
}

static void who_is_done_at_once_delays_nothing(void **state)
{
    (void)state;
    yoke_app *app = yoke_app_new();
    yoke_app_use(app, hardly_delay, text);
    yoke_test *t = yoke_test_new(app);
    yoke_expect_text(yoke_test_get(t, "/"), 200, "hello");
    yoke_test_free(t);
}

static void a_stream_goes_on_where_it_waited(void **state)
{
    (void)state;
    yoke_test *t = client(stream);
    yoke_tr *r = waiting(t, "GET");
    assert_true(yoke_res_write(streamed, "more", 4) > 100000);
    yoke_res_proceed(delayed);
    yoke_tr_wait_len(r, 100004);
    assert_int_equal(drained, 1);
    yoke_res_write(streamed, "last", 4);
    yoke_res_end(streamed);
    yoke_expect_body_len(r, 100008);
    yoke_test_free(t);
}

static void a_stream_that_becomes_an_error_is_told(void **state)
{
    (void)state;
    yoke_test *t = client(stream);
    yoke_tr *r = waiting(t, "GET");
    yoke_res_proceed_err(delayed, 503, "store.away", "not stored");
    assert_int_equal(closed, 1);
    yoke_expect_status(r, 503);
    yoke_test_free(t);
    t = client(events);
    r = waiting(t, "GET");
    yoke_res_proceed_err(delayed, 503, "store.away", "not stored");
    yoke_expect_status(r, 503);
    yoke_test_free(t);
}

static void events_wait(void **state)
{
    (void)state;
    yoke_test *t = client(events);
    yoke_tr *r = waiting(t, "GET");
    yoke_res_proceed(delayed);
    yoke_expect_sse(r, "hi", "there");
    yoke_test_free(t);
}

static void a_stream_is_not_endless_while_it_waits(void **state)
{
    (void)state;
    static char much[1 << 20];
    yoke_test *t = client(stream);
    yoke_tr *r = waiting(t, "GET");
    ssize_t n = 0;
    for (int i = 0; i < 20 && n >= 0; i++)
        n = yoke_res_write(streamed, much, sizeof(much));
    assert_int_equal(n, -YOKE_EFULL);
    yoke_res_end(streamed);
    yoke_res_proceed(delayed);
    yoke_expect_status(r, 200);
    yoke_test_free(t);
}

static void the_time_of_handlers_does_not_end_it(void **state)
{
    static yoke_fn *const handlers[] = {text, stream, file};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(handlers); i++) {
        yoke_test *t = client(handlers[i]);
        yoke_tr *r = waiting(t, "GET");
        yoke_test_clock(t, 300000);
        assert_int_equal(sent_len(r), 0);
        yoke_res_proceed(delayed);
        yoke_expect_status(r, 200);
        if (handlers[i] == stream)
            yoke_res_end(streamed);
        yoke_test_free(t);
    }
}

static int make_file(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "a file", 6), 6);
    close(fd);
    yoke_log_set_level(YOKE_LOG_OFF);
    return 0;
}

static int remove_file(void **state)
{
    (void)state;
    return unlink(path);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_answer_waits_and_is_the_same),
        cmocka_unit_test(every_kind_of_answer_can_become_an_error),
        cmocka_unit_test(nobody_hears_of_an_answer_whose_client_goes),
        cmocka_unit_test(the_last_of_several_lets_it_go),
        cmocka_unit_test(fields_can_be_set_while_it_waits),
        cmocka_unit_test(a_large_body_waits_and_is_filtered),
        cmocka_unit_test(it_can_become_an_error_at_once),
        cmocka_unit_test(who_is_done_at_once_delays_nothing),
        cmocka_unit_test(a_stream_goes_on_where_it_waited),
        cmocka_unit_test(a_stream_that_becomes_an_error_is_told),
        cmocka_unit_test(events_wait),
        cmocka_unit_test(a_stream_is_not_endless_while_it_waits),
        cmocka_unit_test(the_time_of_handlers_does_not_end_it),
    };
    return cmocka_run_group_tests_name("delay", tests, make_file, remove_file);
}
