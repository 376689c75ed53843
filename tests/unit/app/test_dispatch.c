/* Dispatch: which handlers run, in which order, with which url. */
#include "handlers.h"

/* ---- Order ---- */

static void layers_run_in_the_order_of_registration(void **state)
{
    yoke_app *app = *state;
    yoke_app_use(app, PASS("a"));
    yoke_app_get(app, "/x", PASS("b"));
    yoke_app_use_at(app, "/x", PASS("c"));
    yoke_app_get(app, "/:any", PASS("d"));
    yoke_app_use(app, PASS("e"));
    yoke_app_all(app, "/x", PASS("f"));
    yoke_app_get(app, "/x", ANSWER("g"));
    yoke_app_get(app, "/x", ANSWER("never"));
    expect_trace(app, "GET /x", 200, "a b c d e f g");
    expect_trace(app, "GET /X/", 200, "a b c d e f g");
}

static void first_match_wins_also_when_it_is_a_param(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/users/:id", ANSWER("param"));
    yoke_app_get(app, "/users/me", ANSWER("literal"));
    yoke_app_get(app, "/pets/me", ANSWER("literal"));
    yoke_app_get(app, "/pets/:id", ANSWER("param"));
    expect_trace(app, "GET /users/me", 200, "param");
    expect_trace(app, "GET /pets/me", 200, "literal");
    expect_trace(app, "GET /pets/7", 200, "param");
}

static void a_layer_has_its_turn_once_though_several_paths_fit(void **state)
{
    yoke_app *app = *state;
    yoke_app_use_at(app, "/a{/:b}{/c}", PASS("use"));
    yoke_app_use_at(app, yoke_paths("/", "/a", "/:x"), PASS("also"));
    yoke_app_get(app, yoke_paths("/a/:b", "/:a/b", "/*rest"), PASS("get"));
    yoke_app_use(app, ANSWER("end"));
    expect_trace(app, "GET /a/b", 200, "use also get end");
    expect_trace(app, "GET /a/b/c", 200, "use also get end");
    expect_trace(app, "GET /x", 200, "also get end");
}

static void handlers_of_one_route_run_in_turn(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", PASS("a"), PASS("b"), PASS("c"), ANSWER("d"),
                 ANSWER("never"));
    expect_trace(app, "GET /x", 200, "a b c d");
}

static void sixteen_handlers_fit_into_one_call(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", PASS("1"), PASS("2"), PASS("3"), PASS("4"),
                 PASS("5"), PASS("6"), PASS("7"), PASS("8"), PASS("9"),
                 PASS("10"), PASS("11"), PASS("12"), PASS("13"), PASS("14"),
                 PASS("15"), ANSWER("16"));
    expect_trace(app, "GET /x", 200, "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16");
}

static void next_route_skips_the_rest_of_the_route(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", PASS("a"), ROUTE("b"), ANSWER("never"));
    yoke_app_get(app, "/x", ANSWER("c"));
    expect_trace(app, "GET /x", 200, "a b c");
}

static void next_route_in_use_is_next(void **state)
{
    yoke_app *app = *state;
    yoke_app_use(app, ROUTE("a"), PASS("b"));
    yoke_app_get(app, "/x", ANSWER("c"));
    expect_trace(app, "GET /x", 200, "a b c");
}

static void next_router_leaves_the_router(void **state)
{
    yoke_app *app = *state;
    yoke_router *inner = yoke_router_new();
    yoke_router_get(inner, "/x", ROUTER("in"), ANSWER("never"));
    yoke_router_get(inner, "/x", ANSWER("never"));
    yoke_app_use_router(app, "/", inner);
    yoke_app_get(app, "/x", ANSWER("out"));
    expect_trace(app, "GET /x", 200, "in out");
}

static void next_router_at_the_top_ends_the_stack(void **state)
{
    yoke_app *app = *state;
    yoke_app_use(app, ROUTER("a"));
    yoke_app_get(app, "/x", ANSWER("never"));
    expect_trace(app, "GET /x", 404, "Cannot GET /x");
}

static void ten_thousand_layers_do_not_grow_the_stack(void **state)
{
    yoke_app *app = *state;
    for (int i = 0; i < 10000; i++)
        yoke_app_use(app, yoke_with(pass, (void *)(uintptr_t) "", NULL));
    yoke_app_get(app, "/x", ANSWER("end"));
    struct fake *f = fake_new("GET /x", "");
    fake_run(f, app);
    assert_int_equal(f->status, 200);
    fake_free(f);
}

/* Where the C stack was when the first and the last of many handlers ran. */
static uintptr_t lowest, highest;

static void measure(yoke_req *req, yoke_res *res)
{
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    (void)res;
    if (here < lowest)
        lowest = here;
    if (here > highest)
        highest = here;
    yoke_next(req);
}

static void next_returns_before_the_next_handler_runs(void **state)
{
    yoke_app *app = *state;
    lowest = UINTPTR_MAX;
    highest = 0;
    for (int i = 0; i < 100; i++)
        yoke_app_use(app, measure, measure);
    yoke_router *inner = yoke_router_new();
    for (int i = 0; i < 100; i++)
        yoke_router_use(inner, measure);
    yoke_app_use_router(app, "/", inner);
    expect(app, "GET /x", 404, "Cannot GET /x");
    assert_true(highest - lowest < 256);
}

