/* The answer on its way out: callbacks before the head, filters of the body. */
#include "../unit.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>
#include <yoke/yoke.h>

static char calls[64]; /* What was called, a letter each. */
static int64_t expected_len;
static yoke_req *held_req;
static yoke_res *held_res;
static char large_path[] = "/tmp/yoke-test-filter-XXXXXX";
static int told; /* What became of a file; 1: nothing yet. */

static void note(char letter)
{
    size_t len = strlen(calls);
    assert_true(len < sizeof(calls) - 1);
    calls[len] = letter;
    calls[len + 1] = '\0';
}

/* ---- Filters ---- */

static int shout(yoke_filter *filter, const void *ptr, size_t len,
                 enum yoke_filter_step step, void *data)
{
    const char *from = ptr;
    (void)data;
    if (step == YOKE_FILTER_END)
        note('e');
    if (step == YOKE_FILTER_FLUSH)
        note('f');
    for (size_t i = 0; i < len; i++) {
        char c = (char)toupper((unsigned char)from[i]);
        int err = yoke_filter_pass(filter, &c, 1);
        if (err < 0)
            return err;
    }
    return 0;
}

static int double_it(yoke_filter *filter, const void *ptr, size_t len,
                     enum yoke_filter_step step, void *data)
{
    (void)data;
    assert_non_null(yoke_filter_res(filter));
    if (step == YOKE_FILTER_END)
        return yoke_filter_pass(filter, "<end>", 5);
    int err = yoke_filter_pass(filter, ptr, len);
    return err < 0 ? err : yoke_filter_pass(filter, ptr, len);
}

/* Holds everything back until it is told. */
static int keep(yoke_filter *filter, const void *ptr, size_t len,
                enum yoke_filter_step step, void *data)
{
    static char kept[256];
    static size_t kept_len;
    (void)data;
    assert_true(kept_len + len <= sizeof(kept));
    memcpy(kept + kept_len, ptr, len);
    kept_len += len;
    if (step == YOKE_FILTER_MORE)
        return 0;
    size_t n = kept_len;
    kept_len = 0;
    return yoke_filter_pass(filter, kept, n);
}

static int refuse(yoke_filter *filter, const void *ptr, size_t len,
                  enum yoke_filter_step step, void *data)
{
    (void)filter, (void)ptr, (void)data;
    return step == YOKE_FILTER_MORE && len > 3 ? -EIO : 0;
}

static int pass_all(yoke_filter *filter, const void *ptr, size_t len,
                    enum yoke_filter_step step, void *data)
{
    (void)step, (void)data;
    return yoke_filter_pass(filter, ptr, len);
}

static int slices; /* Pieces that these two have been given. */

static int count(yoke_filter *filter, const void *ptr, size_t len,
                 enum yoke_filter_step step, void *data)
{
    (void)data;
    slices += step == YOKE_FILTER_MORE;
    return yoke_filter_pass(filter, ptr, len);
}

static int fail_at_third(yoke_filter *filter, const void *ptr, size_t len,
                         enum yoke_filter_step step, void *data)
{
    int err = count(filter, ptr, len, step, data);
    return slices == 3 ? -EIO : err;
}

static void filter_it(yoke_res *res, void *data)
{
    expected_len = yoke_res_expected_len(res);
    yoke_filter_fn *fn;
    memcpy(&fn, &data, sizeof(fn));
    assert_int_equal(yoke_res_filter(res, fn, NULL), 0);
}

static void add_filter(yoke_res *res, yoke_filter_fn *fn)
{
    void *data;
    memcpy(&data, &fn, sizeof(data));
    assert_int_equal(yoke_res_on_head(res, filter_it, data), 0);
}

/* ---- Handlers ---- */

#define FILTERED_BY(name)                                                      \
    static void with_##name(yoke_req *req, yoke_res *res)                      \
    {                                                                          \
        add_filter(res, name);                                                 \
        yoke_next(req);                                                        \
    }
