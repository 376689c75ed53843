/* Gives each request a name, which stands in the log, in yoke's error answers
 * and in the answer's `X-Request-Id`, so that a complaint can be found again.
 *
 *     yoke_app_use(app, yoke_request_id());
 *
 * It is a random UUID, or what `.make` gives; with `.accepts_theirs` the one that
 * the client, say a proxy, has sent, if that is sane: 1 to 200 visible ASCII
 * characters. Let only those send it whom you trust: the name of another request
 * can be sent, too. Handlers find it with yoke_req_id. (npm: express-request-id.)
 */
#ifndef YOKE_MIDDLEWARE_REQUEST_ID_H
#define YOKE_MIDDLEWARE_REQUEST_ID_H

#include <stdbool.h>

#include <yoke/app.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* Options. Zero is every field's default; text is copied. */
struct yoke_request_id_options {
    int reserved_;      /* Leave it; it lets the macro be called without any. */
    const char *header; /* "X-Request-Id". What is no name of a field, or one of
                           those that yoke sets itself (Date), is an error of
                           registration. */
    bool accepts_theirs; /* The request's own field is taken. */
    bool is_silent;      /* The answer does not have the field. */
    /* Makes a name; it lives as long as the request (yoke_req_printf). NULL, or
     * one that is not sane: a UUID after all. */
    const char *(*make)(yoke_req *req, void *data);
    void *data; /* Handed to it. */
};

#define yoke_request_id(...)                                                   \
    yoke_request_id_with(YOKE_OPTIONS_(yoke_request_id_options, __VA_ARGS__))
struct yoke_handler
yoke_request_id_with(const struct yoke_request_id_options *options);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
