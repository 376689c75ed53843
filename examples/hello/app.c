/* The application: what is answered, and nothing about where.
 *
 * No port is opened here. So the same file serves in three ways: index.c puts
 * it on every core, `yoke run hello.so` does so without index.c, and test_app.c
 * tests it without a port. */
#include "app.h"

static void get_something(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "something");
}

static void post_something(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_status(res, 201);
    yoke_res_text(res, "posted");
}

yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_get(app, "/get", get_something);
    yoke_app_post(app, "/post", post_something);
    return app;
}
