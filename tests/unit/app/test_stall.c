/* Handlers that block the loop, and the log that tells of them. */
#include "handlers.h"

#include <time.h>

#include "core/ticks.h"

static void block(yoke_req *req, yoke_res *res)
{
    struct timespec long_enough = {.tv_nsec = 30000000};
    nanosleep(&long_enough, NULL);
    if (res)
        yoke_res_text(res, "done");
    (void)req;
}

static void block_and_go_on(yoke_req *req, yoke_res *res)
{
    (void)res;
    block(req, NULL);
    yoke_next(req);
}

static void block_at_the_end(yoke_req *req, int err, void *data)
{
    (void)err;
    block(req, data);
}

static void read_body(yoke_req *req, yoke_res *res)
{
    yoke_req_on_data(req, NULL, block_at_the_end, res);
}

/* Elsewhere nobody is told of. */
static void needs_steady_clock(void)
{
    if (!yk_ticks_are_steady())
        skip();
}

static void ask(yoke_app *app)
{
    struct fake *f = fake_new("GET /users/7", "");
    fake_run(f, app);
    fake_free(f);
}

static void a_handler_that_blocks_is_named(void **state)
{
    yoke_app *app = *state;
    needs_steady_clock();
    yoke_app_set_int(app, "blocking limit", 20);
    yoke_app_get(app, "/users/:id", block);
    ask(app);
    assert_logged("warn: GET /users/7: blocked the loop for ");
    assert_logged(" ms in /users/:id; nobody else");
}

/* Of several it is not known who it was, but then they are watched. */
static void of_several_the_last_is_and_then_the_right_one(void **state)
{
    struct timespec pause = {.tv_sec = 1};
    yoke_app *app = *state;
    needs_steady_clock();
    yoke_app_set_int(app, "blocking limit", 20);
    yoke_app_use(app, block_and_go_on);
    yoke_app_get(app, "/users/:id", ANSWER("quick"));
    ask(app);
    assert_logged(" ms in /users/:id or a layer before it; nobody else");
    ask(app);
    /* One line a second. */
    nanosleep(&pause, NULL);
    ask(app);
    assert_logged(" ms in /; nobody else");
    assert_logged("1 more since");
}

static void who_reads_the_body_is_named(void **state)
{
    yoke_app *app = *state;
    needs_steady_clock();
    yoke_app_set_int(app, "blocking limit", 20);
    yoke_app_post(app, "/users/:id", read_body);
    struct fake *f = fake_new("POST /users/7", "Content-Length: 0\r\n");
    fake_run(f, app);
    assert_not_logged();
    fake_data_end(f, 0);
    assert_logged("warn: POST /users/7: blocked the loop for ");
    assert_logged(" ms in /users/:id; nobody else");
    fake_free(f);
}

static void without_a_limit_nobody_is(void **state)
{
    yoke_app *app = *state;
    yoke_app_set_int(app, "blocking limit", 0);
    yoke_app_get(app, "/", block);
    struct fake *f = fake_new("GET /", "");
    fake_run(f, app);
    assert_not_logged();
    fake_free(f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        APP_TEST(a_handler_that_blocks_is_named),
        APP_TEST(of_several_the_last_is_and_then_the_right_one),
        APP_TEST(who_reads_the_body_is_named),
        APP_TEST(without_a_limit_nobody_is),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
