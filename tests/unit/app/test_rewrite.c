/* Requests that become others on their way, and the route they are in. */
#include "handlers.h"

static void rewrite(yoke_req *req, yoke_res *res)
{
    (void)res;
    assert_int_equal(yoke_req_set_url(req, yoke_data(req)), 0);
    yoke_next(req);
}

#define REWRITE(url) yoke_with(rewrite, (void *)(uintptr_t)(url), NULL)

static void where(yoke_req *req, yoke_res *res)
{
    const char *q = yoke_req_query(req, "q");
    yoke_res_text(res,
                  yoke_req_printf(req, "%s|%s|%s|%s|%s", yoke_req_base_url(req),
                                  yoke_req_url(req), yoke_req_path(req),
                                  yoke_req_original_url(req), q ? q : "-"));
}

static void layers_further_down_match_the_new_url(void **state)
{
    yoke_app *app = *state;
    yoke_app_use(app, PASS("a"));
    yoke_app_use_at(app, "/new", PASS("never"));
    yoke_app_get(app, "/old", REWRITE("/new/x?q=2"));
    yoke_app_get(app, "/old", PASS("never"));
    yoke_app_use(app, PASS("b"));
    yoke_app_use_at(app, "/new", PASS("c"));
    yoke_app_get(app, "/new/:x", ANSWER("d"));
    expect_trace(app, "GET /old", 200, "a b c d");
}

static void the_url_and_the_query_are_the_new_ones(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/old", REWRITE("/new/x?q=2"));
    yoke_app_use(app, where);
    expect(app, "GET /old?q=1", 200, "|/new/x?q=2|/new/x|/old?q=1|2");
    yoke_app_free(app);

    app = *state = yoke_app_new();
    yoke_app_get(app, "/old", REWRITE("/"));
    yoke_app_use(app, where);
    expect(app, "GET /old?q=1", 200, "|/|/|/old?q=1|-");
}

static void the_mounted_path_stays(void **state)
{
    yoke_app *app = *state;
    yoke_router *outer = yoke_router_new(), *inner = yoke_router_new();
    yoke_router_use(inner, REWRITE("/there"));
    yoke_router_get(inner, "/there", PASS("inner"));
    yoke_router_use_router(outer, "/in", inner);
    yoke_router_get(outer, "/in/there", PASS("outer"));
    yoke_app_use_router(app, "/out", outer);
    yoke_app_get(app, "/out/in/there", where);
    expect(app, "GET /out/in/here", 200,
           "|/out/in/there|/out/in/there|/out/in/here|-");
    assert_string_equal(trace, "inner outer");
}

static void a_route_that_rewrites_runs_to_its_end(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/old", PASS("a"), REWRITE("/new"), PASS("b"));
    yoke_app_get(app, "/new", ANSWER("c"));
    expect_trace(app, "GET /old", 200, "a b c");
}

static void rewriting_twice_counts_the_last(void **state)
{
    yoke_app *app = *state;
    yoke_app_use(app, REWRITE("/a"), REWRITE("/b"));
    yoke_app_get(app, "/a", ANSWER("a"));
    yoke_app_get(app, "/b", ANSWER("b"));
    expect_trace(app, "GET /x", 200, "b");
}

/* For ever it would not be: each layer is passed once. */
static void there_is_no_way_back(void **state)
{
    yoke_app *app = *state;
    yoke_app_get(app, "/a", REWRITE("/b"));
    yoke_app_get(app, "/b", REWRITE("/a"));
    yoke_app_get(app, "/b", ANSWER("never"));
    expect(app, "GET /a", 404, "Cannot GET /a");
}

