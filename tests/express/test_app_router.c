/* Express: test/app.router.js */
#include "routing.h"

/* ---- Methods ---- */

#define BY_NAME(name) yoke_app_method(app, name, "/foo", show_method)
#define HAS_METHOD(name)                                                       \
    {                                                                          \
        "has " name, .prepare = every_method, .path = "/foo", .method = name,  \
                     .body = name                                              \
    }

static void every_method(yoke_app *app)
{
    METHODS_WITH_BODY(BY_NAME);
    yoke_app_head(app, "/foo", show_method);
}

static void override(yoke_req *req, yoke_res *res)
{
    (void)res;
    if (strcmp(yoke_req_method(req), "POST") == 0)
        yoke_req_set_method(req, yoke_req_get(req, "X-Method"));
    yoke_next(req);
}

static void overridden(yoke_app *app)
{
    yoke_app_use(app, override);
    yoke_app_get(app, "/", ANSWER("get"));
    yoke_app_delete(app, "/", ANSWER("delete"));
    yoke_app_post(app, "/", ANSWER("post"));
}

/* ---- Params ---- */

static void a_param(yoke_app *app)
{
    yoke_app_get(app, "/:name", show_params);
}

static void param_twice(yoke_app *app)
{
    yoke_router *router = yoke_router_new();
    yoke_router_get(router, "/:action", show_params);
    yoke_app_use_router(app, "/user/:user", router);
}

static void merged(yoke_app *app)
{
    yoke_router *router = yoke_router_new(.merge_params = true);
    yoke_router_get(router, "/:action", show_params);
    yoke_app_use_router(app, "/user/:user", router);
}

static void merged_same(yoke_app *app)
{
    yoke_router *router = yoke_router_new(.merge_params = true);
    yoke_router_get(router, "/:thing", show_params);
    yoke_app_use_router(app, "/user/:thing", router);
}

static void merged_twice(yoke_app *app)
{
    yoke_router *outer = yoke_router_new(.merge_params = true);
    yoke_router *inner = yoke_router_new(.merge_params = true);
    yoke_router_get(inner, "/:c", show_params);
    yoke_router_use_router(outer, "/:b", inner);
    yoke_app_use_router(app, "/:a", outer);
}

/* What is merged ends where a router does not want it. */
static void merged_once(yoke_app *app)
{
    yoke_router *outer = yoke_router_new();
    yoke_router *inner = yoke_router_new(.merge_params = true);
    yoke_router_get(inner, "/:c", show_params);
    yoke_router_use_router(outer, "/:b", inner);
    yoke_app_use_router(app, "/:a", outer);
}

static void merged_app(yoke_app *app)
{
    yoke_app *inner = yoke_app_new();
    yoke_app_enable(inner, "merge params");
    yoke_app_get(inner, "/:action", show_params);
    yoke_app_mount(app, "/user/:user", inner);
}

static void keep_user(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_next(req);
}

/* What a router had for params is forgotten behind it. */
static void restored(yoke_app *app)
{
    yoke_router *router = yoke_router_new(.merge_params = true);
    yoke_router_get(router, "/user:op/*rest", keep_user);
    yoke_app_use_router(app, "/user/:id", router);
    yoke_app_get(app, "/user/:id/:what", show_params);
}

/* ---- Paths ---- */

static void plain(yoke_app *app)
{
    yoke_app_get(app, "/user", ANSWER("tj"));
}

static void sensitive(yoke_app *app)
{
    yoke_app_get(app, "/uSer", ANSWER("tj"));
    yoke_app_enable(app, "case sensitive routing");
}

static void strict(yoke_app *app)
{
    yoke_app_get(app, "/user/", ANSWER("slash"));
    yoke_app_get(app, "/bare", ANSWER("bare"));
    yoke_app_use_at(app, "/use/", ANSWER("use"));
    yoke_app_use_at(app, "/also", ANSWER("also"));
    yoke_app_enable(app, "strict routing");
}

static void strict_passing(yoke_app *app)
{
    yoke_app_enable(app, "strict routing");
    yoke_app_use(app, PASS("use"));
    yoke_app_use_at(app, "/user/", PASS("at"));
    yoke_app_get(app, "/user/", ANSWER("get"));
}

static void dots(yoke_app *app)
{
    yoke_app_get(app, "/api/users/:from..:to", show_params);
}

static void segment(yoke_app *app)
{
    yoke_app_get(app, "/user/:user", show_params);
    yoke_app_get(app, "/user/:user/edit/:what", show_params);
}

static void partial(yoke_app *app)
{
    yoke_app_get(app, "/user{s}/:user/:op", show_params);
}

static void brackets(yoke_app *app)
{
    yoke_app_get(app, "/:user\\(:op\\)", show_params);
}

static void several_paths(yoke_app *app)
{
    yoke_app_get(app, yoke_paths("/user/:user/poke", "/user/:user/pokes"),
                 show_params);
}

static void optional(yoke_app *app)
{
    yoke_app_get(app, "/user{/:op}", show_params);
}

