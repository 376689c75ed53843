/* The application: routes and middleware, made apart from any listener.
 *
 * An application is a stack of layers in the order in which they were added.
 * A request goes down the stack; the first layer that matches its method and
 * path is called, and either answers (res.h) or passes on with `yoke_next`.
 * That is Express's model, and its rules: first match in registration order
 * wins, `use` matches a prefix, a route matches the whole path.
 *
 *     yoke_app *app = yoke_app_new();
 *     yoke_app_use(app, log_request);
 *     yoke_app_get(app, "/users/:id", load_user, show_user);
 *     yoke_app_catch(app, show_error);
 *
 * The application opens no port: `yoke_app_listen` serves it, the test client
 * (test.h) drives it without one, and `yoke run` loads it from a shared
 * object. One application belongs to one process and its loop.
 *
 * Errors of registration (a bad path, no handler) are not returned by each
 * call: the first one is kept with the file and line that caused it
 * (`yoke_app_error`), and whoever starts the application refuses and prints it.
 *
 * What every application does by itself (Express does 1, 2 and 3):
 *   1. HEAD is answered by the GET handlers; the body is dropped, the headers
 *      stay.
 *   2. OPTIONS on a path that has routes, but none for OPTIONS, is answered
 *      200 with `Allow`.
 *   3. No layer answered: 404.
 *   4. The path has routes, but none for this method: 405 with `Allow`, unless
 *      the setting "method not allowed" is off: then 404.
 *   5. A handler that returns with neither an answer, nor `yoke_next`, nor
 *      `yoke_hold` can never answer: 500, and a log line with its route's file
 *      and line. */
#ifndef YOKE_APP_H
#define YOKE_APP_H

#include <stdbool.h>
#include <stddef.h>

#include <yoke/here.h>
#include <yoke/listen.h>
#include <yoke/settings.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yoke_app yoke_app;       /* The application. */
typedef struct yoke_router yoke_router; /* A stack of layers. */
typedef struct yoke_route yoke_route;   /* Handlers for one path. */
typedef struct yoke_req yoke_req;       /* One request (req.h). */
typedef struct yoke_res yoke_res;       /* Its answer (res.h). */

/* An error on its way to an error handler. Borrowed: valid during the call. */
struct yoke_err {
    int status;          /* 400 to 599; what the answer's status will be. */
    const char *message; /* For the log and the error handler. */
    const char *detail;  /* What the client may be told: the message of
                            yoke_next_problem (value.h). NULL: nothing but the
                            status. */
    const char *type;    /* What it is, for programs: "entity.too.large"; or
                            NULL. See `yoke_next_typed` (yoke/value.h). */
};

/* A handler: answers, or calls `yoke_next`, or calls `yoke_hold` and does
 * either later. (Express: `(req, res, next) => {}`.) */
typedef void yoke_fn(yoke_req *req, yoke_res *res);

/* An error handler. (Express: `(err, req, res, next) => {}`.) */
typedef void yoke_err_fn(const struct yoke_err *err, yoke_req *req,
                         yoke_res *res);

/* A handler with data of its own; made by `yoke_with`, `yoke_catch_with`. */
struct yoke_handler {
    yoke_fn *fn;              /* NULL in an error handler. */
    void *data;               /* `yoke_data(req)` while it runs. */
    void (*free)(void *data); /* Called with data, once, when all that have
                                  the handler are freed; may be NULL. */
    yoke_err_fn *catch_fn;    /* NULL in a handler. */
};

/* Several paths for one call; made by `yoke_paths`. */
struct yoke_paths {
    const char *one;         /* If count is 1. */
    const char *const *many; /* Else. */
    size_t count;
};

/* What `yoke run` looks for in a shared object, and what the samples' make_app
 * is: a function that builds the application. Each worker calls it once. NULL
 * means it failed, and has logged why. */
typedef yoke_app *yoke_app_factory(void);

/* ---- Life ---- */

/* A new application with no layers. Never NULL. (Express: express().) */
yoke_app *yoke_app_new(void);

/* One more owner; returns `app`. Needed only to serve one application on two
 * listeners, for `yoke_app_listen` and `yoke_test_new` take it over. */