FILTERED_BY(shout)
FILTERED_BY(double_it)
FILTERED_BY(keep)
FILTERED_BY(refuse)
FILTERED_BY(pass_all)
FILTERED_BY(count)
FILTERED_BY(fail_at_third)

static void see_head(yoke_res *res, void *data)
{
    assert_false(yoke_res_is_sent(res));
    expected_len = yoke_res_expected_len(res);
    note(*(const char *)data);
}

static void watch(yoke_req *req, yoke_res *res)
{
    assert_int_equal(yoke_res_on_head(res, see_head, (void *)(uintptr_t) "a"),
                     0);
    assert_int_equal(yoke_res_on_head(res, see_head, (void *)(uintptr_t) "b"),
                     0);
    yoke_next(req);
}

static void text(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "hello");
}

#define LARGE_LEN    300000
#define LARGE_SLICES 10

/* The bytes are the handler's own, and gone when it returns. */
static void large(yoke_req *req, yoke_res *res)
{
    char *bytes = malloc(LARGE_LEN);
    (void)req;
    assert_non_null(bytes);
    memset(bytes, 'x', LARGE_LEN);
    slices = 0;
    assert_int_equal(yoke_res_send(res, bytes, LARGE_LEN), 0);
    assert_true(yoke_res_is_sent(res));
    assert_int_equal(yoke_res_text(res, "second"), -YOKE_EANSWERED);
    free(bytes);
}

static void no_work(yoke_job *job)
{
    (void)job;
}

static void work_done(yoke_req *req, yoke_res *res, yoke_job *job)
{
    (void)req, (void)res;
    assert_int_equal(yoke_job_status(job), -YOKE_EANSWERED);
}

static void large_beside_work(yoke_req *req, yoke_res *res)
{
    yoke_work(req, no_work, work_done, NULL);
    large(req, res);
}

static void pieces(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "X-Set", "1");
    assert_true(yoke_res_write(res, "one", 3) >= 0);
    assert_true(yoke_res_write(res, "two", 3) >= 0);
    yoke_res_end(res);
}

static void promised(yoke_req *req, yoke_res *res)
{
    yoke_res_set(res, "Content-Length", "6");
    pieces(req, res);
}

static void broken_promise(yoke_req *req, yoke_res *res)
{
    yoke_res_set(res, "Content-Length", "7");
    pieces(req, res);
}

static void too_much(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "Content-Length", "4");
    assert_true(yoke_res_write(res, "one", 3) >= 0);
    assert_int_equal(yoke_res_write(res, "two", 3), -YOKE_ELENGTH);
    assert_true(yoke_res_write(res, "2", 1) >= 0);
    yoke_res_end(res);
}

static void empty(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_end(res);
}

static void no_content(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_status(res, 204);
    yoke_res_end(res);
}

static void fail_midway(yoke_req *req, yoke_res *res)
{
    (void)req;
    assert_true(yoke_res_write(res, "abc", 3) >= 0);
    assert_int_equal(yoke_res_write(res, "defg", 4), -EIO);
    assert_int_equal(yoke_res_write(res, "h", 1), -YOKE_ECLOSED);
    yoke_res_end(res);
}

static void hold(yoke_req *req, yoke_res *res)
{
    held_req = req;
    held_res = res;
    assert_true(yoke_res_write(res, "start ", 6) >= 0);
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
    yoke_res_send_file(res, large_path, .done = on_file);
}

static yoke_test *client(yoke_fn *middleware, yoke_fn *handler)
{
    yoke_app *app = yoke_app_new();
    calls[0] = '\0';
    expected_len = -2;
    if (middleware)
        yoke_app_use(app, middleware);
    if (handler)
        yoke_app_get(app, "/", handler);
    return yoke_test_new(app);
}