static void change_badly(yoke_req *req, yoke_res *res)
{
    assert_int_equal(yoke_req_set_url(req, "x"), -EINVAL);
    assert_int_equal(yoke_req_set_url(req, ""), -EINVAL);
    assert_int_equal(yoke_req_set_url(req, NULL), -EINVAL);
    assert_int_equal(yoke_req_set_method(req, ""), -EINVAL);
    assert_int_equal(yoke_req_set_method(req, "A B"), -EINVAL);
    assert_int_equal(yoke_req_set_method(req, NULL), -EINVAL);
    yoke_res_text(res, yoke_req_printf(req, "%s %s", yoke_req_method(req),
                                       yoke_req_url(req)));
}

static void what_is_no_url_or_method_is_refused(void **state)
{
    yoke_app_use(*state, change_badly);
    expect(*state, "GET /x", 200, "GET /x");
}

static void become(yoke_req *req, yoke_res *res)
{
    (void)res;
    assert_int_equal(yoke_req_set_method(req, yoke_data(req)), 0);
    yoke_next(req);
}

static void show_method(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_method(req));
}

static void layers_further_down_match_the_new_method(void **state)
{
    yoke_app *app = *state;
    yoke_app_post(app, "/x", PASS("post"),
                  yoke_with(become, (void *)(uintptr_t) "PATCH", NULL));
    yoke_app_post(app, "/x", ANSWER("never"));
    yoke_app_patch(app, "/x", show_method);
    expect(app, "POST /x", 200, "PATCH");
}

static void a_method_that_became_head_is_got(void **state)
{
    yoke_app *app = *state;
    yoke_app_use(app, yoke_with(become, (void *)(uintptr_t) "HEAD", NULL));
    yoke_app_get(app, "/x", show_method);
    expect(app, "POST /x", 200, "HEAD");
}

/* ---- Which route ---- */

static void show_route(yoke_req *req, yoke_res *res)
{
    const char *path = yoke_req_route_path(req);
    const char *full = yoke_req_route_full_path(req);
    yoke_res_text(res, yoke_req_printf(req, "%s|%s", path ? path : "-",
                                       full ? full : "-"));
}

static void the_route_is_its_pattern(void **state)
{
    static const struct {
        const char *start, *body;
    } cases[] = {
        {"GET /users/7", "/users/:id|/users/:id"},
        {"GET /api/v2/items/7", "/items{/:id}|/api/:v/items{/:id}"},
        {"GET /api/v2/", "/|/api/:v"},
        {"GET /b", "/b|/b"},
        {"GET /a", "/a|/a"},
        {"GET /in/x/y", "/*path|/in/*path"},
        {"GET /passed", "/passed|/passed"},
        {"GET /else", "-|-"},
    };
    yoke_app *app = *state, *inner = yoke_app_new();
    yoke_router *router = yoke_router_new();
    yoke_router_get(router, "/items{/:id}", show_route);
    yoke_router_get(router, "/", show_route);
    yoke_app_use(app, PASS("use"));
    yoke_app_use_router(app, "/api/:v/", router);
    yoke_app_get(app, "/users/:id", show_route);
    yoke_app_get(app, yoke_paths("/a", "/b"), show_route);
    yoke_app_get(inner, "/*path", show_route);
    yoke_app_mount(app, yoke_paths("/in", "/also"), inner);
    yoke_app_get(app, "/passed", PASS("get"));
    yoke_app_use(app, show_route);
    for (size_t i = 0; i < COUNT_OF(cases); i++)
        expect(app, cases[i].start, 200, cases[i].body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        APP_TEST(layers_further_down_match_the_new_url),
        APP_TEST(the_url_and_the_query_are_the_new_ones),
        APP_TEST(the_mounted_path_stays),
        APP_TEST(a_route_that_rewrites_runs_to_its_end),
        APP_TEST(rewriting_twice_counts_the_last),
        APP_TEST(there_is_no_way_back),
        APP_TEST(what_is_no_url_or_method_is_refused),
        APP_TEST(layers_further_down_match_the_new_method),
        APP_TEST(a_method_that_became_head_is_got),
        APP_TEST(the_route_is_its_pattern),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
