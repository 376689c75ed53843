/* Express: test/app.all.js */
#include "routing.h"

static void all(yoke_app *app)
{
    yoke_app_all(app, "/tobi", show_method);
}

/* It may pass on, and is not asked again. */
static void all_twice(yoke_app *app)
{
    yoke_app_all(app, "/*path", PASS("all"));
    yoke_app_get(app, "/tobi", ANSWER("get"));
}

static const struct express_case cases[] = {
    {"takes PUT", .prepare = all, .method = "PUT", .path = "/tobi",
     .body = "PUT"},
    {"takes GET", .prepare = all, .path = "/tobi", .body = "GET"},
    {"takes what nobody has heard of", .prepare = all, .method = "BREW",
     .path = "/tobi", .body = "BREW"},
    {"runs once for a request", .prepare = all_twice, .path = "/tobi",
     .body = "all get"},
};

EXPRESS_MAIN("app.all")
