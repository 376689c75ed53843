/* own_port: the supervised form, with a port that its one worker opens by
 * itself ($PORT). */
#include <yoke/yoke.h>

static void hello(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "hello");
}

static yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();

    yoke_app_get(app, "/", hello);
    return app;
}

int main(int argc, char **argv)
{
    struct yoke_cluster_options options = {
        .workers = 1,
        .listen = {.port = yoke_env_int("PORT", 0), .exclusive = true},
    };

    yoke_cluster_init(argc, argv);
    return yoke_cluster_run(make_app, &options);
}
