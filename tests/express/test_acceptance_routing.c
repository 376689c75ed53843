/* Express: test/acceptance/hello-world.js, params.js, route-map.js,
 * multi-router.js, resource.js and vhost.js. Their examples, in C. */
#include "routing.h"

#include <jansson.h>

static void say(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_data(req));
}

#define SAY(text) yoke_with(say, DATA(text), NULL)

static void hello_world(yoke_app *app)
{
    yoke_app_get(app, "/", SAY("Hello World"));
}

/* ---- params ---- */

static const char *const names[] = {"tj", "tobi", "loki", "jane", "bandit"};

static void load_user(yoke_req *req, yoke_res *res)
{
    int64_t place;
    (void)res;
    if (!yoke_req_int(req, YOKE_PARAM, yoke_param_name(req), 0, 1000, &place))
        return;
    if (place >= (int64_t)COUNT_OF(names)) {
        yoke_next_problem(req, 404, "failed to find user");
        return;
    }
    yoke_param_set_data(req, (void *)(uintptr_t)names[place]);
    yoke_next(req);
}

static void show_user(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res,
                  yoke_req_printf(req, "user %s",
                                  (char *)yoke_req_param_data(req, "user")));
}

static void show_users(yoke_req *req, yoke_res *res)
{
    int64_t from, to;
    if (!yoke_req_int(req, YOKE_PARAM, "from", 0, 4, &from) ||
        !yoke_req_int(req, YOKE_PARAM, "to", from, 4, &to))
        return;
    const char *text = "users";
    for (int64_t i = from; i <= to; i++)
        text = yoke_req_printf(req, "%s%s %s", text, i > from ? "," : "",
                               names[i]);
    yoke_res_text(res, text);
}

static void params(yoke_app *app)
{
    yoke_app_param(app, "user", load_user);
    yoke_app_get(app, "/", SAY("Visit /user/0 or /users/0-2"));
    yoke_app_get(app, "/user/:user", show_user);
    yoke_app_get(app, "/users/:from-:to", show_users);
}

/* ---- route-map: a table of routes ---- */

static void user_of(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res,
                  yoke_req_printf(req, "user %s", yoke_req_param(req, "uid")));
}

static void pets_of(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_printf(req, "user %s's pets",
                                       yoke_req_param(req, "uid")));
}

static void delete_pet(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_printf(req, "delete %s's pet %s",
                                       yoke_req_param(req, "uid"),
                                       yoke_req_param(req, "pid")));
}

static void route_map(yoke_app *app)
{
    const struct {
        const char *method, *path;
        struct yoke_handler handler;
    } map[] = {
        {"GET", "/users", SAY("user list")},
        {"DELETE", "/users", SAY("delete users")},
        {"GET", "/users/:uid", {.fn = user_of}},
        {"GET", "/users/:uid/pets", {.fn = pets_of}},
        {"DELETE", "/users/:uid/pets/:pid", {.fn = delete_pet}},
    };
    for (size_t i = 0; i < COUNT_OF(map); i++)
        yoke_app_method(app, map[i].method, map[i].path, map[i].handler);
}

/* ---- multi-router ---- */

static yoke_router *version(const char *root, const char *users)
{
    yoke_router *router = yoke_router_new();
    yoke_router_get(router, "/", SAY(root));
    yoke_router_get(router, "/users", SAY(users));
    return router;
}

static void multi_router(yoke_app *app)
{
    yoke_app_use_router(app, "/api/v1", version("root of 1", "users of 1"));
    yoke_app_use_router(app, "/api/v2", version("root of 2", "users of 2"));
    yoke_app_get(app, "/", SAY("root"));
}

/* ---- resource: one path, its elements and parts of it ---- */

static const char *find(yoke_req *req, const char *param)
{
    int64_t place;
    if (!yoke_req_int(req, YOKE_PARAM, param, 0, 1000, &place))
        return NULL;
    if (place < (int64_t)COUNT_OF(names))
        return names[place];
    yoke_next_problem(req, 404, "Cannot find user");
    return NULL;
}

static void show_one(yoke_req *req, yoke_res *res)
{
    const char *name = find(req, "id");
    if (name)
        yoke_res_json(res, json_pack("{s:s}", "name", name));
}

static void destroy(yoke_req *req, yoke_res *res)
{
    if (find(req, "id"))
        yoke_res_text(res, "destroyed");
}

static json_t *part(int64_t from, int64_t to)
{
    json_t *list = json_array();
    for (int64_t i = from; i <= to; i++)
        json_array_append_new(list, json_pack("{s:s}", "name", names[i]));
    return list;
}

static void show_all(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_json(res, part(0, COUNT_OF(names) - 1));
}

static void show_html(yoke_req *req, yoke_res *res, int64_t from, int64_t to)
{
    const char *text = "<ul>";
    for (int64_t i = from; i <= to; i++)
        text = yoke_req_printf(req, "%s<li>%s</li>", text, names[i]);
    yoke_res_html(res, yoke_req_printf(req, "%s</ul>", text));
}

static void show_part(yoke_req *req, yoke_res *res)
{
    int64_t from, to;
    const char *format = yoke_req_param(req, "format");
    if (!yoke_req_int(req, YOKE_PARAM, "a", 0, 4, &from) ||
        !yoke_req_int(req, YOKE_PARAM, "b", from, 4, &to))
        return;
    if (format && strcmp(format, "json") == 0)
        yoke_res_json(res, part(from, to));
    else
        show_html(req, res, from, to);
}