yoke_app *yoke_app_ref(yoke_app *app);

/* Gives up ownership; the last owner's call frees the application, its routers
 * and its handlers' data. NULL is allowed. */
void yoke_app_free(yoke_app *app);

/* The first error of registration as "app.c:12: what is wrong and what to
 * write instead", or NULL. Borrowed: valid as long as the application. */
const char *yoke_app_error(const yoke_app *app);

/* Records an error of the application's own making as if registration had
 * failed, e.g. a missing setting; the first one counts. */
void yoke_app_fail(yoke_app *app, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* ---- Serving ---- */

/* Serves `app` on an address: `yoke_app_listen(app, .port = 1337)`; the
 * options are the fields of `struct yoke_listen_options`. (Express:
 * `app.listen`.)
 *
 * Takes `app` over, also on failure. Returns the server, which frees itself
 * when it has stopped; or NULL when the application has a registration error,
 * or a limit is higher than it can be, which is logged, and makes `yoke_run`
 * return 1. That the address cannot be had is told later, through `on_error`.
 */
#define yoke_app_listen(app, ...)                                              \
    yoke_app_listen_with((app), YOKE_OPTIONS_(yoke_listen_options, __VA_ARGS__))
yoke_server *yoke_app_listen_with(yoke_app *app,
                                  const struct yoke_listen_options *options);

/* ---- Routes ----
 *
 * `yoke_app_METHOD(app, path, handler, ...)`: one to 16 handlers, run in turn by
 * `yoke_next`. Each is a `yoke_fn`, a `yoke_with(...)`, or an error handler,
 * which gets the errors of the handlers before it.
 *
 * A path starts with "/"; the syntax is that of Express 5 (path-to-regexp 8):
 *
 *     /users/me    text; upper and lower case are the same unless the setting
 *                  "case sensitive routing" is on; a slash at the end is
 *                  optional unless "strict routing" is
 *     :id          a param: a segment, or a part of one, that is not empty
 *     /:from-:to   two of them, with text between; the first takes as much as
 *                  it can: of /a-b-c it is "a-b"
 *     :"user id"   a name with other characters than letters, digits, _ and $
 *     *path        a wildcard: one segment or more
 *     /a{/:b}      between braces what may be missing; they nest, and up to
 *                  256 combinations are tried, the longest first
 *     \\           (in C source) the next character itself: one of
 *                  ( ) [ ] { } ? * + ! : and the backslash
 *     :id<int>     a param that must be an int
 *
 * Text may be written plainly: "/a b" matches what a client sends for it,
 * "/a%20b". A path that cannot be read is an error of registration, which says
 * what to write instead.
 *
 * Params are percent-decoded; a wrong escape is answered 400.
 *
 * Instead of a path several can be given, of which one must match:
 *
 *     yoke_app_get(app, yoke_paths("/me", "/users/self"), show_me);
 *
 * Constraints, `:name<CONSTRAINT>`: if the value is something else, the route
 * does not match, and the next one is tried.
 *
 *     int     a whole number that an int64_t can hold; "-7"
 *     uint    the same for uint64_t; digits alone
 *     number  digits, perhaps with a point: "-1.5"
 *     alpha, alnum, hex   ASCII letters; and digits; hex digits
 *     slug    small letters, digits and "-"
 *     uuid    8-4-4-4-12 hex digits (RFC 9562)
 *     date    a day of the calendar: "2024-02-29"
 *
 * and those that the application adds (`yoke_app_constraint`). */

#define yoke_app_get(app, path, ...)                                           \
    yoke_app_method(app, "GET", path, __VA_ARGS__)
#define yoke_app_head(app, path, ...)                                          \
    yoke_app_method(app, "HEAD", path, __VA_ARGS__)
#define yoke_app_post(app, path, ...)                                          \
    yoke_app_method(app, "POST", path, __VA_ARGS__)
#define yoke_app_put(app, path, ...)                                           \
    yoke_app_method(app, "PUT", path, __VA_ARGS__)
#define yoke_app_patch(app, path, ...)                                         \
    yoke_app_method(app, "PATCH", path, __VA_ARGS__)
#define yoke_app_delete(app, path, ...)                                        \
    yoke_app_method(app, "DELETE", path, __VA_ARGS__)
#define yoke_app_options(app, path, ...)                                       \
    yoke_app_method(app, "OPTIONS", path, __VA_ARGS__)
#define yoke_app_query(app, path, ...)                                         \
    yoke_app_method(app, "QUERY", path, __VA_ARGS__)

/* Any other method, by its name: "PROPFIND". (Express: app.METHOD.) */
#define yoke_app_method(app, method, path, ...)                                \
    yoke_router_method(yoke_app_router(app), method, path, __VA_ARGS__)

/* Every method. It adds nothing to an automatic `Allow`. (Express: app.all.) */
#define yoke_app_all(app, path, ...)                                           \
    yoke_router_all(yoke_app_router(app), path, __VA_ARGS__)

/* Middleware for every request; an error handler among them gets the errors of
 * the layers above. (Express: app.use(fn).) */
#define yoke_app_use(app, ...)                                                 \
    yoke_router_use(yoke_app_router(app), __VA_ARGS__)

/* Middleware for a path and everything below it: "/api" matches /api and
 * /api/x, not /apix. While it runs, `yoke_req_url` and `yoke_req_path` lack
 * that prefix, and `yoke_req_base_url` is it. "strict routing" does not count
 * here. (Express: app.use(path, fn).) */
#define yoke_app_use_at(app, path, ...)                                        \
    yoke_router_use_at(yoke_app_router(app), path, __VA_ARGS__)

/* Mounts a router below a path. The application takes it over. Params of that
 * path are seen inside if the router has `.merge_params`. (Express:
 * app.use(path, router).) */
#define yoke_app_use_router(app, path, router)                                 \
    yoke_router_use_router(yoke_app_router(app), path, router)

/* Error handlers: called for errors from layers above them, in their place in
 * the stack. The second form only for a path and below. (Express: app.use with a
 * function of four arguments.) */
#define yoke_app_catch(app, fn) yoke_router_catch(yoke_app_router(app), fn)
#define yoke_app_catch_at(app, path, fn)                                       \
    yoke_router_catch_at(yoke_app_router(app), path, fn)

/* Several paths for one call; at least one. */
#define yoke_paths(...)                                                        \
    yoke_paths_of_(YOKE_TEXTS_(__VA_ARGS__),                                   \
                   sizeof((const char *const[]){__VA_ARGS__}) /                \
                       sizeof(const char *))

/* ---- Routes with several methods ----
 *
 *     yoke_route *users = yoke_app_route(app, "/users/:id");
 *     yoke_route_all(users, load_user);
 *     yoke_route_get(users, show_user);
 *     yoke_route_put(users, yoke_body, change_user);
 *
 * It stands in the stack where yoke_app_route was called; its handlers run in
 * the order in which they were added, those for the request's method and those
 * for all. (Express: app.route(path).) */

/* A route without handlers yet. Borrowed from the application; never NULL. */
#define yoke_app_route(app, path) yoke_router_route(yoke_app_router(app), path)

#define yoke_route_get(route, ...) yoke_route_method(route, "GET", __VA_ARGS__)
#define yoke_route_head(route, ...)                                            \
    yoke_route_method(route, "HEAD", __VA_ARGS__)
#define yoke_route_post(route, ...)                                            \
    yoke_route_method(route, "POST", __VA_ARGS__)
#define yoke_route_put(route, ...) yoke_route_method(route, "PUT", __VA_ARGS__)
#define yoke_route_patch(route, ...)                                           \
    yoke_route_method(route, "PATCH", __VA_ARGS__)
#define yoke_route_delete(route, ...)                                          \
    yoke_route_method(route, "DELETE", __VA_ARGS__)
#define yoke_route_options(route, ...)                                         \
    yoke_route_method(route, "OPTIONS", __VA_ARGS__)
#define yoke_route_query(route, ...)                                           \
    yoke_route_method(route, "QUERY", __VA_ARGS__)
#define yoke_route_method(route, method, ...)                                  \
    yoke_route_add(route, YOKE_HERE_OF_(#__VA_ARGS__), method,                 \
                   YOKE_HANDLERS(__VA_ARGS__))
#define yoke_route_all(route, ...)                                             \
    yoke_route_add(route, YOKE_HERE_OF_(#__VA_ARGS__), NULL,                   \
                   YOKE_HANDLERS(__VA_ARGS__))

/* ---- Params that are looked up ----
 *
 *     static void load_user(yoke_req *req, yoke_res *res)
 *     {
 *         struct user *user = user_find(yoke_param_value(req));
 *         if (!user) {
 *             yoke_next_err(req, 404, "no such user");
 *             return;
 *         }
 *         yoke_param_set_data(req, user);
 *         yoke_next(req);
 *     }
 *
 *     yoke_app_param(app, "user", load_user);
 *     yoke_app_get(app, "/users/:user", show_user);
 *     yoke_app_get(app, "/users/:user/friends", show_friends);
 */

/* Calls a handler before the layers of this application (or router) whose path
 * has the param `name`, also middleware's; of several calls the handlers run in
 * turn. It runs once for each value in a request: other layers with the same
 * value get the same outcome, be it an error, or `yoke_next_route`, which skips
 * the layer. Routers that are mounted do not inherit it. (Express: app.param.)
 */
#define yoke_app_param(app, name, handler)                                     \
    yoke_router_param(yoke_app_router(app), name, handler)

/* While such a handler runs: the param's value and its name. Else NULL. */
const char *yoke_param_value(const yoke_req *req);
const char *yoke_param_name(const yoke_req *req);

/* Attaches a pointer to the value, while such a handler runs; the route's
 * handlers find it with `yoke_req_param_data(req, name)`. */
void yoke_param_set_data(yoke_req *req, void *data);

/* ---- Constraints ---- */

/* Whether a value of a param, decoded, is what it should be. */
typedef bool yoke_check_fn(const char *value, void *data);

/* Adds a constraint: after `yoke_app_constraint(app, "sku", is_sku)` paths can
 * have ":id<sku>", in this application and in those mounted below it, whether
 * they are registered before or after this call. The second form has data for
 * the function; `free_data` may be NULL. */
#define yoke_app_constraint(app, name, check)                                  \
    yoke_app_constraint_with(app, name, check, NULL, NULL)
#define yoke_app_constraint_with(app, name, check, data, free_data)            \
    yoke_app_add_constraint(app, YOKE_HERE, name, check, data, free_data)
void yoke_app_add_constraint(yoke_app *app, struct yoke_here here,
                             const char *name, yoke_check_fn *check, void *data,
                             void (*free_data)(void *data));

/* ---- Routers: the same calls on a stack of its own ---- */

struct yoke_router_options {
    int reserved_;       /* Leave it alone; it lets the macro have no args. */
    bool case_sensitive; /* /Users is not /users. */
    bool strict;         /* In routes, /users/ is not /users. */
    bool merge_params;   /* Its handlers also see the params of the path at
                            which it is mounted; its own come first. */
};

/* A new router: `yoke_router_new()`, `yoke_router_new(.strict = true)`. The
 * options are its own; it inherits none from where it is mounted. Whoever
 * mounts it takes it over; unmounted, it is freed with yoke_router_free. Never
 * NULL. (Express: express.Router.) */
#define yoke_router_new(...)                                                   \
    yoke_router_new_with(YOKE_OPTIONS_(yoke_router_options, __VA_ARGS__))
yoke_router *yoke_router_new_with(const struct yoke_router_options *options);

/* Frees a router that was never mounted. NULL is allowed. */
void yoke_router_free(yoke_router *router);

/* The application's own router, on which the yoke_app_ macros work. Borrowed. */
yoke_router *yoke_app_router(yoke_app *app);

#define yoke_router_get(router, path, ...)                                     \
    yoke_router_method(router, "GET", path, __VA_ARGS__)
#define yoke_router_head(router, path, ...)                                    \
    yoke_router_method(router, "HEAD", path, __VA_ARGS__)
#define yoke_router_post(router, path, ...)                                    \
    yoke_router_method(router, "POST", path, __VA_ARGS__)
#define yoke_router_put(router, path, ...)                                     \
    yoke_router_method(router, "PUT", path, __VA_ARGS__)
#define yoke_router_patch(router, path, ...)                                   \
    yoke_router_method(router, "PATCH", path, __VA_ARGS__)
#define yoke_router_delete(router, path, ...)                                  \
    yoke_router_method(router, "DELETE", path, __VA_ARGS__)
#define yoke_router_options(router, path, ...)                                 \
    yoke_router_method(router, "OPTIONS", path, __VA_ARGS__)
#define yoke_router_query(router, path, ...)                                   \
    yoke_router_method(router, "QUERY", path, __VA_ARGS__)

#define yoke_router_method(router, method, path, ...)                          \
    yoke_router_add_route(router, YOKE_HERE_OF_(#__VA_ARGS__), method,         \
                          YOKE_PATHS_(path), YOKE_HANDLERS(__VA_ARGS__))
#define yoke_router_all(router, path, ...)                                     \
    yoke_router_add_route(router, YOKE_HERE_OF_(#__VA_ARGS__), NULL,           \
                          YOKE_PATHS_(path), YOKE_HANDLERS(__VA_ARGS__))
#define yoke_router_use(router, ...)                                           \
    yoke_router_add_use(router, YOKE_HERE_OF_(#__VA_ARGS__), YOKE_PATHS_("/"), \
                        YOKE_HANDLERS(__VA_ARGS__))
#define yoke_router_use_at(router, path, ...)                                  \
    yoke_router_add_use(router, YOKE_HERE_OF_(#__VA_ARGS__),                   \
                        YOKE_PATHS_(path), YOKE_HANDLERS(__VA_ARGS__))
#define yoke_router_use_router(router, path, child)                            \
    yoke_router_add_router(router, YOKE_HERE, YOKE_PATHS_(path), child)
#define yoke_router_catch(router, fn)                                          \
    yoke_router_add_catch(router, YOKE_HERE_OF_(#fn), YOKE_PATHS_("/"), fn)
#define yoke_router_catch_at(router, path, fn)                                 \
    yoke_router_add_catch(router, YOKE_HERE_OF_(#fn), YOKE_PATHS_(path), fn)
#define yoke_router_route(router, path)                                        \
    yoke_router_add_empty_route(router, YOKE_HERE, YOKE_PATHS_(path))
#define yoke_router_param(router, name, handler)                               \
    yoke_router_add_param(router, YOKE_HERE, name, YOKE_HANDLER_(handler))

/* What the macros call; of use to other languages and to code that builds its
 * routes from a table. `method` NULL is every method. `here` is copied by
 * value; its strings, paths and names need not outlive the call. */
void yoke_router_add_route(yoke_router *router, struct yoke_here here,
                           const char *method, struct yoke_paths paths,
                           const struct yoke_handler *handlers, size_t n);
void yoke_router_add_use(yoke_router *router, struct yoke_here here,
                         struct yoke_paths paths,
                         const struct yoke_handler *handlers, size_t n);
void yoke_router_add_router(yoke_router *router, struct yoke_here here,
                            struct yoke_paths paths, yoke_router *child);
void yoke_router_add_catch(yoke_router *router, struct yoke_here here,
                           struct yoke_paths paths, yoke_err_fn *fn);
yoke_route *yoke_router_add_empty_route(yoke_router *router,
                                        struct yoke_here here,
                                        struct yoke_paths paths);
void yoke_route_add(yoke_route *route, struct yoke_here here,
                    const char *method, const struct yoke_handler *handlers,
                    size_t n);
void yoke_router_add_param(yoke_router *router, struct yoke_here here,
                           const char *name, struct yoke_handler handler);

/* ---- Mounted applications ---- */

/* Mounts an application below a path of another one, which takes it over: its
 * layers run there as a router's do, and `yoke_req_app` is `child` meanwhile.
 * It keeps its own settings, data, params and routers, and inherits the
 * settings that it has not made. (Express: app.use(path, child).) */
#define yoke_app_mount(app, path, child)                                       \
    yoke_app_add_app(app, YOKE_HERE, YOKE_PATHS_(path), child)
void yoke_app_add_app(yoke_app *app, struct yoke_here here,
                      struct yoke_paths paths, yoke_app *child);

/* Calls `fn` when the application is mounted, with the one around it. (Express:
 * app.on('mount').) */
void yoke_app_on_mount(yoke_app *app,
                       void (*fn)(yoke_app *app, yoke_app *parent, void *data),
                       void *data);

/* The application around this one, or NULL. Borrowed. (Express: app.parent.) */
yoke_app *yoke_app_parent(const yoke_app *app);

/* The n-th path, from 0, at which it was mounted, as it was written there; of
 * one that is not mounted the first is "/". NULL when there is no n-th. Borrowed:
 * as long as the application. (Express: app.mountpath.) */
const char *yoke_app_mountpath(const yoke_app *app, size_t n);

/* Its mountpath behind those of the applications around it, "/blog/admin"; ""
 * at the top. Of several mountpaths the first counts. Borrowed: valid until
 * one of them is mounted somewhere. (Express: app.path().) */
const char *yoke_app_path(yoke_app *app);

/* ---- What there is, and what runs ---- */

/* What a layer is. */
enum yoke_layer_kind {
    YOKE_LAYER_ROUTE,      /* Handlers for methods and a whole path. */
    YOKE_LAYER_MIDDLEWARE, /* yoke_app_use, yoke_app_use_at */
    YOKE_LAYER_CATCH,      /* An error handler. */
    YOKE_LAYER_ROUTER,     /* A router or an application is mounted here. */
};

/* One layer of an application. Borrowed: valid during the call. */
struct yoke_layer_info {
    enum yoke_layer_kind kind;
    const char *methods;  /* "GET, PUT"; "*": every one. */
    const char *path;     /* With the paths of the routers around it:
                             "/api/users/:id". A layer with several paths is
                             told of once for each. */
    const char *handlers; /* Their names as in the source, "check, show"; of
                             calls that are no macros the symbols, as far as
                             dladdr(3) knows them; "" when nothing is known. */
    const char *here;     /* "app.c:12" */
    int depth;            /* Routers around it. */
};

/* Calls `fn` for each layer, in the order of registration; layers of a router
 * follow the layer that mounts it. */
void yoke_app_routes(const yoke_app *app,
                     void (*fn)(const struct yoke_layer_info *info, void *data),
                     void *data);

/* Does what serving the application would begin with: all that can only be
 * checked together, for instance whether its constraints exist. Nothing can be
 * added any more. Returns the first error, as yoke_app_error, or NULL. */
const char *yoke_app_check(yoke_app *app);

enum yoke_layer_phase {
    YOKE_LAYER_START, /* A handler is about to be called. */
    YOKE_LAYER_END,   /* It has answered, or has passed on; perhaps later, from
                         a callback. */
    YOKE_LAYER_ERROR, /* It has passed on an error. */
};

/* Something has happened to a handler. Borrowed: valid during the call. */
struct yoke_layer_event {
    enum yoke_layer_phase phase;
    enum yoke_layer_kind kind;
    yoke_req *req;
    const char *path; /* Of the layer, with those around it: a pattern,
                         "/api/users/:id", and so fit for a metric's label. */
    const char *here; /* "app.c:12" */
    const struct yoke_err *err; /* ERROR: it; START of CATCH: what it gets;
                                   else NULL. */
};

/* Calls `fn` before and after each handler of this application and of those
 * mounted below it, for tracing and metrics. Several can be added. It must not
 * answer or pass on. Only of the application that is served; those mounted tell
 * the hooks of the outermost. */
void yoke_app_on_layer(yoke_app *app,
                       void (*fn)(const struct yoke_layer_event *event,
                                  void *data),
                       void *data);

/* ---- Handlers with data ---- */

/* A handler that finds `data` with `yoke_data(req)`. `free_data`, which may be
 * NULL, is called with it when the application is freed. A handler may be given
 * to several routes, and to several applications: its data is freed once, with
 * the last of them.
 *
 *     yoke_app_get(app, "/a", yoke_with(show, page_new("a"), page_free)); */
static inline struct yoke_handler yoke_with(yoke_fn *fn, void *data,
                                            void (*free_data)(void *data))
{
    struct yoke_handler result = {fn, data, free_data, NULL};
    return result;
}

/* The same for an error handler: `yoke_app_use(app, yoke_catch_with(...))`. */
static inline struct yoke_handler yoke_catch_with(yoke_err_fn *fn, void *data,
                                                  void (*free_data)(void *data))
{
    struct yoke_handler result = {NULL, data, free_data, fn};
    return result;
}

/* The data of the handler that is running, or NULL. */
void *yoke_data(const yoke_req *req);

/* Application-wide data: one pointer, found again by any handler with
 * `yoke_app_data(yoke_req_app(req))`; NULL until it is set. `free_data`, which
 * may be NULL, is called with it when the application is freed, or when another
 * pointer takes its place. (Express: app.locals.) */
void yoke_app_set_data(yoke_app *app, void *data, void (*free_data)(void *));
void *yoke_app_data(const yoke_app *app);

/* ---- Passing on ---- */

/* Lets the next layer that matches run: after this handler has returned or, if
 * the request is on hold, at once. Calling it twice from one layer, or after
 * the answer, is logged and does nothing. (Express: next().) */
void yoke_next(yoke_req *req);

/* Goes to the next error handler. `status` is 400 to 599 (others become 500),
 * `fmt` printf's. The message goes to the error handler and to the log, never
 * to the client. (Express: next(err).) */
void yoke_next_err(yoke_req *req, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Skips the other handlers of this route; in middleware it is yoke_next.
 * (Express: next('route').) */
void yoke_next_route(yoke_req *req);

/* Leaves this router. (Express: next('router').) */
void yoke_next_router(yoke_req *req);

/* Says that this handler will answer or pass on later, from a callback on the
 * same loop. `req` and `res` stay valid until then, also when the client has
 * gone away (`yoke_req_on_close` tells), or has been answered 503 because this
 * took longer than `handler_timeout_ms`: answer all the same, it does no harm,
 * and only then the request is released. After this handler has ended the
 * answer they must not be touched. (Express: a handler that has returned and
 * answers later; there nobody finds one that never does.) */
void yoke_hold(yoke_req *req);

/* ---- Middleware that ships ---- */

/* Collects the request's body, up to the listener's `max_body_len`, and goes
 * on; the handlers after it have `yoke_req_body`. Over the limit: 413, at once
 * when Content-Length says so. A request without a body passes through. */
yoke_fn yoke_body;

/* The same with a limit of its own, in bytes. */
struct yoke_handler yoke_body_limit(size_t max_body_len);

/* ---- How the macros above take handlers and paths of several kinds ---- */

static inline struct yoke_handler yoke_handler_of_fn_(yoke_fn *fn)
{
    struct yoke_handler result = {fn, NULL, NULL, NULL};
    return result;
}
static inline struct yoke_handler yoke_handler_of_catch_(yoke_err_fn *fn)
{
    struct yoke_handler result = {NULL, NULL, NULL, fn};
    return result;
}
static inline struct yoke_handler
yoke_handler_of_handler_(struct yoke_handler handler)
{
    return handler;
}

/* One handler, whichever it is; anything else does not compile. */
#ifdef __cplusplus
#    define YOKE_HANDLER_(x) yoke_handler_of_(x)
#else
#    define YOKE_HANDLER_(x)                                                   \
        _Generic((x), struct yoke_handler                                      \
                 : yoke_handler_of_handler_, yoke_fn *                         \
                 : yoke_handler_of_fn_, yoke_err_fn *                          \
                 : yoke_handler_of_catch_)(x)
#endif

/* A place, and the handlers as they are written there. */
#define YOKE_HERE_OF_(text) YOKE_VALUE_(yoke_here, __FILE__, __LINE__, (text))

static inline struct yoke_paths yoke_paths_of_(const char *const *paths,
                                               size_t count)
{
    struct yoke_paths result = {NULL, paths, count};
    return result;
}
static inline struct yoke_paths yoke_paths_of_one_(const char *path)
{
    struct yoke_paths result = {path, NULL, 1};
    return result;
}
static inline struct yoke_paths yoke_paths_of_paths_(struct yoke_paths paths)
{
    return paths;
}

/* A path or several. */
#ifdef __cplusplus
#    define YOKE_PATHS_(x) yoke_paths_of_any_(x)
#else
#    define YOKE_PATHS_(x)                                                     \
        _Generic((x), struct yoke_paths                                            \
             : yoke_paths_of_paths_, char *                                    \
             : yoke_paths_of_one_, const char *                                \
             : yoke_paths_of_one_)(x)
#endif

#ifdef __cplusplus
/* C++ chooses by overloading. A lambda that captures nothing is a handler. */
extern "C++" {
inline yoke_handler yoke_handler_of_(yoke_fn *fn)
{
    return yoke_handler_of_fn_(fn);
}
inline yoke_handler yoke_handler_of_(yoke_err_fn *fn)
{
    return yoke_handler_of_catch_(fn);
}
inline yoke_handler yoke_handler_of_(yoke_handler handler)
{
    return handler;
}
inline yoke_paths yoke_paths_of_any_(const char *path)
{
    return yoke_paths_of_one_(path);
}
inline yoke_paths yoke_paths_of_any_(yoke_paths paths)
{
    return paths;
}
}
#endif

/* An array of them and its length, as two arguments. */
#define YOKE_HANDLERS(...)                                                     \
    YOKE_STRUCTS_(yoke_handler, YOKE_MAP_(__VA_ARGS__)),                       \
        YOKE_COUNT_(__VA_ARGS__)

#define YOKE_COUNT_(...)                                                       \
    YOKE_PICK_(__VA_ARGS__, 16, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3,   \
               2, 1, 0)
#define YOKE_PICK_(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, pick, ...)  \
    pick
#define YOKE_MAP_(...)                                                         \
    YOKE_JOIN_(YOKE_MAP_, YOKE_COUNT_(__VA_ARGS__))(__VA_ARGS__)
#define YOKE_JOIN_(a, b)    YOKE_JOIN2_(a, b)
#define YOKE_JOIN2_(a, b)   a##b
#define YOKE_MAP_1(x)       YOKE_HANDLER_(x)
#define YOKE_MAP_2(x, ...)  YOKE_HANDLER_(x), YOKE_MAP_1(__VA_ARGS__)
#define YOKE_MAP_3(x, ...)  YOKE_HANDLER_(x), YOKE_MAP_2(__VA_ARGS__)
#define YOKE_MAP_4(x, ...)  YOKE_HANDLER_(x), YOKE_MAP_3(__VA_ARGS__)
#define YOKE_MAP_5(x, ...)  YOKE_HANDLER_(x), YOKE_MAP_4(__VA_ARGS__)
#define YOKE_MAP_6(x, ...)  YOKE_HANDLER_(x), YOKE_MAP_5(__VA_ARGS__)
#define YOKE_MAP_7(x, ...)  YOKE_HANDLER_(x), YOKE_MAP_6(__VA_ARGS__)
#define YOKE_MAP_8(x, ...)  YOKE_HANDLER_(x), YOKE_MAP_7(__VA_ARGS__)
#define YOKE_MAP_9(x, ...)  YOKE_HANDLER_(x), YOKE_MAP_8(__VA_ARGS__)
#define YOKE_MAP_10(x, ...) YOKE_HANDLER_(x), YOKE_MAP_9(__VA_ARGS__)
#define YOKE_MAP_11(x, ...) YOKE_HANDLER_(x), YOKE_MAP_10(__VA_ARGS__)
#define YOKE_MAP_12(x, ...) YOKE_HANDLER_(x), YOKE_MAP_11(__VA_ARGS__)
#define YOKE_MAP_13(x, ...) YOKE_HANDLER_(x), YOKE_MAP_12(__VA_ARGS__)
#define YOKE_MAP_14(x, ...) YOKE_HANDLER_(x), YOKE_MAP_13(__VA_ARGS__)
#define YOKE_MAP_15(x, ...) YOKE_HANDLER_(x), YOKE_MAP_14(__VA_ARGS__)
#define YOKE_MAP_16(x, ...) YOKE_HANDLER_(x), YOKE_MAP_15(__VA_ARGS__)

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
