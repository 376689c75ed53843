/* atlas: an application with one of everything that `yoke routes` lists. */
#include <yoke/yoke.h>

yoke_app_factory make_app, make_broken, make_unknown;

static void answer(yoke_req *req, yoke_res *res)
{
    yoke_res_text(res, yoke_req_route_full_path(req));
}

static void pass(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_next(req);
}

static void show_error(const struct yoke_err *err, yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_status(res, err->status);
    yoke_res_text(res, err->message);
}

static yoke_router *make_users(void)
{
    yoke_router *users = yoke_router_new();
    yoke_router_get(users, "/", answer);
    yoke_router_get(users, "/:id<uint>", pass, answer);
    return users;
}

static yoke_app *make_admin(void)
{
    yoke_app *admin = yoke_app_new();
    yoke_app_post(admin, "/reset", yoke_with(answer, NULL, NULL));
    return admin;
}

yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_route *item = yoke_app_route(app, "/items/:id");
    yoke_app_use(app, pass);
    yoke_app_get(app, yoke_paths("/", "/home"), answer);
    yoke_app_use_router(app, "/users", make_users());
    yoke_app_mount(app, "/admin", make_admin());
    yoke_app_all(app, "/files/*path", answer);
    yoke_app_catch(app, show_error);
    yoke_route_get(item, answer);
    yoke_route_delete(item, pass, answer);
    return app;
}

yoke_app *make_broken(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_get(app, "/files/*", answer);
    return app;
}

yoke_app *make_unknown(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_get(app, "/:id<ulid>", answer);
    return app;
}
