/* Handlers that block the loop: whoever is called on behalf of a request is
 * timed, and told of in the log when it took longer than the application's
 * "blocking limit". Costs two readings of the CPU's clock for a call. */
#ifndef YK_APP_STALL_H
#define YK_APP_STALL_H

#include "app/app.h"
#include "app/req.h"
#include "net/vitals.h"

/* Logs that the handler on top has kept the loop from then until now; not every
 * one, when there are many, and not one in which a shorter call has been logged
 * already. */
void yk_stall_tell(const struct yoke_req *req, uint64_t begun_ns,
                   uint64_t now_ns);

/* The limit of an application that is about to be served. */
void yk_stall_set_limit(yoke_app *app);

static inline uint64_t yk_stall_begin(void)
{
    return yk_turn_now_ns();
}

/* The call has returned. Returns the time, at which the next one may begin. */
static inline uint64_t yk_stall_end(const struct yoke_req *req,
                                    uint64_t begun_ns)
{
    uint64_t now_ns = yk_turn_now_ns();
    /* With a sign: the clock may have been set right a little. */
    if (__builtin_expect((int64_t)(now_ns - begun_ns) >= req->root->stall_ns,
                         0))
        yk_stall_tell(req, begun_ns, now_ns);
    return now_ns;
}

#endif
