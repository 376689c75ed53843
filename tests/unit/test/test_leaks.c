/* The end of a client: what is left is found, and named. */
#include "catch.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <uv.h>

#include <yoke/yoke.h>

#include "core/blocks.h"
#include "http/exchange.h"
#include "test/client.h"

/* Where it is registered. */
#define HOLD_LINE "test_leaks.c:57"

static yoke_res *held;
static uv_timer_t timer;
static uv_idle_t idle;

static void hello(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "hello");
}

static void hold(yoke_req *req, yoke_res *res)
{
    held = res;
    yoke_hold(req);
}

static void open_timer(yoke_req *req, yoke_res *res)
{
    uv_timer_init(yoke_loop(), &timer);
    hello(req, res);
}

static void open_idle(yoke_req *req, yoke_res *res)
{
    uv_idle_init(yoke_loop(), &idle);
    uv_unref((uv_handle_t *)&idle);
    hello(req, res);
}

static void close_timer(void *data)
{
    (void)data;
    if (timer.loop)
        uv_close((uv_handle_t *)&timer, NULL);
}

static yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_get(app, "/", hello);
    yoke_app_get(app, "/users/:id", hold);
    yoke_app_get(app, "/timer", open_timer);
    yoke_app_get(app, "/idle", open_idle);
    return app;
}

static yoke_test *t;

static int set_up(void **state)
{
    (void)state;
    memset(&timer, 0, sizeof(timer));
    t = yoke_test_new(make_app());
    return 0;
}

static void says_nothing_when_nothing_is_left(void **state)
{
    (void)state;
    yoke_expect_status(yoke_test_get(t, "/"), 200);
    yoke_test_free(t);
    yoke_test_free(NULL);
}

static void names_a_request_that_is_held_and_its_route(void **state)
{
    (void)state;
    yoke_expect_status(yoke_test_get(t, "/"), 200);
    yoke_tr_send(yoke_test_get(t, "/users/7?x"));
    CATCH_FAILURE(yoke_test_free(t));
    assert_said(
        "this request was never answered: GET /users/7?x (/users/:id, ");
    assert_said(HOLD_LINE ")\n    > GET /users/7?x HTTP/1.1\n");
    yoke_res_text(held, "late");
    yoke_test_free(t);
}

static void names_a_handle_that_was_left_open(void **state)
{
    (void)state;
    yoke_expect_status(yoke_test_get(t, "/timer"), 200);
    yoke_expect_status(yoke_test_get(t, "/"), 200);
    CATCH_FAILURE(yoke_test_free(t));
    assert_said("test_leaks.c:");
    assert_said(": a timer was left open in the loop by GET /timer (/timer, ");
    close_timer(NULL);
    uv_run(yoke_loop(), UV_RUN_NOWAIT);
}

static void a_handle_may_be_closed_with_the_application(void **state)
{
    (void)state;
    yoke_test_free(t);
    yoke_app *app = make_app();
    yoke_app_set_data(app, &timer, close_timer);
    t = yoke_test_new(app);
    yoke_expect_status(yoke_test_get(t, "/timer"), 200);
    yoke_test_free(t);
}

static void a_handle_without_a_reference_may_stay(void **state)
{
    (void)state;
    yoke_expect_status(yoke_test_get(t, "/idle"), 200);
    yoke_test_free(t);
    uv_close((uv_handle_t *)&idle, NULL);
    uv_run(yoke_loop(), UV_RUN_NOWAIT);
}

static void handles_that_were_there_before_are_not_meant(void **state)
{
    uv_timer_t mine;
    (void)state;
    yoke_test_free(t);
    uv_timer_init(yoke_loop(), &mine);
    t = yoke_test_new(make_app());
    yoke_expect_status(yoke_test_get(t, "/"), 200);
    yoke_test_free(t);
    uv_close((uv_handle_t *)&mine, NULL);
    uv_run(yoke_loop(), UV_RUN_NOWAIT);
}

static void tells_what_was_never_sent(void **state)
{
    (void)state;
    yoke_test_delete(t, "/users/7");
    CATCH_FAILURE(yoke_test_free(t));
    assert_said(
        "DELETE /users/7 was never sent: nothing looks at its answer\n");
}

/* ---- Blocks of a bare server ---- */

static void *block;

static void keep_a_block(struct yk_exchange *x, void *data)
{
    const struct yk_request *head = x->request;
    yoke_test *bare = *(yoke_test **)data;
    if (yk_request_slice(head, head->target).len == 5)
        block = yk_blocks_take(&bare->server.arenas);
    yk_exchange_send(x, "", 0);
}

static void names_the_request_that_has_kept_a_block(void **state)
{
    static yoke_test *bare;
    (void)state;
    yoke_test_free(t);
    bare = yk_test_new(NULL, keep_a_block, &bare);
    yoke_expect_status(yoke_test_get(bare, "/one"), 200);
    yoke_expect_status(yoke_test_get(bare, "/take"), 200);
    yoke_expect_status(yoke_test_get(bare, "/two"), 200);
    CATCH_FAILURE(yoke_test_free(bare));
    assert_said("1 block of the server's memory was not given back, since GET "
                "/take\n");
    yk_blocks_give(&bare->server.arenas, block);
    yoke_test_free(bare);
}

/* ---- Without being told what to do ---- */

static void fails(void **state)
{
    (void)state;
    yoke_test *other = yoke_test_new(make_app());
    yoke_tr *r = yoke_test_get(other, "/");
    yoke_tr_status(r);
    yoke_expect_status(r, 404);
}

/* A program that is linked with cmocka has said nothing else. */
static void a_failure_is_one_of_cmockas_test(void **state)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(fails)};
    int status;
    (void)state;
    yoke_test_free(t);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        fclose(stdout);
        fclose(stderr);
        /* What it says is not for whoever asked this program to report. */
        unsetenv("CMOCKA_MESSAGE_OUTPUT");
        unsetenv("CMOCKA_XML_FILE");
        _exit(cmocka_run_group_tests_name("inner", tests, NULL, NULL) == 1 ? 42
                                                                           : 1);
    }
    assert_true(child > 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 42);
}

#define TEST(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(says_nothing_when_nothing_is_left),
        TEST(names_a_request_that_is_held_and_its_route),
        TEST(names_a_handle_that_was_left_open),
        TEST(a_handle_may_be_closed_with_the_application),
        TEST(a_handle_without_a_reference_may_stay),
        TEST(handles_that_were_there_before_are_not_meant),
        TEST(tells_what_was_never_sent),
        TEST(names_the_request_that_has_kept_a_block),
        TEST(a_failure_is_one_of_cmockas_test),
    };
    return cmocka_run_group_tests_name("leaks", tests, NULL, NULL);
}
