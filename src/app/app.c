#include "app/app.h"

#include <stdarg.h>
#include <stdlib.h>

#include <yoke/log.h>

#include "app/constraint.h"
#include "app/handle.h"
#include "app/observe.h"
#include "app/router.h"
#include "app/stall.h"
#include "app/view.h"
#include "core/alloc.h"

#include "core/banned.h"

yoke_app *yoke_app_new(void)
{
    yoke_app *app = yk_alloc(sizeof(*app));
    app->refs = 1;
    app->router = yoke_router_new();
    app->router->app = app;
    yk_app_settings_init(&app->settings);
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
    if (app->parent) {
        app->refs++;
        yoke_log(YOKE_LOG_ERROR, "yoke_app_free: an application that is "
                                 "mounted is freed with the one around it");
        return;
    }
    yoke_router_free(app->router);
    yk_app_settings_done(&app->settings);
    yk_constraints_done(app->constraints);
    yk_mount_hooks_done(app->mount_hooks);
    yk_observers_done(app->observers);
    yk_views_done(app->views);
    free(app->path);
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
    if (app->parent)
        yoke_app_fail(app, "the application is mounted in another one; serve "
                           "that");
    else if (!app->is_frozen)
        yk_router_freeze(app->router, &app->methods, &app->all_methods);
    yk_stall_set_limit(app);
    return yoke_app_error(app);
}

const char *yoke_app_check(yoke_app *app)
{
    return yk_app_prepare(app);
}
