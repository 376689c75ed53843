/* Express: test/req.baseUrl.js, test/req.path.js and test/req.route.js */
#include "routing.h"

static void show_base(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_base_url(req));
}

static void show_path(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_path(req));
}

static void at_the_top(yoke_app *app)
{
    yoke_app_get(app, "/:a", show_base);
}

static void one_below(yoke_app *app)
{
    yoke_router *sub = yoke_router_new();
    yoke_router_get(sub, "/:b", show_base);
    yoke_app_use_router(app, "/:a", sub);
}

static void three_below(yoke_app *app)
{
    yoke_router *first = yoke_router_new(), *second = yoke_router_new(),
                *third = yoke_router_new();
    yoke_router_get(third, "/:d", show_base);
    yoke_router_use_router(second, "/:c", third);
    yoke_router_use_router(first, "/:b", second);
    yoke_app_use_router(app, "/:a", first);
}

/* Leaves "name@base" in the trace. */
static void note(yoke_req *req, yoke_res *res)
{
    (void)res;
    const char *before = yoke_req_get_data(req);
    yoke_req_set_data(req,
                      yoke_req_printf(req, "%s%s%s@%s", before ? before : "",
                                      before ? "," : "", (char *)yoke_data(req),
                                      yoke_req_base_url(req)));
    yoke_next(req);
}

static void answer_trace(yoke_req *req, yoke_res *res)
{
    express_show(res, yoke_req_get_data(req));
}

#define NOTE(name) yoke_with(note, DATA(name), NULL)

static void on_its_way(yoke_app *app)
{
    yoke_router *first = yoke_router_new(), *second = yoke_router_new(),
                *third = yoke_router_new();
    yoke_router_get(third, "/:d", NOTE("0"));
    yoke_router_use_router(second, "/:c", third);
    yoke_router_use_at(first, "/", NOTE("1"));
    yoke_router_use_router(first, "/bar", second);
    yoke_router_use_at(first, "/bar", NOTE("2"));
    yoke_app_use(app, NOTE("3"));
    yoke_app_use_router(app, "/:a", first);
    yoke_app_use(app, NOTE("4"), answer_trace);
}

static void name_route(yoke_req *req, yoke_res *res)
{
    yoke_res_set(res, yoke_data(req), yoke_req_route_path(req));
    yoke_next(req);
}

static void end(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_end(res);
}

static void two_routes(yoke_app *app)
{
    yoke_app_get(app, "/user/:id{/:op}",
                 yoke_with(name_route, DATA("Path-1"), NULL));
    yoke_app_get(app, "/user/:id/edit",
                 yoke_with(name_route, DATA("Path-2"), NULL), end);
}

static const struct express_case cases[] = {
    {"the base is empty at the top", .prepare = at_the_top, .path = "/foo",
     .body = ""},
    {"the base is the path of the router", .prepare = one_below,
     .path = "/foo/bar", .body = "/foo"},
    {"the base is the path of all routers around", .prepare = three_below,
     .path = "/foo/bar/baz/zed", .body = "/foo/bar/baz"},
    {"the base follows the request through routers", .prepare = on_its_way,
     .path = "/foo/bar/baz/zed",
     .body = "3@,1@/foo,0@/foo/bar/baz,2@/foo/bar,4@"},
    {"the path has no query", show_path,
     .path = "/login?redirect=/post/1/comments", .body = "/login"},
    {"the route is the one that runs", .prepare = two_routes,
     .path = "/user/12/edit",
     .answered = {{"Path-1", "/user/:id{/:op}"}, {"Path-2", "/user/:id/edit"}}},
};

EXPRESS_MAIN("req.baseUrl, req.path, req.route")
