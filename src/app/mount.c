/* Applications within applications. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/router.h"
#include "core/alloc.h"

#include "core/banned.h"

struct yk_mount_hook {
    struct yk_mount_hook *next; /* In the order of registration. */
    void (*fn)(yoke_app *app, yoke_app *parent, void *data);
    void *data;
};

void yoke_app_on_mount(yoke_app *app,
                       void (*fn)(yoke_app *app, yoke_app *parent, void *data),
                       void *data)
{
    struct yk_mount_hook **last = &app->mount_hooks;
    while (*last)
        last = &(*last)->next;
    *last = yk_alloc(sizeof(**last));
    **last = (struct yk_mount_hook){NULL, fn, data};
}

void yk_mount_hooks_done(struct yk_mount_hook *first)
{
    while (first) {
        struct yk_mount_hook *next = first->next;
        free(first);
        first = next;
    }
}

/* What is known of where it stands has changed. */
static void forget_path(yoke_app *app)
{
    free(app->path);
    app->path = NULL;
}

void yoke_app_add_app(yoke_app *app, struct yoke_here here,
                      struct yoke_paths paths, yoke_app *child)
{
    yoke_router *router = child ? child->router : NULL;
    bool was_mounted = router && router->parent;
    yk_router_mount(app->router, here, paths, router);
    /* Mounted before, or below itself: then it is not ours. */
    if (!router || was_mounted || router->parent != app->router)
        return;
    child->parent = app;
    child->settings.parent = &app->settings;
    forget_path(child);
    for (const struct yk_mount_hook *hook = child->mount_hooks; hook;
         hook = hook->next)
        hook->fn(child, app, hook->data);
}

void yk_app_unmount(yoke_app *app)
{
    app->parent = NULL;
    app->settings.parent = NULL;
    forget_path(app);
    yoke_app_free(app);
}

yoke_app *yoke_app_parent(const yoke_app *app)
{
    return app->parent;
}

const char *yoke_app_mountpath(const yoke_app *app, size_t n)
{
    const struct yk_layer *mount = app->router->mount;
    if (!mount)
        return n == 0 ? "/" : NULL;
    return n < mount->pattern.path_count ? mount->pattern.paths[n] : NULL;
}

const char *yoke_app_path(yoke_app *app)
{
    if (!app->parent)
        return "";
    const char *before = yoke_app_path(app->parent);
    const char *path = yoke_app_mountpath(app, 0);
    size_t size = strlen(before) + strlen(path ? path : "") + 1;
    forget_path(app);
    app->path = yk_alloc(size);
    snprintf(app->path, size, "%s%s", before, path ? path : "");
    return app->path;
}
