/* Express: test/Router.js */
#include "routing.h"

static void nested(yoke_app *app)
{
    yoke_router *outer = yoke_router_new(), *inner = yoke_router_new();
    yoke_router_get(inner, "/bar", ANSWER("bar"));
    yoke_router_use_router(outer, "/foo", inner);
    yoke_app_use_router(app, "/", outer);
}

static void nested_param(yoke_app *app)
{
    yoke_router *outer = yoke_router_new(), *inner = yoke_router_new();
    yoke_router_get(inner, "/:bar", show_params);
    yoke_router_use_router(outer, "/:foo", inner);
    yoke_app_use_router(app, "/", outer);
}

/* ---- Many ---- */

static void many_routes(yoke_app *app)
{
    yoke_router *router = yoke_router_new();
    for (int i = 0; i < 6000; i++)
        yoke_router_get(router, "/thing", RAISE("never"));
    yoke_router_get(router, "/", ANSWER("end"));
    yoke_app_use_router(app, "/", router);
}

static void many_that_pass(yoke_app *app)
{
    for (int i = 0; i < 6000; i++)
        yoke_app_get(app, "/foo", yoke_with(pass, NULL, NULL));
    yoke_app_get(app, "/foo", ANSWER("end"));
}

static void many_middleware(yoke_app *app)
{
    for (int i = 0; i < 6000; i++)
        yoke_app_use(app, yoke_with(pass, NULL, NULL));
    yoke_app_use(app, ANSWER("end"));
}

/* ---- Errors ---- */

static void skips(yoke_app *app)
{
    yoke_router *router = yoke_router_new();
    yoke_router_get(router, "/foo", RAISE("a"));
    yoke_router_use(router, ANSWER("never"));
    yoke_router_use(router, CATCH("b"));
    yoke_app_use_router(app, "/", router);
}

static void error_in_param_route(yoke_app *app)
{
    yoke_app_get(app, "/foo/:id", RAISE("a"));
    yoke_app_use_at(app, "/foo/:id", CATCH("b"));
}

static void error_after_hook(yoke_app *app)
{
    yoke_app_param(app, "user", PASS("hook"));
    yoke_app_get(app, "/:user", RAISE("a"));
    yoke_app_use(app, CATCH("b"));
}

static void error_in_error(yoke_app *app)
{
    yoke_app_use(app, RAISE("a"));
    yoke_app_use(app, CATCH_RAISE("b"));
    yoke_app_use(app, CATCH("c"));
}

static void error_mixed(yoke_app *app)
{
    yoke_app_use(app, RAISE("a"), ANSWER("never"), CATCH_RAISE("b"),
                 ANSWER("never"), CATCH("c"));
}

/* ---- Absolute targets ---- */

static void show_original(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_req_set_data(req, yoke_req_printf(req, "%s%s",
                                           yoke_req_get_data(req)
                                               ? (char *)yoke_req_get_data(req)
                                               : "",
                                           yoke_req_url(req)));
    yoke_next(req);
}

static void blog(yoke_app *app)
{
    yoke_app_use_at(app, "/blog", show_original);
    yoke_app_use_at(app, "/proxy", show_original);
    yoke_app_get(app, "/blog/:post", ANSWER("get"));
    yoke_app_use(app, ANSWER(NULL));
}

static void blog_among_others(yoke_app *app)
{
    yoke_app_use(app, show_original);
    yoke_app_use_at(app, "/blog", show_original);
    yoke_app_use_at(app, "/blog", show_original);
    yoke_app_use(app, show_original);
    yoke_app_use(app, ANSWER(NULL));
}

/* ---- Methods ---- */

static void all(yoke_app *app)
{
    yoke_router *router = yoke_router_new();
    yoke_router_all(router, "/foo", show_method);
    yoke_app_use_router(app, "/", router);
}

static void everywhere(yoke_app *app)
{
    yoke_router *router = yoke_router_new();
    yoke_router_use(router, ANSWER("use"));
    yoke_app_use_router(app, "/", router);
}

static const struct express_case cases[] = {
    {"has routers in it", .prepare = nested, .path = "/foo/bar", .body = "bar"},
    {"with params", .prepare = nested_param, .path = "/test/route",
     .body = "bar=route"},
    {"takes a path that is empty for /", .prepare = everywhere, .path = "/?x",
     .body = "use"},
    {"has room for thousands of routes", .prepare = many_routes, .body = "end"},
    {"has room for thousands that pass on", .prepare = many_that_pass,
     .path = "/foo", .body = "end"},
    {"has room for thousands of middleware", .prepare = many_middleware,
     .body = "end"},
    {"an error skips what is not for errors", .prepare = skips, .path = "/foo",
     .status = 500, .body = "a b: boom"},
    {"an error in a route with params", .prepare = error_in_param_route,
     .path = "/foo/7", .status = 500, .body = "a b: boom"},
    {"an error behind a hook", .prepare = error_after_hook, .path = "/bob",
     .status = 500, .body = "hook a b: boom"},
    {"an error of an error handler", .prepare = error_in_error, .status = 500,
     .body = "a b c: boom again"},
    {"handlers and error handlers of one call", .prepare = error_mixed,
     .status = 500, .body = "a b c: boom again"},
    {"an absolute target has a path", .prepare = blog,
     .path = "http://example.com/blog/post/1", .body = "/post/1"},
    {"an address in the query is none", .prepare = blog,
     .path = "/proxy?url=http://example.com/blog/post/1",
     .body = "/?url=http://example.com/blog/post/1"},
    {"nor is one in the path", .prepare = blog,
     .path = "/proxy/http://example.com/blog/post/1",
     .body = "/http://example.com/blog/post/1"},
    {"an absolute target finds routes too", .prepare = blog,
     .path = "http://example.com/blog/post", .body = "/post get"},
    {"and has its whole path before and behind it",
     .prepare = blog_among_others, .path = "http://example.com/blog/post/1",
     .body = "/blog/post/1/post/1/post/1/blog/post/1"},
    {"all is every method", .prepare = all, .method = "PUT", .path = "/foo",
     .body = "PUT"},
    {"middleware is for every path", .prepare = everywhere, .path = "/a/b/c",
     .body = "use"},
};

EXPRESS_MAIN("Router")
