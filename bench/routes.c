/* Does finding a route cost more when there are many? An application with as
 * many literal routes as asked for, alone on a port; the suite `routes` sends
 * requests for all of them in turn, to one with 10 and to one with 1,000.
 *
 *     routes COUNT PORT
 *
 * All paths have one length, whatever COUNT is, so that parsing them costs the
 * same; the last route is /get, as in the other servers of the benchmark. */
#include <stdio.h>
#include <stdlib.h>

#include <yoke/yoke.h>

enum {
    MAX_ROUTES = 10000, /* Their numbers have four digits. */
};

static void answer(yoke_req *req, yoke_res *res)
{
    (void)req;
    yoke_res_text(res, "something");
}

static yoke_app *make_app(int count)
{
    yoke_app *app = yoke_app_new();
    char path[32];

    for (int i = 0; i < count - 1; i++) {
        snprintf(path, sizeof(path), "/v1/things/%04d/parts", i);
        yoke_app_get(app, path, answer);
    }
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
    if (argc != 3) {
        fputs("usage: routes COUNT PORT\n", stderr);
        return 2;
    }
    yoke_app_listen(make_app(number(argv[1], 1, MAX_ROUTES)),
                    .host = "127.0.0.1", .port = number(argv[2], 1, 65535));
    return yoke_run();
}
