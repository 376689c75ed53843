/* Handlers that block the loop: whoever is called on behalf of a request is
 * timed, and told of in the log when it took longer than the application's
 * "blocking limit". That costs a reading of the CPU's own clock, whose ticks are
 * compared; their rate is found out by and by. Where that clock is not steady
 * (core/ticks.h), nobody is told of.
 *
 * Layers that run one after the other are timed together, for nearly always
 * nothing is wrong. When several have blocked the loop, the log can only name
 * the last of them; from then on the application's handlers are timed one by
 * one, and named for certain. */
#ifndef YK_APP_STALL_H
#define YK_APP_STALL_H

#include "app/app.h"
#include "app/req.h"
#include "core/ticks.h"

/* Logs that the handler on top, or one of the `calls` of which it was the last,
 * has kept the loop from then until now, if it is true; not every one, when
 * there are many, and not one in which a shorter call has been logged
 * already. */
void yk_stall_look(const struct yoke_req *req, uint64_t begun, uint64_t now,
                   unsigned calls);

/* The limit of an application that is about to be served. */
void yk_stall_set_limit(yoke_app *app);

static inline uint64_t yk_stall_begin(void)
{
    return yk_ticks();
}

/* So many calls, one after the other, have returned. Returns the time, at which
 * the next one may begin. */
static inline uint64_t yk_stall_end_all(const struct yoke_req *req,
                                        uint64_t begun, unsigned calls)
{
    uint64_t now = yk_ticks();
    if (__builtin_expect(now - begun >= req->root->stall_ticks, 0))
        yk_stall_look(req, begun, now, calls);
    return now;
}

static inline uint64_t yk_stall_end(const struct yoke_req *req, uint64_t begun)
{
    return yk_stall_end_all(req, begun, 1);
}

#endif
