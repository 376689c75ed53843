/* Does finding a route cost more when there are many, and what does middleware
 * cost? An application alone on a port, with as many routes and as much
 * middleware as asked for; the suites `routes` and `middleware` send requests
 * for all of its routes in turn.
 *
 *     routes literal|mixed COUNT MIDDLEWARE PORT
 *
 * `literal` is text alone. Of ten `mixed` routes five are text, two have a
 * param, one has two in a segment and an optional end, one has a param that
 * must be a number, and one is a wildcard. All paths of a kind have one length,
 * whatever COUNT is, so that parsing them costs the same; the last route is
 * /get, as in the other servers of the benchmark. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <yoke/yoke.h>

enum {
    MAX_ROUTES = 10000, /* Their numbers have four digits. */
    MAX_MIDDLEWARE = 100,
};

static void answer(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "something");
}

static void pass(yoke_req *req, yoke_res *res)
{
    (void)res;
    yoke_next(req);
}

/* The forms of paths; bench/suites/routes.py has requests for each. */
static const char *const mixed[] = {
    "/v1/things/%04d/parts", "/v1/users/%04d/:id",
    "/v1/things/%04d/parts", "/v1/trips/%04d/:from-:to{.:ext}",
    "/v1/things/%04d/parts", "/v1/orders/%04d/:id<uint>",
    "/v1/things/%04d/parts", "/v1/files/%04d/*path",
    "/v1/things/%04d/parts", "/v1/users/%04d/:id/posts",
};

static void add_route(yoke_app *app, const char *form, int number)
{
    char path[64];
    /* The forms are the ones above. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(path, sizeof(path), form, number);
#pragma GCC diagnostic pop
    yoke_app_get(app, path, answer);
}

static yoke_app *make_app(bool is_mixed, int count, int middleware)
{
    yoke_app *app = yoke_app_new();
    for (int i = 0; i < middleware; i++)
        yoke_app_use(app, pass);
    for (int i = 0; i < count - 1; i++)
        add_route(app, mixed[is_mixed ? i % 10 : 0], i);
    yoke_app_get(app, "/get", answer);
    return app;
}

/* The whole number in `text`, from `least` to `most`, or the process ends. */
static int number(const char *text, int least, int most)
{
    char *end;
    long value = strtol(text, &end, 10);

    if (end == text || *end != '\0' || value < least || value > most) {
        fprintf(stderr, "routes: %s is not within %d to %d\n", text, least,
                most);
        exit(2);
    }
    return (int)value;
}

int main(int argc, char **argv)
{
    bool is_mixed = argc == 5 && strcmp(argv[1], "mixed") == 0;
    if (argc != 5 || (!is_mixed && strcmp(argv[1], "literal") != 0)) {
        fputs("usage: routes literal|mixed COUNT MIDDLEWARE PORT\n", stderr);
        return 2;
    }
    yoke_app *app = make_app(is_mixed, number(argv[2], 1, MAX_ROUTES),
                             number(argv[3], 0, MAX_MIDDLEWARE));
    yoke_app_listen(app, .host = "127.0.0.1",
                    .port = number(argv[4], 1, 65535));
    return yoke_run();
}
