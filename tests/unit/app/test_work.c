/* Work on threads: who is told what, when, and whose memory stays. */
#include "../unit.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/yoke.h>

#include "test/client.h"

/* There is one thread, which a job keeps busy until the gate is opened. */
static sem_t gate, at_gate;
static pthread_t loop_thread;

static yoke_req *held;
static yoke_res *held_res;
static int statuses[8], done_count; /* What each `done` was told. */
static atomic_int begun;            /* Jobs that have. */
static int finishes;

static void count_finish(yoke_res *res, void *data)
{
    (void)res;
    (void)data;
    finishes++;
}

static void note(yoke_job *job)
{
    assert_true(pthread_equal(pthread_self(), loop_thread));
    statuses[done_count++] = yoke_job_status(job);
}

/* ---- What is done ---- */

static void upper(yoke_job *job)
{
    char *text = yoke_job_data(job);
    begun++;
    assert(!pthread_equal(pthread_self(), loop_thread));
    for (; *text; text++)
        *text = (char)(*text - 'a' + 'A');
}

/* Holds the thread; then looks at the request's memory. */
static void wait_at_gate(yoke_job *job)
{
    begun++;
    sem_post(&at_gate);
    sem_wait(&gate);
    if (yoke_job_data(job))
        upper(job);
}

static void answer(yoke_req *req, yoke_res *res, yoke_job *job)
{
    note(job);
    if (yoke_job_status(job) == 0)
        yoke_res_text(res, yoke_job_data(job));
    (void)req;
}

/* ---- Handlers ---- */

static void hold_finish(yoke_req *req, yoke_res *res)
{
    held = req;
    held_res = res;
    yoke_res_on_finish(res, count_finish, NULL);
}

static void work(yoke_req *req, yoke_res *res)
{
    hold_finish(req, res);
    yoke_work(req, upper, answer, yoke_req_strdup(req, "abc"));
}

static void work_long(yoke_req *req, yoke_res *res)
{
    hold_finish(req, res);
    yoke_work(req, wait_at_gate, answer, yoke_req_strdup(req, "abc"));
}

static void forget(yoke_req *req, yoke_res *res, yoke_job *job)
{
    (void)req;
    (void)res;
    note(job);
}

static void work_and_forget(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_work(req, upper, forget, yoke_req_strdup(req, "abc"));
}

static void go_on(yoke_req *req, yoke_res *res, yoke_job *job)
{
    (void)res;
    note(job);
    yoke_next(req);
}

static void work_and_go_on(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_work(req, upper, go_on, yoke_req_strdup(req, "abc"));
}

static void work_more(yoke_req *req, yoke_res *res, yoke_job *job)
{
    (void)res;
    note(job);
    yoke_work(req, upper, answer, yoke_req_strdup(req, "def"));
}

static void work_twice(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_work(req, upper, work_more, yoke_req_strdup(req, "abc"));
}

/* Two at a time, of which the last answers. */
static void answer_last(yoke_req *req, yoke_res *res, yoke_job *job)
{
    int *left = yoke_req_get_data(req);
    note(job);
    if (--*left > 0)
        return; /* The other one will. */
    if (yoke_job_status(job) == 0)
        yoke_res_text(res, "both");
}

static void work_on_two(yoke_req *req, yoke_res *res)
{
    int *left = yoke_req_alloc(req, sizeof(*left));
    hold_finish(req, res);
    *left = 2;
    yoke_req_set_data(req, left);
    yoke_work(req, wait_at_gate, answer_last, NULL);
    yoke_work(req, wait_at_gate, answer_last, NULL);
}

static void use_memory(yoke_job *job)
{
    char **text = yoke_job_data(job);
    char *large = yoke_job_alloc(job, 100000);
    memset(large, 'x', 100000);
    *text = yoke_job_printf(job, "%s %d", yoke_job_strdup(job, "own"), 7);
    begun++;
}