/* Files go on in turns of the loop, for which nothing else makes it run. */
static size_t run_turns(yoke_tr *r)
{
    size_t backlog = 0;
    for (int i = 0; i < 40; i++) {
        uv_run(yoke_loop(), UV_RUN_NOWAIT);
        backlog = yoke_tr_backlog(r);
    }
    return backlog;
}

/* ---- Before the head ---- */

static void callbacks_are_called_last_first(void **state)
{
    yoke_test *t = client(watch, text);
    (void)state;
    yoke_expect_text(yoke_test_get(t, "/"), 200, "hello");
    assert_string_equal(calls, "ba");
    assert_int_equal(expected_len, 5);
    yoke_test_free(t);
}

static void every_kind_of_answer_passes_them_once(void **state)
{
    static const struct {
        yoke_fn *handler;
        const char *method;
        int status;
        int64_t len;
    } cases[] = {
        {text, "GET", 200, 5},       {text, "HEAD", 200, 5},
        {pieces, "GET", 200, -1},    {pieces, "HEAD", 200, -1},
        {promised, "GET", 200, 6},   {empty, "GET", 200, 0},
        {no_content, "GET", 204, 0}, {file, "GET", 200, 300000},
        {file, "HEAD", 200, 300000}, {NULL, "GET", 404, 12},
        {text, "POST", 405, 18},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        yoke_test *t = client(watch, cases[i].handler);
        yoke_expect_status(yoke_test_request(t, cases[i].method, "/"),
                           cases[i].status);
        assert_string_equal(calls, "ba");
        assert_int_equal(expected_len, cases[i].len);
        yoke_test_free(t);
    }
}

static void change(yoke_res *res, void *data)
{
    (void)data;
    assert_string_equal(yoke_res_get(res, "X-Set"), "1");
    assert_int_equal(yoke_res_status(res, 201), 0);
    assert_int_equal(yoke_res_set(res, "X-Late", "yes"), 0);
}

static void change_later(yoke_req *req, yoke_res *res)
{
    yoke_res_on_head(res, change, NULL);
    yoke_next(req);
}

static void status_and_fields_can_be_changed(void **state)
{
    yoke_test *t = client(change_later, pieces);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_expect_text(r, 201, "onetwo");
    yoke_expect_header(r, "X-Late", "yes");
    yoke_test_free(t);
}

static void break_it(yoke_res *res, void *data)
{
    (void)data;
    yoke_res_set(res, "X-Bad", "a\r\nb");
}

static void break_later(yoke_req *req, yoke_res *res)
{
    yoke_res_on_head(res, break_it, NULL);
    add_filter(res, shout);
    yoke_next(req);
}

static void careless_pieces(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_write(res, "one", 3);
    yoke_res_write(res, "two", 3);
    yoke_res_end(res);
}

static void what_is_illegal_makes_it_a_500(void **state)
{
    static yoke_fn *const handlers[] = {text, careless_pieces, empty, file};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(handlers); i++) {
        yoke_test *t = client(break_later, handlers[i]);
        yoke_tr *r = yoke_test_get(t, "/");
        yoke_expect_text(r, 500, "Internal Server Error");
        yoke_expect_no_header(r, "X-Bad");
        yoke_test_free(t);
    }
}

static void add_too_many(yoke_req *req, yoke_res *res)
{
    for (int i = 0; i < 8; i++)
        assert_int_equal(
            yoke_res_on_head(res, see_head, (void *)(uintptr_t) "x"), 0);
    assert_int_equal(yoke_res_on_head(res, see_head, NULL), -YOKE_EFULL);
    yoke_next(req);
}

static void add_too_late(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "");
    assert_int_equal(yoke_res_on_head(res, see_head, NULL), -YOKE_EANSWERED);
    assert_int_equal(yoke_res_filter(res, shout, NULL), -YOKE_EANSWERED);
}

