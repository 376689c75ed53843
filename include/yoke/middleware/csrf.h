/* Refuses requests that a page of another site has made a browser send with its
 * user's cookies (cross-site request forgery). (Express: csurf and its
 * successors.)
 *
 *     yoke_app_use(app, yoke_csrf());
 *
 * Requests by GET, HEAD, OPTIONS, TRACE and QUERY, which must change nothing,
 * pass. Of any other, browsers say where it comes from:
 *
 *   1. `Sec-Fetch-Site` is "same-origin" or "none" (the user has typed the
 *      address): it passes. Anything else: only from a trusted origin.
 *   2. An older browser sends only `Origin`: it passes when its host is that of
 *      the request (`yoke_req_host`, so see "trust proxy"), or if it is trusted.
 *   3. Neither: it passes, for no browser has sent it, and what is no browser
 *      has no user's cookies to abuse.
 *
 * That needs no token, no cookie and no change to pages. With `.cookie` the
 * page must also prove that it could read a token, as of old:
 *
 *     yoke_app_cookie_secrets(app, getenv("SECRET"));
 *     yoke_app_use(app, yoke_urlencoded(), yoke_csrf(.cookie = "csrf"));
 *     ...
 *     <input type="hidden" name="_csrf" value="...yoke_csrf_token(req)...">
 *
 * The token is random, signed, and stands in a cookie, too; both have to be the
 * same (signed double submit). Requests without one are refused, whoever sends
 * them.
 *
 * Refused is 403, an error with a type: "csrf.cross.site", "csrf.token.missing"
 * or "csrf.token.invalid". */
#ifndef YOKE_MIDDLEWARE_CSRF_H
#define YOKE_MIDDLEWARE_CSRF_H

#include <stdbool.h>

#include <yoke/app.h>

#pragma GCC visibility push(default)

#ifdef __cplusplus
extern "C" {
#endif

/* Options. Zero is every field's default. What they point to is copied, but for
 * `data`. */
struct yoke_csrf_options {
    int reserved_; /* Leave it; it lets the macro be called without any. */

    /* Origins whose pages may send requests: YOKE_TEXTS("https://a.example").
     * They are compared as they are written: scheme, host, and a port that is
     * not the scheme's; what is no origin is an error of registration. */
    const char *const *trusted;
    bool allows_same_site; /* Pages of other hosts of this site may, too. */
    /* Requests that need no protection, for example since they carry a
     * signature; may be NULL. */
    bool (*is_exempt)(yoke_req *req, void *data);

    /* ---- With a token, too ---- */

    const char *cookie; /* The cookie's name; NULL: there is no token. Over TLS
                           it is sent as Secure. */
    const char *header; /* Where scripts put the token. "X-CSRF-Token" */
    const char *field;  /* Where forms put it, if a parser in front has read
                           them. "_csrf" */
    /* What the user's session is known by: the token is good for that one
     * alone. NULL: for any. */
    const char *(*session)(yoke_req *req, void *data);
    void *data; /* Handed to both functions; it must outlive the
                   application. */
};

#define yoke_csrf(...)                                                         \
    yoke_csrf_with(YOKE_OPTIONS_(yoke_csrf_options, __VA_ARGS__))
struct yoke_handler yoke_csrf_with(const struct yoke_csrf_options *options);

/* The token for the page that is being made, in the request's memory: base64,
 * with a "." in it, so it can stand between quotes in HTML. Sets the cookie when
 * the client has none that is good. NULL when the application has no cookie secrets, when the head has been
 * sent, or when no yoke_csrf with `.cookie` stands in front. */
const char *yoke_csrf_token(yoke_req *req, yoke_res *res);

#ifdef __cplusplus
}
#endif

#pragma GCC visibility pop

#endif