static void show_memory(yoke_req *req, yoke_res *res, yoke_job *job)
{
    char **text = yoke_job_data(job);
    (void)req;
    yoke_res_text(res, *text);
}

static void work_with_memory(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_work(req, use_memory, show_memory,
              yoke_req_alloc(req, sizeof(char *)));
}

static void answer_meanwhile(yoke_req *req, yoke_res *res)
{
    work_long(req, res);
    yoke_res_text(res, "accepted");
}

static void beside(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_work(req, wait_at_gate, forget, NULL);
    yoke_next(req);
}

static void hold(yoke_req *req, yoke_res *res)
{
    hold_finish(req, res);
    yoke_hold(req);
}

static void never(yoke_req *req, int err, void *data)
{
    (void)req;
    (void)err;
    (void)data;
    fail_msg("a reader is called after its answer");
}

static void read_and_answer(yoke_req *req, yoke_res *res)
{
    yoke_req_on_data(req, NULL, never, NULL);
    answer_meanwhile(req, res);
}

static void after_answer(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, "answered");
    assert_int_equal(yoke_work(req, upper, answer, NULL), -YOKE_EANSWERED);
}

static void show_end(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "end");
}

static yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_get(app, "/work", work);
    yoke_app_get(app, "/long", work_long);
    yoke_app_get(app, "/forget", work_and_forget);
    yoke_app_get(app, "/next", work_and_go_on, show_end);
    yoke_app_get(app, "/twice", work_twice);
    yoke_app_get(app, "/two", work_on_two);
    yoke_app_get(app, "/memory", work_with_memory);
    yoke_app_get(app, "/meanwhile", answer_meanwhile);
    yoke_app_post(app, "/read", read_and_answer);
    yoke_app_get(app, "/beside", beside, hold);
    yoke_app_get(app, "/answered", after_answer);
    return app;
}

static yoke_test *t;

static int setup(void **state)
{
    (void)state;
    held = NULL;
    done_count = finishes = 0;
    begun = 0;
    t = yoke_test_new(make_app());
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    yoke_test_free(t);
    assert_int_equal(yoke_work_count(), 0);
    return 0;
}

/* A request whose job is at the gate. */
static yoke_tr *send_long(const char *path)
{
    yoke_tr *r = yoke_test_get(t, path);
    yoke_tr_send(r);
    while (sem_trywait(&at_gate) < 0) { /* It may be on its way still. */
        yoke_test_clock(t, 0);
        sched_yield();
    }
    return r;
}

static bool has_jobs(void *data)
{
    return yoke_work_count() == *(size_t *)data;
}

static bool is_done(void *data)
{
    return done_count >= *(int *)data;
}

static void wait_for_done(int count)
{
    assert_int_equal(yk_test_wait(t, is_done, &count), 0);
    yoke_test_clock(t, 0);
}

/* ---- The normal case ---- */

static void what_a_thread_has_made_is_answered(void **state)
{
    (void)state;
    yoke_expect_text(yoke_test_get(t, "/work"), 200, "ABC");
    assert_int_equal(statuses[0], 0);
    yoke_expect_text(yoke_test_get(t, "/next"), 200, "end");
    yoke_expect_text(yoke_test_get(t, "/twice"), 200, "DEF");
    yoke_expect_text(yoke_test_get(t, "/memory"), 200, "own 7");
    yoke_expect_text(yoke_test_get(t, "/answered"), 200, "answered");
}

static void several_jobs_of_a_request_are_told_of_each(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_get(t, "/two");
    sem_post(&gate);
    sem_post(&gate);
    yoke_expect_text(r, 200, "both");
    assert_int_equal(done_count, 2);
    sem_wait(&at_gate);
    sem_wait(&at_gate);
}

static void done_that_forgets_the_request_is_found(void **state)
{
    (void)state;
    yoke_expect_status(yoke_test_get(t, "/forget"), 500);
}