static void there_are_at_most_eight_and_not_too_late(void **state)
{
    yoke_test *t = client(add_too_many, text);
    (void)state;
    yoke_expect_status(yoke_test_get(t, "/"), 200);
    assert_string_equal(calls, "xxxxxxxx");
    yoke_test_free(t);
    t = client(NULL, add_too_late);
    yoke_expect_status(yoke_test_get(t, "/"), 200);
    yoke_test_free(t);
}

/* ---- Filters ---- */

static void a_whole_answer_has_its_new_length(void **state)
{
    yoke_test *t = client(with_double_it, text);
    yoke_tr *r = yoke_test_get(t, "/"), *head = yoke_test_head(t, "/");
    (void)state;
    yoke_expect_text(r, 200, "hellohello<end>");
    yoke_expect_header(r, "Content-Length", "15");
    yoke_expect_header(head, "Content-Length", "15");
    yoke_test_free(t);
}

static void a_large_one_goes_slice_by_slice(void **state)
{
    yoke_test *t = client(with_count, large);
    yoke_tr *r = yoke_test_get(t, "/"), *head = yoke_test_head(t, "/");
    (void)state;
    yoke_tr_send(r);
    assert_true(slices < LARGE_SLICES);
    /* Others are served meanwhile. */
    yoke_expect_status(yoke_test_get(t, "/nothing"), 404);
    assert_true(slices < LARGE_SLICES);
    yoke_expect_status(r, 200);
    assert_int_equal(slices, LARGE_SLICES + 1); /* The other's, too. */
    yoke_expect_body_len(r, LARGE_LEN);
    yoke_expect_header(r, "Content-Length", "300000");
    yoke_expect_text(head, 200, "");
    yoke_expect_header(head, "Content-Length", "300000");
    yoke_test_free(t);
}

static void what_is_pipelined_behind_a_large_one_waits(void **state)
{
    yoke_test *t = client(with_count, large);
    yoke_tr *r = yoke_test_get(t, "/"), *next = yoke_test_get(t, "/nothing");
    (void)state;
    yoke_tr_after(next, r);
    yoke_expect_status(next, 404);
    yoke_expect_body_len(r, LARGE_LEN);
    yoke_test_free(t);
}

static void a_large_one_of_which_a_slice_fails_is_a_500(void **state)
{
    yoke_test *t = client(with_fail_at_third, large);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_expect_text(r, 500, "Internal Server Error");
    assert_int_equal(slices, 3);
    yoke_test_free(t);
}

static void a_large_one_whose_client_goes_is_given_up(void **state)
{
    yoke_test *t = client(with_count, large);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_tr_send(r);
    yoke_tr_reset(r);
    run_turns(r);
    assert_true(slices < LARGE_SLICES);
    yoke_test_free(t);
}

static void a_large_one_waits_for_work_that_is_under_way(void **state)
{
    yoke_test *t = client(with_count, large_beside_work);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_expect_status(r, 200);
    yoke_expect_body_len(r, LARGE_LEN);
    yoke_test_free(t);
}

static void delay_it(yoke_res *res, void *data)
{
    (void)data;
    held_res = res;
    assert_int_equal(yoke_res_delay(res), 0);
}

static void delayed_and_counted(yoke_req *req, yoke_res *res)
{
    yoke_res_on_head(res, delay_it, NULL);
    add_filter(res, count);
    yoke_next(req);
}

static void a_large_one_may_have_been_delayed(void **state)
{
    yoke_test *t = client(delayed_and_counted, large);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_tr_send(r);
    assert_int_equal(slices, 0);
    yoke_res_proceed(held_res);
    yoke_expect_status(r, 200);
    yoke_expect_body_len(r, LARGE_LEN);
    assert_int_equal(slices, LARGE_SLICES);
    yoke_test_free(t);
}

static void pieces_are_filtered_as_they_come(void **state)
{
    yoke_test *t = client(with_shout, pieces);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_expect_text(r, 200, "ONETWO");
    assert_string_equal(calls, "e");
    yoke_expect_header(r, "Transfer-Encoding", "chunked");
    yoke_test_free(t);
}

