#include "app/app.h"

#include <stdarg.h>
#include <stdlib.h>

#include "app/handle.h"
#include "app/router.h"
#include "core/alloc.h"

#include "core/banned.h"

yoke_app *yoke_app_new(void)
{
    yoke_app *app = yk_alloc(sizeof(*app));
    app->refs = 1;
    app->router = yoke_router_new();
    return app;
}

yoke_app *yoke_app_ref(yoke_app *app)
{
    app->refs++;
    return app;
}

void yoke_app_free(yoke_app *app)
{
    if (!app || --app->refs > 0)
        return;
    yoke_router_free(app->router);
    if (app->free_data)
        app->free_data(app->data);
    free(app);
}

yoke_router *yoke_app_router(yoke_app *app)
{
    return app->router;
}

const char *yoke_app_error(const yoke_app *app)
{
    return app->router->error;
}

void yoke_app_fail(yoke_app *app, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    yk_router_fail(app->router, NULL, fmt, args);
    va_end(args);
}

void yoke_app_set_data(yoke_app *app, void *data, void (*free_data)(void *))
{
    if (app->free_data && app->data != data)
        app->free_data(app->data);
    app->data = data;
    app->free_data = free_data;
}

void *yoke_app_data(const yoke_app *app)
{
    return app->data;
}

const char *yk_app_prepare(yoke_app *app)
{
    if (!app->is_frozen)
        yk_router_freeze(app->router, &app->methods, &app->all_methods);
    app->is_frozen = true;
    return yoke_app_error(app);
}