static void the_loop_goes_on_meanwhile(void **state)
{
    (void)state;
    yoke_tr *r = send_long("/long");
    yoke_expect_status(yoke_test_get(t, "/none"), 404);
    assert_int_equal(yoke_work_count(), 1);
    sem_post(&gate);
    yoke_expect_text(r, 200, "ABC");
    yoke_expect_keeps_alive(r);
}

static void over_a_socket_it_is_the_same(void **state)
{
    (void)state;
    yoke_test_free(t);
    t = yoke_test_live(make_app());
    yoke_expect_text(yoke_test_get(t, "/work"), 200, "ABC");
    yoke_tr *r = send_long("/long");
    yoke_expect_status(yoke_test_get(t, "/none"), 404);
    yoke_tr *second = yoke_test_get(t, "/work");
    size_t both = 2;
    yoke_tr_send(second);
    assert_int_equal(yk_test_wait(t, has_jobs, &both), 0);
    yoke_tr_reset(second);
    wait_for_done(2);
    assert_int_equal(statuses[1], -ECANCELED);
    sem_post(&gate);
    yoke_expect_text(r, 200, "ABC");
}

/* ---- Nobody waits any more ---- */

static void a_client_that_goes_is_told_when_the_work_ends(void **state)
{
    (void)state;
    yoke_tr *r = send_long("/long");
    yoke_tr_reset(r);
    assert_int_equal(done_count, 0);
    assert_int_equal(finishes, 0);
    sem_post(&gate);
    wait_for_done(1);
    assert_int_equal(statuses[0], -YOKE_ECLOSED);
    assert_int_equal(finishes, 1);
}

static void work_that_has_not_begun_never_does(void **state)
{
    (void)state;
    yoke_tr *first = send_long("/long");
    yoke_tr *second = yoke_test_get(t, "/work");
    yoke_tr_send(second);
    yoke_tr_reset(second);
    wait_for_done(1);
    assert_int_equal(statuses[0], -ECANCELED);
    assert_int_equal(finishes, 1);
    assert_int_equal(begun, 1);
    sem_post(&gate);
    yoke_expect_text(first, 200, "ABC");
}

static void work_that_takes_too_long_is_answered_for(void **state)
{
    static const struct {
        const char *path;
        int count, statuses[2];
    } cases[] = {{"/long", 1, {-ETIMEDOUT}},
                 {"/two", 2, {-ECANCELED, -ETIMEDOUT}}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        done_count = finishes = 0;
        yoke_tr *r = send_long(cases[i].path);
        yoke_test_clock(t, 121000);
        yoke_expect_status(r, 503);
        yoke_expect_closed(r, true);
        assert_int_equal(finishes, 0);
        sem_post(&gate);
        wait_for_done(cases[i].count);
        assert_int_equal(finishes, 1);
        for (int n = 0; n < cases[i].count; n++)
            assert_int_equal(statuses[n], cases[i].statuses[n]);
    }
}

static void an_answer_need_not_wait_for_the_work(void **state)
{
    (void)state;
    yoke_tr *r = send_long("/meanwhile");
    yoke_expect_text(r, 200, "accepted");
    yoke_expect_header(r, "Connection", "close");
    yoke_expect_closed(r, true);
    assert_int_equal(finishes, 0);
    sem_post(&gate); /* It writes to the request's memory now. */
    wait_for_done(1);
    assert_int_equal(statuses[0], -YOKE_EANSWERED);
    assert_int_equal(finishes, 1);
}

static void a_reader_that_has_answered_hears_nothing_more(void **state)
{
    (void)state;
    yoke_tr *r = yoke_test_post(t, "/read");
    yoke_tr_set(r, "Content-Length", "10");
    yoke_tr_body(r, "half");
    yoke_expect_text(r, 200, "accepted");
    sem_wait(&at_gate);
    sem_post(&gate);
    wait_for_done(1);
    assert_int_equal(finishes, 1);
}