static void none_or_more(yoke_app *app)
{
    yoke_app_get(app, "/user{/*user}", show_params);
}

static void one_or_more(yoke_app *app)
{
    yoke_app_get(app, "/user/*user", show_params);
}

static void format(yoke_app *app)
{
    yoke_app_get(app, "/:name.:format", show_params);
}

static void optional_format(yoke_app *app)
{
    yoke_app_get(app, "/:name{.:format}", show_params);
}

static void regexp_instead(yoke_app *app)
{
    yoke_app_get(app, "/user/:id<uint>{/edit}", show_params);
}

/* ---- Passing on ---- */

static void lookup(yoke_app *app)
{
    yoke_app_get(app, "/foo{/*rest}", PASS("one"));
    yoke_app_get(app, "/foo", PASS("two"));
    yoke_app_get(app, "/foo", ANSWER("three"));
}

static void next_route(yoke_app *app)
{
    yoke_app_get(app, "/foo", PASS("a"), ROUTE("b"), ANSWER("never"));
    yoke_app_get(app, "/foo", ANSWER("c"));
}

static void next_router(yoke_app *app)
{
    yoke_router *router = yoke_router_new();
    yoke_router_get(router, "/foo", PASS("a"), ROUTER("b"), ANSWER("never"));
    yoke_router_get(router, "/foo", ANSWER("never"));
    yoke_app_use_router(app, "/", router);
    yoke_app_get(app, "/foo", ANSWER("c"));
}

static void next_error(yoke_app *app)
{
    yoke_router *router = yoke_router_new();
    yoke_router_get(router, "/foo", RAISE("a"), ANSWER("never"));
    yoke_router_get(router, "/foo", ANSWER("never"));
    yoke_app_use_router(app, "/", router);
    yoke_app_get(app, "/foo", ANSWER("never"));
    yoke_app_use(app, CATCH("b"));
}

static void same_route_error(yoke_app *app)
{
    yoke_app_get(app, "/foo", RAISE("a"), ANSWER("never"), CATCH("b"));
    yoke_app_catch(app, catch_raise);
}

/* ---- Rewriting ---- */

static void rewrite(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_req_set_url(req, yoke_data(req));
    yoke_next(req);
}

#define REWRITE(url) yoke_with(rewrite, DATA(url), NULL)

static void rewritten(yoke_app *app)
{
    yoke_app_get(app, "/account/edit", REWRITE("/user/12/edit"));
    yoke_app_get(app, "/user/:id/:op", show_params);
}

static void rewritten_inside(yoke_app *app)
{
    yoke_router *router = yoke_router_new();
    yoke_router_get(router, "/old", REWRITE("/new?q=1"));
    yoke_router_get(router, "/new", PASS("new"));
    yoke_app_use_router(app, "/api", router);
    yoke_app_use(app, show_url);
}

static void order(yoke_app *app)
{
    yoke_app_get(app, "/*path", PASS("get"));
    yoke_app_all(app, "/*path", PASS("all"));
    yoke_app_use(app, ANSWER("use"));
    yoke_app_get(app, "/*path", ANSWER("never"));
}

static void usable(yoke_app *app)
{
    yoke_app *inner = yoke_app_new();
    yoke_app_get(inner, "/bar", ANSWER("bar"));
    yoke_app_mount(app, "/foo", inner);
}

/* What has no place in C, for arguments have types, is counted in
 * docs/express.md: numbers for handlers, promises, chaining. */
