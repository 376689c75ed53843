/* Express: test/app.param.js */
#include "later.h"
#include "routing.h"

/* ---- Hooks ---- */

/* Notes the value, and attaches it in capitals. */
static void look_up(yoke_req *req, yoke_res *res)
{
    const char *before = yoke_req_get_data(req);
    const char *value = yoke_param_value(req);
    char *big = yoke_req_strdup(req, value);
    (void)res;
    for (char *at = big; *at; at++)
        *at = (char)(*at >= 'a' && *at <= 'z' ? *at - 0x20 : *at);
    yoke_param_set_data(req, big);
    yoke_req_set_data(
        req, yoke_req_printf(req, "%s%s%s:%s", before ? before : "",
                             before ? " " : "", yoke_param_name(req), value));
    yoke_next(req);
}

static void fail_at_foo(yoke_req *req, yoke_res *res)
{
    (void)res;
    leave_trace(req);
    if (strcmp(yoke_param_value(req), "foo") == 0)
        yoke_next_err(req, 500, "no foo");
    else
        yoke_next(req);
}

static void skip_foo(yoke_req *req, yoke_res *res)
{
    (void)res;
    leave_trace(req);
    if (strcmp(yoke_param_value(req), "foo") == 0)
        yoke_next_route(req);
    else
        yoke_next(req);
}

/* Passes on in a later turn of the loop. */
static void later(yoke_req *req, yoke_res *res)
{
    (void)res;
    leave_trace(req);
    express_later(req, yoke_next);
}

static void show_user(yoke_req *req, yoke_res *res)
{
    const char *user = yoke_req_param_data(req, "user");
    yoke_res_text(res,
                  yoke_req_printf(req, "%s %s", (char *)yoke_req_get_data(req),
                                  user ? user : "(none)"));
}

/* ---- Applications ---- */

static void several_names(yoke_app *app)
{
    yoke_app_param(app, "id", look_up);
    yoke_app_param(app, "uid", look_up);
    yoke_app_get(app, "/post/:id", ANSWER("post"));
    yoke_app_get(app, "/user/:uid", ANSWER("user"));
}

static void one_name(yoke_app *app)
{
    yoke_app_param(app, "user", look_up);
    yoke_app_get(app, "/user/:user", show_user);
}

static void twice_same(yoke_app *app)
{
    yoke_app_param(app, "user", look_up);
    yoke_app_get(app, "/foo/:user", PASS("a"));
    yoke_app_get(app, "/foo/:user", PASS("b"));
    yoke_app_get(app, "/:x/:user", show_user);
}

static void twice_other(yoke_app *app)
{
    yoke_app_param(app, "user", look_up);
    yoke_app_get(app, "/:user/bob", PASS("a"));
    yoke_app_get(app, "/foo/:user", PASS("b"));
    yoke_app_use(app, ANSWER("end"));
}

static void other_route(yoke_app *app)
{
    yoke_app_param(app, "thing", look_up);
    yoke_app_param(app, "user", RAISE("user"));
    yoke_app_post(app, "/:user", ANSWER("post"));
    yoke_app_get(app, "/:thing", ANSWER("get"));
}

static void failing(yoke_app *app)
{
    yoke_app_param(app, "id", RAISE("id"));
    yoke_app_get(app, "/user/:id", ANSWER("never"));
    yoke_app_catch(app, catch_answer);
}

static void failing_second(yoke_app *app)
{
    yoke_app_param(app, "id", yoke_with(later, DATA("first"), NULL));
    yoke_app_param(app, "id", RAISE("second"));
    yoke_app_get(app, "/user/:id", ANSWER("never"));
    yoke_app_catch(app, catch_answer);
}

static void skipping(yoke_app *app)
{
    yoke_app_param(app, "id", ROUTE("id"));
    yoke_app_get(app, "/user/:id", ANSWER("never"));
    yoke_app_get(app, "/:name/123", ANSWER("name"));
}

static void skipping_value(yoke_app *app)
{
    yoke_app_param(app, "id", yoke_with(skip_foo, DATA("id"), NULL));
    yoke_app_all(app, "/user/:id", ANSWER("all"));
    yoke_app_get(app, "/user/:id", ANSWER("get"));
    yoke_app_get(app, "/user/foo", ANSWER("foo"));
}

static void failing_value(yoke_app *app)
{
    yoke_app_param(app, "user", yoke_with(fail_at_foo, DATA("hook"), NULL));
    yoke_app_get(app, "/:user/bob", PASS("never"));
    yoke_app_get(app, "/foo/:user", PASS("never"));
    yoke_app_use(app, CATCH("caught"));
}

/* The error is remembered for its value: the hook is not asked again. */
static void failing_again(yoke_app *app)
{
    yoke_app_param(app, "user", yoke_with(fail_at_foo, DATA("hook"), NULL));
    yoke_app_get(app, "/:user/bob", PASS("never"));
    yoke_app_use(app, CATCH_PASS("forgiven"));
    yoke_app_get(app, "/:user/:other", PASS("never"));
    yoke_app_use(app, CATCH("caught"));
}