static void work_beside_another_handler_leaves_the_request_to_it(void **state)
{
    (void)state;
    yoke_tr *r = send_long("/beside");
    yoke_tr_reset(r);
    sem_post(&gate);
    wait_for_done(1);
    assert_int_equal(statuses[0], -YOKE_ECLOSED);
    assert_int_equal(finishes, 0);
    yoke_res_text(held_res, "to nobody");
    yoke_test_clock(t, 0);
    assert_int_equal(finishes, 1);
}

/* ---- Limits and settings ---- */

static void too_much_work_is_refused(void **state)
{
    (void)state;
    assert_int_equal(yoke_set_work_queue(0), -EINVAL);
    assert_int_equal(yoke_set_work_queue(1), 0);
    yoke_tr *first = send_long("/long");
    yoke_tr *second = yoke_test_get(t, "/work");
    yoke_expect_status(second, 503);
    yoke_expect_header(second, "Retry-After", "1");
    assert_int_equal(yoke_loop_work(upper, NULL, NULL), -YOKE_EFULL);
    sem_post(&gate);
    yoke_expect_text(first, 200, "ABC");
    yoke_expect_text(yoke_test_get(t, "/work"), 200, "ABC");
    yoke_set_work_queue(1024);
}

static char text[] = "abc";

static void check_alone(yoke_job *job)
{
    note(job);
    assert_ptr_equal(yoke_job_data(job), text);
    assert_false(yoke_job_is_cancelled(job));
}

static void work_needs_no_request(void **state)
{
    (void)state;
    assert_int_equal(yoke_loop_work(upper, check_alone, text), 0);
    wait_for_done(1);
    assert_int_equal(statuses[0], 0);
    assert_string_equal(text, "ABC");
}

static void look(yoke_job *job)
{
    atomic_bool *is_seen = yoke_job_data(job);
    sem_post(&at_gate);
    while (!yoke_job_is_cancelled(job))
        sched_yield();
    *is_seen = true;
}

static atomic_bool is_seen;

static void work_until_cancelled(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_work(req, look, forget, &is_seen);
}

static void work_can_see_that_nobody_waits(void **state)
{
    yoke_app *app = yoke_app_new();
    (void)state;
    yoke_test_free(t);
    yoke_app_get(app, "/", work_until_cancelled);
    t = yoke_test_new(app);
    yoke_tr_reset(send_long("/"));
    wait_for_done(1);
    assert_true(is_seen);
}

static void threads_are_set_before_the_first_work(void **state)
{
    (void)state;
    assert_int_equal(yoke_set_work_threads(0), -EINVAL);
    assert_int_equal(yoke_set_work_threads(1025), -EINVAL);
    assert_int_equal(yoke_set_work_threads(4), -YOKE_ESTARTED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_a_thread_has_made_is_answered),
        TEST(several_jobs_of_a_request_are_told_of_each),
        TEST(done_that_forgets_the_request_is_found),
        TEST(the_loop_goes_on_meanwhile),
        TEST(over_a_socket_it_is_the_same),
        TEST(a_client_that_goes_is_told_when_the_work_ends),
        TEST(work_that_has_not_begun_never_does),
        TEST(work_that_takes_too_long_is_answered_for),
        TEST(an_answer_need_not_wait_for_the_work),
        TEST(a_reader_that_has_answered_hears_nothing_more),
        TEST(work_beside_another_handler_leaves_the_request_to_it),
        TEST(too_much_work_is_refused),
        TEST(work_needs_no_request),
        TEST(work_can_see_that_nobody_waits),
        TEST(threads_are_set_before_the_first_work),
    };
    unsetenv("UV_THREADPOOL_SIZE");
    if (yoke_set_work_threads(1) < 0 || sem_init(&gate, 0, 0) < 0 ||
        sem_init(&at_gate, 0, 0) < 0)
        return 1;
    loop_thread = pthread_self();
    yoke_log_set_level(YOKE_LOG_OFF);
    yoke_test_on_fail(_fail);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