static void a_thousand_routers_reuse_their_memory(void **state)
{
    yoke_app *app = *state;
    for (int i = 0; i < 1000; i++) {
        yoke_router *inner = yoke_router_new();
        yoke_router_use(inner, PASS(""));
        yoke_app_use_router(app, "/", inner);
    }
    struct fake *f = fake_new("GET /x", "");
    yk_app_prepare(app);
    yk_app_handle(&f->x, app);
    assert_int_equal(f->status, 404);
    assert_in_range(f->pool.used_count, 1, 1);
    fake_settle(f);
    fake_free(f);
}

/* ---- Mounted routers ---- */

static void where(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res,
                  yoke_req_printf(req, "%s|%s|%s|%s", yoke_req_base_url(req),
                                  yoke_req_url(req), yoke_req_path(req),
                                  yoke_req_original_url(req)));
}

static void mounted_routers_see_the_rest_of_the_url(void **state)
{
    yoke_app *app = *state;
    yoke_router *outer = yoke_router_new(), *inner = yoke_router_new();
    yoke_router_get(inner, "/", where);
    yoke_router_get(inner, "/deep", where);
    yoke_router_use_router(outer, "/in", inner);
    yoke_router_use_at(outer, "/use", where);
    yoke_router_get(outer, "/x", where);
    yoke_app_use_router(app, "/out", outer);
    yoke_app_use(app, where);

    static const struct {
        const char *start, *body;
    } cases[] = {
        {"GET /out/in", "/out/in|/|/|/out/in"},
        {"GET /out/in/", "/out/in|/|/|/out/in/"},
        {"GET /out/in?q=1", "/out/in|/?q=1|/|/out/in?q=1"},
        {"GET /out/in/?q", "/out/in|/?q|/|/out/in/?q"},
        {"GET /OUT/In/deep", "/OUT/In|/deep|/deep|/OUT/In/deep"},
        {"GET /out/in/deep?a/b", "/out/in|/deep?a/b|/deep|/out/in/deep?a/b"},
        {"GET /out/use/y/z?q", "/out/use|/y/z?q|/y/z|/out/use/y/z?q"},
        {"GET /out/x", "/out|/x|/x|/out/x"},
        {"GET /else?q", "|/else?q|/else|/else?q"},
        {"GET /outer", "|/outer|/outer|/outer"},
        {"GET /out/none", "|/out/none|/out/none|/out/none"},
        {"GET http://h/out/in/deep", "/out/in|/deep|/deep|/out/in/deep"},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        expect(app, cases[i].start, 200, cases[i].body);
}

static void after_a_router_the_stack_goes_on(void **state)
{
    yoke_app *app = *state;
    yoke_router *inner = yoke_router_new();
    yoke_router_use(inner, PASS("in"));
    yoke_app_use(app, PASS("before"));
    yoke_app_use_router(app, "/a", inner);
    yoke_app_use_at(app, "/a/b", PASS("after"));
    yoke_app_get(app, "/a/b", ANSWER("end"));
    expect_trace(app, "GET /a/b", 200, "before in after end");
    trace[0] = '\0';
    expect(app, "GET /a", 404, "Cannot GET /a");
    assert_string_equal(trace, "before in");
}

static void an_empty_router_is_passed_through(void **state)
{
    yoke_app *app = *state;
    yoke_app_use_router(app, "/", yoke_router_new());
    yoke_app_get(app, "/x", ANSWER("end"));
    expect_trace(app, "GET /x", 200, "end");
}

static void an_empty_application_answers_404(void **state)
{
    expect(*state, "GET /", 404, "Cannot GET /");
    expect(*state, "POST /a/b?c", 404, "Cannot POST /a/b");
}

/* ---- Methods ---- */

static void routes_match_their_method(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", ANSWER("get"));
    yoke_app_post(app, "/x", ANSWER("post"));
    yoke_app_put(app, "/x", ANSWER("put"));
    yoke_app_patch(app, "/x", ANSWER("patch"));
    yoke_app_delete(app, "/x", ANSWER("delete"));
    yoke_app_options(app, "/x", ANSWER("options"));
    yoke_app_query(app, "/x", ANSWER("query"));
    yoke_app_method(app, "PROPFIND", "/x", ANSWER("propfind"));
    yoke_app_method(app, "M-SEARCH", "/x", ANSWER("search"));
    expect_trace(app, "GET /x", 200, "get");
    expect_trace(app, "POST /x", 200, "post");
    expect_trace(app, "PUT /x", 200, "put");
    expect_trace(app, "PATCH /x", 200, "patch");
    expect_trace(app, "DELETE /x", 200, "delete");
    expect_trace(app, "OPTIONS /x", 200, "options");
    expect_trace(app, "QUERY /x", 200, "query");
    expect_trace(app, "PROPFIND /x", 200, "propfind");
    expect_trace(app, "M-SEARCH /x", 200, "search");
    expect_trace(app, "get /x", 405, "Method Not Allowed");
    expect_trace(app, "MKCOL /x", 405, "Method Not Allowed");
}

static void all_takes_every_method(void **state)
{
    yoke_app *app = *state;
    yoke_app_all(app, "/x", ANSWER("all"));
    expect_trace(app, "GET /x", 200, "all");
    expect_trace(app, "HEAD /x", 200, "all");
    expect_trace(app, "OPTIONS /x", 200, "all");
    expect_trace(app, "FROBNICATE /x", 200, "all");
}

static void show_method(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_method(req));
}

