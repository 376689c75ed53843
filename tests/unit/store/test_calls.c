/* Calls and the requests that they are made for: a client that goes, a store
 * that closes, deadlines; by a backend that answers when the test says so. */
#include "../unit.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>
#include <uv.h>

#include <yoke/app.h>
#include <yoke/error.h>
#include <yoke/loop.h>
#include <yoke/req.h>
#include <yoke/res.h>
#include <yoke/store.h>
#include <yoke/test.h>

#include "net/service.h"
#include "store/calls.h"
#include "store/key.h"
#include "store/store.h"

/* ---- A backend that keeps what it gets ---- */

static struct yk_list kept;
static int suspected;

static int open_kept(yoke_store *store, struct yk_url *url, char *why)
{
    (void)store, (void)url, (void)why;
    return 0;
}

static void run_kept(yoke_store *store, struct yk_list *calls)
{
    (void)store;
    yk_list_move_all(&kept, calls);
}

static void suspect_kept(yoke_store *store)
{
    (void)store;
    suspected++;
}

static void close_kept(yoke_store *store)
{
    yk_calls_fail(&kept, -ECANCELED, NULL);
    yk_store_closed(store);
}

static const struct yk_store_backend backend = {
    .open = open_kept,
    .run = run_kept,
    .suspect = suspect_kept,
    .close = close_kept,
};

static yoke_store *store;

static int setup(void **state)
{
    (void)state;
    yk_list_init(&kept);
    suspected = 0;
    unsetenv("YOKE_STORE");
    store = yoke_store_open(.url = "memory:", .timeout_ms = 30);
    /* memory: is closed by its own function, below. */
    assert_non_null(store);
    return 0;
}

static const struct yk_store_backend *own;

/* From here on calls stay where they are. */
static void keep_calls(void)
{
    own = store->backend;
    store->backend = &backend;
}

static void release_calls(void)
{
    yk_calls_fail(&kept, -YOKE_EUNAVAILABLE, NULL);
    store->backend = own;
}

static void note_closed(void *data)
{
    ++*(int *)data;
}

static int teardown(void **state)
{
    int closed = 0;
    (void)state;
    yoke_store_close(store, note_closed, &closed);
    while (!closed)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    return 0;
}

struct told {
    int count;
    int err;
};

static void on_told(const struct yoke_store_result *result, void *data)
{
    struct told *told = data;
    told->count++;
    told->err = result->err;
}

static void run_until_told(struct told *told)
{
    while (told->count == 0)
        uv_run(yoke_loop(), UV_RUN_ONCE);
}

/* ---- Deadlines ---- */

static void a_deadline_answers_and_a_late_answer_does_not(void **state)
{
    struct told told = {0, 0};
    (void)state;
    keep_calls();
    yoke_store_get(store, "k", on_told, &told);
    run_until_told(&told);
    assert_int_equal(told.err, -ETIMEDOUT);
    assert_false(yk_list_is_empty(&kept));
    assert_int_equal(store->held, 1);
    release_calls();
    assert_int_equal(told.count, 1);
    assert_int_equal(store->held, 0);
}

static void a_lock_that_is_waited_for_holds_up_no_other_deadline(void **state)
{
    struct told lock = {0, 0}, get = {0, 0};
    (void)state;
    keep_calls();
    yoke_store_lock(store, "l", 1, 3600000, on_told, &lock);
    yoke_store_get(store, "k", on_told, &get);
    run_until_told(&get);
    assert_int_equal(get.err, -ETIMEDOUT);
    assert_int_equal(lock.count, 0);
    release_calls();
    assert_int_equal(lock.count, 1);
    assert_int_equal(lock.err, -YOKE_EUNAVAILABLE);
}

static void a_row_of_deadlines_is_suspicious(void **state)
{
    struct told told[3] = {{0, 0}};
    (void)state;
    keep_calls();
    for (int i = 0; i < 3; i++)
        yoke_store_get(store, "k", on_told, &told[i]);
    for (int i = 0; i < 3; i++)
        run_until_told(&told[i]);
    while (!suspected)
        uv_run(yoke_loop(), UV_RUN_ONCE);
    assert_int_equal(suspected, 1);
    release_calls();
}

static void late_calls_count_as_under_way(void **state)
{
    struct told told[3] = {{0, 0}};
    (void)state;
    store->max_pending = 2;
    keep_calls();
    yoke_store_get(store, "k", on_told, &told[0]);
    yoke_store_get(store, "k", on_told, &told[1]);
    run_until_told(&told[1]);
    yoke_store_get(store, "k", on_told, &told[2]);
    run_until_told(&told[2]);
    assert_int_equal(told[2].err, -YOKE_EUNAVAILABLE);
    release_calls();
}

