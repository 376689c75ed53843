/* Lets pages of other origins read the answers (the Fetch standard's CORS).
 *
 *     yoke_app_use(app, yoke_cors());                        every origin
 *     yoke_app_use(app, yoke_cors(.origins = YOKE_TEXTS("https://example.com",
 *                                                       "https://example.net"),
 *                                 .credentials = true, .max_age_s = 600));
 *
 * A browser asks first whether it may send what is no simple request: `OPTIONS`
 * with `Access-Control-Request-Method`. That is answered here, 204, so the
 * middleware has to stand before the routes, by yoke_app_use, which sees every
 * method. Requests are never refused: it is the browser that keeps the answer
 * from the page. (npm: cors.) */
#ifndef YOKE_MIDDLEWARE_CORS_H
#define YOKE_MIDDLEWARE_CORS_H

#include <stdbool.h>
#include <stdint.h>

#include <yoke/app.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* Options. Zero is every field's default; text is copied. */
struct yoke_cors_options {
    int reserved_; /* Leave it; it lets the macro be called without any. */
    /* Who may read: one origin, which is sent whoever asks; "*", the default.
     * Origins are scheme, host and port alone, as browsers send them: whatever
     * else stands here is an error of registration. */
    const char *origin;
    /* Or several, of which the one that asks is sent; NULL ends the list. A "*"
     * for the first label of the host is every host below that domain, but not
     * the domain itself. */
    const char *const *origins;
    bool reflects; /* Or whoever asks. */
    /* Or a function decides: `origin` is the request's, never NULL. */
    bool (*allow)(yoke_req *req, const char *origin, void *data);
    /* Or decides later: it calls yoke_cors_decide, now or from a callback. */
    void (*ask)(yoke_req *req, yoke_res *res, const char *origin, void *data);
    void *data; /* Handed to both. */
    /* "GET,HEAD,PUT,PATCH,POST,DELETE" if NULL. */
    const char *methods;
    /* Header fields that a page may send; NULL: those that it wants to. */
    const char *allowed_headers;
    /* Header fields of the answer that a page may read beside the common ones;
     * "X-Total-Count, ETag". */
    const char *exposed_headers;
    bool credentials;     /* Cookies and the like may be sent. Not with "*",
                                which browsers refuse then. */
    int64_t max_age_s;    /* How long a browser keeps this; 0: not said; -1:
                                "0". */
    bool continues;       /* The next layer answers OPTIONS. */
    int status;           /* Of the answer to OPTIONS; 204. */
    bool private_network; /* Pages of the Internet may reach this server in a
                                private network. */
};

#define yoke_cors(...)                                                         \
    yoke_cors_with(YOKE_OPTIONS_(yoke_cors_options, __VA_ARGS__))
struct yoke_handler yoke_cors_with(const struct yoke_cors_options *options);

/* What `ask` has come to. Once for each call of it. */
void yoke_cors_decide(yoke_req *req, yoke_res *res, bool is_allowed);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
