/* Express: test/app.route.js */
#include "routing.h"

static void one_route(yoke_app *app)
{
    yoke_route *route = yoke_app_route(app, "/foo");
    yoke_route_get(route, ANSWER("get"));
    yoke_route_post(route, ANSWER("post"));
}

static void all_then_get(yoke_app *app)
{
    yoke_route *route = yoke_app_route(app, "/foo");
    yoke_route_all(route, PASS("all"));
    yoke_route_get(route, PASS("get"));
    yoke_route_post(route, PASS("post"));
    yoke_route_all(route, ANSWER("end"));
}

static void with_param(yoke_app *app)
{
    yoke_route *route = yoke_app_route(app, "/:foo");
    yoke_route_get(route, show_params);
}

static void empty(yoke_app *app)
{
    yoke_app_route(app, "/:foo");
}

/* In place of a promise that is rejected. */
static void errors(yoke_app *app)
{
    yoke_route *route = yoke_app_route(app, "/foo");
    yoke_route_all(route, RAISE("a"), CATCH_RAISE("b"), CATCH("c"));
}

static const struct express_case cases[] = {
    {"has several methods", .prepare = one_route, .method = "POST",
     .path = "/foo", .body = "post"},
    {"and no others", .prepare = one_route, .method = "PUT", .path = "/foo",
     .status = 405, .answered = {{"Allow", "GET, HEAD, POST"}}},
    {"runs those for all and for the method in order", .prepare = all_then_get,
     .method = "POST", .path = "/foo", .body = "all post end"},
    {"has params", .prepare = with_param, .path = "/test", .body = "foo=test"},
    {"is nothing without handlers", .prepare = empty, .path = "/test",
     .status = 404},
    {"sees to its errors", .prepare = errors, .path = "/foo", .status = 500,
     .body = "a b c: boom again"},
};

EXPRESS_MAIN("app.route")
