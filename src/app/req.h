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

#include "app/index.h"
#include "app/res.h"
#include "core/slice.h"
#include "http/exchange.h"

struct yk_body;
struct yk_layer;
struct yk_query;

/* How a handler has passed on. */
enum yk_wish {
    YK_WISH_NONE,   /* It has not. */
    YK_WISH_NEXT,   /* yoke_next, yoke_next_err */
    YK_WISH_ROUTE,  /* yoke_next_route */
    YK_WISH_ROUTER, /* yoke_next_router */
};

/* Where a request stands in one router. Mounted routers stack up. */
struct yk_frame {
    struct yk_frame *parent; /* The router around it; NULL at the top. */
    const yoke_router *router;
    const struct yk_layer *layer;       /* Which runs, or ran last; or NULL. */
    const struct yoke_handler *handler; /* The same; NULL in catch. */
    uint32_t handlers_left;             /* Those of `layer` after `handler`. */
    uint32_t off;        /* Bytes of the target before this router's path. */
    const char **params; /* Values of the params of `layer`. */
    struct yk_walk walk; /* The layers that are still to come. */
};

struct yoke_req {
    struct yk_exchange *x;
    yoke_app *app;
    struct yk_frame *frame; /* The innermost router. */
    struct yk_frame *spare; /* Frames that have been left, for reuse. */

    uint64_t methods;  /* Bits of which a route must have one. */
    uint64_t allow;    /* Methods of routes on this path that had none. */
    uint32_t off;      /* Bytes of the target before the handler's url. */
    enum yk_wish wish; /* What the handler that runs has asked for. */

    bool is_running;  /* A handler is on the C stack. */
    bool is_held;     /* One has returned, and will come back. */
    bool has_route;   /* A route for this very method has matched. */
    bool is_answered; /* As x->is_ended, see `late`. */
    uint8_t holds;    /* Calls of yoke_hold, to tell a new one. */
    uint8_t late;     /* Handlers that took too long and have not come back.
                           They are answered for, but until they do come back
                           the exchange is not ended: they would find it
                           gone. */

    const struct yoke_err *err;    /* On its way to an error handler. */
    const struct yoke_err *caught; /* The last one that a handler got. */
    void *data;                    /* yoke_req_set_data */
    struct yk_query *query;        /* NULL until it is asked for. */
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

/* The target as it came, and the path in it. */
struct yk_slice yk_req_target(const struct yoke_req *req);
struct yk_slice yk_req_target_path(const struct yoke_req *req);

/* printf into the request's arena. */
char *yk_req_vprintf(struct yoke_req *req, const char *fmt, va_list args)
    __attribute__((format(printf, 2, 0)));

/* A log line about this request: "GET /users: `fmt`... (app.c:12)", with the
 * place of the layer that runs. */
void yk_req_log(const struct yoke_req *req, enum yoke_log_level level,
                const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
