/* Express: test/app.options.js */
#include "routing.h"

static void routes(yoke_app *app)
{
    yoke_app_post(app, "/", PASS("post"));
    yoke_app_get(app, "/users", PASS("get"));
    yoke_app_put(app, "/users", PASS("put"));
}

static void same_twice(yoke_app *app)
{
    yoke_app_delete(app, "/", PASS("delete"));
    yoke_app_get(app, "/users", PASS("get"));
    yoke_app_put(app, "/users", PASS("put"));
    yoke_app_get(app, "/users", PASS("get"));
}

static void all_above(yoke_app *app)
{
    yoke_app_get(app, "/", PASS("get"));
    yoke_app_get(app, "/users", PASS("get"));
    yoke_app_put(app, "/users", PASS("put"));
    yoke_app_all(app, "/users", PASS("all"));
}

/* Routers on the way add theirs. */
static void routers(yoke_app *app)
{
    yoke_router *router = yoke_router_new();
    yoke_app *inner = yoke_app_new();
    yoke_router_get(router, "/users", PASS("get"));
    yoke_app_patch(inner, "/users", PASS("patch"));
    yoke_app_use_router(app, "/", router);
    yoke_app_get(app, "/other", PASS("get"));
    yoke_app_mount(app, "/", inner);
    yoke_app_put(app, "/users", PASS("put"));
}

static void own(yoke_app *app)
{
    yoke_app_get(app, "/users", PASS("get"));
    yoke_app_put(app, "/users", PASS("put"));
    yoke_app_options(app, "/users", ANSWER("mine"));
}

static void error(yoke_app *app)
{
    yoke_app_use(app, RAISE("use"));
    yoke_app_get(app, "/users", PASS("get"));
    yoke_app_catch(app, catch_answer);
}

#define ALLOW(text)                                                            \
    .body = text, .answered = {{"Allow", text},                                \
                               {"Content-Type", "text/plain; charset=utf-8"}}

static const struct express_case cases[] = {
    {"lists the methods of the path", .prepare = routes, .method = "OPTIONS",
     .path = "/users", ALLOW("GET, HEAD, PUT")},
    {"lists each once", .prepare = same_twice, .method = "OPTIONS",
     .path = "/users", ALLOW("GET, HEAD, PUT")},
    {"does not count all", .prepare = all_above, .method = "OPTIONS",
     .path = "/users", ALLOW("GET, HEAD, PUT")},
    {"is not answered where there is no route", .prepare = routes,
     .method = "OPTIONS", .path = "/other", .status = 404},
    {"collects from routers on the way", .prepare = routers,
     .method = "OPTIONS", .path = "/users", ALLOW("GET, HEAD, PATCH, PUT")},
    {"collects what 405 tells", .prepare = routers, .method = "POST",
     .path = "/users", .status = 405,
     .answered = {{"Allow", "GET, HEAD, PATCH, PUT"}}},
    {"is left to an error", .prepare = error, .method = "OPTIONS",
     .path = "/users", .status = 500, .body = "use: boom"},
    {"can be answered by the application", .prepare = own, .method = "OPTIONS",
     .path = "/users", .body = "mine", .answered = {{"Allow", NULL}}},
};

EXPRESS_MAIN("app.options")
