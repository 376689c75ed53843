/* What do answers cost that are not the usual one: not found, not allowed, sent
 * elsewhere, not changed? And what does it cost to look at the request's fields
 * and at what a proxy says? An application alone on a port; the suite `answers`
 * asks it.
 *
 *     answers PORT */
#include <stdio.h>
#include <stdlib.h>

#include <yoke/yoke.h>

static void answer(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "something");
}

static void cached(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_set(res, "ETag", "\"1\"");
    yoke_res_text(res, "something");
}

static void moved(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_redirect(res, 302, "/get");
}

static void fail(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_next_err(req, 422, "no");
}

/* As many as a handler with a session, a body and a cache looks at. */
static void look(yoke_req *req, yoke_res *res)
{
    static const char *const names[] = {
        "Accept",          "Accept-Encoding", "Authorization", "Content-Type",
        "If-None-Match",   "Cookie",          "User-Agent",    "X-Request-Id",
        "X-Forwarded-For", "Origin",
    };
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        yoke_req_get(req, names[i]);
    answer(req, res);
}

static void client(yoke_req *req, yoke_res *res)
{
    yoke_req_ip(req);
    yoke_req_host(req);
    yoke_req_protocol(req);
    answer(req, res);
}

static yoke_app *make_app(void)
{
    yoke_app *app = yoke_app_new();
    yoke_app_set_str(app, "trust proxy", "loopback");
    yoke_app_get(app, "/get", answer);
    yoke_app_get(app, "/tag", cached);
    yoke_app_get(app, "/old", moved);
    yoke_app_get(app, "/bad", fail);
    yoke_app_get(app, "/see", look);
    yoke_app_get(app, "/who", client);
    return app;
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: answers PORT\n", stderr);
        return 2;
    }
    yoke_app_listen(make_app(), .host = "127.0.0.1", .port = atoi(argv[1]));
    return yoke_run();
}
