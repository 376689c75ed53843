/* The application: its routers, its data, and who owns it. */
#ifndef YK_APP_APP_H
#define YK_APP_APP_H

#include <stdbool.h>
#include <stdint.h>

#include <yoke/app.h>

#include "app/methods.h"
#include "app/settings.h"

struct yk_constraint;
struct yk_mount_hook;
struct yk_observer;
struct yk_views;

struct yoke_app {
    uint32_t refs;       /* Owners. */
    bool is_frozen;      /* Nothing can be added any more. */
    yoke_router *router; /* The outermost one; owned. */
    struct yk_app_settings settings;
    void *data; /* yoke_app_data. */
    void (*free_data)(void *data);
    yoke_app *parent; /* In which it is mounted; or NULL. */
    char *path;       /* yoke_app_path; NULL until it is asked for. */
    struct yk_mount_hook *mount_hooks;
    struct yk_observer *observers;     /* In the order of registration. */
    struct yk_constraint *constraints; /* Its own. */
    struct yk_views *views;            /* NULL until it has any. */
    struct yk_methods methods;         /* Complete once it is frozen. */
    uint64_t all_methods;              /* Those of routes, for `OPTIONS *`. */
    uint64_t stall_ns, stall_ticks;    /* See app/stall.h; */
    uint64_t stall_line_ns; /* when a line was written last, 0: never; */
    unsigned stalls_hidden; /* calls since then that had none. */
    bool is_drop_told;      /* That browsers drop a cookie, see app/cookie.c. */
    bool is_watched;        /* Each handler is looked at by itself: there are
                               observers, or some have blocked the loop. */
};

/* The application around it is being freed, and gives it up. */
void yk_app_unmount(yoke_app *app);

/* Frees the list. */
void yk_mount_hooks_done(struct yk_mount_hook *first);

#endif
