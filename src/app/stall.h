/* Handlers that block the loop: whoever is called on behalf of a request is
 * timed, and told of in the log when it took longer than the application's
 * "blocking limit". That costs a reading of the CPU's own clock for each call,
 * so the time is compared in ticks, whose rate is found out by and by. Where
 * that clock is not steady (core/ticks.h), nobody is told of. */
#ifndef YK_APP_STALL_H
#define YK_APP_STALL_H

#include "app/app.h"
#include "app/req.h"
#include "core/ticks.h"

/* Logs that the handler on top has kept the loop from then until now, if it is
 * true; not every one, when there are many, and not one in which a shorter call
 * has been logged already. */
void yk_stall_look(const struct yoke_req *req, uint64_t begun, uint64_t now);

/* The limit of an application that is about to be served. */
void yk_stall_set_limit(yoke_app *app);

static inline uint64_t yk_stall_begin(void)
{
    return yk_ticks();
}

/* The call has returned. Returns the time, at which the next one may begin. */
static inline uint64_t yk_stall_end(const struct yoke_req *req, uint64_t begun)
{
    uint64_t now = yk_ticks();
    if (__builtin_expect(now - begun >= req->root->stall_ticks, 0))
        yk_stall_look(req, begun, now);
    return now;
}

#endif