static void both(yoke_req *req, yoke_res *res)
{
    /* Called last first: shout comes before double_it. */
    add_filter(res, double_it);
    add_filter(res, shout);
    yoke_next(req);
}

static void filters_form_a_chain(void **state)
{
    static yoke_fn *const handlers[] = {text, pieces};
    static const char *const bodies[] = {"HHEELLLLOO<end>",
                                         "OONNEETTWWOO<end>"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(handlers); i++) {
        yoke_test *t = client(both, handlers[i]);
        yoke_expect_text(yoke_test_get(t, "/"), 200, bodies[i]);
        yoke_test_free(t);
    }
}

static void a_promise_is_about_what_goes_in(void **state)
{
    yoke_test *t = client(with_double_it, promised);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_expect_text(r, 200, "oneonetwotwo<end>");
    yoke_expect_no_header(r, "Content-Length");
    yoke_test_free(t);

    t = client(with_double_it, too_much);
    yoke_expect_text(yoke_test_get(t, "/"), 200, "oneone22<end>");
    yoke_test_free(t);

    t = client(with_double_it, broken_promise);
    r = yoke_test_get(t, "/");
    yoke_expect_error(r, "");
    yoke_expect_closed(r, true);
    yoke_test_free(t);
}

static void no_body_no_filter(void **state)
{
    yoke_test *t = client(with_shout, no_content);
    (void)state;
    yoke_expect_text(yoke_test_get(t, "/"), 204, "");
    assert_string_equal(calls, "");
    yoke_test_free(t);

    t = client(with_shout, pieces);
    yoke_tr *r = yoke_test_head(t, "/");
    yoke_expect_text(r, 200, "");
    yoke_expect_no_header(r, "Content-Length");
    yoke_expect_closed(r, false);
    assert_string_equal(calls, "");
    yoke_test_free(t);
}

static void an_empty_body_has_an_end_all_the_same(void **state)
{
    yoke_test *t = client(with_double_it, empty);
    (void)state;
    yoke_expect_text(yoke_test_get(t, "/"), 200, "<end>");
    yoke_test_free(t);
}

static void what_is_held_back_goes_with_the_turn(void **state)
{
    yoke_test *t = client(with_keep, hold);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_tr_stream(r);
    yoke_expect_body_has(r, "start ");
    assert_true(yoke_res_write(held_res, "more ", 5) >= 0);
    assert_true(yoke_res_write(held_res, "and more", 8) >= 0);
    yoke_expect_body_has(r, "start more and more");
    yoke_res_end(held_res);
    yoke_expect_text(r, 200, "start more and more");
    yoke_test_free(t);
}

static void one_that_fails_before_the_head_makes_it_a_500(void **state)
{
    yoke_test *t = client(with_refuse, text);
    (void)state;
    yoke_expect_text(yoke_test_get(t, "/"), 500, "Internal Server Error");
    yoke_test_free(t);
}

static void one_that_fails_midway_cuts_the_connection(void **state)
{
    yoke_test *t = client(with_refuse, fail_midway);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_expect_error(r, "");
    yoke_expect_closed(r, true);
    yoke_test_free(t);
}

/* ---- Files ---- */

static void a_file_goes_through_filters(void **state)
{
    yoke_test *t = client(with_shout, file);
    yoke_tr *r = yoke_test_get(t, "/"), *head = yoke_test_head(t, "/");
    (void)state;
    yoke_expect_status(r, 200);
    yoke_expect_no_header(r, "Content-Length");
    yoke_expect_body_len(r, 300000);
    yoke_expect_body_like(r, "^ABCDEFGHIJ");
    assert_int_equal(told, 0);
    yoke_expect_text(head, 200, "");
    yoke_expect_no_header(head, "Content-Length");
    yoke_test_free(t);
}