static void head_is_answered_by_get(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/x", show_method);
    expect(app, "HEAD /x", 200, "HEAD"); /* The protocol drops the body. */
    yoke_app_free(app);

    app = *state = yoke_app_new();
    yoke_app_head(app, "/x", ANSWER("head"));
    yoke_app_get(app, "/x", ANSWER("get"));
    expect_trace(app, "HEAD /x", 200, "head");
    expect_trace(app, "GET /x", 200, "get");
}

static void head_is_not_answered_by_post(void **state)
{
    yoke_app *app = *state;
    yoke_app_post(app, "/x", ANSWER("post"));
    struct fake *f = fake_new("HEAD /x", "");
    fake_run(f, app);
    assert_int_equal(f->status, 405);
    assert_header(f, "Allow: POST");
    fake_free(f);
}

static void each_method_has_a_call_of_its_own(void **state)
{
    static const char *const methods[] = {"GET",    "POST", "PUT",     "PATCH",
                                          "DELETE", "HEAD", "OPTIONS", "QUERY"};
    static const char *const paths[] = {"app", "router/in", "route"};
    yoke_app *app = *state;
    yoke_router *router = yoke_router_new();
    yoke_route *route = yoke_app_route(app, "/route");
    /* HEAD first: a GET takes it, too. */
    yoke_app_head(app, "/app", ANSWER("HEAD"));
    yoke_app_get(app, "/app", ANSWER("GET"));
    yoke_app_post(app, "/app", ANSWER("POST"));
    yoke_app_put(app, "/app", ANSWER("PUT"));
    yoke_app_patch(app, "/app", ANSWER("PATCH"));
    yoke_app_delete(app, "/app", ANSWER("DELETE"));
    yoke_app_options(app, "/app", ANSWER("OPTIONS"));
    yoke_app_query(app, "/app", ANSWER("QUERY"));
    yoke_router_head(router, "/in", ANSWER("HEAD"));
    yoke_router_get(router, "/in", ANSWER("GET"));
    yoke_router_post(router, "/in", ANSWER("POST"));
    yoke_router_put(router, "/in", ANSWER("PUT"));
    yoke_router_patch(router, "/in", ANSWER("PATCH"));
    yoke_router_delete(router, "/in", ANSWER("DELETE"));
    yoke_router_options(router, "/in", ANSWER("OPTIONS"));
    yoke_router_query(router, "/in", ANSWER("QUERY"));
    yoke_route_head(route, ANSWER("HEAD"));
    yoke_route_get(route, ANSWER("GET"));
    yoke_route_post(route, ANSWER("POST"));
    yoke_route_put(route, ANSWER("PUT"));
    yoke_route_patch(route, ANSWER("PATCH"));
    yoke_route_delete(route, ANSWER("DELETE"));
    yoke_route_options(route, ANSWER("OPTIONS"));
    yoke_route_query(route, ANSWER("QUERY"));
    yoke_app_use_router(app, "/router", router);
    for (size_t i = 0; i < COUNT_OF(methods) * COUNT_OF(paths); i++) {
        char start[64];
        snprintf(start, sizeof(start), "%s /%s", methods[i % COUNT_OF(methods)],
                 paths[i / COUNT_OF(methods)]);
        expect_trace(app, start, 200, methods[i % COUNT_OF(methods)]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        APP_TEST(layers_run_in_the_order_of_registration),
        APP_TEST(first_match_wins_also_when_it_is_a_param),
        APP_TEST(a_layer_has_its_turn_once_though_several_paths_fit),
        APP_TEST(handlers_of_one_route_run_in_turn),
        APP_TEST(sixteen_handlers_fit_into_one_call),
        APP_TEST(next_route_skips_the_rest_of_the_route),
        APP_TEST(next_route_in_use_is_next),
        APP_TEST(next_router_leaves_the_router),
        APP_TEST(next_router_at_the_top_ends_the_stack),
        APP_TEST(ten_thousand_layers_do_not_grow_the_stack),
        APP_TEST(next_returns_before_the_next_handler_runs),
        APP_TEST(a_thousand_routers_reuse_their_memory),
        APP_TEST(mounted_routers_see_the_rest_of_the_url),
        APP_TEST(after_a_router_the_stack_goes_on),
        APP_TEST(an_empty_router_is_passed_through),
        APP_TEST(an_empty_application_answers_404),
        APP_TEST(routes_match_their_method),
        APP_TEST(all_takes_every_method),
        APP_TEST(head_is_answered_by_get),
        APP_TEST(head_is_not_answered_by_post),
        APP_TEST(each_method_has_a_call_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
