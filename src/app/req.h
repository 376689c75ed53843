/* The request, from the inside: what one exchange needs while it goes down the
 * stack. Lives in the exchange's arena, and as long.
 *
 * One is made for every request, so it is small, and only what is needed is
 * set; everything that few requests use is allocated when they do. */
#ifndef YK_APP_REQ_H
#define YK_APP_REQ_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>

#include <yoke/log.h>
#include <yoke/req.h>
#include <yoke/work.h>

#include "app/frame.h"
#include "app/res.h"
#include "core/slice.h"
#include "http/exchange.h"

struct json_t;
struct yk_attached;
struct yk_body;
struct yk_cookies;
struct yk_json_body;
struct yk_layer;
struct yk_query;
struct yk_sending;
struct yk_alarm;

/* Most bytes of yoke_req_set_id. */
#define YK_REQUEST_ID_MAX 200

/* How a handler has passed on. */
enum yk_wish {
    YK_WISH_NONE,   /* It has not. */
    YK_WISH_NEXT,   /* yoke_next, yoke_next_err */
    YK_WISH_ROUTE,  /* yoke_next_route */
    YK_WISH_ROUTER, /* yoke_next_router */
};

struct yoke_req {
    struct yk_exchange *x;
    yoke_app *root;         /* The application that is served. */
    yoke_app *app;          /* The one that runs: it, or one mounted in it. */
    struct yk_frame *frame; /* The innermost router. */
    struct yk_frame *spare; /* Frames that have been left, for reuse. */

    uint64_t methods;  /* Bits of which a route must have one. */
    uint64_t allow;    /* Methods of routes on this path that had none. */
    uint32_t off;      /* Bytes of the target before the handler's url. */
    uint32_t rewrites; /* Calls of yoke_req_set_url. */
    enum yk_wish wish; /* What the handler that runs has asked for. */

    const char *method;           /* The application may change these. */
    struct yk_slice target;       /* A NUL follows. */
    uint32_t path_len;            /* Bytes of it before the "?". */
    uint32_t route_path;          /* Which path of `route` has matched. */
    const struct yk_layer *route; /* The last one that has; or NULL. */

    yoke_job *jobs;     /* Work on threads (app/work.c). */
    bool is_observed;   /* A handler has begun whose end is to be told. */
    bool is_running;    /* A handler is on the C stack, */
    bool has_turn;      /* and has neither passed on nor answered. */
    bool is_held;       /* One has returned, and will come back. */
    bool has_route;     /* A route for this very method has matched. */
    bool is_answered;   /* As x->is_ended, see yk_res_is_kept. */
    bool needs_release; /* It has JSON, or a file. */
    bool wants_whole;   /* yoke_req_want_whole */
    uint8_t holds;      /* Calls of yoke_hold, to tell a new one. */
    uint8_t late;       /* Handlers that took too long and have not come back.
                           They are answered for, but until they do come back
                           the exchange is not ended: they would find it
                           gone. */

    const struct yoke_err *err;    /* On its way to an error handler. */
    const struct yoke_err *caught; /* The last one that a handler got. */
    void *data;                    /* yoke_req_set_data */
    struct yk_alarm *alarms;       /* The next one first (app/alarm.h). */
    struct yk_query *query;        /* NULL until it is asked for. */
    struct yk_cookies *cookies;    /* The same. */
    struct yk_json_body *json;     /* The same. */
    struct json_t *query_json;     /* The same. */
    struct json_t *locals;         /* The same; yoke_res_locals. */
    struct yk_sending *sending;    /* A file that is on its way; or NULL. */
    yoke_sse *sse;                 /* A stream of events; or NULL. */
    struct yk_attached *attached;  /* yoke_req_attach; NULL: nothing. */
    const char *id;                /* yoke_req_set_id; NULL: none. */
    struct yk_body *body;          /* NULL until it is asked for. */
    void (*on_close)(yoke_req *req, void *data);
    void *on_close_data;

    struct yoke_res res;
    struct yk_frame top;
};

/* Sets a request up for an exchange; nothing is matched yet. */
void yk_req_init(struct yoke_req *req, yoke_app *app, struct yk_exchange *x);

/* The answer has been given; nothing can be done any more. */
static inline bool yk_req_is_answered(const struct yoke_req *req)
{
    return req->x->is_ended || req->is_answered;
}

/* The target, and the path in it: as it came, unless the application has
 * rewritten it. */
static inline struct yk_slice yk_req_target(const struct yoke_req *req)
{
    return req->target;
}

static inline struct yk_slice yk_req_target_path(const struct yoke_req *req)
{
    return (struct yk_slice){req->target.ptr, req->path_len};
}

/* The path as it came. */
struct yk_slice yk_req_original_path(const struct yoke_req *req);

/* Makes `name` the request's method for all that comes. It must live as long as
 * the request. */
void yk_req_use_method(struct yoke_req *req, const char *name);

/* The fields of a name as one list, joined by ", " if there are several; its
 * `ptr` is NULL when there is none (RFC 9110 section 5.3). A NUL follows. */
struct yk_slice yk_req_list(const struct yoke_req *req, struct yk_slice name);

/* printf into the request's arena. */
char *yk_req_vprintf(struct yoke_req *req, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));

/* A log line about this request: "GET /users: `fmt`... (app.c:12)", with the
 * place of the layer that runs. */
void yk_req_log(const struct yoke_req *req, enum yoke_log_level level,
                const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