static const struct express_case cases[] = {
    {"restores params behind a router", .prepare = restored,
     .path = "/user/1/thing", .body = "id=1 what=thing"},

    METHODS_WITH_BODY(HAS_METHOD),
    {"has HEAD", .prepare = every_method, .path = "/foo", .method = "HEAD",
     .body = ""},
    {"looks for the method that it was made", .prepare = overridden,
     .method = "POST", .fields = {{"X-Method", "DELETE"}}, .body = "delete"},
    {"also if nobody has heard of it", .prepare = overridden, .method = "POST",
     .fields = {{"X-Method", "BREW"}}, .status = 405},

    {"decodes params", .prepare = a_param, .path = "/foo%2Fbar",
     .body = "name=foo/bar"},
    {"refuses params with a wrong escape", .prepare = a_param,
     .path = "/%foobar", .status = 400},
    {"takes + for +", .prepare = a_param, .path = "/foo+bar",
     .body = "name=foo+bar"},
    {"decodes UTF-8", .prepare = a_param, .path = "/%ce%b1",
     .body = "name=\xce\xb1"},
    {"can be mounted", .prepare = usable, .path = "/foo/bar", .body = "bar"},

    {"has constraints instead of regular expressions",
     .prepare = regexp_instead, .path = "/user/12?foo=bar", .body = "id=12"},
    {"which may be followed by more", .prepare = regexp_instead,
     .path = "/user/12/edit", .body = "id=12"},
    {"and must hold", .prepare = regexp_instead, .path = "/user/tj",
     .status = 404},

    {"takes upper and lower case for the same", .prepare = plain,
     .path = "/USER", .body = "tj"},
    {"unless told not to", .prepare = sensitive, .path = "/user",
     .status = 404},
    {"when it must be the same", .prepare = sensitive, .path = "/uSer",
     .body = "tj"},

    {"overwrites params of routers around", .prepare = param_twice,
     .path = "/user/tj/get", .body = "action=get"},
    {"merges them if the router wants", .prepare = merged,
     .path = "/user/tj/get", .body = "action=get user=tj"},
    {"its own come first", .prepare = merged_same, .path = "/user/tj/get",
     .body = "thing=get"},
    {"merges through several routers", .prepare = merged_twice,
     .path = "/1/2/3", .body = "c=3 b=2 a=1"},
    {"merges as far as each wants", .prepare = merged_once, .path = "/1/2/3",
     .body = "c=3 b=2"},
    {"merges in mounted applications", .prepare = merged_app,
     .path = "/user/tj/get", .body = "action=get user=tj"},

    {"does not mind a slash at the end", .prepare = plain, .path = "/user/",
     .body = "tj"},
    {"strictly, it must be there", .prepare = strict, .path = "/user/",
     .body = "slash"},
    {"strictly, it must not be missing", .prepare = strict, .path = "/user",
     .status = 404},
    {"strictly, none must be none", .prepare = strict, .path = "/bare",
     .body = "bare"},
    {"strictly, none must not be one", .prepare = strict, .path = "/bare/",
     .status = 404},
    {"middleware is not strict: missing", .prepare = strict, .path = "/use",
     .body = "use"},
    {"middleware is not strict: there", .prepare = strict, .path = "/use/",
     .body = "use"},
    {"middleware is not strict: more", .prepare = strict, .path = "/also/",
     .body = "also"},
    {"strictly, middleware passes on", .prepare = strict_passing,
     .path = "/user/", .body = "use at get"},

    {"takes a dot for a dot", .prepare = dots, .path = "/api/users/1..50",
     .body = "from=1 to=50"},
    {"a param is what is between slashes", .prepare = segment,
     .path = "/user/tj", .body = "user=tj"},
    {"and no more", .prepare = segment, .path = "/user/tj/edit", .status = 404},
    {"there can be several", .prepare = segment,
     .path = "/user/tj/edit/profile", .body = "user=tj what=profile"},
    {"behind something optional: missing", .prepare = partial,
     .path = "/user/tj/edit", .body = "user=tj op=edit"},
    {"behind something optional: there", .prepare = partial,
     .path = "/users/tj/edit", .body = "user=tj op=edit"},
    {"between brackets", .prepare = brackets, .path = "/tj(edit)",
     .body = "user=tj op=edit"},
    {"in the first of several paths", .prepare = several_paths,
     .path = "/user/tj/poke", .body = "user=tj"},
    {"in the second of several paths", .prepare = several_paths,
     .path = "/user/tj/pokes", .body = "user=tj"},
    {"an optional param may be missing", .prepare = optional, .path = "/user",
     .body = ""},
    {"an optional param may be there", .prepare = optional,
     .path = "/user/edit", .body = "op=edit"},
    {"none or more: one", .prepare = none_or_more, .path = "/user/122",
     .body = "user=122"},
    {"none or more: many", .prepare = none_or_more, .path = "/user/1/2/3/4",
     .body = "user=1/2/3/4"},
    {"none or more: none", .prepare = none_or_more, .path = "/user",
     .body = ""},
    {"one or more: one", .prepare = one_or_more, .path = "/user/122",
     .body = "user=122"},
    {"one or more: many", .prepare = one_or_more, .path = "/user/1/2/3/4",
     .body = "user=1/2/3/4"},
    {"one or more: none", .prepare = one_or_more, .path = "/user",
     .status = 404},
    {"a format", .prepare = format, .path = "/foo.json",
     .body = "name=foo format=json"},
    {"which must be there", .prepare = format, .path = "/foo", .status = 404},
    {"an optional format: there", .prepare = optional_format,
     .path = "/foo.json", .body = "name=foo format=json"},
    {"an optional format: missing", .prepare = optional_format, .path = "/foo",
     .body = "name=foo"},

    {"passes on to the next that fits", .prepare = lookup, .path = "/foo",
     .body = "one two three"},
    {"passes on to the next route", .prepare = next_route, .path = "/foo",
     .body = "a b c"},
    {"passes on from the router", .prepare = next_router, .path = "/foo",
     .body = "a b c"},
    {"an error leaves the router", .prepare = next_error, .path = "/foo",
     .status = 500, .body = "a b: boom"},
    {"an error is seen to in its route", .prepare = same_route_error,
     .path = "/foo", .status = 500, .body = "a b: boom"},

    {"looks for the url that it was made", .prepare = rewritten,
     .path = "/account/edit", .body = "id=12 op=edit"},
    {"also inside of a router", .prepare = rewritten_inside, .path = "/api/old",
     .body = "|/api/new?q=1|/api/old"},
    {"runs in the order of registration", .prepare = order, .path = "/foo",
     .body = "get all use"},
};

EXPRESS_MAIN("app.router")