static void a_slow_client_holds_a_filtered_file_back(void **state)
{
    yoke_test *t = client(with_pass_all, file);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_tr_read_slowly(r, 0);
    /* high_water, and the block that went over it. */
    assert_in_range(run_turns(r), 65537, 65536 + 2 * 32768);
    assert_int_equal(told, 1);
    yoke_tr_read_slowly(r, 1000);
    yoke_expect_body_len(r, 300000);
    assert_int_equal(told, 0);
    yoke_test_free(t);
}

static void a_client_that_goes_ends_a_filtered_file(void **state)
{
    (void)state;
    for (int closes_first = 0; closes_first < 2; closes_first++) {
        yoke_test *t = client(with_pass_all, file);
        yoke_tr *r = yoke_test_get(t, "/");
        yoke_tr_read_slowly(r, 0);
        run_turns(r);
        if (closes_first)
            yoke_tr_close(r);
        run_turns(r);
        assert_int_equal(told, 1);
        yoke_tr_reset(r);
        run_turns(r);
        assert_int_equal(told, -YOKE_ECLOSED);
        yoke_test_free(t);
    }
}

static void a_filtered_file_that_shrinks_cuts_the_connection(void **state)
{
    yoke_test *t = client(with_pass_all, file);
    yoke_tr *r = yoke_test_get(t, "/");
    (void)state;
    yoke_tr_read_slowly(r, 0);
    run_turns(r);
    assert_int_equal(truncate(large_path, 100), 0);
    yoke_tr_read_slowly(r, SIZE_MAX);
    yoke_expect_error(r, "");
    yoke_expect_closed(r, true);
    assert_int_equal(told, -EIO);
    yoke_test_free(t);
}

static int make_file(void **state)
{
    int fd = open(large_path, O_WRONLY | O_TRUNC | O_CLOEXEC);
    (void)state;
    assert_true(fd >= 0);
    for (int i = 0; i < 30000; i++)
        assert_int_equal(write(fd, "abcdefghij", 10), 10);
    close(fd);
    return 0;
}

#define FILE_TEST(name) cmocka_unit_test_setup(name, make_file)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(callbacks_are_called_last_first),
        FILE_TEST(every_kind_of_answer_passes_them_once),
        cmocka_unit_test(status_and_fields_can_be_changed),
        FILE_TEST(what_is_illegal_makes_it_a_500),
        cmocka_unit_test(there_are_at_most_eight_and_not_too_late),
        cmocka_unit_test(a_whole_answer_has_its_new_length),
        cmocka_unit_test(a_large_one_goes_slice_by_slice),
        cmocka_unit_test(what_is_pipelined_behind_a_large_one_waits),
        cmocka_unit_test(a_large_one_of_which_a_slice_fails_is_a_500),
        cmocka_unit_test(a_large_one_whose_client_goes_is_given_up),
        cmocka_unit_test(a_large_one_waits_for_work_that_is_under_way),
        cmocka_unit_test(a_large_one_may_have_been_delayed),
        cmocka_unit_test(pieces_are_filtered_as_they_come),
        cmocka_unit_test(filters_form_a_chain),
        cmocka_unit_test(a_promise_is_about_what_goes_in),
        cmocka_unit_test(no_body_no_filter),
        cmocka_unit_test(an_empty_body_has_an_end_all_the_same),
        cmocka_unit_test(what_is_held_back_goes_with_the_turn),
        cmocka_unit_test(one_that_fails_before_the_head_makes_it_a_500),
        cmocka_unit_test(one_that_fails_midway_cuts_the_connection),
        FILE_TEST(a_file_goes_through_filters),
        FILE_TEST(a_slow_client_holds_a_filtered_file_back),
        FILE_TEST(a_client_that_goes_ends_a_filtered_file),
        FILE_TEST(a_filtered_file_that_shrinks_cuts_the_connection),
    };
    int fd = mkstemp(large_path);
    yoke_log_set_level(YOKE_LOG_OFF);
    close(fd);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    unlink(large_path);
    return failed;
}
