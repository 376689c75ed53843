/* Answers for a handler that takes too long.
 *
 *     yoke_app_use(app, yoke_timeout(5000));
 *     yoke_app_get(app, "/report", yoke_timeout(60000), make_report);
 *
 * When the time is over and the head of an answer has not gone, the request is
 * taken from the handler that holds it: 503, or the status that is given, goes
 * down the stack as an error, for an error handler (yoke_app_catch) or yoke
 * itself to answer. The handler may come back later; it reaches nobody and does
 * no harm. It can ask yoke_timed_out, and stop. Of several the one that ran last
 * counts, so a route can have more time than the others. Time counts from the
 * moment the request passes here, up to half a second longer.
 *
 * A handler that blocks the loop is not stopped by this; nothing else runs then.
 * The listener's handler_timeout_ms (yoke/listen.h), 503 too, holds beside it.
 * (npm: connect-timeout.) */
#ifndef YOKE_MIDDLEWARE_TIMEOUT_H
#define YOKE_MIDDLEWARE_TIMEOUT_H

#include <stdbool.h>
#include <stdint.h>

#include <yoke/app.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* Options. Zero is every field's default. */
struct yoke_timeout_options {
    int reserved_; /* Leave it; it lets the macro be called without any. */
    int status;    /* 400 to 599; 503 */
};

/* The middleware, for so many milliseconds. 0: no limit, also where one was set
 * before. */
#define yoke_timeout(ms, ...)                                                  \
    yoke_timeout_with((ms), YOKE_OPTIONS_(yoke_timeout_options, __VA_ARGS__))
struct yoke_handler
yoke_timeout_with(uint64_t ms, const struct yoke_timeout_options *options);

/* True once the request has been taken from its handler by this. */
bool yoke_timed_out(const yoke_req *req);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
