/* Express: test/app.use.js */
#include "routing.h"

static yoke_app *blog(const char *path)
{
    yoke_app *inner = yoke_app_new();
    yoke_app_get(inner, path, ANSWER("blog"));
    return inner;
}

static void mounted(yoke_app *app)
{
    yoke_app_mount(app, "/blog", blog("/"));
}

static void mounted_deep(yoke_app *app)
{
    yoke_app *forum = yoke_app_new(), *outer = yoke_app_new();
    yoke_app_get(forum, "/", ANSWER("forum"));
    yoke_app_mount(outer, "/forum", forum);
    yoke_app_mount(app, "/blog", outer);
}

static void mounted_param(yoke_app *app)
{
    yoke_app_mount(app, "/post/:article", blog("/"));
}

static void mounted_among(yoke_app *app)
{
    yoke_app_use(app, PASS("first"));
    yoke_app_mount(app, "/anywhere", blog("/"));
    yoke_app_use(app, ANSWER("last"));
}

static void several(yoke_app *app)
{
    yoke_app_use(app, PASS("a"), PASS("b"), ANSWER("c"));
}

static void several_at(yoke_app *app)
{
    yoke_app_use_at(app, "/foo", PASS("a"), PASS("b"), ANSWER("c"));
}

static void urls(yoke_app *app)
{
    yoke_app_use_at(app, "/foo", show_url);
}

static void slash(yoke_app *app)
{
    yoke_app_use_at(app, "/foo/", show_url);
}

static void paths(yoke_app *app)
{
    yoke_app_use_at(app, yoke_paths("/foo/", "/bar", "/zoo/:id"), PASS("use"));
    yoke_app_use(app, ANSWER("end"));
}

static void empty_path(yoke_app *app)
{
    yoke_app_use_at(app, "", show_url);
}

static void handlers_of_an_array(yoke_app *app)
{
    struct yoke_handler handlers[] = {PASS("a"), PASS("b"), ANSWER("c")};
    yoke_router_add_use(yoke_app_router(app), YOKE_HERE, yoke_paths("/foo"),
                        handlers, COUNT_OF(handlers));
}

/* ---- What is not a request ---- */

static yoke_app *seen_parent;

static void on_mount(yoke_app *app, yoke_app *parent, void *data)
{
    assert_ptr_equal(yoke_app_parent(app), parent);
    seen_parent = parent;
    (*(int *)data)++;
}

static void show_count(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_printf(req, "%d", *(int *)yoke_data(req)));
}

static void mount_event(yoke_app *app)
{
    static int count;
    yoke_app *inner = yoke_app_new();
    count = 0;
    yoke_app_on_mount(inner, on_mount, &count);
    yoke_app_on_mount(inner, on_mount, &count);
    yoke_app_mount(app, "/blog", inner);
    assert_ptr_equal(seen_parent, app);
    yoke_app_use(app, yoke_with(show_count, &count, NULL));
}

static const struct express_case cases[] = {
    {"tells an application that it is mounted, and where",
     .prepare = mount_event, .body = "2"},

    {"mounts an application", .prepare = mounted, .path = "/blog",
     .body = "blog"},
    {"with a path", .prepare = mounted_deep, .path = "/blog/forum",
     .body = "forum"},
    {"with a param in it", .prepare = mounted_param, .path = "/post/once-upon",
     .body = "blog"},
    {"anywhere in the stack", .prepare = mounted_among, .path = "/anywhere",
     .body = "first blog"},
    {"which other requests pass", .prepare = mounted_among, .path = "/",
     .body = "first last"},

    {"takes several handlers", .prepare = several, .body = "a b c"},
    {"for every method", .prepare = several, .method = "PUT", .path = "/bar",
     .body = "a b c"},
    {"takes several for a path", .prepare = several_at, .path = "/foo",
     .body = "a b c"},
    {"takes an array of handlers", .prepare = handlers_of_an_array,
     .path = "/foo", .body = "a b c"},

    {"strips the path", .prepare = urls, .path = "/foo/bar",
     .body = "/foo|/bar|/foo/bar"},
    {"up to nothing", .prepare = urls, .path = "/foo", .body = "/foo|/|/foo"},
    {"keeps the query", .prepare = urls, .path = "/foo?a=1",
     .body = "/foo|/?a=1|/foo?a=1"},
    {"keeps the client's letters", .prepare = urls, .path = "/FOO/x",
     .body = "/FOO|/x|/FOO/x"},
    {"takes paths and what is below", .prepare = urls, .path = "/foo/bar/baz",
     .body = "/foo|/bar/baz|/foo/bar/baz"},
    {"but not what only begins so", .prepare = urls, .path = "/foobar",
     .status = 404},
    {"a slash at its end is nothing", .prepare = slash, .path = "/foo",
     .body = "/foo|/|/foo"},
    {"nor there", .prepare = slash, .path = "/foo/bar",
     .body = "/foo|/bar|/foo/bar"},
    {"nor in the request", .prepare = slash, .path = "/foo/",
     .body = "/foo|/|/foo/"},

    {"the first of several paths", .prepare = paths, .path = "/foo/x",
     .body = "use end"},
    {"the second", .prepare = paths, .path = "/bar", .body = "use end"},
    {"one with a param", .prepare = paths, .path = "/zoo/7/x",
     .body = "use end"},
    {"none of them", .prepare = paths, .path = "/zoo", .body = "end"},
    {"no path is every path", .prepare = empty_path, .path = "/foo",
     .body = "|/foo|/foo"},
};

EXPRESS_MAIN("app.use")