static void a_process_that_is_cut_off_answers_what_is_open(void **state)
{
    struct told told[2] = {{0, 0}};
    (void)state;
    keep_calls();
    yoke_store_get(store, "k", on_told, &told[0]);
    uv_run(yoke_loop(), UV_RUN_NOWAIT);
    yoke_store_get(store, "fresh", on_told, &told[1]);
    yk_services_abort();
    assert_int_equal(told[0].err, -ECANCELED);
    assert_int_equal(told[1].err, -ECANCELED);
    assert_int_equal(store->unanswered, 0);
    release_calls();
    assert_int_equal(told[0].count + told[1].count, 2);
}

/* In a process that has been forked off: 0 when all is well. */
static int use_in_child(void)
{
    struct told told = {0, 0};

    yoke_store_get(store, "k", on_told, &told);
    run_until_told(&told);
    return told.err == -YOKE_EROLE ? 0 : 1;
}

static void a_store_is_not_taken_over_by_a_fork(void **state)
{
    int status;
    (void)state;
    pid_t pid = fork();
    if (pid == 0) {
        uv_loop_fork(yoke_loop());
        _exit(use_in_child());
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* ---- Keys ---- */

static bool is_refused(const char *key)
{
    size_t len;
    return yk_key_fault(store, key, false, &len) != NULL;
}

static void a_wrong_byte_is_found_wherever_it_is(void **state)
{
    static const unsigned char wrong[] = {0x01, '\t', '\n', 0x1f, ' ', 0x7f};
    static const unsigned char right[] = {'!', '~', 0x80, 0xa0, 0xff};
    (void)state;
    for (size_t len = 1; len <= 20; len++)
        for (size_t at = 0; at < len; at++) {
            char key[21] = "";
            memset(key, 'k', len);
            for (size_t i = 0; i < sizeof(right); i++) {
                key[at] = (char)right[i];
                assert_false(is_refused(key));
            }
            for (size_t i = 0; i < sizeof(wrong); i++) {
                key[at] = (char)wrong[i];
                assert_true(is_refused(key));
            }
        }
}

/* ---- Requests ---- */

static int answered;
static int answer_err;

static void on_visit(const struct yoke_store_result *result, void *data)
{
    yoke_res *res = data;
    answered++;
    answer_err =
        yoke_res_text(res, yoke_req_printf(yoke_res_req(res), "visit %d",
                                           (int)result->number));
}

static void visit(yoke_req *req, yoke_res *res)
{
    yoke_hold(req);
    yoke_store_incr(store, "visits", 1, 0, on_visit, res);
}

static void a_handler_answers_when_the_store_has(void **state)
{
    (void)state;
    yoke_app *app = yoke_app_new();
    yoke_app_get(app, "/", visit);
    yoke_test *t = yoke_test_new(app);
    yoke_expect_text(yoke_test_get(t, "/"), 200, "visit 1");
    yoke_expect_text(yoke_test_get(t, "/"), 200, "visit 2");
    yoke_test_free(t);
}

static void a_client_that_goes_does_no_harm(void **state)
{
    (void)state;
    yoke_app *app = yoke_app_new();
    yoke_app_get(app, "/", visit);
    yoke_test *t = yoke_test_new(app);
    keep_calls();
    answered = 0;
    yoke_tr *gone = yoke_test_get(t, "/");
    yoke_tr_send(gone);
    uv_run(yoke_loop(), UV_RUN_NOWAIT);
    assert_false(yk_list_is_empty(&kept));
    yoke_tr_reset(gone);
    uv_run(yoke_loop(), UV_RUN_NOWAIT);
    assert_int_equal(answered, 0);
    release_calls();
    assert_int_equal(answered, 1);
    assert_true(answer_err == 0 || answer_err == -YOKE_ECLOSED);
    yoke_test_free(t);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_deadline_answers_and_a_late_answer_does_not),
        T(a_lock_that_is_waited_for_holds_up_no_other_deadline),
        T(a_row_of_deadlines_is_suspicious),
        T(late_calls_count_as_under_way),
        T(a_process_that_is_cut_off_answers_what_is_open),
        T(a_store_is_not_taken_over_by_a_fork),
        T(a_wrong_byte_is_found_wherever_it_is),
        T(a_handler_answers_when_the_store_has),
        T(a_client_that_goes_does_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