static void skipping_other(yoke_app *app)
{
    yoke_app_param(app, "user", yoke_with(skip_foo, DATA("hook"), NULL));
    yoke_app_get(app, "/:user/bob", PASS("never"));
    yoke_app_get(app, "/foo/:user", PASS("route"));
    yoke_app_use(app, ANSWER("end"));
}

static void middleware(yoke_app *app)
{
    yoke_app_param(app, "user", look_up);
    yoke_app_use_at(app, "/users/:user", PASS("use"));
    yoke_app_get(app, "/users/:user/x", show_user);
}

static void two_in_a_path(yoke_app *app)
{
    yoke_app_param(app, "b", look_up);
    yoke_app_param(app, "a", look_up);
    yoke_app_param(app, "b", PASS("again"));
    yoke_app_get(app, "/:a/:b", ANSWER("end"));
}

static void local(yoke_app *app)
{
    yoke_router *router = yoke_router_new();
    yoke_app_param(app, "user", RAISE("app"));
    yoke_router_param(router, "user", look_up);
    yoke_router_get(router, "/:user", show_user);
    yoke_app_use_router(app, "/users", router);
}

static void not_inherited(yoke_app *app)
{
    yoke_router *router = yoke_router_new();
    yoke_app_param(app, "user", RAISE("app"));
    yoke_router_get(router, "/:user", ANSWER("router"));
    yoke_app_use_router(app, "/users", router);
}

static void of_a_mount(yoke_app *app)
{
    yoke_router *router = yoke_router_new(.merge_params = true);
    yoke_app_param(app, "user", look_up);
    yoke_router_get(router, "/x", show_user);
    yoke_app_use_router(app, "/users/:user", router);
}

static void leaving(yoke_app *app)
{
    yoke_router *router = yoke_router_new();
    yoke_router_param(router, "user", ROUTER("hook"));
    yoke_router_get(router, "/:user", ANSWER("never"));
    yoke_router_get(router, "/*path", ANSWER("never"));
    yoke_app_use_router(app, "/", router);
    yoke_app_use(app, ANSWER("end"));
}

static void wildcard(yoke_app *app)
{
    yoke_app_param(app, "path", look_up);
    yoke_app_get(app, "/files/*path", ANSWER("end"));
}

static const struct express_case cases[] = {
    {"of several names: the first", .prepare = several_names,
     .path = "/post/123", .body = "id:123 post"},
    {"of several names: the second", .prepare = several_names,
     .path = "/user/123", .body = "uid:123 user"},
    {"has the value, and something for it", .prepare = one_name,
     .path = "/user/bob", .body = "user:bob BOB"},
    {"runs once for a value", .prepare = twice_same, .path = "/foo/bob",
     .body = "user:bob a b BOB"},
    {"runs for each value", .prepare = twice_other, .path = "/foo/bob",
     .body = "user:foo a user:bob b end"},
    {"needs a route for the method", .prepare = other_route, .path = "/bob",
     .body = "thing:bob get"},
    {"has the value decoded", .prepare = one_name, .path = "/user/foo%25bar",
     .body = "user:foo%bar FOO%BAR"},
    {"may fail", .prepare = failing, .path = "/user/123", .status = 500,
     .body = "id: boom"},
    {"the second may, after a while", .prepare = failing_second,
     .path = "/user/123", .status = 500, .body = "first second: boom"},
    {"may skip the route", .prepare = skipping, .path = "/user/123",
     .body = "id name"},
    {"skips all routes for that value", .prepare = skipping_value,
     .path = "/user/foo", .body = "id foo"},
    {"an error is none for other values", .prepare = failing_value,
     .path = "/foo/bob", .status = 500, .body = "hook caught: no foo"},
    {"an error is remembered", .prepare = failing_again, .path = "/foo/bob",
     .status = 500, .body = "hook forgiven caught: no foo"},
    {"after skipping it runs for another value", .prepare = skipping_other,
     .path = "/foo/bob", .body = "hook hook route end"},
    {"runs for middleware", .prepare = middleware, .path = "/users/bob/x",
     .body = "user:bob use BOB"},
    {"run in the order of the path", .prepare = two_in_a_path, .path = "/1/2",
     .body = "a:1 b:2 again end"},
    {"belongs to its router", .prepare = local, .path = "/users/bob",
     .body = "user:bob BOB"},
    {"is not inherited", .prepare = not_inherited, .path = "/users/bob",
     .body = "router"},
    {"runs where a router is mounted", .prepare = of_a_mount,
     .path = "/users/bob/x", .body = "user:bob BOB"},
    {"may leave the router", .prepare = leaving, .path = "/bob",
     .body = "hook end"},
    {"runs for wildcards", .prepare = wildcard, .path = "/files/a/b%20c",
     .body = "path:a/b c end"},
};

EXPRESS_MAIN("app.param")
