/* Express: what test/app.route.js and test/app.router.js say of promises. A
 * promise that is rejected is here an error that comes in a later turn of the
 * loop; one that is resolved, an answer, behind which nothing runs. */
#include "later.h"
#include "routing.h"

static void boom(yoke_req *req)
{
    yoke_next_err(req, 500, "boom");
}

static void boom_again(yoke_req *req)
{
    yoke_next_err(req, 500, "boom again");
}

static void wordless(yoke_req *req)
{
    yoke_next_err(req, 500, "%s", "");
}

static void raise_later(yoke_req *req, yoke_res *res)
{
    (void)res;
    leave_trace(req);
    express_later(req, boom);
}

static void raise_wordless(yoke_req *req, yoke_res *res)
{
    (void)res;
    leave_trace(req);
    express_later(req, wordless);
}

static void catch_raise_later(const struct yoke_err *err, yoke_req *req,
                              yoke_res *res)
{
    (void)err;
    (void)res;
    leave_trace(req);
    express_later(req, boom_again);
}

/* A letter of a stack. */
static struct yoke_handler handler_of(char letter)
{
    switch (letter) {
    case 'r':
        return yoke_with(raise_later, DATA("r"), NULL);
    case 'w':
        return yoke_with(raise_wordless, DATA("w"), NULL);
    case 'a':
        return ANSWER("a");
    case 'R':
        return yoke_catch_with(catch_raise_later, DATA("R"), NULL);
    case 'C':
        return CATCH("C");
    default:
        return ANSWER("never");
    }
}

static const struct {
    const char *name;
    const char *stack; /* r: raises later; w: without a word; a: answers;
                          R: catches, and raises later; C: catches, and
                          answers; n: must never run. */
    int status;
    const char *body;
} cases[] = {
    {"an error that comes later", "rnC", 500, "r C: boom"},
    {"an error without a text", "wnC", 500, "w C: "},
    {"nothing runs behind an answer", "an", 200, "a"},
    {"an error of an error handler, later", "rnRnC", 500, "r R C: boom again"},
    {"the same of one without a text", "wnRnC", 500, "w R C: boom again"},
    {"nothing runs behind its answer", "rCn", 500, "r C: boom"},
};

static size_t stack_of(const char *letters, struct yoke_handler *handlers)
{
    size_t n = 0;
    for (; letters[n]; n++)
        handlers[n] = handler_of(letters[n]);
    return n;
}

static void in_route(yoke_app *app, const struct yoke_handler *handlers,
                     size_t n)
{
    yoke_route_add(yoke_app_route(app, "/"), YOKE_HERE, NULL, handlers, n);
}

static void in_router(yoke_app *app, const struct yoke_handler *handlers,
                      size_t n)
{
    yoke_router *router = yoke_router_new();
    yoke_router_add_use(router, YOKE_HERE, yoke_paths("/"), handlers, n);
    yoke_app_use_router(app, "/", router);
}

static void run_each(void (*add)(yoke_app *app,
                                 const struct yoke_handler *handlers, size_t n))
{
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct yoke_handler handlers[8];
        yoke_app *app = yoke_app_new();
        print_message("%s\n", cases[i].name);
        add(app, handlers, stack_of(cases[i].stack, handlers));
        yoke_test *t = yoke_test_new(app);
        yoke_expect_text(yoke_test_get(t, "/"), cases[i].status, cases[i].body);
        yoke_test_free(t);
    }
}

static void what_comes_later_in_a_route(void **state)
{
    (void)state;
    run_each(in_route);
}

static void what_comes_later_in_a_router(void **state)
{
    (void)state;
    run_each(in_router);
}

static void pass_later(yoke_req *req, yoke_res *res)
{
    (void)res;
    express_later(req, yoke_next);
}

/* Of test/Router.js. */
static void requests_at_the_same_time_are_not_mixed(void **state)
{
    yoke_app *app = yoke_app_new();
    yoke_router *router = yoke_router_new(.merge_params = true);
    (void)state;
    yoke_router_get(router, "/:name", pass_later, show_params);
    yoke_app_param(app, "user", pass_later);
    yoke_app_use_router(app, "/:user", router);
    yoke_test *t = yoke_test_new(app);
    yoke_tr *first = yoke_test_get(t, "/1/a"),
            *second = yoke_test_get(t, "/2/b");
    yoke_tr_send(first);
    yoke_tr_send(second);
    yoke_expect_text(second, 200, "name=b user=2");
    yoke_expect_text(first, 200, "name=a user=1");
    yoke_test_free(t);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_later_in_a_route),
        cmocka_unit_test(what_comes_later_in_a_router),
        cmocka_unit_test(requests_at_the_same_time_are_not_mixed),
    };
    yoke_log_set_level(YOKE_LOG_OFF);
    yoke_test_on_fail(_fail);
    return cmocka_run_group_tests_name("later", tests, NULL, NULL);
}
