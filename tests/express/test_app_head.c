/* Express: test/app.head.js */
#include "routing.h"

static void get_only(yoke_app *app)
{
    yoke_app_get(app, "/tobi", ANSWER("tobi"));
}

static void head_too(yoke_app *app)
{
    yoke_app_head(app, "/tobi", RAISE("head"));
    yoke_app_get(app, "/tobi", ANSWER("get"));
    yoke_app_catch(app, catch_answer);
}

/* In one route the handlers for HEAD keep those for GET away. */
static void head_in_route(yoke_app *app)
{
    yoke_route *route = yoke_app_route(app, "/tobi");
    yoke_route_get(route, RAISE("get"));
    yoke_route_head(route, PASS("head"));
    yoke_route_all(route, ANSWER("all"));
}

static const struct express_case cases[] = {
    {"is answered by GET, without the body", .prepare = get_only,
     .method = "HEAD", .path = "/tobi", .body = ""},
    {"has the headers of GET", .prepare = get_only, .method = "HEAD",
     .path = "/tobi",
     .answered = {{"Content-Length", "4"},
                  {"Content-Type", "text/plain; charset=utf-8"}}},
    {"has a handler of its own", .prepare = head_too, .method = "HEAD",
     .path = "/tobi", .status = 500},
    {"which is not GET's", .prepare = head_too, .path = "/tobi", .body = "get"},
    {"in a route it is HEAD or GET", .prepare = head_in_route, .method = "HEAD",
     .path = "/tobi", .answered = {{"Content-Length", "8"}}},
    {"and GET is GET", .prepare = head_in_route, .path = "/tobi",
     .status = 500},
};

EXPRESS_MAIN("app.head")
