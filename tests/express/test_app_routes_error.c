/* Express: test/app.routes.error.js */
#include "routing.h"

static void no_error(yoke_app *app)
{
    yoke_app_get(app, "/", PASS("a"), CATCH("never"), ANSWER("b"));
}

static void with_error(yoke_app *app)
{
    yoke_app_get(app, "/", RAISE("a"), ANSWER("never"), CATCH_RAISE("b"),
                 ANSWER("never"), CATCH_PASS("c"), CATCH("never"), ANSWER("d"));
}

static const struct express_case cases[] = {
    {"an error handler in a route waits for an error", .prepare = no_error,
     .body = "a b"},
    {"an error goes only to error handlers, until one passes on",
     .prepare = with_error, .body = "a b c d"},
};

EXPRESS_MAIN("app.routes.error")