static void resource(yoke_app *app)
{
    yoke_app_get(app, "/", SAY("GET /users/1..3.json"));
    yoke_app_get(app, "/users", show_all);
    yoke_app_get(app, "/users/:a..:b{.:format}", show_part);
    yoke_app_get(app, "/users/:id", show_one);
    yoke_app_delete(app, "/users/:id", destroy);
}

/* ---- vhost ---- */

static void show_sub(yoke_req *req, yoke_res *res)
{
    yoke_res_text(
        res, yoke_req_printf(req, "requested %s", yoke_req_param(req, "sub")));
}

static void send_to_main(yoke_req *req, yoke_res *res)
{
    yoke_res_redirect(res, 302,
                      yoke_req_printf(req, "http://example.com:3000/%s",
                                      yoke_vhost_part(req, 0)));
}

static void hosts(yoke_app *app)
{
    yoke_app *main_site = yoke_app_new(), *redirect = yoke_app_new();
    yoke_app_get(main_site, "/", SAY("Hello from main app!"));
    yoke_app_get(main_site, "/:sub", show_sub);
    yoke_app_use(redirect, send_to_main);
    yoke_app_vhost(app, "*.example.com", redirect);
    yoke_app_vhost(app, "example.com", main_site);
}

static const struct express_case cases[] = {
    {"hello-world: it greets", .prepare = hello_world, .body = "Hello World"},
    {"hello-world: nothing else is there", .prepare = hello_world,
     .path = "/missing", .status = 404},
    {"params: instructions", .prepare = params, .has = "Visit"},
    {"params: a user", .prepare = params, .path = "/user/0", .body = "user tj"},
    {"params: a user that is not there", .prepare = params, .path = "/user/9",
     .status = 404, .has = "failed to find user"},
    {"params: some users", .prepare = params, .path = "/users/0-2",
     .body = "users tj, tobi, loki"},
    {"params: what are no numbers", .prepare = params, .path = "/users/foo-bar",
     .status = 400, .has = "from"},
    {"route-map: users", .prepare = route_map, .path = "/users",
     .body = "user list"},
    {"route-map: delete users", .method = "DELETE", .prepare = route_map,
     .path = "/users", .body = "delete users"},
    {"route-map: a user", .prepare = route_map, .path = "/users/12",
     .body = "user 12"},
    {"route-map: a user's pets", .prepare = route_map, .path = "/users/12/pets",
     .body = "user 12's pets"},
    {"route-map: delete a user's pet", .method = "DELETE", .prepare = route_map,
     .path = "/users/12/pets/2", .body = "delete 12's pet 2"},
    {"multi-router: the root", .prepare = multi_router, .body = "root"},
    {"multi-router: the root of 1", .prepare = multi_router, .path = "/api/v1/",
     .body = "root of 1"},
    {"multi-router: users of 1", .prepare = multi_router,
     .path = "/api/v1/users", .body = "users of 1"},
    {"multi-router: the root of 2", .prepare = multi_router, .path = "/api/v2/",
     .body = "root of 2"},
    {"multi-router: users of 2", .prepare = multi_router,
     .path = "/api/v2/users", .body = "users of 2"},
    {"resource: instructions", .prepare = resource, .has = "GET /users"},
    {"resource: all", .prepare = resource, .path = "/users",
     .body = "[{\"name\":\"tj\"},{\"name\":\"tobi\"},{\"name\":\"loki\"},"
             "{\"name\":\"jane\"},{\"name\":\"bandit\"}]"},
    {"resource: one", .prepare = resource, .path = "/users/1",
     .body = "{\"name\":\"tobi\"}"},
    {"resource: one that is not there", .prepare = resource, .path = "/users/9",
     .status = 404, .has = "Cannot find user"},
    {"resource: some", .prepare = resource, .path = "/users/1..3",
     .body = "<ul><li>tobi</li><li>loki</li><li>jane</li></ul>"},
    {"resource: some in another format", .prepare = resource,
     .path = "/users/1..3.json",
     .body = "[{\"name\":\"tobi\"},{\"name\":\"loki\"},{\"name\":\"jane\"}]"},
    {"resource: one is destroyed", .method = "DELETE", .prepare = resource,
     .path = "/users/1", .body = "destroyed"},
    {"resource: one that is not there cannot be", .method = "DELETE",
     .prepare = resource, .path = "/users/9", .status = 404,
     .has = "Cannot find user"},
    {"vhost: the main site", .prepare = hosts,
     .fields = {{"Host", "example.com"}}, .has = "Hello"},
    {"vhost: a page of it", .prepare = hosts, .path = "/foo",
     .fields = {{"Host", "example.com"}}, .body = "requested foo"},
    {"vhost: foo is sent there", .prepare = hosts,
     .fields = {{"Host", "foo.example.com"}}, .status = 302,
     .answered = {{"Location", "http://example.com:3000/foo"}},
     .has = "http://example.com:3000/foo"},
    {"vhost: bar is sent there", .prepare = hosts,
     .fields = {{"Host", "bar.example.com"}}, .status = 302,
     .answered = {{"Location", "http://example.com:3000/bar"}},
     .has = "http://example.com:3000/bar"},
};

EXPRESS_MAIN("acceptance: routing")
