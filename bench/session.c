/* What a session costs a request: an application alone on a port, whose /get
 * answers "something". The suite `session` asks it.
 *
 *     session none|read|write FILE PORT
 *
 * `none` has no sessions. The others load one of about 200 bytes out of LMDB,
 * in FILE; `write` also changes it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/yoke.h>

static const char cart[] =
    "three apples, two pears, a loaf of bread, half a pound of butter, a jar "
    "of "
    "honey, salt, and whatever else somebody who is hungry puts into a cart";

static void answer(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "something");
}

static void read_session(yoke_req *req, yoke_res *res)
{
    if (!yoke_session_has(req, "cart"))
        yoke_session_set_text(req, "cart", cart);
    answer(req, res);
}

static void write_session(yoke_req *req, yoke_res *res)
{
    int64_t visits = yoke_session_int(req, "visits", 0);
    yoke_session_set_int(req, "visits", visits + 1);
    read_session(req, res);
}

static yoke_app *make_app(const char *mode, const char *path)
{
    yoke_app *app = yoke_app_new();
    char url[4096];
    snprintf(url, sizeof(url), "lmdb:%s", path);
    yoke_app_cookie_secrets(app, "of the benchmark");
    if (strcmp(mode, "none") == 0) {
        yoke_app_get(app, "/get", answer);
        return app;
    }
    yoke_app_use(app, yoke_session(.store = yoke_store_open(.url = url)));
    yoke_app_get(app, "/get",
                 strcmp(mode, "write") == 0 ? write_session : read_session);
    return app;
}

int main(int argc, char **argv)
{
    if (argc != 4) {
        fputs("usage: session none|read|write FILE PORT\n", stderr);
        return 2;
    }
    yoke_app_listen(make_app(argv[1], argv[2]), .host = "127.0.0.1",
                    .port = atoi(argv[3]));
    return yoke_run();
}
