/* Settings of an application: what it does by itself, and how.
 *
 *     yoke_app_enable(app, "strict routing");
 *     yoke_app_set_str(app, "etag", "strong");
 *     yoke_app_set_int(app, "subdomain offset", 3);
 *
 * These names mean something to yoke (Express has the same ones, but "blocking
 * limit" and "method not allowed"):
 *
 *     name                    kinds           default
 *     blocking limit          int             100: a handler that keeps the loop
 *                                             from everybody else for so many
 *                                             milliseconds is logged, with its
 *                                             pattern; once a second at most. 0:
 *                                             none is. Of the application that is
 *                                             served, also for those in it; where
 *                                             the CPU's clock is steady
 *     case sensitive routing  bool            false: /Users is /users
 *     env                     str             $YOKE_ENV, else "development"
 *     etag                    bool, str, ptr  false; "weak" or "strong": every
 *                                             whole answer has an ETag; see
 *                                             yoke/etag.h
 *     json escape             bool            false; true: <, > and & in JSON
 *                                             become \u003c, \u003e, \u0026
 *     json spaces             int             0: JSON without line breaks
 *     jsonp callback name     str             "callback"
 *     merge params            bool            false; in a mounted application:
 *                                             it sees its parent's params
 *     method not allowed      bool            true; false: 404 instead of 405
 *     query parser            bool, str, ptr  "simple"; "extended", or false
 *     strict routing          bool            false: /users/ is /users
 *     subdomain offset        int             2
 *     trust proxy             bool, int, str, ptr
 *                                             false; true: every hop; a number
 *                                             of hops; addresses: "loopback,
 *                                             10.0.0.0/8"
 *     view cache              bool            true if env is "production"
 *     view engine             str             none
 *     views                   str             "views"
 *     x-powered-by            bool            false
 *
 * A value of another kind is an error of registration (`yoke_app_error`), and
 * so is a name that only spelling sets apart from one of these ("trust-proxy").
 * Any other name is the application's own: "title", "db".
 *
 * A mounted application inherits: what it has not set itself is what its parent
 * has, now or later. Settings are made before the start; what comes after it is
 * refused, with a line in the log. */
#ifndef YOKE_SETTINGS_H
#define YOKE_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

#include <yoke/here.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yoke_app yoke_app;

/* Sets a value; it replaces an older one. Text is copied. (Express:
 * app.set.) */
#define yoke_app_set_bool(app, name, value)                                    \
    yoke_app_put_bool((app), YOKE_HERE, (name), (value))
#define yoke_app_set_int(app, name, value)                                     \
    yoke_app_put_int((app), YOKE_HERE, (name), (value))
#define yoke_app_set_str(app, name, value)                                     \
    yoke_app_put_str((app), YOKE_HERE, (name), (value))

/* A pointer; `free_ptr`, which may be NULL, is called with it when it is
 * replaced or the application is freed. */
#define yoke_app_set_ptr(app, name, ptr, free_ptr)                             \
    yoke_app_put_ptr((app), YOKE_HERE, (name), (ptr), (free_ptr))

/* The same as setting true and false. (Express: app.enable, app.disable.) */
#define yoke_app_enable(app, name)  yoke_app_set_bool(app, name, true)
#define yoke_app_disable(app, name) yoke_app_set_bool(app, name, false)

/* The value: the application's own, else its parent's, else the default. Of
 * another kind, or never set: 0 or NULL. Borrowed: valid until it is set
 * again. (Express: app.get(name).) */
int64_t yoke_app_get_int(const yoke_app *app, const char *name);
const char *yoke_app_get_str(const yoke_app *app, const char *name);
void *yoke_app_get_ptr(const yoke_app *app, const char *name);

/* Whether it is on: true, a number that is not 0, any text, any pointer but
 * NULL. (Express: app.enabled.) */
bool yoke_app_get_bool(const yoke_app *app, const char *name);
#define yoke_app_is_enabled(app, name)  yoke_app_get_bool(app, name)
#define yoke_app_is_disabled(app, name) (!yoke_app_get_bool(app, name))

/* What the macros call. */
void yoke_app_put_bool(yoke_app *app, struct yoke_here here, const char *name,
                       bool value);
void yoke_app_put_int(yoke_app *app, struct yoke_here here, const char *name,
                      int64_t value);
void yoke_app_put_str(yoke_app *app, struct yoke_here here, const char *name,
                      const char *value);
void yoke_app_put_ptr(yoke_app *app, struct yoke_here here, const char *name,
                      void *ptr, void (*free_ptr)(void *ptr));

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
