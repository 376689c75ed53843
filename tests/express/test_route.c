/* Express: test/Route.js */
#include "routing.h"

static void empty(yoke_app *app)
{
    yoke_app_route(app, "/");
    yoke_app_use(app, ANSWER("end"));
}

static void large(yoke_app *app)
{
    yoke_route *route = yoke_app_route(app, "/");
    for (int i = 0; i < 6000; i++)
        yoke_route_all(route, yoke_with(pass, NULL, NULL));
    yoke_route_all(route, ANSWER("end"));
}

static void all(yoke_app *app)
{
    yoke_route *route = yoke_app_route(app, "/");
    yoke_route_all(route, show_method);
}

static void stacked(yoke_app *app)
{
    yoke_route *route = yoke_app_route(app, "/");
    yoke_route_all(route, PASS("1"));
    yoke_route_all(route, PASS("2"));
    yoke_route_all(route, ANSWER("3"));
}

static void one_method(yoke_app *app)
{
    yoke_route *route = yoke_app_route(app, "/");
    yoke_route_get(route, RAISE("get"));
    yoke_route_post(route, ANSWER("post"));
    yoke_route_put(route, RAISE("put"));
}

static void falls_through(yoke_app *app)
{
    yoke_route *route = yoke_app_route(app, "/");
    yoke_route_get(route, PASS("1"));
    yoke_route_all(route, PASS("2"));
    yoke_route_get(route, ANSWER("3"));
}

static void catches(yoke_app *app)
{
    yoke_route *route = yoke_app_route(app, "/");
    yoke_route_all(route, RAISE("1"));
    yoke_route_all(route, ANSWER("never"));
    yoke_route_all(route, CATCH("2"));
}

static void catches_again(yoke_app *app)
{
    yoke_route *route = yoke_app_route(app, "/");
    yoke_route_get(route, RAISE("1"));
    yoke_route_all(route, CATCH_RAISE("2"));
    yoke_route_all(route, CATCH("3"));
}

/* Only errors in its own method reach a handler for errors that has one. */
static void catches_one_method(yoke_app *app)
{
    yoke_route *route = yoke_app_route(app, "/");
    yoke_route_all(route, RAISE("1"));
    yoke_route_post(route, CATCH("post"));
    yoke_route_get(route, CATCH("get"));
}

static void only_catches(yoke_app *app)
{
    yoke_route *route = yoke_app_route(app, "/");
    yoke_route_all(route, CATCH("never"));
    yoke_app_use(app, ANSWER("end"));
}

static const struct express_case cases[] = {
    {"is nothing without handlers", .prepare = empty, .body = "end"},
    {"has room for thousands of handlers", .prepare = large, .body = "end"},
    {"all is every method", .prepare = all, .method = "PATCH", .body = "PATCH"},
    {"handlers stack up", .prepare = stacked, .body = "1 2 3"},
    {"a method is no other", .prepare = one_method, .method = "POST",
     .body = "post"},
    {"methods and all mix", .prepare = falls_through, .body = "1 2 3"},
    {"sees to errors", .prepare = catches, .status = 500, .body = "1 2: boom"},
    {"and to errors of error handlers", .prepare = catches_again, .status = 500,
     .body = "1 2 3: boom again"},
    {"of the method", .prepare = catches_one_method, .status = 500,
     .body = "1 get: boom"},
    {"has one error handler and no error", .prepare = only_catches,
     .body = "end"},
};

EXPRESS_MAIN("Route")
