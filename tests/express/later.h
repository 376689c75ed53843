/* What a handler does in a later turn of the loop. */
#ifndef YK_TESTS_EXPRESS_LATER_H
#define YK_TESTS_EXPRESS_LATER_H

#include "express.h"

#include <uv.h>

#include <yoke/loop.h>

struct express_later {
    uv_timer_t timer;
    yoke_req *req;
    void (*fn)(yoke_req *req);
};

static inline void express_later_free(uv_handle_t *handle)
{
    free(handle->data);
}

static inline void express_later_on_timer(uv_timer_t *timer)
{
    struct express_later *later = timer->data;
    later->fn(later->req);
    uv_close((uv_handle_t *)timer, express_later_free);
}

/* Holds the request and calls `fn` with it, once. */
static inline void express_later(yoke_req *req, void (*fn)(yoke_req *req))
{
    struct express_later *later = malloc(sizeof(*later));
    assert_non_null(later);
    *later = (struct express_later){.req = req, .fn = fn};
    uv_timer_init(yoke_loop(), &later->timer);
    later->timer.data = later;
    uv_timer_start(&later->timer, express_later_on_timer, 0, 0);
    yoke_hold(req);
}

#endif
