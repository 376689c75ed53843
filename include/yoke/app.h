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
 *   4. The path has routes, but none for this method: 405 with `Allow`.
 *   5. A handler that returns with neither an answer, nor `yoke_next`, nor
 *      `yoke_hold` can never answer: 500, and a log line with its route's file
 *      and line. */
#ifndef YOKE_APP_H
#define YOKE_APP_H

#include <stddef.h>

#include <yoke/listen.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

typedef struct yoke_app yoke_app;       /* The application. */
typedef struct yoke_router yoke_router; /* A stack of layers. */
typedef struct yoke_req yoke_req;       /* One request (req.h). */
typedef struct yoke_res yoke_res;       /* Its answer (res.h). */

/* An error on its way to an error handler. Borrowed: valid during the call. */
struct yoke_err {
    int status;          /* 400 to 599; what the answer's status will be. */
    const char *message; /* For the log and the error handler. */
};

/* A handler: answers, or calls `yoke_next`, or calls `yoke_hold` and does
 * either later. (Express: `(req, res, next) => {}`.) */
typedef void yoke_fn(yoke_req *req, yoke_res *res);

/* An error handler. (Express: `(err, req, res, next) => {}`.) */
typedef void yoke_err_fn(const struct yoke_err *err, yoke_req *req,
                         yoke_res *res);

/* A handler with data of its own; made by `yoke_with`. */
struct yoke_handler {
    yoke_fn *fn;
    void *data;               /* `yoke_data(req)` while fn runs. */
    void (*free)(void *data); /* Called with data when the app is freed; may
                                  be NULL. */
};

/* What `yoke run` looks for in a shared object, and what the samples' make_app
 * is: a function that builds the application. Each worker calls it once. NULL
 * means it failed, and has logged why. */
typedef yoke_app *yoke_app_factory(void);

/* ---- Life ---- */

/* A new application with no layers. Never NULL. */
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
 * which is logged, and makes `yoke_run` return 1. That the address cannot be
 * had is told later, through `on_error`. */
#define yoke_app_listen(app, ...)                                              \
    yoke_app_listen_with(                                                      \
        (app), &(struct yoke_listen_options){.reserved_ = 0, __VA_ARGS__})
yoke_server *yoke_app_listen_with(yoke_app *app,
                                  const struct yoke_listen_options *options);

/* ---- Routes ----
 *
 * `yoke_app_METHOD(app, path, handler, ...)`: one to 16 handlers, each a
 * `yoke_fn` or a `yoke_with(...)`, run in turn by `yoke_next`.
 *
 * A path starts with "/". A segment is literal text, compared without regard
 * to case, or `:name`, which matches one segment that is not empty; its value
 * is `yoke_req_param(req, "name")`. A slash at the end is optional. Text may be
 * written plainly: "/a b" matches what a client sends for it, "/a%20b". The
 * characters ( ) [ ] { } ? * + ! and a `:` inside text are reserved; a
 * backslash before one takes it as it is: "/a\\+b". */

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

/* Any other method, by its name: "PROPFIND". */
#define yoke_app_method(app, method, path, ...)                                \
    yoke_router_method(yoke_app_router(app), method, path, __VA_ARGS__)

/* Every method. It adds nothing to an automatic `Allow`. (Express: app.all.) */
#define yoke_app_all(app, path, ...)                                           \
    yoke_router_all(yoke_app_router(app), path, __VA_ARGS__)

/* Middleware for every request. (Express: app.use(fn).) */
#define yoke_app_use(app, ...)                                                 \
    yoke_router_use(yoke_app_router(app), __VA_ARGS__)

/* Middleware for a path and everything below it: "/api" matches /api and
 * /api/x, not /apix. While it runs, `yoke_req_url` and `yoke_req_path` lack
 * that prefix, and `yoke_req_base_url` is it. (Express: app.use(path, fn).) */
#define yoke_app_use_at(app, path, ...)                                        \
    yoke_router_use_at(yoke_app_router(app), path, __VA_ARGS__)

/* Mounts a router below a path. The application takes it over. Params of that
 * path are not seen inside; a `yoke_app_use_at` with the same path sees them,
 * and can hand on what it makes of them. (Express: app.use(path, router).) */
#define yoke_app_use_router(app, path, router)                                 \
    yoke_router_use_router(yoke_app_router(app), path, router)

/* Error handlers: called for errors from layers above them, in their place in
 * the stack. The second form only for a path and below. */
