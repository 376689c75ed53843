/* Whoever watches handlers hears of each beginning and each end. */
#include "handlers.h"

/* What was heard: "+/path" a start, "-/path" an end, "!/path" an error. */
static char heard[1024];

static void hear(const struct yoke_layer_event *event, void *data)
{
    static const char signs[] = {[YOKE_LAYER_START] = '+',
                                 [YOKE_LAYER_END] = '-',
                                 [YOKE_LAYER_ERROR] = '!'};
    size_t len = strlen(heard);
    assert_non_null(strstr(event->here, "test_observe.c:"));
    assert_non_null(yoke_req_method(event->req));
    snprintf(heard + len, sizeof(heard) - len, "%s%c%s%s%s", (char *)data,
             signs[event->phase], event->path, event->err ? "=" : "",
             event->err ? event->err->message : "");
}

static void watch(yoke_app *app)
{
    heard[0] = '\0';
    yoke_app_on_layer(app, hear, (void *)(uintptr_t) " ");
}

static void each_handler_begins_and_ends(void **state)
{
    yoke_app *app = *state;
    yoke_router *router = yoke_router_new();
    watch(app);
    yoke_app_use(app, PASS("a"));
    yoke_router_get(router, "/:id", PASS("b"), ANSWER("c"));
    yoke_app_use_router(app, "/api", router);
    expect_trace(app, "GET /api/7", 200, "a b c");
    assert_string_equal(heard,
                        " +/ -/ +/api/:id -/api/:id +/api/:id -/api/:id");
}

static void errors_are_told(void **state)
{
    yoke_app *app = *state;
    watch(app);
    yoke_app_get(app, "/x", RAISE("x"));
    yoke_app_catch_at(app, "/x", rename_error);
    yoke_app_catch(app, forgive);
    expect(app, "GET /x", 404, "Cannot GET /x");
    assert_string_equal(heard, " +/x !/x=no coffee here"
                               " +/x=no coffee here !/x=no coffee here!"
                               " +/=no coffee here! -/");
}

static void mounted_applications_are_watched_from_outside(void **state)
{
    yoke_app *app = *state, *inner = yoke_app_new();
    yoke_app_on_layer(inner, hear, (void *)(uintptr_t) "never");
    watch(app);
    yoke_app_on_layer(app, hear, (void *)(uintptr_t) "2");
    yoke_app_get(inner, "/x", ANSWER("x"));
    yoke_app_mount(app, "/in", inner);
    expect_trace(app, "GET /in/x", 200, "x");
    assert_string_equal(heard, " +/in/x2+/in/x -/in/x2-/in/x");
}

static yoke_req *held;
static yoke_res *held_res;

static void hold(yoke_req *req, yoke_res *res)
{
    held = req;
    held_res = res;
    yoke_hold(req);
}

static void the_end_may_come_later(void **state)
{
    yoke_app *app = *state;
    watch(app);
    yoke_app_use(app, hold);
    yoke_app_get(app, "/x", hold);
    struct fake *f = fake_new("GET /x", "");
    fake_run(f, app);
    assert_string_equal(heard, " +/");
    yoke_next(held);
    assert_string_equal(heard, " +/ -/ +/x");
    yoke_res_text(held_res, "x");
    fake_settle(f);
    assert_string_equal(heard, " +/ -/ +/x -/x");
    fake_free(f);
}

static void forget(yoke_req *req, yoke_res *res)
{
    (void)req;
    (void)res;
}

static void who_forgets_to_answer_has_failed(void **state)
{
    yoke_app *app = *state;
    watch(app);
    yoke_app_get(app, "/x", forget);
    struct fake *f = fake_new("GET /x", "");
    fake_run(f, app);
    assert_string_equal(heard, " +/x !/x=the handler returned without an "
                               "answer, yoke_next or yoke_hold");
    fake_free(f);
}

static void who_is_too_slow_has_failed(void **state)
{
    yoke_app *app = *state;
    watch(app);
    yoke_app_get(app, "/x", hold);
    struct fake *f = fake_new("GET /x", "");
    fake_run(f, app);
    fake_timeout(f);
    assert_string_equal(heard, " +/x !/x=no answer within handler_timeout_ms");
    yoke_next(held);
    fake_settle(f);
    fake_free(f);
}

static void hooks_are_handlers_too(void **state)
{
    yoke_app *app = *state;
    watch(app);
    yoke_app_param(app, "id", PASS("hook"));
    yoke_app_get(app, "/:id", ANSWER("x"));
    expect_trace(app, "GET /7", 200, "hook x");
    assert_string_equal(heard, " +/:id -/:id +/:id -/:id");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        APP_TEST(each_handler_begins_and_ends),
        APP_TEST(errors_are_told),
        APP_TEST(mounted_applications_are_watched_from_outside),
        APP_TEST(the_end_may_come_later),
        APP_TEST(who_forgets_to_answer_has_failed),
        APP_TEST(who_is_too_slow_has_failed),
        APP_TEST(hooks_are_handlers_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