#define yoke_app_catch(app, fn) yoke_router_catch(yoke_app_router(app), fn)
#define yoke_app_catch_at(app, path, fn)                                       \
    yoke_router_catch_at(yoke_app_router(app), path, fn)

/* ---- Routers: the same calls on a stack of its own ---- */

/* A new router. Whoever mounts it takes it over; unmounted, it is freed with
 * yoke_router_free. Never NULL. */
yoke_router *yoke_router_new(void);

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
    yoke_router_add_route(router, YOKE_HERE, method, path,                     \
                          YOKE_HANDLERS(__VA_ARGS__))
#define yoke_router_all(router, path, ...)                                     \
    yoke_router_add_route(router, YOKE_HERE, NULL, path,                       \
                          YOKE_HANDLERS(__VA_ARGS__))
#define yoke_router_use(router, ...)                                           \
    yoke_router_add_use(router, YOKE_HERE, "/", YOKE_HANDLERS(__VA_ARGS__))
#define yoke_router_use_at(router, path, ...)                                  \
    yoke_router_add_use(router, YOKE_HERE, path, YOKE_HANDLERS(__VA_ARGS__))
#define yoke_router_use_router(router, path, child)                            \
    yoke_router_add_router(router, YOKE_HERE, path, child)
#define yoke_router_catch(router, fn)                                          \
    yoke_router_add_catch(router, YOKE_HERE, "/", fn)
#define yoke_router_catch_at(router, path, fn)                                 \
    yoke_router_add_catch(router, YOKE_HERE, path, fn)

/* What the macros call; of use to other languages and to code that builds its
 * routes from a table. `method` NULL is every method. `here` is copied by
 * value; its strings and `path` need not outlive the call. */
struct yoke_here {
    const char *file; /* Where the registration stands, for messages. */
    int line;
};
void yoke_router_add_route(yoke_router *router, struct yoke_here here,
                           const char *method, const char *path,
                           const struct yoke_handler *handlers, size_t n);
void yoke_router_add_use(yoke_router *router, struct yoke_here here,
                         const char *path, const struct yoke_handler *handlers,
                         size_t n);
void yoke_router_add_router(yoke_router *router, struct yoke_here here,
                            const char *path, yoke_router *child);
void yoke_router_add_catch(yoke_router *router, struct yoke_here here,
                           const char *path, yoke_err_fn *fn);

/* ---- Handlers with data ---- */

/* A handler that finds `data` with `yoke_data(req)`. `free_data`, which may be
 * NULL, is called with it when the application is freed:
 *
 *     yoke_app_get(app, "/a", yoke_with(show, page_new("a"), page_free)); */
static inline struct yoke_handler yoke_with(yoke_fn *fn, void *data,
                                            void (*free_data)(void *data))
{
    return (struct yoke_handler){fn, data, free_data};
}

/* The data of the handler that is running, or NULL. */
void *yoke_data(const yoke_req *req);

/* Application-wide data: one pointer, found again by any handler with
 * `yoke_app_data(yoke_req_app(req))`. */
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
 * answer they must not be touched. */
void yoke_hold(yoke_req *req);

/* ---- Middleware that ships ---- */

/* Collects the request's body, up to the listener's `max_body_len`, and goes
 * on; the handlers after it have `yoke_req_body`. Over the limit: 413, at once
 * when Content-Length says so. A request without a body passes through. */
yoke_fn yoke_body;

/* The same with a limit of its own, in bytes. */
struct yoke_handler yoke_body_limit(size_t max_body_len);

/* ---- How the macros above take handlers of two kinds ---- */

#define YOKE_HERE ((struct yoke_here){__FILE__, __LINE__})

static inline struct yoke_handler yoke_handler_of_fn_(yoke_fn *fn)
{
    return (struct yoke_handler){fn, NULL, NULL};
}
static inline struct yoke_handler
yoke_handler_of_handler_(struct yoke_handler handler)
{
    return handler;
}

/* One handler, whichever it is; anything else does not compile. */
#define YOKE_HANDLER_(x)                                                       \
    _Generic((x), struct yoke_handler                                          \
             : yoke_handler_of_handler_, yoke_fn *                             \
             : yoke_handler_of_fn_)(x)

/* An array of them and its length, as two arguments. */
#define YOKE_HANDLERS(...)                                                     \
    (const struct yoke_handler[]){YOKE_MAP_(__VA_ARGS__)},                     \
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
